"""Names that an LLMInferenceService gives: configs, routes, gateways, pools of endpoints, and the scheduler's ConfigMap.

Source: kserve `pkg/controller/v1alpha2/llmisvc/` (config_merge.go: getConfig, combineBaseRefsConfig; router_validation.go; router.go),
read at v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.problems import nearest
from gitops.rules.base import Cluster, Kind, at, items, rule
from gitops.rules.llm import CONFIG, SERVICE, SYSTEM_NAMESPACE, workloads
from gitops.rules.llm_router import GATEWAYS, SCHEDULER, routes
from gitops.rules.llm_workload import nodes
from gitops.rules.lookups import CONFIG_MAP, config_lacks, hint
from gitops.schemas.faults import dotted

GATEWAY: Kind = ("gateway.networking.k8s.io", "Gateway")
ROUTE: Kind = ("gateway.networking.k8s.io", "HTTPRoute")
POOL: Kind = ("inference.networking.k8s.io", "InferencePool")
_PREFIX = "kserve-config-llm-"
_SCHEDULER_CONFIG = "config-scheduler-"  # ConfigMaps of such names are looked up in KServe's namespace too
SHIPPED = frozenset(
    _PREFIX + name
    for name in (
        *("template", "decode-template", "prefill-template", "scheduler", "router-route"),
        *("worker-data-parallel", "decode-worker-data-parallel", "prefill-worker-data-parallel"),
        *("scheduler-latency-predictor", "tracing"),
    )
)
"""The configs that KServe brings along, in its own namespace."""


def _config_lacks(cluster: Cluster, namespace: str, name: str) -> bool:
    return name not in SHIPPED and all(cluster.lacks(CONFIG, each, name) for each in (namespace, SYSTEM_NAMESPACE))


@rule("reference", SERVICE, needs="baseRefs")
def base_config_exists(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every config that a service takes over is there: in its namespace, or in that of KServe.

    Why: The controller stops at the first that is missing: the condition `PresetsCombined` is false with `ConfigNotFound`, and
    nothing is deployed.

    Fix: Correct the name, or add the LLMInferenceServiceConfig, in an earlier sync wave.

    Source: kserve pkg/controller/v1alpha2/llmisvc/config_merge.go: getConfig, reconcileBaseRefs.
    """
    namespace = cluster.namespace(service)
    for path, ref in items(service, "spec", "baseRefs"):
        name = ref.get("name")
        if name and _config_lacks(cluster, namespace, name):
            where = (*path, "name")
            near = nearest(name, SHIPPED)
            yield Fault(
                "base-config-exists",
                where,
                f"`{dotted(where)}` names an LLMInferenceServiceConfig that is not there",
                name,
                f"a config in namespace `{namespace}` or `{SYSTEM_NAMESPACE}`",
                "the controller waits for it, and deploys nothing: ConfigNotFound.",
                f"did you mean `{near}`?" if near else hint(cluster, CONFIG, namespace, name),
            )


@rule("reference", SERVICE, needs="pipeline")
def pipeline_config_exists(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A service that is spread as a pipeline finds the config for it, which KServe does not ship.

    Why: The controller looks for a config by the kind of deployment, and KServe brings none along for pipelines. Without one the
    condition `PresetsCombined` is false with `ConfigNotFound`, and nothing is deployed.

    Fix: Add an LLMInferenceServiceConfig of that name, or spread the model by `data` and `dataLocal`.

    Source: kserve pkg/controller/v1alpha2/llmisvc/config_merge.go: combineBaseRefsConfig; config/llmisvcconfig.
    """
    found = [] if at(service, "spec", "baseRefs") else workloads(service)
    namespace = cluster.namespace(service)
    for workload in found:
        parallelism = workload.spec.get("parallelism")
        spread = at(parallelism, "pipeline") and not at(parallelism, "data") and not at(parallelism, "dataLocal")
        part = "" if len(found) == 1 else f"{workload.name}-"
        name = f"{_PREFIX}{part}worker-pipeline-parallel"
        if spread and isinstance(workload.spec.get("worker"), dict) and _config_lacks(cluster, namespace, name):
            path = (*workload.path, "parallelism", "pipeline")
            yield Fault(
                "pipeline-config-exists",
                path,
                f"`{dotted(path)}` needs an LLMInferenceServiceConfig that KServe does not ship",
                f"a pipeline of {nodes(parallelism)} nodes",
                f"a config `{name}` in namespace `{namespace}` or `{SYSTEM_NAMESPACE}`",
                "the controller waits for the config, and deploys nothing: ConfigNotFound.",
                "add it, or spread the model by `data` and `dataLocal`",
            )


class _Named(NamedTuple):
    path: Path
    kind: Kind
    namespace: str
    name: str


@rule("reference", SERVICE, needs="router")
def router_reference_exists(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The gateways, routes and pool of endpoints that a service names are there, and the ConfigMap of its scheduler.

    Why: The controller makes none of them. While one is missing, the service's condition `RouterReady` or `PresetsCombined` is
    false, and it gets no URL.

    Fix: Correct the name or the namespace of the gateway, or add the object.

    Source: kserve pkg/controller/v1alpha2/llmisvc/router_validation.go: validateGatewayReferences, validateHTTPRouteReferences;
    router.go; config_merge.go.
    """
    for named in _references(service, cluster.namespace(service)):
        if _lacks(cluster, named):
            yield Fault(
                "router-reference-exists",
                named.path,
                f"`{dotted(named.path)}` names a {named.kind[1]} that is not there",
                named.name,
                f"a {named.kind[1]} in namespace `{named.namespace}`",
                "the service is not ready without it, and gets no URL.",
                hint(cluster, named.kind, named.namespace, named.name),
            )


def _lacks(cluster: Cluster, named: _Named) -> bool:
    if named.kind != CONFIG_MAP:  # objects of a kind that has no schema here are not known even where they are given
        known = cluster.schemas.scope(f"{named.kind[0]}/v1", named.kind[1]) is not None
        return known and cluster.lacks(named.kind, named.namespace, named.name)
    shared = [SYSTEM_NAMESPACE] if named.name.startswith(_SCHEDULER_CONFIG) else []
    return all(config_lacks(cluster, namespace, named.name) for namespace in (named.namespace, *shared))


def _references(service: Object, namespace: str) -> Iterator[_Named]:
    for path, ref in items(service, *GATEWAYS):
        if ref.get("name"):
            yield _Named((*path, "name"), GATEWAY, ref.get("namespace") or namespace, ref["name"])
    for path, name in routes(service):
        yield _Named(path, ROUTE, namespace, name)
    pool = (*SCHEDULER, "pool", "ref", "name")
    if name := at(service, *pool):
        yield _Named(pool, POOL, namespace, name)
    config = (*SCHEDULER, "config", "ref", "name")
    if name := at(service, *config):
        yield _Named(config, CONFIG_MAP, namespace, name)
