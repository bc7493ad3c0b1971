"""The runtime of a model on several nodes: whether it knows of workers, and whether there are GPUs enough."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from gitops.faults import Fault
from gitops.objects import Object
from gitops.quantity import amount
from gitops.resources.runtimes import BY_NAME
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.multinode import GPUS, WORKERS
from gitops.rules.serving import (
    CLUSTER_SERVING_RUNTIME,
    INFERENCE_SERVICE,
    MAIN_CONTAINER,
    SERVING_RUNTIME,
    Part,
    model,
    predictor,
    workers,
)
from gitops.schemas.faults import dotted

_BACKEND = "multinode/executor-backend"


def _runtime(served: Part | None, service: Object, cluster: Cluster) -> Object | None:
    """The runtime that a model names, where an object is it; one of the namespace goes before one of the cluster."""
    name = (served.spec.get("runtime") or "") if served else ""
    own = cluster.objects.get(SERVING_RUNTIME, cluster.namespace(service), name)
    return own or cluster.objects.get(CLUSTER_SERVING_RUNTIME, "", name)


@rule("reference", INFERENCE_SERVICE, code="KS19", needs="workerSpec")
def multi_node_runtime(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The runtime of a model on several nodes has workers itself.

    Why: The controller lays `workerSpec` of the service over that of the runtime. With a runtime that has none it fails at each
    reconcile, and nothing is deployed.

    Fix: Use a runtime with `workerSpec`, such as `kserve-huggingfaceserver-multinode`, or remove `workerSpec` from the service.

    Source: kserve pkg/controller/v1beta1/inferenceservice/components/predictor.go: reconcileWorker, multiNodeProcess.
    """
    served = model(predictor(service)) if workers(service) is not None else None
    name = (served.spec.get("runtime") or "") if served else ""
    if not served or not name:
        return
    runtime = _runtime(served, service, cluster)
    shipped = BY_NAME.get(name)
    without = not at(runtime, "spec", "workerSpec", "containers") if runtime else shipped and not shipped.multinode
    if without:
        path = (*served.path, "runtime")
        yield Fault(
            "multi-node-runtime",
            path,
            f"`{dotted(WORKERS)}` is set, and the runtime `{name}` has no workers",
            name,
            "a runtime with `workerSpec` and a container in it",
            "the controller has nothing to start workers from, and deploys nothing",
            "use a runtime such as `kserve-huggingfaceserver-multinode`, or remove `workerSpec`",
        )


class Gpus(NamedTuple):
    """How many GPUs a model needs in all, and what its head and each of its workers ask for."""

    total: int
    head: int
    worker: int

    def missing(self) -> int:
        """How many GPUs the head and the workers lack, as KServe counts them with Ray."""
        if not self.head or not self.worker or self.head >= self.total:
            return 0
        nodes = math.ceil(self.total / self.worker)
        return max(0, self.total - self.head - self.worker * (nodes - 1)) if nodes > 1 else 0


@rule("reference", INFERENCE_SERVICE, code="KS19", needs="workerSpec")
def multi_node_gpus(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Head and workers of a model together have as many GPUs as its parallel sizes ask for.

    Why: The controller divides `tensorParallelSize` times `pipelineParallelSize` by the GPUs of a worker to know how many nodes there
    are. If the head has fewer GPUs than a worker, the sum falls short: the status shows InvalidGPUAllocation, and nothing is deployed.

    Fix: Give the head as many GPUs as a worker, or leave its GPUs out and KServe fills them in.

    Source: kserve pkg/controller/v1beta1/inferenceservice/components/predictor.go: computeRayNodeAndGPUs; runtimes with
    `multinode/executor-backend: mp` are counted differently, and not judged.
    """
    served = model(predictor(service)) if workers(service) is not None else None
    runtime = _runtime(served, service, cluster)
    counted = cluster.runs("kserve", "0.15.2") and at(runtime, "spec", "annotations", _BACKEND) != "mp"
    if not served or not runtime or not counted:
        return
    gpus = _gpus(service, served, runtime)
    if missing := gpus.missing():
        yield Fault(
            "multi-node-gpus",
            (*served.path, "resources", "requests"),
            f"the model needs {gpus.total} GPUs, and {missing} of them are nowhere",
            f"{gpus.head} in the head, {gpus.worker} in each worker",
            f"{gpus.total}: `tensorParallelSize` times `pipelineParallelSize`",
            "the controller does not deploy it: InvalidGPUAllocation",
            "give the head as many GPUs as a worker, or none, and KServe fills them in",
        )


def _gpus(service: Object, served: Part, runtime: Object) -> Gpus:
    own, shared = workers(service) or {}, at(runtime, "spec", "workerSpec") or {}
    sizes = [own.get(size) or shared.get(size) or 1 for size in ("tensorParallelSize", "pipelineParallelSize")]
    head = next((each for _, each in items(runtime, "spec", "containers") if each.get("name") == MAIN_CONTAINER), {})
    return Gpus(
        total=math.prod(sizes),
        head=_asked(head, served.spec),
        worker=_asked(at(shared, "containers", 0), at(own, "containers", 0)),
    )


def _asked(below: Any, above: Any) -> int:
    """The GPUs that a container requests, once the service's is laid over the runtime's."""
    requests = {**(at(below, "resources", "requests") or {}), **(at(above, "resources", "requests") or {})}
    try:
        return next((int(amount(requests[name])) for name in GPUS if requests.get(name) is not None), 0)
    except ValueError:  # the schema tells
        return 0
