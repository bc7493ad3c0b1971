"""Fields of a framework that KServe's webhook judges where it does not move them into `model`: canaries, ModelMesh, ART explainers."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.serving import FRAMEWORKS, INFERENCE_SERVICE, REFUSED, Part, canaries, components, implementations
from gitops.schemas.faults import dotted

_STORES = ("s3://", "hdfs://", "webhdfs://")
_WITH_STORAGE = ("huggingface", "onnx", "pmml", "tensorflow", "pytorch", "art")
_MODEL_WORDS = "or write `model` with a `modelFormat`, which is not judged so"


def _unmoved(service: Object) -> Iterator[Part]:
    for component in (*components(service), *canaries(service)):
        if not component.moved:
            found = implementations(component)
            if len(found) == 1 and found[0].name in (*FRAMEWORKS, "art"):
                yield found[0]


@rule("admission", INFERENCE_SERVICE, needs=(*FRAMEWORKS, "art"))
def framework_field(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """What a framework's field says fits that framework, where the webhook leaves the field as it is.

    Why: In canaries and in ModelMesh mode the webhook does not turn `onnx:` and the like into `model`, and judges them by old rules:
    an ONNX model's file ends in `.onnx`; a `runtimeVersion` of TensorFlow or PyTorch contains `-gpu` exactly if a GPU is asked for;
    `storage` leads to S3 or HDFS. The last is so for ART explainers too.

    Fix: Write `model` with a `modelFormat`, or follow these rules.

    Source: kserve pkg/apis/serving/v1beta1/: Validate in predictor_onnxruntime.go, predictor_tfserving.go, predictor_torchserve.go,
    predictor_huggingfaceruntime.go, predictor_pmml.go and explainer.go; validateStorageSpec in component.go.
    """
    for part in _unmoved(service):
        for path, message, found, expected in (*_file(part), *_version(part), *_store(part)):
            yield Fault("framework-field", path, message, found, expected, REFUSED, f"change it, {_MODEL_WORDS}")


_Words = tuple[Path, str, str, str]


def _file(part: Part) -> Iterator[_Words]:
    uri = part.spec.get("storageUri") or ""
    _, dot, extension = uri.rpartition("/")[2].rpartition(".")
    if part.name == "onnx" and dot and extension != "onnx":
        path = (*part.path, "storageUri")
        yield path, f"`{dotted(path)}` is no ONNX file", uri, "a file that ends in `.onnx`, or a folder"


def _version(part: Part) -> Iterator[_Words]:
    version = part.spec.get("runtimeVersion")
    if part.name not in ("tensorflow", "pytorch") or version is None:
        return
    limits = at(part.spec, "resources", "limits") or {}
    gpu = any(name == "nvidia.com/gpu" or name.startswith("nvidia.com/mig-") for name in limits)
    if gpu is not ("-gpu" in version):
        path = (*part.path, "runtimeVersion")
        message = f"`{dotted(path)}` is not for a container {'with' if gpu else 'without'} a GPU"
        yield path, message, version, f"a version {'with' if gpu else 'without'} `-gpu`"


def _store(part: Part) -> Iterator[_Words]:
    storage = part.spec.get("storage")
    if part.name not in _WITH_STORAGE or not isinstance(storage, dict):
        return
    uri = part.spec.get("storageUri")
    kind = at(storage, "parameters", "type")
    stores = ", ".join(_STORES)
    if uri is not None and not (part.name == "art" and not uri):
        if not uri.startswith(_STORES):
            path = (*part.path, "storageUri")
            yield path, f"`{dotted(path)}` does not go together with `storage`", uri, f"one of {stores}"
    elif isinstance(kind, str) and not f"{kind}://".startswith(_STORES):
        path = (*part.path, "storage", "parameters", "type")
        yield path, f"`{dotted(path)}` is no store for this framework", kind, "s3, hdfs or webhdfs"
