"""The form of an InferenceService: its name, one implementation for each component, its model and protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops.faults import Fault, Fix
from gitops.objects import Object
from gitops.problems import did_you_mean
from gitops.rules.base import Cluster, at, rule
from gitops.rules.serving import (
    AUTOSCALER_CLASS,
    CLUSTER_SERVING_RUNTIME,
    FRAMEWORKS,
    INFERENCE_SERVICE,
    PROTOCOLS,
    REFUSED,
    SERVING_RUNTIME,
    Component,
    Part,
    autoscaler_class,
    components,
    frameworks,
    implementations,
    model,
    predictor,
)
from gitops.schemas.faults import dotted

_NAME = re.compile("[a-z]([-a-z0-9]*[a-z0-9])?")


@rule("admission", INFERENCE_SERVICE, code="KS01")
def service_name(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The name of an InferenceService is a DNS label that starts with a letter.

    Why: The API server takes digits first and dots, but KServe's webhook refuses them, because Services and host names are made
    of the name.

    Fix: Use lower-case letters, digits and `-`; start with a letter and end with a letter or digit.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateInferenceServiceName, in every release.
    """
    name = service["metadata"].get("name")
    if name and not _NAME.fullmatch(name):
        better = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
        yield Fault(
            "service-name",
            ("metadata", "name"),
            "`metadata.name` is no name for an InferenceService",
            name,
            "lower-case letters, digits and `-`, with a letter first",
            f"{REFUSED}: it makes Services and host names of the name",
            f"rename it, for example to `{better if _NAME.fullmatch(better) else f'model-{better}'.strip('-')}`",
        )


def implementations_written(component: Component) -> str:
    """What a person sees of `implementations`."""
    names = [dotted(part.path) for part in implementations(component)]
    return " and ".join(f"`{name}`" for name in dict.fromkeys(names))


