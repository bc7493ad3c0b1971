"""How an LLMInferenceService is reached: routes, gateways, shared traffic and the scheduler.

Source: kserve `pkg/apis/serving/v1alpha2/llm_inference_service_validation.go` and its counterpart in `v1alpha1`, read at v0.16.0 to
v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.llm import CONFIG, SERVICE, is_new
from gitops.rules.serving import REFUSED
from gitops.schemas.faults import dotted

ROUTER: Path = ("spec", "router")
ROUTE: Path = (*ROUTER, "route")
HTTP: Path = (*ROUTE, "http")
GATEWAYS: Path = (*ROUTER, "gateway", "refs")
SCHEDULER: Path = (*ROUTER, "scheduler")


@rule("admission", SERVICE, needs=("gateway", "http"))
def route_from_one_side(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A route is made by KServe from `spec`, or made by others and named in `refs`; its gateways are those of `gateway.refs`.

    Why: KServe does not change a route of others, and a route of its own hangs on the gateways of the service. The webhook refuses
    `refs` beside `spec`, `refs` without gateways where there is `gateway`, and `spec.parentRefs` that are not these gateways (in
    v1alpha1: any).

    Fix: Keep one of `refs` and `spec`; leave `parentRefs` out, and KServe fills them in from `gateway.refs`.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateRouterCrossFieldConstraints.
    """
    http = at(service, *HTTP)
    if not isinstance(http, dict):
        yield from _route_of_0_16(service, cluster)
        return
    spec, refs, gateway = http.get("spec"), http.get("refs"), at(service, *ROUTER, "gateway")
    if refs and isinstance(spec, dict):
        why = f"{REFUSED}: KServe either makes the route or finds it"
        message = f"`{dotted(HTTP)}` has `refs` and `spec`"
        yield Fault("route-from-one-side", HTTP, message, "both", "one of them", why, "keep one of them")
    if refs and isinstance(gateway, dict) and not gateway.get("refs"):
        path = (*HTTP, "refs")
        why = f"{REFUSED}: a route of others does not hang on a gateway that KServe manages"
        message = f"`{dotted(path)}` is set, and `{dotted(GATEWAYS)}` is not"
        hint = "name the route's gateway under `gateway.refs`, or remove `gateway`"
        yield Fault("route-from-one-side", path, message, "no gateways", "the gateways of these routes", why, hint)
    if isinstance(spec, dict) and at(gateway, "refs") and _conflict(service, spec, cluster):
        path = (*HTTP, "spec", "parentRefs")
        why = f"{REFUSED}: the route hangs on the gateways of the service, and on no others"
        message = f"`{dotted(path)}` are not the gateways of `{dotted(GATEWAYS)}`"
        hint = "remove `parentRefs`: KServe fills them in from `gateway.refs`"
        found, expected = _named(spec.get("parentRefs")), _named(gateway["refs"])
        yield Fault("route-from-one-side", path, message, found, f"{expected}, or nothing", why, hint)


def _conflict(service: Object, spec: Object, cluster: Cluster) -> bool:
    parents = spec.get("parentRefs") or []
    if not cluster.runs("kserve", "0.17.0"):
        return True
    exact = cluster.runs("kserve", "0.18.0")
    return bool(parents) and not (is_new(service) and _keys(parents, exact) == _keys(at(service, *GATEWAYS), exact))


def _keys(refs: Any, sections: bool) -> list[tuple[str, ...]]:
    fields = ("namespace", "name", "sectionName")[: 3 if sections else 2]
    return sorted(tuple(at(ref, field) or "" for field in fields) for ref in refs or ())


def _named(refs: Any) -> str:
    return ", ".join("/".join(part for part in key if part) for key in _keys(refs, sections=True)) or "none"


