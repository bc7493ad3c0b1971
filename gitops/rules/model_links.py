"""Names that KServe's smaller kinds give: steps of a graph, the service of a trained model, node groups, storage containers."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.problems import did_you_mean
from gitops.rules import serving
from gitops.rules.base import Cluster, Inventory, Kind, at, items, rule
from gitops.rules.lookups import hint
from gitops.schemas.faults import dotted

LOCAL_CACHE: Kind = (serving.GROUP, "LocalModelCache")
LOCAL_NAMESPACE_CACHE: Kind = (serving.GROUP, "LocalModelNamespaceCache")
NODE_GROUP: Kind = (serving.GROUP, "LocalModelNodeGroup")

_SHIPPED_CONTAINER = "default"


@rule("reference", serving.INFERENCE_GRAPH)
def graph_service_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every `serviceName` of an InferenceGraph is an InferenceService of the graph's namespace.

    Why: KServe's controller looks each one up before it makes the router, and starts again when one is missing: the graph never
    becomes ready, and the log says `Failed to find graph service`.

    Fix: correct the name, add the InferenceService, or use `serviceUrl` for anything that is not an InferenceService of this namespace.

    Source: kserve `pkg/controller/v1alpha1/inferencegraph/controller.go` Reconcile.
    """
    namespace = cluster.namespace(obj)
    for node, body in (at(obj, "spec", "nodes") or {}).items():
        for path, step in items(body, "steps"):
            name = step.get("serviceName")
            if name and cluster.lacks(serving.INFERENCE_SERVICE, namespace, name):
                here: Path = ("spec", "nodes", node, *path, "serviceName")
                yield Fault(
                    "graph-service-exists",
                    here,
                    f"`{dotted(here)}` names an InferenceService that is not there",
                    found=name,
                    expected=f"an InferenceService in namespace `{namespace}`",
                    why="KServe looks it up again and again, and never makes the graph's router.",
                    hint=hint(cluster, serving.INFERENCE_SERVICE, namespace, name),
                )


@rule("reference", serving.TRAINED_MODEL)
def trained_model_service_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The InferenceService that a TrainedModel is to be loaded into is there, in the same namespace.

    Why: KServe's controller deletes a TrainedModel whose InferenceService does not exist, and Argo CD makes it anew: neither ends.

    Fix: correct `spec.inferenceService`, or add the InferenceService, in an earlier sync wave.

    Source: kserve `pkg/controller/v1alpha1/trainedmodel/controller.go` Reconcile.
    """
    name, namespace = at(obj, "spec", "inferenceService"), cluster.namespace(obj)
    if name and cluster.lacks(serving.INFERENCE_SERVICE, namespace, name):
        yield Fault(
            "trained-model-service-exists",
            ("spec", "inferenceService"),
            "`spec.inferenceService` names an InferenceService that is not there",
            found=name,
            expected=f"an InferenceService in namespace `{namespace}`",
            why="KServe deletes a TrainedModel that has no InferenceService.",
            hint=hint(cluster, serving.INFERENCE_SERVICE, namespace, name),
        )


@rule("controller", serving.INFERENCE_GRAPH)
def graph_node_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every `nodeName` of an InferenceGraph is one of the graph's own nodes.

    Why: the webhook does not look. The router finds no such node when a request comes to the step, and answers it with an error.

    Fix: correct the name, or add the node under `spec.nodes`.

    Source: kserve `cmd/router/main.go` executeStep, routeStep.
    """
    nodes = at(obj, "spec", "nodes") or {}
    for node, body in nodes.items():
        for path, step in items(body, "steps"):
            name = step.get("nodeName")
            if name and name not in nodes:
                here: Path = ("spec", "nodes", node, *path, "nodeName")
                yield Fault(
                    "graph-node-exists",
                    here,
                    f"`{dotted(here)}` names a node that this graph does not have",
                    found=name,
                    expected="one of the names under `spec.nodes`",
                    why="the router cannot go on from this step, and every request that comes to it fails.",
                    hint=did_you_mean(name, list(nodes)),
                )


