"""What KServe makes of an InferenceService before it judges it: its components, their models and containers, its deployment mode.

Source: kserve `pkg/apis/serving/v1beta1/` (inference_service_defaults.go, predictor.go, predictor_custom.go) and
`pkg/controller/v1beta1/inferenceservice/utils/utils.go` (GetDeploymentMode), read at v0.20.0; releases before as their tags have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from gitops.faults import Path
from gitops.objects import Object
from gitops.rules.base import Cluster, Kind, at, items
from gitops.rules.once import once

GROUP = "serving.kserve.io"
INFERENCE_SERVICE: Kind = (GROUP, "InferenceService")
SERVING_RUNTIME: Kind = (GROUP, "ServingRuntime")
CLUSTER_SERVING_RUNTIME: Kind = (GROUP, "ClusterServingRuntime")
CLUSTER_STORAGE_CONTAINER: Kind = (GROUP, "ClusterStorageContainer")
INFERENCE_GRAPH: Kind = (GROUP, "InferenceGraph")
TRAINED_MODEL: Kind = (GROUP, "TrainedModel")
LLM_INFERENCE_SERVICE: Kind = (GROUP, "LLMInferenceService")
LLM_INFERENCE_SERVICE_CONFIG: Kind = (GROUP, "LLMInferenceServiceConfig")

FRAMEWORKS = (
    *("sklearn", "tensorflow", "xgboost", "pytorch", "triton"),
    *("onnx", "huggingface", "pmml", "lightgbm", "paddle"),
)
"""The predictor's old fields, in the order in which the webhook looks for one to move into `model`."""

_FRAMEWORKS = frozenset(FRAMEWORKS)

MODE = f"{GROUP}/deploymentMode"
AUTOSCALER_CLASS = f"{GROUP}/autoscalerClass"
MAIN_CONTAINER = "kserve-container"
TRANSFORMER_CONTAINER = "transformer-container"
PROTOCOLS = ("v1", "v2", "grpc-v1", "grpc-v2")

REFUSED = "KServe's webhook refuses the object"

Mode = Literal["Standard", "Knative", "ModelMesh"]
NEW_NAMES: dict[str, Mode] = {"RawDeployment": "Standard", "Serverless": "Knative", "ModelMesh": "ModelMesh"}
"""The deployment modes as releases before 0.16 spell them, and today's names."""
MODES: tuple[Mode, ...] = ("Standard", "Knative", "ModelMesh")

_SPEAKS_V2 = frozenset({"triton", "onnx", "huggingface"})
_V2_FORMATS = frozenset({"triton", "vLLM"})


class Component(NamedTuple):
    """A predictor, transformer or explainer. `moved`: the webhook moves a framework's field of it into `model`."""

    path: Path
    name: Literal["predictor", "transformer", "explainer"]
    spec: Object
    moved: bool = False


class Part(NamedTuple):
    """A piece of a component, and where it stands in the user's manifest."""

    path: Path
    name: str
    spec: Object


@once
def components(service: Object) -> tuple[Component, ...]:
    """The components that a service has. A missing predictor counts as an empty one, as it does for the webhook."""
    spec = service.get("spec") or {}
    moved = annotation(service, MODE) != "ModelMesh"
    found = [Component(("spec", "predictor"), "predictor", spec.get("predictor") or {}, moved)]
    if isinstance(spec.get("transformer"), dict):
        found.append(Component(("spec", "transformer"), "transformer", spec["transformer"]))
    if isinstance(spec.get("explainer"), dict):
        found.append(Component(("spec", "explainer"), "explainer", spec["explainer"]))
    return tuple(found)


def predictor(service: Object) -> Component:
    """The stable predictor."""
    return components(service)[0]


def workers(service: Object) -> Object | None:
    """The `workerSpec` of the predictor; an empty one counts."""
    found = at(service, "spec", "predictor", "workerSpec")
    return found if isinstance(found, dict) else None


@once
def canaries(service: Object) -> tuple[Component, ...]:
    """The predictors of `spec.canary`; the webhook leaves a framework's field there where it is."""
    return tuple(
        Component((*path, "predictor"), "predictor", canary.get("predictor") or {})
        for path, canary in items(service, "spec", "canary")
    )


@once
def implementations(component: Component) -> list[Part]:
    """What the webhook counts as implementations of a component, after defaulting; exactly one is right.

    The part of a custom implementation is its pod (the component itself), with the name `containers`.
    """
    if component.name == "predictor":
        return _predictor_implementations(component)
    found = [Part((*component.path, "art"), "art", component.spec["art"])] if _explains(component) else []
    return [*found, *([_custom(component)] if component.spec.get("containers") else [])]


def _explains(component: Component) -> bool:
    return component.name == "explainer" and isinstance(component.spec.get("art"), dict)


def _predictor_implementations(component: Component) -> list[Part]:
    found = frameworks(component)
    served = model(component)
    if component.moved:
        found = found[1:]
        named = served
    else:
        named = _given_model(component)
    found = [*([named] if named else []), *found]
    containers = component.spec.get("containers") or []
    own = sum(1 for container in containers if _name(container) == MAIN_CONTAINER)
    return found + [_custom(component)] * (own or int(bool(containers) and not found))


def _custom(component: Component) -> Part:
    return Part((*component.path, "containers"), "containers", component.spec)


def frameworks(component: Component) -> list[Part]:
    """A predictor's legacy fields, in the webhook's order; the first is what it moves into `model`, over whatever is there."""
    spec = component.spec
    if _FRAMEWORKS.isdisjoint(spec):
        return []
    return [Part((*component.path, name), name, spec[name]) for name in FRAMEWORKS if isinstance(spec.get(name), dict)]


