"""Models on several nodes: `workerSpec` of a predictor."""

from __future__ import annotations

import json
from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.serving import (
    AUTOSCALER_CLASS,
    GROUP,
    INFERENCE_SERVICE,
    REFUSED,
    Part,
    autoscaler_class,
    mode,
    model,
    predictor,
    variable,
    workers,
)
from gitops.schemas.faults import dotted

GPUS = ("nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi")
GPU_TYPES = f"{GROUP}/gpu-resource-types"
WORKERS: Path = ("spec", "predictor", "workerSpec")
PLAIN = ("cpu", "memory", "storage", "ephemeral-storage")
_SIZES = {"pipelineParallelSize": "PIPELINE_PARALLEL_SIZE", "tensorParallelSize": "TENSOR_PARALLEL_SIZE"}


@rule("admission", INFERENCE_SERVICE, code="KS19", needs="workerSpec")
def one_worker_container(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`workerSpec` has at most one container.

    Why: KServe lays it over the runtime's `worker-container`; since 0.15 the webhook refuses more.

    Fix: Keep the worker's container; sidecars of workers belong in the runtime.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateMultiNodeVariables, since 0.15.0.
    """
    found = at(workers(service), "containers") or []
    if len(found) > 1:
        path = (*WORKERS, "containers")
        yield Fault(
            "one-worker-container",
            (*path, 1),
            f"`{dotted(path)}` has {len(found)} containers",
            ", ".join(name for name in (at(each, "name") for each in found) if name),
            "at most one",
            f"{REFUSED}: it lays one container over the runtime's",
            "keep the worker's own",
        )


@rule("admission", INFERENCE_SERVICE, code="KS19", needs="workerSpec")
def parallel_sizes(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The sizes of a model on several nodes stand in `workerSpec`, and are 1 or more.

    Why: KServe counts nodes by `pipelineParallelSize` and `tensorParallelSize`, and sets the variables of that name itself. The
    webhook refuses a size below 1 (0.15.0: a pipeline below 2), and the variables in `model`.

    Fix: Set the sizes in `workerSpec`; remove the variables.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateMultiNodeVariables, since 0.15.0.
    """
    spec = workers(service)
    if spec is None:
        return
    served = model(predictor(service))
    for field, name in _SIZES.items():
        least = 2 if field == "pipelineParallelSize" and not cluster.runs("kserve", "0.15.1") else 1
        size = spec.get(field)
        if size is not None and size < least:
            path, found, expected = (*WORKERS, field), f"{size}", f"{least} or more"
            yield _size(path, f"`{dotted(path)}` is too small", found, expected, f"set at least {least}, or remove it")
        if served and (entry := variable(served, name)):
            message = f"`{dotted(served.path)}` sets the variable `{name}`"
            yield _size(entry.path, message, name, f"`{field}` of `workerSpec`", f"set `workerSpec.{field}` instead")


def _size(path: Path, message: str, found: str, expected: str, hint: str) -> Fault:
    why = f"{REFUSED}: it counts the nodes by these sizes"
    return Fault("parallel-sizes", path, message, found, expected, why, hint)


@rule("admission", INFERENCE_SERVICE, code="KS19", needs="workerSpec")
def known_gpu_resource(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model on several nodes asks only for resources of which KServe knows whether they are GPUs.

    Why: The webhook takes everything but cpu, memory, storage and ephemeral-storage for a GPU, and refuses those that it does not
    know: parts of a GPU (MIG), huge pages and network cards too. The annotation `serving.kserve.io/gpu-resource-types` names more;
    it is a JSON list of names, and anything else is refused.

    Fix: Name the resource in the annotation, for example `'["nvidia.com/mig-1g.5gb"]'`, or remove it.

    Source: kserve pkg/utils/utils.go: HasUnknownGpuResourceType and IsValidCustomGPUArray; validateMultiNodeVariables in
    pkg/apis/serving/v1beta1/inference_service_validation.go, since 0.15.0.
    """
    spec = workers(service)
    if spec is None:
        return
    served = model(predictor(service))
    judged = [served] if served else []
    judged += [Part((*WORKERS, *path), "", each) for path, each in items(spec, "containers")]
    more = more_gpus(service["metadata"].get("annotations"))
    if judged and more is None:
        yield Fault(
            "known-gpu-resource",
            ("metadata", "annotations", GPU_TYPES),
            f"`{GPU_TYPES}` is no JSON list of names",
            service["metadata"]["annotations"][GPU_TYPES],
            'for example ["nvidia.com/mig-1g.5gb"]',
            REFUSED,
            "write a list with at least one name, each in double quotes",
        )
        return
    for container in judged:
        for path, name in unknown_resources(container, more):
            yield Fault(
                "known-gpu-resource",
                path,
                f"`{dotted(path)}` is no resource that KServe knows for several nodes",
                name,
                ", ".join((*PLAIN, *GPUS)),
                f"{REFUSED}: it takes it for an unknown kind of GPU",
                f"add the annotation `{GPU_TYPES}: '[\"{name}\"]'`, or remove it",
            )


def unknown_resources(container: Part, more: list[str] | None) -> Iterator[tuple[Path, str]]:
    """The resources that a container asks for and KServe knows neither by itself nor by `more`, each once."""
    known = {*PLAIN, *GPUS, *(more or ())}
    for amounts in ("limits", "requests"):
        for name in sorted((at(container.spec, "resources", amounts) or {}).keys() - known):
            known.add(name)
            yield (*container.path, "resources", amounts, name), name


def more_gpus(annotations: Object | None) -> list[str] | None:
    """The resources that annotations add to the GPUs that KServe knows; None if they cannot be read."""
    text = (annotations or {}).get(GPU_TYPES)
    if not text:
        return []
    try:
        names = json.loads(text)
    except ValueError:
        return None
    good = isinstance(names, list) and names and all(isinstance(name, str) and name for name in names)
    return names if good else None


@rule("admission", INFERENCE_SERVICE, code="KS19", needs="workerSpec")
def multi_node_model(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model on several nodes comes from a volume or an image that all nodes can read, and is not scaled.

    Why: The webhook refuses a `model` beside `workerSpec` unless its `storageUri` begins with `pvc://` or `oci://` (`oci://` since
    0.16; `storageUris` and `oci+native://` do not count), and unless the annotation `serving.kserve.io/autoscalerClass` is `none`
    (`external` in 0.15.0): the workers of one model cannot be scaled one by one.

    Fix: Put the model on a PersistentVolumeClaim or in an image, and add the annotation.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateMultiNodeVariables, since 0.15.0.
    """
    served = model(predictor(service)) if workers(service) is not None else None
    if not served:
        return
    schemes = ("pvc", "oci") if cluster.runs("kserve", "0.16.0") else ("pvc",)
    uri = served.spec.get("storageUri")
    if uri is None or uri.partition("://")[0] not in schemes:
        path = (*served.path, "storageUri")
        written = " or ".join(f"{scheme}://" for scheme in schemes)
        hint = "put the model on a PersistentVolumeClaim: `pvc://claim/path`"
        what = (
            "is missing, and the model runs on several nodes"
            if uri is None
            else "is nothing that several nodes can read"
        )
        why = f"{REFUSED}: every node mounts the model"
        yield Fault("multi-node-model", path, f"`{dotted(path)}` {what}", uri or "nothing", written, why, hint)
    wanted = "none" if cluster.runs("kserve", "0.15.1") else "external"
    given = autoscaler_class(service)
    if given != wanted:
        path = ("metadata", "annotations", AUTOSCALER_CLASS)
        message = f"`{AUTOSCALER_CLASS}` of a model on several nodes is not `{wanted}`"
        why = f"{REFUSED}: it cannot scale the workers of a model"
        yield Fault("multi-node-model", path, message, given or "nothing", wanted, why, f'set it to "{wanted}"')


@rule("controller", INFERENCE_SERVICE, code="KS19", needs="workerSpec")
def multi_node_in_standard_mode(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model on several nodes is deployed in Standard mode.

    Why: In Knative mode the controller works out the workers and then makes the head only; it waits for them for ever.

    Fix: Set the annotation `serving.kserve.io/deploymentMode: Standard`.

    Source: kserve pkg/controller/v1beta1/inferenceservice/components/predictor.go: Reconcile; only reconcileRawDeployment is given
    the pods of workers.
    """
    if workers(service) is not None and mode(service, cluster) != "Standard":
        yield Fault(
            "multi-node-in-standard-mode",
            WORKERS,
            "`spec.predictor.workerSpec` is set, and the service is not deployed in Standard mode",
            mode(service, cluster),
            "Standard",
            "KServe makes no workers in this mode, and the head waits for them for ever",
            "set the annotation `serving.kserve.io/deploymentMode: Standard`",
        )