def _route_of_0_16(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """What KServe 0.16 alone refuses: a route left to KServe beside gateways of others."""
    route, refs = at(service, *ROUTE), at(service, *GATEWAYS)
    if isinstance(route, dict) and refs is not None and not cluster.runs("kserve", "0.17.0"):
        message = f"`{dotted(GATEWAYS)}` is set, and `{dotted(ROUTE)}` is left to KServe"
        why = f"{REFUSED}: before 0.17 its own routes hang on its own gateway only"
        hint = f"name routes of your own under `{dotted((*HTTP, 'refs'))}`, or remove the gateways"
        yield Fault("route-from-one-side", GATEWAYS, message, "gateways", "`http.refs` with them", why, hint)


@rule("controller", SERVICE, level="warning", needs="parentRefs")
def parent_refs_derived(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A route that KServe makes says nothing of the gateways that `gateway.refs` names already.

    Why: KServe writes `parentRefs` from `gateway.refs`; a second list has to be changed with the first, or the webhook refuses both.

    Fix: Remove `parentRefs`.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateRouterCrossFieldConstraints, a warning
    since 0.17.0.
    """
    path = (*HTTP, "spec", "parentRefs")
    parents, gateways = at(service, *path), at(service, *GATEWAYS)
    if parents and gateways and is_new(service) and _keys(parents, True) == _keys(gateways, True):
        yield Fault(
            "parent-refs-derived",
            path,
            f"`{dotted(path)}` repeats `{dotted(GATEWAYS)}`",
            _named(parents),
            "nothing",
            "KServe fills them in, and refuses them as soon as the two lists differ",
            "remove them",
            fix=Fix("remove", path),
        )


@rule("admission", SERVICE, needs=("group", "weight"))
def traffic_shared(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A service that shares traffic has `group` and `weight`, and a route that KServe makes.

    Why: KServe writes one route for all services of a group, with their weights. The webhook refuses one field without the other,
    and both of them beside `ingress` or beside routes of others.

    Fix: Give both or none; remove `ingress`, and leave `route.http` to KServe.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateTrafficFields, since 0.20.0.
    """
    route = at(service, *ROUTE)
    given = [field for field in ("group", "weight") if at(route, field) is not None]
    if not given or not cluster.runs("kserve", "0.20.0"):
        return
    if isinstance(at(service, *ROUTER, "ingress"), dict):
        yield _traffic((*ROUTE, given[0]), "is set beside `ingress`", "ingress", "no `ingress`", "remove `ingress`")
    elif len(given) == 1:
        lacking = "weight" if given == ["group"] else "group"
        yield _traffic((*ROUTE, lacking), f"is missing beside `{given[0]}`", "nothing", f"a {lacking}", "give both")
    elif at(service, *HTTP, "refs"):
        what, hint = "is set beside routes of others", "remove `http.refs`, or `group` and `weight`"
        yield _traffic((*ROUTE, "group"), what, "http.refs", "a route that KServe makes", hint)


def _traffic(path: Path, what: str, found: str, expected: str, hint: str) -> Fault:
    why = f"{REFUSED}: it writes one route for the whole group"
    return Fault("traffic-shared", path, f"`{dotted(path)}` {what}", found, expected, why, hint)


@rule("admission", SERVICE, CONFIG, needs="scheduler")
def scheduler_runs(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A scheduler has at least one replica.

    Why: Every request asks it for a pod; the webhook refuses `replicas` below 1.

    Fix: Set at least 1; to go without a scheduler, remove `scheduler`.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateSchedulerConfig;
    llm_inference_service_config_validation.go: validateScheduler, since 0.17.0.
    """
    path = (*SCHEDULER, "replicas")
    replicas = at(service, *path)
    if replicas is not None and replicas <= 0 and cluster.runs("kserve", "0.17.0"):
        message, why = f"`{dotted(path)}` is below 1", f"{REFUSED}: every request asks the scheduler"
        hint = "set at least 1, or remove `scheduler`"
        yield Fault("scheduler-runs", path, message, f"{replicas}", "1 or more", why, hint)


@rule("admission", SERVICE, needs="scheduler")
def scheduler_config(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The configuration of a scheduler stands in `inline`, or in the ConfigMap that `ref` names.

    Why: The scheduler reads one configuration. The webhook refuses both, neither, an empty one, and a `ref` without a name.

    Fix: Keep one; write at least one field into `inline`; name the ConfigMap.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateSchedulerConfig, since 0.17.0.
    """
    path = (*SCHEDULER, "config")
    config = at(service, *path)
    if not isinstance(config, dict) or not cluster.runs("kserve", "0.17.0"):
        return
    inline, ref = config.get("inline"), config.get("ref")
    given = [field for field in ("inline", "ref") if config.get(field) is not None]
    if len(given) != 1:
        what = "has `inline` and `ref`" if given else "has neither `inline` nor `ref`"
        hint = "keep one of them" if given else "write the configuration into `inline`, or remove `config`"
        yield _config(path, what, " and ".join(given) or "nothing", "one of them", hint)
    if inline == {}:
        hint = "write at least one field, or remove `config`"
        yield _config((*path, "inline"), "is empty", "{}", "an EndpointPickerConfig", hint)
    if isinstance(ref, dict) and not ref.get("name"):
        yield _config((*path, "ref", "name"), "is missing", "nothing", "the name of a ConfigMap", "name the ConfigMap")


def _config(path: Path, what: str, found: str, expected: str, hint: str) -> Fault:
    why = f"{REFUSED}: the scheduler reads one configuration"
    return Fault("scheduler-config", path, f"`{dotted(path)}` {what}", found, expected, why, hint)


def routes(service: Object) -> Iterator[tuple[Path, str]]:
    """The HTTPRoutes that a service names, with their paths."""
    for path, ref in items(service, *HTTP, "refs"):
        if ref.get("name"):
            yield (*path, "name"), ref["name"]
