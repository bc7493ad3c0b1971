"""An environment: where applications run, and what its cluster has."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from gitops.model import Closed
from gitops.objects import Object

RESERVED = ("base", "argocd")
"""Folder names below overlays/ that are not environments to deploy to."""

DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+(\.\d+)?([-+].*)?$")]


@lru_cache(1024)
def version_tuple(version: str) -> tuple[int, ...]:
    """`0.20.0` as (0, 20, 0), to compare."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0])[:3])


class KServe(Closed):
    """How this cluster's KServe is set up.

    `runtimes`: names of the ServingRuntimes and ClusterServingRuntimes it has; left out, those that KServe ships.
    """

    deployment_mode: Literal["Standard", "Knative"] = "Knative"
    runtimes: tuple[str, ...] | None = None


class Credentials(Closed):
    """An access key in clear, for development only (`secrets.allow_plaintext`)."""

    access_key_id: SecretStr
    secret_access_key: SecretStr


class ObjectStore(Closed):
    """The object store of this environment and how buckets are made in it.

    `endpoint`: host:port. `image`: the container image with `mc` and `sh` that the bucket Job runs.
    `admin_secret`: a Secret in the environment's namespace whose AWS_ACCESS_KEY_ID may create buckets; without it, a bucket
    is made with the S3Credentials of its own application.
    """

    backend: Literal["minio"] = "minio"
    endpoint: str
    https: bool = True
    region: str = "us-east-1"
    verify_ssl: bool = True
    image: str = "quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z"
    admin_secret: DnsLabel | None = None
    credentials: Credentials | None = None

    @field_validator("endpoint")
    @classmethod
    def _host_and_port(cls, endpoint: str) -> str:
        if "://" in endpoint or "/" in endpoint:
            raise ValueError("give host:port alone; `https: true` or `false` says the scheme")
        return endpoint


class Kafka(Closed):
    """The Kafka cluster that KafkaSources of this environment read, unless they name another."""

    bootstrap_servers: Annotated[tuple[str, ...], Field(min_length=1)]


class SecretStore(Closed):
    """The External Secrets store that holds this environment's secrets."""

    name: str
    kind: Literal["SecretStore", "ClusterSecretStore"] = "ClusterSecretStore"


class Secrets(Closed):
    """Where secret values come from.

    `path`: the remote key of a Secret in the store; `{environment}`, `{namespace}`, `{application}` and `{name}` are filled in.
    `backend: plain` writes values in clear into overlays, and needs `allow_plaintext: true`.
    """

    backend: Literal["external-secrets", "plain"] = "external-secrets"
    allow_plaintext: bool = False
    store: SecretStore | None = None
    path: str = "{environment}/{application}/{name}"
    refresh_interval: str = "1h0m0s"

    @field_validator("path")
    @classmethod
    def _known_placeholders(cls, path: str) -> str:
        try:
            path.format(environment="", namespace="", application="", name="")
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError("only {environment}, {namespace}, {application} and {name} can be filled in") from error
        return path


class Provided(Closed):
    """An object that is already in the cluster, so that specs may refer to it."""

    kind: str
    name: str


class Suppression(Closed):
    """Problems of one rule that are accepted, and why. `object`: `Kind/name`, with `*` and `?`; `until`: the last day it holds."""

    rule: str
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    object: str = "*"
    application: str = "*"
    until: date | None = None


class Policies(Closed):
    """How strict this environment is. `severity`: rule → `error`, `warning` or `off`, in place of the rule's own."""

    severity: dict[str, Literal["error", "warning", "off"]] = {}
    suppress: tuple[Suppression, ...] = ()


class Environment(Closed):
    """One environment, as its environment.yaml and those it extends say."""

    name: str
    namespace: DnsLabel
    kubernetes: Annotated[str, StringConstraints(pattern=r"^1\.\d+$")]
    crds: dict[str, Version] = {}
    kserve: KServe = KServe()
    object_store: ObjectStore | None = None
    kafka: Kafka | None = None
    secrets: Secrets = Secrets()
    provides: tuple[Provided, ...] = ()
    policies: Policies = Policies()

    @model_validator(mode="after")
    def _credentials_in_clear_are_allowed(self) -> Environment:
        if self.object_store and self.object_store.credentials and not self.secrets.allow_plaintext:
            raise ValueError("`object_store.credentials` stand in clear; that needs `secrets: {allow_plaintext: true}`")
        return self

    @property
    def scales_to_zero(self) -> bool:
        """Whether a model may have `min_replicas=0` here: Knative wakes it on a request; Standard mode would raise 0 to 1."""
        return self.kserve.deployment_mode == "Knative"

    def runs(self, project: str, release: str) -> bool:
        """Whether this cluster runs `project` (a key of `crds`) at `release` or later; a project not listed counts as newest."""
        installed = self.crds.get(project)
        return installed is None or version_tuple(installed) >= version_tuple(release)

    def does_provide(self, kind: str, name: str) -> bool:
        """Whether the cluster is stated to have this object already; the admin's Secret of the object store is one."""
        if kind == "Secret" and self.object_store and name == self.object_store.admin_secret:
            return True
        return any(provided.kind == kind and provided.name == name for provided in self.provides)


def merge(lower: Object, upper: Object) -> Object:
    """`upper` laid over `lower`: maps are merged, anything else replaced, null removes (RFC 7386)."""
    merged = dict(lower)
    for key, value in upper.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged
