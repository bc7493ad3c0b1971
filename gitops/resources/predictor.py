"""The model of a predictor: its format, where it is stored, which runtime serves it and how.

Source: kserve `pkg/apis/serving/v1beta1/predictor_model.go`, `inference_service.go` (CanarySpec), `pkg/controller/.../utils.go`.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from gitops.environments import merge
from gitops.model import Closed, Many
from gitops.objects import Object
from gitops.problems import Problem, did_you_mean
from gitops.resources.base import EMPTY, Context, External, Resource
from gitops.resources.bucket import BucketUri
from gitops.resources.manifest import Manifest
from gitops.resources.pod import ContainerFields, Port, without_empty
from gitops.resources.runtimes import BY_NAME, choose, default_protocol

Mode = Literal["Standard", "Knative"]
Protocol = Literal["v1", "v2", "grpc-v1", "grpc-v2"]

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://.+|/.+")


class Storage(Closed):
    """A model named by an entry of the `storage-config` Secret (KServe's storage spec). `parameters` are visible in clear: no secrets."""

    path: str | None = None
    key: str | None = None
    parameters: dict[str, str] = EMPTY
    schema_path: str | None = None

    def to_object(self) -> Object:
        """The storage spec as Kubernetes data."""
        own = {"key": self.key, "path": self.path, "parameters": dict(self.parameters), "schemaPath": self.schema_path}
        return without_empty(own)


class StorageUri(Closed):
    """One of several places to fetch from, and where it is mounted."""

    uri: str | BucketUri
    mount_path: str = Field("/mnt/models", pattern=r"^/.*", max_length=255)


class Model(ContainerFields):
    """A model that a serving runtime serves.

    `storage`: `bucket.uri(…)`, a whole URI (`gs://…`, `pvc://…`, `hf://…`, …) or a Storage. `format`: KServe's name, case-sensitive.
    `runtime`: one of those that the environment has, a ServingRuntime of this application, or External; unless given, the one that
    KServe would choose. `protocol_version`: unless given, what KServe would use. `grpc`: open the runtime's gRPC port, named as the
    deployment mode needs it, instead of HTTP. Container fields are laid over the runtime's container; `args` are appended to its.
    """

    format: str | None = None
    format_version: str | None = None
    storage: str | BucketUri | Storage | None = None
    protocol_version: Protocol | None = None
    grpc: bool = False
    runtime: str | Manifest | External | None = None
    runtime_version: str | None = None

    @field_validator("storage")
    @classmethod
    def _whole_uri(cls, storage: Any) -> Any:
        if isinstance(storage, str) and not _SCHEME.fullmatch(storage):
            raise ValueError(
                "a storage given as text is a whole URI such as gs://bucket/path; for a bucket of this project use bucket.uri(…)"
            )
        return storage

    @model_validator(mode="after")
    def _one_way_to_open_ports(self) -> Model:
        if self.grpc and self.ports:
            raise ValueError("`grpc=True` opens the runtime's gRPC port; give either that or `ports`")
        return self


class Canary(Closed):
    """A second predictor that takes part of the traffic (Standard mode, KServe 0.20 and later)."""

    name: str
    traffic_percent: int = Field(ge=0, le=100)
    model: Model
    min_replicas: int | None = Field(None, ge=0)
    fields: dict[str, Any] = EMPTY


def protocol_of(model: Model, available: tuple[str, ...] | None = None) -> str:
    """The protocol that a model speaks: as given, else as KServe would choose among the available runtimes."""
    if model.protocol_version:
        return model.protocol_version
    runtime = BY_NAME.get(model.runtime) if isinstance(model.runtime, str) else None
    if runtime and runtime.protocols:
        return min(runtime.protocols)
    return default_protocol(model.format or "", BY_NAME if available is None else available)


def model_object(
    model: Model, context: Context, user: Resource, at: str, mode: Mode, multinode: bool = False
) -> Object:
    """The `model` field of a predictor."""
    if not model.format:
        context.problem(user, at, _NO_FORMAT)
    available = context.environment.kserve.runtimes
    protocol = protocol_of(model, available)
    runtime = _runtime(model, protocol, context, user, at, multinode)
    own: Object = {
        "modelFormat": without_empty({"name": model.format or "", "version": model.format_version}),
        "runtime": runtime,
        "protocolVersion": protocol,
        "runtimeVersion": model.runtime_version,
        **_storage(model.storage, context, user, f"{at}.storage"),
    }
    container = model.to_object(context, user, at)
    if model.grpc or (protocol.startswith("grpc-") and not model.ports):
        own["ports"] = [_grpc_port(model, runtime, mode, context, user, at)]
    return merge(without_empty(own), container)


def canary_object(canary: Canary, context: Context, user: Resource, at: str, mode: Mode) -> Object:
    """One entry of `spec.canary`. Its schema, unlike the stable predictor's, requires `model.name`; empty means the runtime's own."""
    model = {"name": "", **model_object(canary.model, context, user, f"{at}.model", mode)}
    predictor = without_empty({"name": canary.name, "model": model, "minReplicas": canary.min_replicas})
    return merge(
        {"predictor": predictor, "trafficPercent": canary.traffic_percent},
        user.plain(context, canary.fields, f"{at}.fields"),
    )


def storage_uris(uris: Many[StorageUri], context: Context, user: Resource) -> list[Object]:
    """The `storageUris` of a predictor, each with its mount path, which the API server would add."""
    return [
        {"uri": _uri(item.uri, context, user, f"storage_uris.{index}"), "mountPath": item.mount_path}
        for index, item in enumerate(uris)
    ]


def _storage(storage: str | BucketUri | Storage | None, context: Context, user: Resource, at: str) -> Object:
    if storage is None:
        return {}
    if isinstance(storage, Storage):
        return {"storage": storage.to_object()}
    return {"storageUri": _uri(storage, context, user, at)}


def _uri(uri: str | BucketUri, context: Context, user: Resource, at: str) -> str:
    return uri.embedded(context, user, at) if isinstance(uri, BucketUri) else uri


def _runtime(model: Model, protocol: str, context: Context, user: Resource, at: str, multinode: bool) -> str | None:
    available = context.environment.kserve.runtimes
    names = tuple(BY_NAME) if available is None else available
    if isinstance(model.runtime, Manifest | External):
        return context.reference(user, f"{at}.runtime", model.runtime)
    if model.runtime:
        if model.runtime not in names:
            context.problem(user, f"{at}.runtime", _unknown_runtime(model.runtime, names))
        return model.runtime
    chosen = choose(model.format or "", protocol, names, multinode)
    if chosen is None and model.format:
        context.problem(user, at, _no_runtime(model.format, protocol))
    return chosen.name if chosen else None


def _grpc_port(model: Model, runtime: str | None, mode: Mode, context: Context, user: Resource, at: str) -> Object:
    known = BY_NAME.get(runtime or "")
    if known is None:
        context.problem(user, at, _unknown_grpc_port(runtime or "none"))
    name = "h2c" if mode == "Knative" else "grpc-port"
    return Port(container_port=known.grpc_port if known else 8081, name=name).to_object()


_NO_FORMAT = Problem(
    rule="missing-format",
    message="the model has no format",
    expected="`format=` with KServe's name of it, such as `sklearn`, `tensorflow` or `huggingface`",
    why="KServe chooses the serving runtime by it.",
)


def _no_runtime(model_format: str, protocol: str) -> Problem:
    return Problem(
        rule="no-runtime",
        message=f"no runtime of the environment serves format `{model_format}` over protocol `{protocol}`",
        expected="`runtime=` with the name of one that does",
        why="KServe would report NoSupportingRuntime, and the model would never become ready.",
        hint="formats are case-sensitive; onnx, mlflow and tensorrt need protocol v2; a runtime of your own is `runtime=External(…)`",
    )


def _unknown_runtime(name: str, names: tuple[str, ...]) -> Problem:
    return Problem(
        rule="unknown-runtime",
        message=f"the environment has no runtime `{name}`",
        found=name,
        expected="one of those under `kserve.runtimes` in environment.yaml, or of those that KServe ships",
        why="KServe would report RuntimeNotRecognized, and the model would never become ready.",
        hint=did_you_mean(name, names),
    )


def _unknown_grpc_port(runtime: str) -> Problem:
    return Problem(
        rule="unknown-grpc-port",
        message=f"the gRPC port of runtime `{runtime}` is not known",
        expected="`ports=[Port(container_port=…, name=…)]` instead of `grpc=True`",
        why="KServe routes gRPC only to a port that is declared.",
        hint="name it `h2c` in Knative mode and `grpc-port` in Standard mode",
    )
