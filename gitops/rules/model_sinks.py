"""Models as sinks: the path and the host that a KafkaSource posts to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gitops.faults import Fault, Path
from gitops.objects import Object, group_of
from gitops.resources.runtimes import BY_NAME, choose
from gitops.rules import runtimes, serving
from gitops.rules.base import Cluster, at, rule
from gitops.rules.golang import url
from gitops.rules.kafka import KAFKA_SOURCE, sink
from gitops.rules.lookups import SERVICE, service_lacks
from gitops.rules.secrets_made import Where

_HOST = re.compile(r"(?P<name>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(?:\.cluster\.local)?\.?(?::\d+)?")
_V1 = re.compile(
    r"/v1/models/(?P<model>[^/:]+)(?:/versions/[^/:]+|/labels/[^/:]+)?:(?:predict|explain|classify|regress)"
)
_V2 = re.compile(r"/v2/models/(?P<model>[^/]+)(?:/versions/[^/]+)?/(?:infer|generate|infer_stream|generate_stream)")

_NAMED_LIKE_SERVICE = frozenset(
    f"kserve-{name}"
    for name in ("sklearnserver", "xgbserver", "lgbserver", "predictiveserver", "tensorflow-serving", "pmmlserver")
)
"""Servers that answer for one model, with the service's name, at the paths of their protocols and nowhere else."""
_OWN_PATHS = frozenset(("kserve-torchserve", "kserve-huggingfaceserver", "kserve-huggingfaceserver-multinode"))
"""Servers with paths of their own beside those of the protocols."""


class Target(NamedTuple):
    """A model that events are sent to. `path`: on its host; `at`: where the manifest says it."""

    at: Path
    where: Where
    path: str


def target(source: Object, cluster: Cluster) -> Target | None:
    """The InferenceService that a sink leads to, if it has the form of one: by `ref`, or by a host inside the cluster."""
    to = sink(source)
    read = url(to.uri or "")
    path = "/" + (read.path.lstrip("/") if read else "")
    if to.ref is not None:
        kind = group_of(at(to.ref, "apiVersion") or ""), at(to.ref, "kind")
        where = at(to.ref, "namespace") or cluster.namespace(source), at(to.ref, "name") or ""
        return Target((*to.path, "uri"), where, path) if kind == serving.INFERENCE_SERVICE else None
    match = _HOST.fullmatch(read.host) if read else None
    return Target((*to.path, "uri"), (match["namespace"], match["name"]), path) if match else None