@rule("reference", LOCAL_CACHE, LOCAL_NAMESPACE_CACHE)
def node_group_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every node group that a model is to be cached on is there.

    Why: KServe's webhook refuses a LocalModelNamespaceCache whose LocalModelNodeGroup does not exist, and the controller of
    LocalModelCaches makes no volume and downloads nothing.

    Fix: correct the name, or add the LocalModelNodeGroup (it is cluster-scoped), in an earlier sync wave.

    Source: kserve `pkg/webhook/admission/localmodelnamespacecache/local_model_namespace_cache_validation.go` validateNodeGroups,
    `pkg/controller/v1alpha1/localmodel/reconcilers`.
    """
    groups = at(obj, "spec", "nodeGroups")
    for index, name in enumerate(groups if isinstance(groups, list) else ()):
        if name and cluster.lacks(NODE_GROUP, "", name):
            yield Fault(
                "node-group-exists",
                ("spec", "nodeGroups", index),
                f"`spec.nodeGroups[{index}]` names a LocalModelNodeGroup that is not there",
                found=name,
                expected="a LocalModelNodeGroup",
                why="there are no nodes to keep the model on.",
                hint=hint(cluster, NODE_GROUP, "", name),
            )


@rule("reference", LOCAL_CACHE)
def local_model_once(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """No two LocalModelCaches have the same `sourceModelUri`.

    Why: KServe's webhook refuses the second: `LocalModelCache … has the same StorageURI`.

    Fix: keep one, with all node groups; a LocalModelNamespaceCache may repeat a URI.

    Source: kserve `pkg/webhook/admission/localmodelcache/localmodelcache_validator.go` validateUniqueStorageURI.
    """
    uri = at(obj, "spec", "sourceModelUri")
    others = [name for name in cluster.objects.index(cached).get(uri, ()) if name != obj["metadata"].get("name")]
    if others:
        yield Fault(
            "local-model-once",
            ("spec", "sourceModelUri"),
            f"`spec.sourceModelUri` is also that of LocalModelCache `{others[0]}`",
            found=uri,
            expected="a URI that no other LocalModelCache has",
            why="KServe's webhook refuses a second cache of the same model.",
            hint="keep one of them, and list all node groups there",
        )


def cached(inventory: Inventory) -> dict[str, list[str]]:
    """The names of the LocalModelCaches of each URI."""
    found: dict[str, list[str]] = {}
    for (_, name), obj in inventory.of(LOCAL_CACHE).items():
        if uri := at(obj, "spec", "sourceModelUri"):
            found.setdefault(uri, []).append(name)
    return found


@rule("reference", serving.INFERENCE_SERVICE, needs="storageContainerName")
def storage_container_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The ClusterStorageContainer that a predictor names is there, switched on, and of workload type `initContainer`.

    Why: one that is named is not replaced by another: the pod webhook refuses every pod of the model, with `ClusterStorageContainer
    "…" not found`, `is disabled` or `has workloadType`.

    Fix: correct `storageContainerName`, or leave it out, so that KServe takes the one that matches the URI.

    Source: kserve `pkg/webhook/admission/pod/storage_initializer_injector.go` GetStorageContainerSpecByName (since 0.19.0).
    """
    path = ("spec", "predictor", "storageContainerName")
    name = at(obj, *path)
    if not name:
        return
    container = cluster.objects.get(serving.CLUSTER_STORAGE_CONTAINER, "", name)
    missing = name != _SHIPPED_CONTAINER and cluster.lacks(serving.CLUSTER_STORAGE_CONTAINER, "", name)
    what = "is not there" if missing else _unfit(container) if container else ""
    if what:
        yield Fault(
            "storage-container-exists",
            path,
            f"`{dotted(path)}` names a ClusterStorageContainer that {what}",
            found=name,
            expected="a ClusterStorageContainer that is switched on, of workload type `initContainer`",
            why="KServe's pod webhook refuses every pod of this model.",
            hint=hint(cluster, serving.CLUSTER_STORAGE_CONTAINER, "", name) if missing else "name another, or none",
        )


def _unfit(container: Object) -> str:
    if container.get("disabled"):
        return "is disabled"
    kind = at(container, "spec", "workloadType")
    return "" if kind in (None, "initContainer") else f"is for workload type `{kind}`"
