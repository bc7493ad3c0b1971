"""Containers and pods, as they appear in every workload: the usual fields as keywords, the rest in upstream's own spelling."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from gitops import k8s
from gitops.environments import merge
from gitops.model import Closed, Many, Map
from gitops.objects import Object
from gitops.quantity import quantity
from gitops.resources.base import EMPTY, Context, External, Part, Resource
from gitops.resources.secret import Secret

Quantity = str | int | float
"""An amount of a resource: `"500m"`, `2`, `"4Gi"`. Written in Kubernetes' canonical spelling."""

KSERVE_CONTAINER = "kserve-container"
"""KServe gives the main container of each component this name."""

KSERVE_DEFAULTS = {"cpu": "1", "memory": "2Gi"}
"""Requests and limits that KServe's webhook fills into a custom container (ConfigMap inferenceservice-config, key resource)."""


class SecretKey(Part):
    """The value of one key of a Secret, for an environment variable."""

    secret: Secret | External
    key: str
    optional: bool = False

    def embedded(self, context: Context, user: Resource, at: str) -> Object:
        """The `secretKeyRef`."""
        reference: Object = {"name": context.reference(user, at, self.secret), "key": self.key}
        return {**reference, "optional": True} if self.optional else reference


class Port(Closed):
    """A port that a container listens on. `protocol` is always written: the API server would add it, and Argo CD see a difference."""

    container_port: int = Field(ge=1, le=65535)
    name: str | None = None
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"

    def to_object(self) -> Object:
        """The port as Kubernetes data."""
        named = {"name": self.name} if self.name else {}
        return {"containerPort": self.container_port, **named, "protocol": self.protocol}


class ContainerFields(Closed):
    """What any container takes.

    `cpu`, `memory` and `gpus` set request and limit alike (KServe's runtimes set both, and raising one alone makes an invalid pod);
    `requests` and `limits` differ from them where they must. `env` maps names to text, a SecretKey, or upstream's `valueFrom`.
    `fields` holds every other Container field in upstream's spelling, merged last.
    """

    image: str | None = None
    command: Many[str] = ()
    args: Many[str] = ()
    env: Map[str, str | SecretKey | k8s.EnvVarSource] = EMPTY
    ports: Many[Port] = ()
    cpu: Quantity | None = None
    memory: Quantity | None = None
    gpus: int = Field(0, ge=0)
    gpu_resource: str = "nvidia.com/gpu"
    requests: Map[str, Quantity] = EMPTY
    limits: Map[str, Quantity] = EMPTY
    fields: k8s.PartialContainer = EMPTY

    @field_validator("cpu", "memory")
    @classmethod
    def _quantity(cls, value: Quantity | None) -> Quantity | None:
        return None if value is None else quantity(value)

    @field_validator("requests", "limits")
    @classmethod
    def _quantities(cls, values: dict[str, Quantity]) -> dict[str, Quantity]:
        return {name: quantity(value) for name, value in values.items()}

    def resources(self, defaults: dict[str, str] | None = None) -> Object:
        """`requests` and `limits`, each with what is given and, of what is not, the `defaults`."""
        shared: dict[str, Any] = dict(defaults or {})
        shared |= {name: value for name, value in (("cpu", self.cpu), ("memory", self.memory)) if value is not None}
        if self.gpus:
            shared[self.gpu_resource] = str(self.gpus)
        both = {"requests": {**shared, **self.requests}, "limits": {**shared, **self.limits}}
        return {name: values for name, values in both.items() if values}

    def to_object(self, context: Context, user: Resource, at: str, defaults: dict[str, str] | None = None) -> Object:
        """The container as Kubernetes data, without a name. `at` is where it stands in the call of `user`."""
        obj: Object = {
            "image": self.image,
            "command": list(self.command),
            "args": list(self.args),
            "env": [_variable(context, user, at, name, value) for name, value in self.env.items()],
            "ports": [port.to_object() for port in self.ports],
            "resources": self.resources(defaults),
        }
        return merge(without_empty(obj), user.plain(context, self.fields, f"{at}.fields"))


class Container(ContainerFields, Part):
    """One container of a pod. The main container of a KServe component is named `kserve-container` whatever `name` says."""

    name: str | None = None

    def embedded(self, context: Context, user: Resource, at: str) -> Object:
        """The whole container."""
        return {"name": self.name or "", **self.to_object(context, user, at)}


def kserve_containers(containers: Many[Container], context: Context, user: Resource, at: str) -> list[Object]:
    """The containers of a KServe component: the first is KServe's own, with the requests and limits that the webhook would add."""
    first, *sidecars = containers
    return [
        {"name": KSERVE_CONTAINER, **first.to_object(context, user, f"{at}.0", KSERVE_DEFAULTS)},
        *(
            {**container.embedded(context, user, f"{at}.{index}"), "name": container.name or f"sidecar-{index}"}
            for index, container in enumerate(sidecars, 1)
        ),
    ]


def without_empty(obj: Object) -> Object:
    """The object without what is unset or empty, which the webhooks would drop or the API server add nothing for."""
    return {key: value for key, value in obj.items() if value is not None and value != [] and value != {}}


def _variable(
    context: Context, user: Resource, at: str, name: str, value: str | SecretKey | k8s.EnvVarSource
) -> Object:
    if isinstance(value, str):
        return {"name": name, "value": value}
    if isinstance(value, SecretKey):
        return {"name": name, "valueFrom": {"secretKeyRef": value.embedded(context, user, f"{at}.env.{name}")}}
    return {"name": name, "valueFrom": value}
