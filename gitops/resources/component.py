"""What predictor, transformer and explainer have in common: scaling, logging, rollout, and the pod that they run in.

Source: kserve `pkg/apis/serving/v1beta1/component.go` (ComponentExtensionSpec), `podspec.go`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from gitops import k8s
from gitops.environments import merge
from gitops.model import Closed, Many
from gitops.objects import Object
from gitops.resources.base import EMPTY, Context, External, Resource
from gitops.resources.pod import Container, ContainerFields, kserve_containers, without_empty
from gitops.resources.secret import Secret
from gitops.resources.service_account import ServiceAccount


class Logger(Closed):
    """Where requests and responses are logged. `mode` is always written: KServe refuses a logger without one."""

    mode: Literal["all", "request", "response"] = "all"
    url: str | None = None
    metadata_headers: Many[str] = ()
    metadata_annotations: Many[str] = ()
    storage: dict[str, Any] = EMPTY
    marshaller_url: str | None = None
    batch_size: int | None = None
    batch_interval: str | None = None

    def to_object(self) -> Object:
        """The logger as Kubernetes data."""
        return without_empty(
            {
                "mode": self.mode,
                "url": self.url,
                "metadataHeaders": list(self.metadata_headers),
                "metadataAnnotations": list(self.metadata_annotations),
                "storage": dict(self.storage),
                "marshallerUrl": self.marshaller_url,
                "batchSize": self.batch_size,
                "batchInterval": self.batch_interval,
            }
        )


class Batcher(Closed):
    """Requests are collected up to `max_batch_size`, for at most `max_latency` milliseconds; `timeout` in seconds."""

    max_batch_size: int | None = None
    max_latency: int | None = None
    timeout: int | None = None

    def to_object(self) -> Object:
        """The batcher as Kubernetes data."""
        return without_empty(
            {"maxBatchSize": self.max_batch_size, "maxLatency": self.max_latency, "timeout": self.timeout}
        )


class Pod(Closed):
    """The pod of a component. What has no keyword of its own goes into `pod`, in upstream's spelling of PodSpec."""

    service_account: ServiceAccount | External | None = None
    image_pull_secrets: Many[Secret | External] = ()
    node_selector: dict[str, str] = EMPTY
    tolerations: Many[k8s.Toleration] = ()
    affinity: k8s.Affinity = EMPTY
    volumes: Many[k8s.Volume] = ()
    init_containers: Many[Container] = ()
    pod: k8s.PodSpec = EMPTY


class Scaling(Closed):
    """How a component scales and rolls out.

    `container_concurrency`: requests at a time in one pod. `timeout`: seconds. `scale_target`: of `scale_metric`.
    `auto_scaling` holds metrics and behaviour in upstream's spelling (Standard mode). `canary_traffic_percent`: Knative mode;
    `deployment_strategy`: Standard mode.
    """

    min_replicas: int | None = Field(None, ge=0)
    max_replicas: int | None = Field(None, ge=1)
    scale_target: int | None = None
    scale_metric: Literal["cpu", "memory", "concurrency", "rps"] | None = None
    auto_scaling: k8s.AutoScaling = EMPTY
    container_concurrency: int | None = Field(None, ge=0)
    timeout: int | None = Field(None, ge=1)
    canary_traffic_percent: int | None = Field(None, ge=0, le=100)
    deployment_strategy: k8s.DeploymentStrategy = EMPTY
    logger: Logger | None = None
    batcher: Batcher | None = None
    pod_labels: dict[str, str] = EMPTY
    pod_annotations: dict[str, str] = EMPTY

    @model_validator(mode="after")
    def _replicas_in_order(self) -> Scaling:
        least = 1 if self.min_replicas is None else self.min_replicas
        if self.max_replicas is not None and self.max_replicas < least:
            raise ValueError(f"max_replicas={self.max_replicas} is below min_replicas={least}")
        return self


class ComponentFields(Pod, Scaling):
    """All that a component takes beside what it runs."""


class Component(Resource, Pod, Scaling):
    """A resource whose own fields are those of a component (the InferenceService and its predictor)."""


class Transformer(ComponentFields):
    """Code before and after the model. The first container is the transformer; its image must take `--model_name` and `--predictor_host`."""

    container: Container | None = None
    containers: Many[Container] = ()
    fields: dict[str, Any] = EMPTY

    @model_validator(mode="after")
    def _has_container(self) -> Transformer:
        if bool(self.container) == bool(self.containers):
            raise ValueError("a transformer needs exactly one of `container` and `containers`")
        return self

    def to_object(self, context: Context, user: Resource) -> Object:
        """The transformer as Kubernetes data."""
        at = "transformer"
        all_containers = (self.container,) if self.container else self.containers
        containers = kserve_containers(all_containers, context, user, f"{at}.containers")
        return merge(
            {"containers": containers, **component_object(self, context, user, f"{at}.")},
            user.plain(context, self.fields, f"{at}.fields"),
        )