@rule("admission", INFERENCE_SERVICE, code="KS05")
def one_implementation(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every component of an InferenceService has exactly one implementation.

    Why: KServe counts a predictor's `model`, each framework's field and each container named `kserve-container`, a transformer's
    containers, and an explainer's `art` or containers; its webhook refuses none and more than one.

    Fix: Give a predictor `model`, or `containers` for a server of your own. Sidecars beside a model need a name other than
    `kserve-container`.

    Source: kserve pkg/apis/serving/v1beta1/component.go: validateExactlyOneImplementation, and GetImplementations in predictor.go,
    transformer.go and explainer.go.
    """
    for component in components(service):
        found = implementations(component)
        if len(found) == 1:
            continue
        field = "model" if component.name == "predictor" else "containers"
        where = dotted(component.path)
        yield Fault(
            "one-implementation",
            found[-1].path if found else (*component.path, field),
            f"`{where}` has {len(found) or 'no'} implementation{'s' if found else ''}",
            implementations_written(component) or "nothing that serves",
            _choices(component),
            f"{REFUSED}: it could not tell what to run",
            _one_hint(component, found),
        )


def _choices(component: Component) -> str:
    return {"predictor": "`model` or `containers`", "explainer": "`art` or `containers`"}.get(
        component.name, "`containers`"
    )


def _one_hint(component: Component, found: list[Part]) -> str:
    if not found:
        return f"add {_choices(component)}" + (
            "" if component.name == "predictor" else f", or remove `{component.name}`"
        )
    if len({part.name for part in found}) == 1:
        return "name one container `kserve-container`, the others differently"
    if found[-1].name == "containers":
        return "give the container another name if it is a sidecar; without a model, it is the server itself"
    return "keep one of them"


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS05", needs=FRAMEWORKS)
def legacy_framework(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model is written as `model` with a `modelFormat`, not in a field of its framework.

    Why: KServe's webhook moves the framework's field into `model`, so Git and cluster never agree: Argo CD shows the service
    OutOfSync for ever, and self-healing fights the webhook (kserve#2232). A `model` that stands beside it is overwritten.

    Fix: Rename the field to `model` and add `modelFormat: {name: <framework>}`.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_defaults.go: setPredictorModelDefaults.
    """
    component = predictor(service)
    legacy = frameworks(component) if component.moved else []
    if not legacy:
        return
    path, name, _ = legacy[0]
    lost = isinstance(component.spec.get("model"), dict)
    yield Fault(
        "legacy-framework",
        path,
        f"`{name}` {'overwrites the `model` beside it' if lost else 'is moved into `model` by the webhook'}",
        f"`{dotted(path)}`",
        "`model` alone" if lost else "`model`",
        f"the webhook puts `{name}` in place of `model`: what that says is lost"
        if lost
        else "what is in the cluster then differs from this for ever, and Argo CD shows OutOfSync",
        f"remove `{name}`, or `model`"
        if lost
        else f"write `model` with `modelFormat: {{name: {name}}}`, its `runtime` and its `protocolVersion`",
    )


@rule("controller", INFERENCE_SERVICE, code="KS06")
def model_format_named(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model says what format it has.

    Why: The controller looks for a runtime that lists the format's name. Without one it finds none, and an explicit `runtime` does
    not support the model either: the status shows NoSupportingRuntime, and nothing is deployed.

    Fix: Set `modelFormat.name`, for example `sklearn`; the spelling must be the runtime's.

    Source: kserve pkg/controller/v1beta1/inferenceservice/components/predictor.go: reconcileModel; the schema alone takes a model
    without a format.
    """
    found = model(predictor(service))
    if found and not at(found.spec, "modelFormat", "name"):
        yield Fault(
            "model-format-named",
            (*found.path, "modelFormat", "name"),
            f"`{dotted(found.path)}` does not say its format",
            "no `modelFormat.name`",
            "the name of a format, as a runtime lists it",
            "the controller finds no runtime for it: NoSupportingRuntime, and nothing is deployed",
            "add `modelFormat: {name: …}`",
        )


@rule("controller", INFERENCE_SERVICE, code="KS08")
def known_protocol(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`protocolVersion` is a protocol that KServe's runtimes may speak.

    Why: The field is free text for the schema and the webhook. The controller asks each runtime for the protocol, and one that
    nobody speaks ends in NoSupportingRuntime.

    Fix: Use `v1`, `v2`, `grpc-v1` or `grpc-v2`.

    Source: kserve pkg/constants/constants.go (InferenceServiceProtocol); reconcileModel in
    pkg/controller/v1beta1/inferenceservice/components/predictor.go.
    """
    found = model(predictor(service))
    given = found.spec.get("protocolVersion") if found else None
    if found and given is not None and given not in PROTOCOLS and not _lists_protocol(found, given, service, cluster):
        path = (*found.path, "protocolVersion")
        yield Fault(
            "known-protocol",
            path,
            f"`{dotted(path)}` is no protocol that KServe knows",
            given or "an empty string",
            ", ".join(PROTOCOLS),
            "no runtime that KServe ships supports it: NoSupportingRuntime, and nothing is deployed",
            did_you_mean(given, PROTOCOLS),
        )


def _lists_protocol(found: Part, given: str, service: Object, cluster: Cluster) -> bool:
    """Whether a runtime of the user's own lists the protocol, so that it is a private one."""
    name = found.spec.get("runtime") or ""
    own = cluster.objects.get(SERVING_RUNTIME, cluster.namespace(service), name)
    shared = cluster.objects.get(CLUSTER_SERVING_RUNTIME, "", name)
    return given in (at(own or shared, "spec", "protocolVersions") or ())


@rule("admission", INFERENCE_SERVICE, code="KS20")
def unnamed_model(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A predictor's `model` has no `name`.

    Why: KServe names the container itself, and merges it with the runtime's by that name; since 0.16 the webhook refuses another.

    Fix: Remove `name`. The model is called like the InferenceService, or as the argument `--model_name` says.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validatePredictor, since 0.16.0.
    """
    component = predictor(service)
    found = model(component)
    if found and found.spec.get("name") and cluster.runs("kserve", "0.16.0"):
        path = (*found.path, "name")
        yield Fault(
            "unnamed-model",
            path,
            f"`{dotted(path)}` is set",
            found.spec["name"],
            "no name",
            f"{REFUSED}: it names the container itself",
            "remove it; the argument `--model_name` gives the model another name",
            fix=Fix("remove", path),
        )


@rule("admission", INFERENCE_SERVICE, code="KS14", needs=AUTOSCALER_CLASS)
def known_autoscaler_class(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The annotation `serving.kserve.io/autoscalerClass` names an autoscaler that KServe has.

    Why: The webhook refuses any other value, in every deployment mode. Knative's own autoscalers are chosen with
    `autoscaling.knative.dev/class`.

    Fix: Use `hpa`, `keda` (since 0.15.0), `external`, or `none` (since 0.15.1).

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateInferenceServiceAutoscaler;
    AutoscalerAllowedClassList in pkg/constants/constants.go.
    """
    given = autoscaler_class(service)
    if given is None:
        return
    since = {"hpa": "0.0", "external": "0.0", "keda": "0.15.0", "none": "0.15.1"}
    known = [name for name, release in since.items() if cluster.runs("kserve", release)]
    if given not in known:
        yield Fault(
            "known-autoscaler-class",
            ("metadata", "annotations", AUTOSCALER_CLASS),
            f"`{AUTOSCALER_CLASS}` names no autoscaler of this KServe",
            given or "an empty string",
            ", ".join(known),
            REFUSED,
            "remove it: Knative scales by itself" if given == "kpa" else did_you_mean(given, known),
        )
