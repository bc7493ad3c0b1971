"""ServingRuntimes and ClusterServingRuntimes, as KServe's webhook takes them. It looks at none that is disabled.

Source: kserve `pkg/webhook/admission/servingruntime/servingruntime_webhook.go`, read at v0.15.0 to v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.multinode import GPU_TYPES, GPUS, PLAIN, more_gpus, unknown_resources
from gitops.rules.serving import (
    CLUSTER_SERVING_RUNTIME,
    MAIN_CONTAINER,
    REFUSED,
    SERVING_RUNTIME,
    Part,
    variable,
)
from gitops.schemas.faults import dotted

RUNTIMES = (SERVING_RUNTIME, CLUSTER_SERVING_RUNTIME)
WORKER_CONTAINER = "worker-container"
WORKERS: Path = ("spec", "workerSpec")
_SIZES = {"pipelineParallelSize": "PIPELINE_PARALLEL_SIZE", "tensorParallelSize": "TENSOR_PARALLEL_SIZE"}


def enabled(runtime: Object) -> Object | None:
    """The spec of a runtime that KServe looks at; None if it is disabled."""
    spec: Object = runtime.get("spec") or {}
    return None if spec.get("disabled") is True else spec


def has_workers(spec: Object | None) -> bool:
    """Whether a runtime is for several nodes; an empty `workerSpec` counts."""
    return isinstance(at(spec, "workerSpec"), dict)


def main_containers(spec: Object) -> Iterator[Part]:
    """The containers of a runtime that are named `kserve-container`."""
    for path, each in items(spec, "containers"):
        if each.get("name") == MAIN_CONTAINER:
            yield Part(("spec", *path), MAIN_CONTAINER, each)


@rule("admission", *RUNTIMES, code="KS34", needs="workerSpec")
def runtime_workers(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """`workerSpec` of a runtime has exactly one container.

    Why: It is the container of all workers. The webhook refuses a second one, and breaks down over an empty list, which refuses the
    object too.

    Fix: Keep one container, named `worker-container`; remove `workerSpec` if there are no workers.

    Source: kserve pkg/webhook/admission/servingruntime/servingruntime_webhook.go: validateMultiNodeSpec, since 0.15.0.
    """
    spec = enabled(runtime)
    if spec is None or not has_workers(spec) or not cluster.runs("kserve", "0.15.0"):
        return
    found = at(spec, "workerSpec", "containers")
    if isinstance(found, list) and len(found) != 1:
        path = (*WORKERS, "containers")
        yield Fault(
            "runtime-workers",
            (*path, 1) if found else path,
            f"`{dotted(path)}` has {len(found) or 'no'} containers",
            ", ".join(name for name in (at(each, "name") for each in found) if name) or "an empty list",
            f"one, named `{WORKER_CONTAINER}`",
            f"{REFUSED}: all workers run the same one container",
            "keep the worker's own" if found else "add the worker's container, or remove `workerSpec`",
        )


@rule("admission", *RUNTIMES, code="KS34", needs="workerSpec")
def runtime_parallel_sizes(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """The parallel sizes of a runtime stand in `workerSpec`, not in variables of its server, and are 1 or more.

    Why: KServe counts nodes by `pipelineParallelSize` and `tensorParallelSize`, and sets the variables of that name itself. The
    webhook refuses a size below 1 (0.15.0: a pipeline below 2, and a missing size), and the variables in `kserve-container`.

    Fix: Set the sizes in `workerSpec`; remove the variables.

    Source: kserve pkg/webhook/admission/servingruntime/servingruntime_webhook.go: validateMultiNodeSpec, since 0.15.0.
    """
    spec = enabled(runtime)
    if spec is None or not has_workers(spec) or not cluster.runs("kserve", "0.15.0"):
        return
    for field, name in _SIZES.items():
        yield from _small(spec["workerSpec"].get(field), field, cluster)
        for container in main_containers(spec):
            if entry := variable(container, name):
                message = f"`{dotted(container.path)}` sets the variable `{name}`"
                yield _size(
                    entry.path, message, name, f"`{field}` of `workerSpec`", f"set `workerSpec.{field}` instead"
                )


def _small(size: int | None, field: str, cluster: Cluster) -> Iterator[Fault]:
    strict = not cluster.runs("kserve", "0.15.1")
    least = 2 if strict and field == "pipelineParallelSize" else 1
    if strict if size is None else size < least:
        path = (*WORKERS, field)
        what = "is missing" if size is None else "is too small"
        found = "nothing" if size is None else f"{size}"
        yield _size(path, f"`{dotted(path)}` {what}", found, f"{least} or more", f"set at least {least}")


def _size(path: Path, message: str, found: str, expected: str, hint: str) -> Fault:
    why = f"{REFUSED}: it counts the nodes by these sizes"
    return Fault("runtime-parallel-sizes", path, message, found, expected, why, hint)


@rule("admission", *RUNTIMES, code="KS34", needs="workerSpec")
def runtime_gpu_resource(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """A runtime for several nodes asks only for resources of which KServe knows whether they are GPUs.

    Why: The webhook takes everything but cpu, memory, storage and ephemeral-storage for a GPU, and refuses those that it does not
    know, in `kserve-container` and in `worker-container`. `serving.kserve.io/gpu-resource-types` in `spec.annotations` (not in
    `metadata`) names more; it is a JSON list of names, and anything else is refused.

    Fix: Name the resource in that annotation, for example `'["nvidia.com/mig-1g.5gb"]'`, or remove it.

    Source: kserve pkg/webhook/admission/servingruntime/servingruntime_webhook.go: validateMultiNodeSpec; pkg/utils/utils.go:
    HasUnknownGpuResourceType, since 0.15.0.
    """
    spec = enabled(runtime)
    if spec is None or not has_workers(spec) or not cluster.runs("kserve", "0.15.0"):
        return
    judged = [*main_containers(spec), *_worker(spec)]
    more = more_gpus(spec.get("annotations"))
    if judged and more is None:
        path = ("spec", "annotations", GPU_TYPES)
        message, hint = (
            f"`{GPU_TYPES}` is no JSON list of names",
            "write a list with at least one name, each in double quotes",
        )
        example = 'for example ["nvidia.com/mig-1g.5gb"]'
        yield Fault("runtime-gpu-resource", path, message, str(at(runtime, *path)), example, REFUSED, hint)
        return
    for container in judged:
        for where, name in unknown_resources(container, more):
            yield Fault(
                "runtime-gpu-resource",
                where,
                f"`{dotted(where)}` is no resource that KServe knows for several nodes",
                name,
                ", ".join((*PLAIN, *GPUS)),
                f"{REFUSED}: it takes it for an unknown kind of GPU",
                f"add `{GPU_TYPES}: '[\"{name}\"]'` to `spec.annotations`, or remove it",
            )


def _worker(spec: Object) -> Iterator[Part]:
    for path, each in list(items(spec, "workerSpec", "containers"))[:1]:
        if each.get("name") == WORKER_CONTAINER:
            yield Part(("spec", *path), WORKER_CONTAINER, each)


@rule("admission", *RUNTIMES, code="KS34", needs="env")
def runtime_blocked_variable(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """No container of a runtime sets `PYTHONPATH`.

    Why: A path of one's own would put other code into the server; since 0.18 the webhook refuses the variable in `containers` and in
    those of `workerSpec`.

    Fix: Install the packages in the image; a server of your own can change `sys.path` itself.

    Source: kserve pkg/validation/env_policy.go; validateBlockedEnvVars in
    pkg/webhook/admission/servingruntime/servingruntime_webhook.go, since 0.18.0.
    """
    spec = enabled(runtime) if cluster.runs("kserve", "0.18.0") else None
    for path, each in (*items(spec, "containers"), *items(spec, "workerSpec", "containers")):
        container = Part(("spec", *path), each.get("name") or "", each)
        if entry := variable(container, "PYTHONPATH"):
            yield Fault(
                "runtime-blocked-variable",
                entry.path,
                f"`{dotted(container.path)}` sets the variable `PYTHONPATH`",
                "PYTHONPATH",
                "any other variable",
                f"{REFUSED}, as other code could be put into the server",
                "remove it, and install the packages in the image",
            )


@rule("admission", *RUNTIMES, code="KS34", update=True)
def runtime_keeps_workers(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """A runtime that has `workerSpec` keeps it.

    Why: Models on several nodes may use it; the webhook refuses the update.

    Fix: Keep `workerSpec`, or make a runtime of another name.

    Source: kserve pkg/webhook/admission/servingruntime/servingruntime_webhook.go: validateMultiNodeSpec, since 0.15.0.
    """
    spec = enabled(new) if cluster.runs("kserve", "0.15.0") else None
    if spec is not None and has_workers(old.get("spec")) and not has_workers(spec):
        yield Fault(
            "runtime-keeps-workers",
            WORKERS,
            "`spec.workerSpec` is gone",
            "nothing",
            "a `workerSpec`, as there is now",
            f"{REFUSED}: models on several nodes may use this runtime",
            "keep it, or make a runtime of another name",
        )
