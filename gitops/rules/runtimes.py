"""The runtimes that a cluster has, and which of them fit a model.

Known are the ServingRuntimes and ClusterServingRuntimes of the inventory and those of the environment (`kserve.runtimes`, or those
that KServe ships); of one that is only `provided`, nothing but the name.

Source: kserve `pkg/apis/serving/v1beta1/predictor_model.go` (GetSupportingRuntimes), read at v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gitops.objects import Object
from gitops.rules import shipped_runtimes
from gitops.rules.base import Cluster, Inventory, at
from gitops.rules.once import once
from gitops.rules.serving import CLUSTER_SERVING_RUNTIME, SERVING_RUNTIME, Part, mode, model, predictor

Specs = dict[str, Object | None]
"""Name -> spec; None where only the name is known."""


def written(inventory: Inventory) -> dict[str, Specs]:
    """The runtimes of the inventory, by namespace; the empty one has those of the whole cluster."""
    found: dict[str, Specs] = {}
    for kind in (SERVING_RUNTIME, CLUSTER_SERVING_RUNTIME):
        for (namespace, name), obj in inventory.of(kind).items():
            found.setdefault(namespace, {})[name] = obj.get("spec") or {}
    return found


@once
def stated(cluster: Cluster) -> Specs:
    """The runtimes that the environment says its cluster has, beside those of the inventory."""
    environment = cluster.environment
    shipped = shipped_runtimes.specs(old=not cluster.runs("kserve", "0.17.0"))
    names = environment.kserve.runtimes
    if names is None:
        names = tuple(name for name in shipped if cluster.runs("kserve", shipped_runtimes.SINCE[name]))
    kinds = (SERVING_RUNTIME[1], CLUSTER_SERVING_RUNTIME[1])
    provided: Specs = {each.name: None for each in environment.provides if each.kind in kinds}
    return {**{name: shipped.get(name) for name in names}, **provided}


@once
def available(service: Object, cluster: Cluster) -> Specs:
    """Every runtime that a service may use, as KServe resolves its name: the namespace's own before the cluster's."""
    own = cluster.objects.index(written).get(cluster.namespace(service))
    return {**_everywhere(cluster), **own} if own else _everywhere(cluster)


@once
def _everywhere(cluster: Cluster) -> Specs:
    return {**stated(cluster), **cluster.objects.index(written).get("", {})}


def certain(cluster: Cluster) -> bool:
    """Whether a cluster has no runtimes but those that are known."""
    return cluster.complete or cluster.environment.kserve.runtimes is not None


class Wanted(NamedTuple):
    """What a predictor asks of a runtime. `protocol` is empty where any does: a runtime is named, and no protocol is."""

    part: Part
    runtime: str
    format: str
    version: str | None
    protocol: str
    workers: bool


@once
def wanted(service: Object, cluster: Cluster) -> Wanted | None:
    """What the controller looks for; None where it looks for nothing: a custom predictor, ModelMesh, or no format."""
    component = predictor(service)
    part = model(component)
    name = at(part.spec, "modelFormat", "name") if part else None
    if not part or not name or mode(service, cluster) == "ModelMesh":
        return None
    runtime, protocol = part.spec.get("runtime") or "", part.spec.get("protocolVersion") or ""
    workers = component.spec.get("workerSpec") is not None
    return Wanted(
        part, runtime, name, at(part.spec, "modelFormat", "version"), protocol or ("" if runtime else "v1"), workers
    )


def formats(spec: Object, chosen: bool = False) -> Iterator[tuple[str, str | None]]:
    """The formats of a runtime and their versions; `chosen`: those that it is chosen for when no runtime is named."""
    for each in spec.get("supportedModelFormats") or ():
        if isinstance(each, dict) and (not chosen or each.get("autoSelect") is True):
            yield each.get("name") or "", each.get("version")


def serves(spec: Object, want: Wanted) -> bool:
    """Whether a runtime has the format, in that version if one is asked for."""
    return any(
        name == want.format and want.version in (None, version) for name, version in formats(spec, not want.runtime)
    )


def speaks(spec: Object, protocol: str) -> bool:
    """Whether a runtime speaks a protocol; one that lists none speaks any."""
    listed = spec.get("protocolVersions")
    return not protocol or not listed or protocol in listed


def named(service: Object, cluster: Cluster) -> tuple[Wanted, Object] | None:
    """What a service asks of the runtime that it names, and that runtime, where both are known."""
    want = wanted(service, cluster)
    spec = available(service, cluster).get(want.runtime) if want and want.runtime else None
    return (want, spec) if want and spec is not None else None


def candidates(want: Wanted, known: Specs) -> list[Object]:
    """The runtimes that KServe may choose from."""
    return [spec for spec in known.values() if spec is not None and _chosen(spec, want)]


def _chosen(spec: Object, want: Wanted) -> bool:
    return (
        spec.get("disabled") is not True
        and spec.get("multiModel") is not True
        and (spec.get("workerSpec") is not None) == want.workers
        and speaks(spec, want.protocol)
        and serves(spec, want)
    )
