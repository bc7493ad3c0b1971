"""The workloads of an LLMInferenceService: how a model is spread over nodes, and what scales it.

Source: kserve `pkg/apis/serving/v1alpha2/llm_inference_service_validation.go` and its counterpart in `v1alpha1`, read at v0.16.0 to
v0.20.0. What the CEL rules of the schema say of `scaling` is not said again here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.llm import SERVICE, workloads
from gitops.rules.serving import REFUSED
from gitops.schemas.faults import dotted


def _size(parallelism: Any, field: str) -> int:
    return at(parallelism, field) or 0


def _data(parallelism: Any) -> bool:
    return _size(parallelism, "data") > 0 or _size(parallelism, "dataLocal") > 0


def _pipeline(parallelism: Any) -> bool:
    return _size(parallelism, "pipeline") > 0


@rule("admission", SERVICE, needs="worker")
def workers_are_parallel(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A workload with `worker` states how the model is spread over the nodes: by data, or as a pipeline.

    Why: `worker` makes groups of pods on several nodes, and their number follows from `parallelism`. The webhook refuses `worker`
    without it; `tensor` alone does not do, for it spreads a model over the GPUs of one node.

    Fix: Set `parallelism.data` and `parallelism.dataLocal`, or `parallelism.pipeline`; or remove `worker`.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateWorkloadParallelism, since 0.16.0.
    """
    for workload in workloads(service):
        parallelism = workload.spec.get("parallelism")
        if isinstance(workload.spec.get("worker"), dict) and not _data(parallelism) and not _pipeline(parallelism):
            path = (*workload.path, "worker")
            yield Fault(
                "workers-are-parallel",
                path,
                f"`{dotted(path)}` is set, and `parallelism` spreads nothing over nodes",
                ", ".join(parallelism or ()) or "no `parallelism`",
                "`data` with `dataLocal`, or `pipeline`",
                f"{REFUSED}: the number of workers follows from these sizes",
                f"set `{dotted((*workload.path, 'parallelism'))}`, or remove `worker`",
            )


@rule("admission", SERVICE, needs="parallelism")
def one_parallelism(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A workload is spread by data or as a pipeline, not both, and by data with both of its sizes.

    Why: Each is another kind of deployment, with arguments of its own for vLLM; `data` is the number of all copies and `dataLocal`
    that of one node, and nodes are counted by both. The webhook refuses anything else.

    Fix: Keep one of the two; give `data` and `dataLocal` together.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateWorkloadParallelism, since 0.16.0.
    """
    for workload in workloads(service):
        path, found = (*workload.path, "parallelism"), workload.spec.get("parallelism")
        if _pipeline(found) and _data(found):
            message = f"`{dotted(path)}` has sizes of a pipeline and of data"
            why = f"{REFUSED}: these are two kinds of deployment"
            hint = "remove `pipeline`, or `data` and `dataLocal`"
            yield Fault("one-parallelism", path, message, "both", "`pipeline` or `data`", why, hint)
        given = [field for field in ("data", "dataLocal") if at(found, field) is not None]
        if len(given) == 1:
            lacking = "dataLocal" if given == ["data"] else "data"
            message = f"`{dotted((*path, lacking))}` is missing beside `{given[0]}`"
            why = f"{REFUSED}: the number of nodes is `data` divided by `dataLocal`"
            hint = "set `data` for all nodes together, and `dataLocal` for each"
            yield Fault("one-parallelism", (*path, lacking), message, "nothing", "a size of 1 or more", why, hint)


@rule("admission", SERVICE, update=True)
def parallelism_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """The number of nodes over which a workload is spread does not change.

    Why: It is the size of a group of pods, which cannot change once it is there: `data` divided by `dataLocal`, or `pipeline`, or 1.
    The webhook refuses another.

    Fix: Keep the number, or make a service of another name and move the traffic to it.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateImmutableParallelism, since 0.16.0;
    llm_inference_service_types_func.go: GetSize.
    """
    before = {workload.name: workload for workload in workloads(old)}
    for workload in workloads(new):
        if workload.name in before:
            was, will = (nodes(each.spec.get("parallelism")) for each in (before[workload.name], workload))
            if was != will:
                path = (*workload.path, "parallelism")
                message = f"`{dotted(path)}` asks for another number of nodes than is there"
                why = f"{REFUSED}: the size of a group of pods cannot change"
                hint = "keep the number, or make a service of another name"
                yield Fault("parallelism-kept", path, message, f"{will}", f"{was}", why, hint)


def nodes(parallelism: Any) -> int:
    """Over how many nodes a workload is spread, as the webhook counts them."""
    if _data(parallelism):
        return max(max(_size(parallelism, "data"), 1) // max(_size(parallelism, "dataLocal"), 1), 1)
    return _size(parallelism, "pipeline") if _pipeline(parallelism) else 1


@rule("admission", SERVICE, needs="wva")
def one_autoscaler(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Both workloads of a service are scaled in the same way: by `hpa`, or by `keda`.

    Why: An HPA reads metrics of the Kubernetes API, and KEDA asks Prometheus; the webhook refuses a service that needs both.

    Fix: Use the same under `scaling.wva` and `prefill.scaling.wva`.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: ValidateActuatorConsistency, since 0.18.0
    (v1alpha1: since 0.19.0).
    """
    if not cluster.runs("kserve", "0.18.0" if not service["apiVersion"].endswith("/v1alpha1") else "0.19.0"):
        return
    ways = [(each, at(each.spec, "scaling", "wva")) for each in workloads(service)]
    uses = ["hpa" if isinstance(wva.get("hpa"), dict) else "keda" for _, wva in ways if isinstance(wva, dict)]
    if len(uses) == 2 and uses[0] != uses[1]:
        path = (*ways[1][0].path, "scaling", "wva")
        yield Fault(
            "one-autoscaler",
            path,
            f"`{dotted(path)}` uses `{uses[1]}`, and `spec.scaling.wva` uses `{uses[0]}`",
            uses[1],
            uses[0],
            f"{REFUSED}: the two get their metrics in different ways, and would scale apart from each other",
            "use the same in both",
        )