def _given_model(component: Component) -> Part | None:
    given = component.spec.get("model")
    return Part((*component.path, "model"), "model", given) if isinstance(given, dict) else None


@once
def model(component: Component) -> Part | None:
    """A predictor's `model` as it is after the webhook, where it was written; None for a custom predictor and other components.

    `name` is the field it was written in: `model` or a framework's.
    """
    if component.name != "predictor":
        return None
    legacy = frameworks(component)
    part = legacy[0] if legacy and component.moved else _given_model(component) or (legacy[0] if legacy else None)
    return Part(part.path, part.name, _defaulted(part)) if part else None


def _defaulted(part: Part) -> Object:
    spec = part.spec if part.name == "model" else {**part.spec, "modelFormat": {"name": part.name}}
    if part.name in _SPEAKS_V2 or at(spec, "modelFormat", "name") in _V2_FORMATS:
        return spec if spec.get("protocolVersion") else {**spec, "protocolVersion": "v2"}
    return spec


@once
def main_container(component: Component) -> Part | None:
    """The container that serves in a custom component, once the webhook has named it; None where a model is served.

    The webhook names a predictor's first container `kserve-container` where it is alone or has no name, and that of a transformer
    or explainer always; it names none of a predictor of ModelMesh or of a canary.
    """
    containers = items(component.spec, "containers")
    if not containers or model(component) or _explains(component):
        return None
    path, first = containers[0]
    renamed = component.moved and (len(containers) == 1 or not _name(first))
    if component.name == "predictor" and not renamed:
        named = next((found for found in containers if _name(found[1]) == MAIN_CONTAINER), None)
        if named is None:
            return None
        path, first = named
    return Part((*component.path, *path), MAIN_CONTAINER, first)


@once
def containers(component: Component) -> tuple[Part, ...]:
    """Every container that a component writes: of its model or framework, its own, initial ones, and those of workers."""
    return tuple(_containers(component))


def _containers(component: Component) -> Iterator[Part]:
    if found := model(component):
        yield found
    if _explains(component):
        yield Part((*component.path, "art"), "art", component.spec["art"])
    for outer in ((), ("workerSpec",)) if component.spec.get("workerSpec") else ((),):
        for field in ("containers", "initContainers"):
            for path, container in items(component.spec, *outer, field):
                yield Part((*component.path, *path), _name(container), container)


def _name(container: Any) -> str:
    return (container.get("name") or "") if isinstance(container, dict) else ""


def variable(container: Part, name: str) -> Part | None:
    """The first entry with this name in a container's `env`. Its value is no matter for a message: it may be secret."""
    entries = container.spec.get("env") or ()
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and entry.get("name") == name:
            return Part((*container.path, "env", index), name, entry)
    return None


@once
def storage_uri(component: Component) -> tuple[Path, str] | None:
    """The one URI that the webhook sees for a component, an empty one included, and where it stands; `storageUris` do not count."""
    if found := model(component):
        uri = found.spec.get("storageUri")
        return None if uri is None else ((*found.path, "storageUri"), uri)
    if _explains(component):
        uri = at(component.spec, "art", "storageUri")
        return ((*component.path, "art", "storageUri"), uri) if uri else None
    container = main_container(component)
    entry = variable(container, "STORAGE_URI") if container else None
    return ((*entry.path, "value"), entry.spec.get("value") or "") if entry else None


def protocol(component: Component) -> str:
    """The protocol that KServe takes a component to speak; `v1` unless something says otherwise."""
    if found := model(component):
        return found.spec.get("protocolVersion") or "v1"
    own = [Part((*component.path, *path), _name(found), found) for path, found in items(component.spec, "containers")]
    speaking = next((part for part in own if part.name == TRANSFORMER_CONTAINER), own[0] if own else None)
    entry = variable(speaking, "PROTOCOL") if speaking else None
    return (entry.spec.get("value") or "v1") if entry else "v1"


def model_format(service: Object) -> str:
    """The name of the model format that the predictor serves, or an empty string."""
    found = model(predictor(service))
    return (at(found.spec, "modelFormat", "name") or "") if found else ""


def annotation(obj: Object, key: str) -> str | None:
    """An annotation's text; empty where it is null, as Go reads it; None where it is not there."""
    annotations = obj["metadata"].get("annotations") or {}
    value = annotations.get(key)
    return value if isinstance(value, str) else "" if key in annotations and value is None else None


def autoscaler_class(service: Object) -> str | None:
    """The class that the annotation asks for, or None; KServe then makes an HPA in Standard mode."""
    return annotation(service, AUTOSCALER_CLASS)


@once
def admitted_mode(service: Object, cluster: Cluster) -> Mode | None:
    """The mode in the annotation as the validating webhook reads it, after defaulting; None for one that is unknown or absent.

    A release before 0.16 knows the old names alone; 0.16 admits old names and judges them as unknown; later ones write the new.
    Without the annotation the webhook adds a cluster default of Standard, and none of Knative.
    """
    given = annotation(service, MODE)
    if given is None:
        return "Standard" if cluster.environment.kserve.deployment_mode == "Standard" else None
    old = NEW_NAMES.get(given)
    if not cluster.runs("kserve", "0.16.0"):
        return old
    if old and cluster.runs("kserve", "0.17.0"):
        return old
    return next((mode for mode in MODES if mode == given), None)


@once
def mode(service: Object, cluster: Cluster) -> Mode:
    """The mode in which the controller deploys a new service: the annotation's, else the environment's."""
    if admitted := admitted_mode(service, cluster):
        return admitted
    given = annotation(service, MODE) or ""
    known = NEW_NAMES.get(given) if cluster.runs("kserve", "0.16.0") else None
    return known or cluster.environment.kserve.deployment_mode
