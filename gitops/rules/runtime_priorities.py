"""Which runtime is chosen for a model that names none: priorities of formats, within one runtime and between them.

Source: kserve `pkg/webhook/admission/servingruntime/servingruntime_webhook.go` (validateModelFormatPrioritySame,
validateServingRuntimePriority), read at v0.15.0 to v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object, group_of
from gitops.rules.base import Cluster, Inventory, Kind, items, rule
from gitops.rules.once import once
from gitops.rules.runtimes import Specs, stated
from gitops.rules.serving import CLUSTER_SERVING_RUNTIME, REFUSED, SERVING_RUNTIME
from gitops.rules.serving_runtime import RUNTIMES, enabled

Claim = tuple[bool, str, str, str | None, int]
"""What only one runtime may have: multiModel, protocol, the format's name without case, its version, and the priority."""
Claims = dict[Claim, list[str]]

_ONE_PRIORITY = "give all versions of the format one priority, or set `autoSelect: false`"


def chosen_for(spec: Object) -> Iterator[tuple[Path, Object]]:
    """The formats that a runtime is chosen for when a model names no runtime, with their paths in the object."""
    for path, each in items(spec, "supportedModelFormats"):
        if each.get("autoSelect") is True:
            yield ("spec", *path), each


def _differing(runtime: Object) -> Iterator[tuple[Path, str, str, str]]:
    """Where a format has another priority than before: path, message, what stands there, and what stood before."""
    first: dict[str, int | None] = {}
    for path, each in chosen_for(enabled(runtime) or {}):
        name, priority = each.get("name") or "", each.get("priority")
        before = first.setdefault(name, priority)
        if before is not None and priority is not None and before != priority:
            message = f"the format `{name}` has two priorities in one runtime"
            yield (*path, "priority"), message, f"{priority}", f"{before}, as above"