class ArtExplainer(ContainerFields):
    """The built-in explainer of the Adversarial Robustness Toolbox; `config` holds its settings."""

    type: Literal["SquareAttack"] = "SquareAttack"
    storage_uri: str | None = None
    runtime_version: str | None = None
    config: dict[str, str] = EMPTY


class Explainer(ComponentFields):
    """Explanations of predictions: the built-in `art`, or containers of your own, the first of which is the explainer."""

    art: ArtExplainer | None = None
    container: Container | None = None
    containers: Many[Container] = ()
    fields: dict[str, Any] = EMPTY

    @model_validator(mode="after")
    def _one_implementation(self) -> Explainer:
        if [bool(self.art), bool(self.container), bool(self.containers)].count(True) != 1:
            raise ValueError("an explainer needs exactly one of `art`, `container` and `containers`")
        return self

    def to_object(self, context: Context, user: Resource) -> Object:
        """The explainer as Kubernetes data."""
        at = "explainer"
        explainer = component_object(self, context, user, f"{at}.")
        if self.art:
            explainer["art"] = _art(self.art, context, user)
        else:
            all_containers = (self.container,) if self.container else self.containers
            explainer["containers"] = kserve_containers(all_containers, context, user, f"{at}.containers")
        return merge(explainer, user.plain(context, self.fields, f"{at}.fields"))


class Workers(Pod):
    """The other nodes of a model too large for one: how many pipeline stages, and GPUs of each."""

    pipeline_parallel_size: int | None = Field(None, ge=1)
    tensor_parallel_size: int | None = Field(None, ge=1)
    container: Container | None = None
    fields: dict[str, Any] = EMPTY

    def to_object(self, context: Context, user: Resource) -> Object:
        """The workerSpec as Kubernetes data."""
        obj: Object = {
            "pipelineParallelSize": self.pipeline_parallel_size,
            "tensorParallelSize": self.tensor_parallel_size,
            "containers": self.container
            and [{"name": "worker-container", **self.container.to_object(context, user, "workers.container")}],
            **pod_object(self, context, user, "workers."),
        }
        return merge(without_empty(obj), user.plain(context, self.fields, "workers.fields"))


def component_object(
    component: Transformer | Explainer | Component, context: Context, user: Resource, at: str
) -> Object:
    """The scaling, rollout and pod fields of a component as Kubernetes data."""
    scaling: Object = {
        "minReplicas": component.min_replicas,
        "maxReplicas": component.max_replicas,
        "scaleTarget": component.scale_target,
        "scaleMetric": component.scale_metric,
        "autoScaling": dict(component.auto_scaling),
        "containerConcurrency": component.container_concurrency,
        "timeout": component.timeout,
        "canaryTrafficPercent": component.canary_traffic_percent,
        "deploymentStrategy": dict(component.deployment_strategy),
        "logger": component.logger and component.logger.to_object(),
        "batcher": component.batcher and component.batcher.to_object(),
        "labels": dict(component.pod_labels),
        "annotations": dict(component.pod_annotations),
    }
    return {**without_empty(scaling), **pod_object(component, context, user, at)}


def pod_object(pod: Pod, context: Context, user: Resource, at: str) -> Object:
    """The pod's fields as Kubernetes data; `at` is where the component stands in the call of `user`, with a dot at its end."""
    account = pod.service_account
    obj: Object = {
        "serviceAccountName": account and context.reference(user, f"{at}service_account", account),
        "imagePullSecrets": [
            {"name": context.reference(user, f"{at}image_pull_secrets.{index}", secret)}
            for index, secret in enumerate(pod.image_pull_secrets)
        ],
        "nodeSelector": dict(pod.node_selector),
        "tolerations": [dict(toleration) for toleration in pod.tolerations],
        "affinity": dict(pod.affinity),
        "volumes": [user.plain(context, volume, f"{at}volumes.{index}") for index, volume in enumerate(pod.volumes)],
        "initContainers": [
            {
                "name": container.name or f"init-{index}",
                **container.to_object(context, user, f"{at}init_containers.{index}"),
            }
            for index, container in enumerate(pod.init_containers)
        ],
    }
    return merge(without_empty(obj), user.plain(context, pod.pod, f"{at}pod"))


def _art(art: ArtExplainer, context: Context, user: Resource) -> Object:
    own = {"storageUri": art.storage_uri, "runtimeVersion": art.runtime_version, "config": dict(art.config)}
    return {"type": art.type, **without_empty(own), **art.to_object(context, user, "explainer.art")}
