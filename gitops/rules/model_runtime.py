"""Which runtime serves a model: the one it names, or the one that KServe will choose.

Source: kserve `pkg/apis/serving/v1beta1/predictor_model.go` (GetSupportingRuntimes) and
`pkg/controller/v1beta1/inferenceservice/components/predictor.go` (reconcileModel), read at v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.problems import did_you_mean
from gitops.rules import shipped_runtimes
from gitops.rules.base import Cluster, rule
from gitops.rules.runtimes import (
    Wanted,
    available,
    candidates,
    certain,
    formats,
    named,
    serves,
    speaks,
    wanted,
    written,
)
from gitops.rules.serving import INFERENCE_SERVICE, PROTOCOLS
from gitops.schemas.faults import dotted

_PINNED = {
    "runtime": "the name of a runtime",
    "protocolVersion": f"one of {', '.join(f'`{each}`' for each in PROTOCOLS)}",
}


@rule("policy", INFERENCE_SERVICE, level="warning", code="KS07")
def runtime_pinned(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model names its `runtime` and its `protocolVersion`.

    Why: left out, KServe chooses among the runtimes of the cluster, takes `v1` for the protocol, and breaks ties by chance. A new
    runtime, an upgrade, or setting the protocol later then changes the server, its image and its URLs.

    Fix: write down the runtime that serves the model today, and its protocol.

    Source: kserve `pkg/apis/serving/v1beta1/predictor_model.go`, GetSupportingRuntimes.
    """
    want = wanted(service, cluster)
    if (
        not want or want.part.path[-1] != "model"
    ):  # an old form has to be written as `model` first: legacy-framework says so
        return
    if left := [field for field in ("runtime", "protocolVersion") if not want.part.spec.get(field)]:
        path = (*want.part.path, left[0])
        yield Fault(
            "runtime-pinned",
            path,
            f"{' and '.join(f'`{each}`' for each in left)} of `{dotted(path[:-1])}` {'are' if left[1:] else 'is'} left to KServe",
            expected=" and ".join(_PINNED[field] for field in left),
            why="what KServe chooses changes with the runtimes of the cluster, and with it the server, its image and its URLs.",
            hint="write down what the model is to be served by",
        )


