"""InferenceService: a model, served.

What is written is what KServe's webhook would leave alone: `model` rather than a field per framework, deployment mode, runtime and
protocol explicit, containers named and with the amounts that it would add.

Source: kserve `pkg/apis/serving/v1beta1/` (types, defaults, validation), read at v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import model_validator

from gitops.environments import Environment
from gitops.model import Many
from gitops.objects import Object
from gitops.resources.base import Context
from gitops.resources.component import Component, Explainer, Transformer, Workers, component_object
from gitops.resources.pod import Container, kserve_containers, without_empty
from gitops.resources.predictor import Canary, Model, StorageUri, canary_object, model_object, protocol_of, storage_uris
from gitops.resources.sink import Sink

OLD_MODE_NAMES = {"Standard": "RawDeployment", "Knative": "Serverless"}
"""How releases before 0.16 spell the deployment modes."""

FRAMEWORKS = (
    "sklearn",
    "xgboost",
    "tensorflow",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
)
"""Predictor fields of old manifests; the webhook moves each into `model`, so that is how they are written."""


class InferenceService(Component):
    """A KServe InferenceService. The predictor's fields stand here, at the top; `transformer` and `explainer` are components of their own.

    Exactly one of `model`, `containers` (a custom predictor, its own container first) or a framework's name (`sklearn=Model(…)`,
    as in old manifests) says what is served; `containers` beside a model are sidecars.
    `deployment_mode` is the environment's unless given, and can never change for an object that exists.
    `labels` and `annotations` go on the InferenceService, and KServe copies them to its pods; `pod_labels` and `pod_annotations`
    go on the predictor's pods alone.
    """

    object_kind: ClassVar[str] = "InferenceService"
    object_api: ClassVar[str] = "serving.kserve.io/v1beta1"

    model: Model | None = None
    containers: Many[Container] = ()
    sklearn: Model | None = None
    xgboost: Model | None = None
    tensorflow: Model | None = None
    pytorch: Model | None = None
    triton: Model | None = None
    onnx: Model | None = None
    huggingface: Model | None = None
    pmml: Model | None = None
    lightgbm: Model | None = None
    paddle: Model | None = None

    storage_uris: Many[StorageUri] = ()
    storage_container_name: str | None = None
    workers: Workers | None = None
    transformer: Transformer | None = None
    explainer: Explainer | None = None
    canary: Many[Canary] = ()
    predictor_name: str | None = None
    deployment_mode: Literal["Standard", "Knative"] | None = None
    autoscaler_class: Literal["hpa", "keda", "external", "none"] | None = None
    stop: bool = False

    @model_validator(mode="after")
    def _one_implementation(self) -> InferenceService:
        given = [name for name in ("model", *FRAMEWORKS) if getattr(self, name)]
        if len(given) > 1 or not (given or self.containers):
            found = " and ".join(f"`{name}`" for name in given) or "none"
            raise ValueError(
                f"a predictor needs exactly one of `model`, a framework's name or `containers`; found {found}"
            )
        return self

    def served_model(self) -> Model | None:
        """The model, its format filled in where it was given by a framework's name; None for a custom predictor."""
        for framework in FRAMEWORKS:
            model: Model | None = getattr(self, framework)
            if model:
                return model.model_copy(update={"format": framework})
        return self.model

    def predict_url(self, model_name: str | None = None) -> Sink:
        """Where to send events for predictions: this service, with its protocol's path. The model is named like the service unless given."""
        name = model_name or self.name
        model = self.served_model()
        version = "v2" if model and protocol_of(model).endswith("v2") else "v1"
        return Sink(to=self, uri=f"/v2/models/{name}/infer" if version == "v2" else f"/v1/models/{name}:predict")

    def address(self, env: Environment) -> str:
        """The URL of this service inside the cluster, without a path.

        Source: kserve `pkg/controller/v1beta1/inferenceservice/reconcilers/ingress/` (createAddress).
        """
        host = self.name
        if (self.deployment_mode or env.kserve.deployment_mode) == "Standard":
            host += "-transformer" if self.transformer else "-predictor"
        return f"http://{host}.{env.namespace}.svc.cluster.local"

    def mode(self, context: Context) -> Literal["Standard", "Knative"]:
        """The deployment mode in this environment, in today's spelling."""
        return self.deployment_mode or context.environment.kserve.deployment_mode

    def objects(self, context: Context) -> Iterable[Object]:
        """One InferenceService."""
        spec: Object = {
            "predictor": self._predictor(context),
            "transformer": self.transformer and self.transformer.to_object(context, self),
            "explainer": self.explainer and self.explainer.to_object(context, self),
            "canary": [
                canary_object(canary, context, self, f"canary.{index}", self.mode(context))
                for index, canary in enumerate(self.canary)
            ],
        }
        metadata = self.metadata(context, self._annotations(context))
        obj = {
            "apiVersion": self.object_api,
            "kind": "InferenceService",
            "metadata": metadata,
            "spec": without_empty(spec),
        }
        return [self.finish(context, obj)]

    def _predictor(self, context: Context) -> Object:
        predictor = component_object(self, context, self, "")
        model = self.served_model()
        if model:
            predictor["model"] = model_object(model, context, self, "model", self.mode(context), bool(self.workers))
            predictor["containers"] = [
                {
                    "name": container.name or f"sidecar-{index}",
                    **container.to_object(context, self, f"containers.{index}"),
                }
                for index, container in enumerate(self.containers)
            ]
        else:
            predictor["containers"] = kserve_containers(self.containers, context, self, "containers")
        predictor["storageUris"] = storage_uris(self.storage_uris, context, self)
        predictor["storageContainerName"] = self.storage_container_name
        predictor["name"] = self.predictor_name
        predictor["workerSpec"] = self.workers and self.workers.to_object(context, self)
        return without_empty(predictor)

    def _annotations(self, context: Context) -> dict[str, str]:
        mode: str = self.mode(context)
        if not context.environment.runs("kserve", "0.16.0"):
            mode = OLD_MODE_NAMES[mode]
        annotations = {"serving.kserve.io/deploymentMode": mode}
        model = self.served_model()
        if model and model.format and context.environment.runs("kserve", "0.17.0"):
            annotations["modelFormat"] = model.format
        if self.autoscaler_class:
            annotations["serving.kserve.io/autoscalerClass"] = self.autoscaler_class
        if self.stop:
            annotations["serving.kserve.io/stop"] = "true"
        return annotations