@rule("reference", KAFKA_SOURCE)
def sink_path_served(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """The `uri` of a sink is a path at which the model answers: that of its protocol, with its name.

    Why: an InferenceService's address has no path of its own, so that `uri` must carry it. At any other path the server answers 404 or
    405 to every event; each is retried and then lost, while source and model both look healthy. Told only where the server is certain:
    a runtime that KServe ships, with its own image, no transformer, and no container of your own.

    Fix: write `/v1/models/<name>:predict` for protocol v1, `/v2/models/<name>/infer` for v2.

    Source: kserve `python/kserve/kserve/protocol/rest/`, `config/runtimes/`; knative.dev/pkg `resolver/addressable_resolver.go`.
    """
    to = target(source, cluster)
    model = _model(to.where, cluster) if to else None
    server = _server(model, cluster) if model else None
    if to is None or model is None or server is None:
        return
    name = model["metadata"].get("name") or ""
    spoken = [protocol for protocol in BY_NAME[server].protocols if protocol in ("v1", "v2")]
    wrong = _wrong(to.path, server, spoken, name, model)
    if wrong:
        right = f"/v1/models/{name}:predict" if spoken[0] == "v1" else f"/v2/models/{name}/infer"
        yield Fault(
            "sink-path-served",
            to.at,
            f"the model `{name}` does not answer at the path of this sink: {wrong}",
            found=to.path if to.path != "/" else "no path",
            expected=f"`{right}`",
            why=f"{server} answers 404 or 405 to every event; it is retried, then lost, and nothing looks ill.",
            hint=f"write `{right}`",
        )


def _wrong(path: str, server: str, spoken: list[str], name: str, model: Object) -> str:
    """Why a server certainly has no such path; empty if it may have."""
    if path == "/":
        return "there is none"
    match = _V1.fullmatch(path) or _V2.fullmatch(path)
    if match is None:
        return "no protocol has it" if server in _NAMED_LIKE_SERVICE else ""
    protocol = "v1" if match.re is _V1 else "v2"
    if protocol not in spoken and server not in _OWN_PATHS:
        return f"{server} speaks {' and '.join(spoken)}, not {protocol}"
    if match["model"] != name and server in _NAMED_LIKE_SERVICE and not _renamed(model):
        return f"the model is called `{name}`, not `{match['model']}`"
    return ""


def _renamed(model: Object) -> bool:
    """Whether the server may have been told another name of the model."""
    part = serving.model(serving.predictor(model))
    given = [str(each) for field in ("args", "command") for each in (part.spec.get(field) or () if part else ())]
    return any("model_name" in each or "model-name" in each or "config_file" in each for each in given)


def _model(where: Where, cluster: Cluster) -> Object | None:
    """The InferenceService that a sink leads to; of one with a predictor's host, too."""
    namespace, name = where
    found = cluster.objects.get(serving.INFERENCE_SERVICE, namespace, name)
    return found or cluster.objects.get(serving.INFERENCE_SERVICE, namespace, name.removesuffix("-predictor"))


def _server(model: Object, cluster: Cluster) -> str | None:
    """The shipped runtime that certainly serves a model alone; None where it is another, or not certain."""
    component = serving.predictor(model)
    alone = not at(model, "spec", "transformer") and not component.spec.get("containers")
    want = runtimes.wanted(model, cluster) if alone else None
    own = cluster.objects.index(runtimes.written)
    written = {**own.get("", {}), **own.get(cluster.namespace(model), {})}
    if want is None or want.part.spec.get("image") or not runtimes.certain(cluster):
        return None
    if want.runtime:
        return (
            want.runtime if want.runtime in BY_NAME and want.runtime not in written and _speaks(want.runtime) else None
        )
    stated = runtimes.stated(cluster)
    if written or any(spec is None for spec in stated.values()) or want.protocol.startswith("grpc"):
        return None
    chosen = choose(want.format, want.protocol, stated, want.workers)
    return chosen.name if chosen and _speaks(chosen.name) else None


def _speaks(runtime: str) -> bool:
    """Whether a runtime lists a protocol with known paths."""
    return any(protocol in ("v1", "v2") for protocol in BY_NAME[runtime].protocols)


@rule("reference", KAFKA_SOURCE)
def sink_host_exists(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A sink with an absolute `uri` inside the cluster names a Service that there will be.

    Why: nobody resolves such a `uri` when the source is applied: the source is ready, and every event fails for want of a host. In
    Standard mode the Services of a model are called `<model>-predictor` and `<model>-transformer`; only Knative mode has one with
    the model's own name. Looked at only where the objects are complete, in namespaces that they are in.

    Fix: write the host of a Service that is there, or name the model under `ref` and let Knative find its host.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/reconcilers/ingress/` createAddress; knative.dev/pkg `resolver/`.
    """
    to = target(source, cluster) if cluster.complete and sink(source).ref is None else None
    if to is None or to.where[0] not in {cluster.namespace(source), cluster.environment.namespace}:
        return
    namespace, name = to.where
    model = cluster.objects.get(serving.INFERENCE_SERVICE, namespace, name)
    standard = model is not None and serving.mode(model, cluster) == "Standard"
    if not (standard and cluster.lacks(SERVICE, namespace, name)) and not service_lacks(cluster, namespace, name):
        return
    right = f"{name}-{'transformer' if at(model, 'spec', 'transformer') else 'predictor'}.{namespace}"
    yield Fault(
        "sink-host-exists",
        to.at,
        f"no Service `{name}` will be in namespace `{namespace}`",
        found=sink(source).uri or "",
        expected=f"`http://{right}.svc.cluster.local/…`" if standard else "the host of a Service that is there",
        why="the source gets ready all the same, and every event fails for want of a host.",
        hint="name the model under `ref`, with the path in `uri`: Knative then finds the host itself",
    )