@rule("reference", INFERENCE_SERVICE, code="KS07")
def runtime_exists(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The runtime that a model names is in the cluster: in the namespace of the service, or a ClusterServingRuntime.

    Why: the controller waits for it (reason `RuntimeNotRecognized`, "Waiting for runtime to become available"), and no pod is made.

    Fix: correct the name, add the runtime, or name those of the cluster in `kserve.runtimes` of environment.yaml.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/utils/utils.go`, GetServingRuntime; `components/predictor.go`,
    reconcileModel.
    """
    want = wanted(service, cluster)
    if not want or not want.runtime:
        return
    known = available(service, cluster)
    since = shipped_runtimes.SINCE.get(want.runtime, "0.0")
    if want.runtime in known or not (certain(cluster) or not cluster.runs("kserve", since)):
        return
    path = (*want.part.path, "runtime")
    early = not cluster.runs("kserve", since)
    elsewhere = sorted(name for name, specs in cluster.objects.index(written).items() if want.runtime in specs)
    yield Fault(
        "runtime-exists",
        path,
        f"there is no runtime `{want.runtime}` for `{dotted(path)}`",
        found=f"`{want.runtime}`",
        expected=f"KServe {since} or later" if early else "",
        why="KServe waits for it (RuntimeNotRecognized) and makes no pod.",
        hint=f"a ServingRuntime serves its own namespace only; this one is in `{elsewhere[0]}`"
        if elsewhere
        else did_you_mean(want.runtime, list(known)),
    )


@rule("reference", INFERENCE_SERVICE, code="KS07")
def runtime_enabled(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The runtime that a model names is not disabled.

    Why: the controller refuses it (reason `RuntimeDisabled`), and no pod is made.

    Fix: remove `disabled: true` from the runtime, or name another.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/components/predictor.go`, reconcileModel.
    """
    found = named(service, cluster)
    if found and found[1].get("disabled") is True:
        want = found[0]
        path = (*want.part.path, "runtime")
        yield Fault(
            "runtime-enabled",
            path,
            f"the runtime `{want.runtime}` is disabled",
            found=f"`{want.runtime}`",
            why="KServe refuses to use it (RuntimeDisabled) and makes no pod.",
            hint="enable it, or name another runtime",
        )


@rule("reference", INFERENCE_SERVICE, code="KS07")
def runtime_protocol(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The runtime that a model names speaks its `protocolVersion`.

    Why: the controller refuses the pair (reason `NoSupportingRuntime`), and no pod is made. `grpc-v2` is a protocol of its own: a runtime
    that lists `v2` may serve gRPC on another port, and does not match it.

    Fix: ask for a protocol that the runtime lists, or name a runtime that speaks this one.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/components/predictor.go`, reconcileModel.
    """
    found = named(service, cluster)
    if not found or speaks(found[1], found[0].protocol):
        return
    want, spec = found
    path = (*want.part.path, "protocolVersion" if want.part.spec.get("protocolVersion") else "runtime")
    yield Fault(
        "runtime-protocol",
        path,
        f"the runtime `{want.runtime}` does not speak `{want.protocol}`",
        found=f"`{want.protocol}`",
        expected=" or ".join(f"`{each}`" for each in spec.get("protocolVersions") or ()),
        why="KServe refuses the pair (NoSupportingRuntime) and makes no pod.",
        hint="ask for a protocol of this runtime, or name a runtime that speaks this one",
    )


@rule("reference", INFERENCE_SERVICE, code="KS07")
def runtime_format(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The runtime that a model names lists its format, spelled alike, and the version if one is given.

    Why: names and versions are compared letter by letter: `vllm` is not `vLLM`, and `1.3.0` is not `1`. The controller refuses the pair
    (reason `NoSupportingRuntime`), and no pod is made.

    Fix: spell the format as the runtime does, and leave `version` out unless several servers differ by it.

    Source: kserve `pkg/apis/serving/v1beta1/predictor_model.go`, RuntimeSupportsModel.
    """
    found = named(service, cluster)
    if not found or serves(found[1], found[0]):
        return
    want, spec = found
    listed = list(formats(spec))
    if any(name == want.format for name, _ in listed):
        yield _version(want, [version or "" for name, version in listed if name == want.format])
    else:
        message = f"the runtime `{want.runtime}` does not serve the format `{want.format}`"
        yield _format("runtime-format", want, message, [name for name, _ in listed])


def _version(want: Wanted, versions: list[str]) -> Fault:
    path = (*want.part.path, "modelFormat", "version")
    return Fault(
        "runtime-format",
        path,
        f"the runtime `{want.runtime}` does not serve version `{want.version}` of `{want.format}`",
        found=f"`{want.version}`",
        expected=" or ".join(f"`{version}`" for version in versions if version) or "no version",
        why="KServe compares versions letter by letter, refuses the pair (NoSupportingRuntime) and makes no pod.",
        hint="leave `version` out, or give it as the runtime lists it",
    )


def _format(rule_id: str, want: Wanted, message: str, names: list[str]) -> Fault:
    path: Path = (*want.part.path, "modelFormat", "name") if want.part.name == "model" else want.part.path
    alike = {name for name in names if name.lower() == want.format.lower()}
    fix = Fix("set", path, alike.pop()) if len(alike) == 1 and want.part.name == "model" else None
    return Fault(
        rule_id,
        path,
        message,
        found=f"`{want.format}`",
        why="KServe compares formats letter by letter, finds no runtime for it (NoSupportingRuntime) and makes no pod.",
        hint=f"did you mean `{fix.value}`?" if fix else did_you_mean(want.format, sorted(set(names))),
        fix=fix,
    )


@rule("reference", INFERENCE_SERVICE, code="KS07")
def runtime_found(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model that names no runtime has one that KServe will choose for its format, version and protocol.

    Why: without `protocolVersion`, `v1` is asked for, which no runtime of `onnx`, `mlflow` or `tensorrt` speaks. The controller finds none
    (reason `NoSupportingRuntime`, "No runtime found to support specified framework/version"), and no pod is made.

    Fix: set `runtime` and `protocolVersion`, or correct the format.

    Source: kserve `pkg/apis/serving/v1beta1/predictor_model.go`, GetSupportingRuntimes.
    """
    want = wanted(service, cluster)
    if not want or want.runtime:
        return
    known = available(service, cluster)
    if None in known.values() or candidates(want, known):
        return
    specs = [spec for spec in known.values() if spec is not None]
    names = sorted({name for spec in specs for name, _ in formats(spec, chosen=True)})
    if want.format in names:
        yield _none_chosen(want, specs)
    elif certain(cluster) or any(name.lower() == want.format.lower() for name in names):
        yield _format("runtime-found", want, f"no runtime serves the format `{want.format}`", names)


def _none_chosen(want: Wanted, specs: list[Object]) -> Fault:
    versions = sorted({str(version) for spec in specs for name, version in formats(spec, True) if name == want.format})
    able = [spec for spec in specs if serves(spec, want)]
    protocols = {each for spec in able for each in spec.get("protocolVersions") or ()}
    field: Path
    if not able:
        field, found, expected = ("modelFormat", "version"), f"version {want.version}", " or ".join(versions)
    elif want.protocol not in protocols and protocols:
        expected = " or ".join(f"`{each}`" for each in PROTOCOLS if each in protocols)
        field, found = ("protocolVersion",), want.protocol
    else:
        field, found, expected = ("runtime",), "several nodes" if want.workers else "one node", "a runtime that fits"
    return Fault(
        "runtime-found",
        (*want.part.path, *field),
        f"no runtime serves `{want.format}` with {found}",
        found=f"`{found}`",
        expected=expected,
        why="KServe finds none (NoSupportingRuntime) and makes no pod; a protocol that is left out counts as `v1`.",
        hint=f"set `{field[-1]}` to what is expected, and name the `runtime`",
    )