@rule("admission", CLUSTER_SERVING_RUNTIME, code="KS34", needs="autoSelect")
def format_priority(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """A ClusterServingRuntime gives all versions of a format the same priority.

    Why: The webhook refuses two priorities of one format where `autoSelect` is on. It looks as soon as there is any
    ClusterServingRuntime, and KServe brings some along.

    Fix: Give them the same priority, or leave it out.

    Source: kserve pkg/webhook/admission/servingruntime/servingruntime_webhook.go: validateModelFormatPrioritySame.
    """
    for each in _differing(runtime):
        yield Fault("format-priority", *each, REFUSED, _ONE_PRIORITY)


@rule("reference", SERVING_RUNTIME, code="KS34", needs="autoSelect")
def local_format_priority(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """A ServingRuntime gives all versions of a format the same priority.

    Why: The webhook refuses two priorities of one format where `autoSelect` is on, but only if the namespace has a ServingRuntime
    already: the first one passes, and its own next update is refused.

    Fix: Give them the same priority, or leave it out.

    Source: kserve pkg/webhook/admission/servingruntime/servingruntime_webhook.go: validateModelFormatPrioritySame.
    """
    why = "KServe's webhook refuses it once the namespace has a runtime, be it this one"
    for each in _differing(runtime):
        yield Fault("local-format-priority", *each, why, _ONE_PRIORITY)


def claims(inventory: Inventory) -> dict[tuple[Kind, str], Claims]:
    """What the runtimes of the inventory claim, by kind and namespace."""
    found: dict[tuple[Kind, str], Claims] = {}
    for kind in RUNTIMES:
        for (namespace, name), obj in inventory.of(kind).items():
            _claim(found.setdefault((kind, namespace), {}), name, enabled(obj) or {})
    return found


def _claim(found: Claims, name: str, spec: Object) -> None:
    for _, form in chosen_for(spec):
        for claim in _claims(spec, form):
            found.setdefault(claim, []).append(name)


def _claims(spec: Object, form: Object) -> Iterator[Claim]:
    name, version, priority = form.get("name") or "", form.get("version"), form.get("priority")
    if isinstance(priority, int):
        for protocol in spec.get("protocolVersions") or ():
            yield spec.get("multiModel") is True, protocol, name.casefold(), version, priority


@once
def _shipped(cluster: Cluster) -> Claims:
    """What runtimes claim that the environment says its cluster has, but for those that the inventory has itself."""
    found: Claims = {}
    specs: Specs = stated(cluster)
    for name, spec in specs.items():
        if spec is not None and cluster.objects.get(CLUSTER_SERVING_RUNTIME, "", name) is None:
            _claim(found, name, spec)
    return found


@rule("reference", *RUNTIMES, code="KS34", needs="autoSelect")
def runtime_priority_free(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """No two runtimes are chosen for the same version of a format with the same priority.

    Why: KServe could not choose between them. The webhook refuses the second of two ServingRuntimes of a namespace, or of two
    ClusterServingRuntimes, that share a protocol; it compares names of formats without case. The runtimes that KServe ships count.

    Fix: Give another priority (the highest is chosen first), or set `autoSelect: false` and name the runtime in the model.

    Source: kserve pkg/webhook/admission/servingruntime/servingruntime_webhook.go: validateServingRuntimePriority.
    """
    spec = enabled(runtime)
    kind = (group_of(runtime["apiVersion"]), runtime["kind"])
    namespace = cluster.namespace(runtime) if kind == SERVING_RUNTIME else ""
    for path, form in chosen_for(spec) if spec else ():
        if rival := _rival(runtime, kind, namespace, list(_claims(spec or {}, form)), cluster):
            yield Fault(
                "runtime-priority-free",
                (*path, "priority"),
                f"the runtime `{rival}` is chosen for `{form.get('name')}` with the same priority",
                f"{form.get('priority')}",
                "a priority of its own, or `autoSelect: false`",
                f"{REFUSED}: KServe could not choose between the two",
                "set another priority, or `autoSelect: false` and name the runtime in the model",
            )


def _rival(runtime: Object, kind: Kind, namespace: str, wanted: list[Claim], cluster: Cluster) -> str:
    """The runtime that has what this one claims, and is there before it: a shipped one, or one whose name comes first."""
    name = runtime["metadata"].get("name") or ""
    taken: Claims = cluster.objects.index(claims).get((kind, namespace), {})
    shipped = _shipped(cluster) if kind == CLUSTER_SERVING_RUNTIME else {}
    for claim in wanted:
        others = [*(each for each in taken.get(claim, ()) if each < name), *shipped.get(claim, ())]
        if rival := next((each for each in others if each != name), ""):
            return rival
    return ""


@rule("policy", SERVING_RUNTIME, level="warning", code="KS34", needs="autoSelect")
def runtime_takes_over(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """A runtime of a namespace is not chosen for formats that a runtime of the whole cluster is chosen for.

    Why: KServe looks in the namespace first, whatever the priorities. With `autoSelect: true` every model of the format in this
    namespace that names no runtime changes its server, its image and maybe its URLs, at once.

    Fix: Set `autoSelect: false`, and name the runtime in the models that are to use it.

    Source: kserve pkg/apis/serving/v1beta1/predictor_model.go: GetSupportingRuntimes.
    """
    spec = enabled(runtime)
    told: set[Any] = set()
    for path, form in chosen_for(spec) if spec else ():
        name = form.get("name")
        rival = _everywhere(cluster).get(name or "")
        if rival and name not in told:
            told.add(name)
            yield Fault(
                "runtime-takes-over",
                (*path, "autoSelect"),
                f"models of `{name}` that name no runtime get this one, no longer `{rival}`",
                "true",
                "false, and `runtime` in the models that are to use it",
                "KServe chooses a runtime of the namespace before one of the cluster, whatever their priorities.",
                "set `autoSelect: false`",
            )


@once
def _everywhere(cluster: Cluster) -> dict[str, str]:
    """Format -> a runtime of the whole cluster that is chosen for it."""
    here: Specs = {name: enabled(obj) for (_, name), obj in cluster.objects.of(CLUSTER_SERVING_RUNTIME).items()}
    known = {**stated(cluster), **here}
    found: dict[str, str] = {}
    for name, spec in known.items():
        for _, form in chosen_for(spec or {}):
            found.setdefault(form.get("name") or "", name)
    return found
