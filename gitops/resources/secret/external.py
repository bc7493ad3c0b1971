"""The `external-secrets` backend: an ExternalSecret that fetches the values from the environment's store.

Every field that a release of External Secrets defaults is written out, so that Argo CD sees no difference; `target.template` is always
there, because without it the operator copies the ExternalSecret's own labels and annotations, Argo CD's tracking included, to the Secret.

Source: external-secrets `apis/externalsecrets/v1/externalsecret_types.go`, `pkg/controllers/externalsecret/externalsecret_controller_template.go`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops.objects import Object
from gitops.problems import Problem

if TYPE_CHECKING:
    from gitops.resources.base import Context
    from gitops.resources.secret import Secret

API_VERSIONS = (("0.16.0", "external-secrets.io/v1"), ("0", "external-secrets.io/v1beta1"))
"""Newest first: from which release of External Secrets each apiVersion is served."""


def objects(secret: Secret, context: Context) -> list[Object]:
    """One ExternalSecret; none, and a problem, if the environment names no store."""
    settings = context.environment.secrets
    if settings.store is None:
        context.problem(secret, "", _NO_STORE)
        return []
    api_version = next(
        version for since, version in API_VERSIONS if context.environment.runs("external-secrets", since)
    )
    spec = {
        "refreshInterval": settings.refresh_interval,
        "secretStoreRef": {"name": settings.store.name, "kind": settings.store.kind},
        "target": {
            "name": secret.name,
            "creationPolicy": "Owner",
            "deletionPolicy": "Retain",
            "template": _template(secret, context),
        },
        "data": [{"secretKey": key, "remoteRef": _remote(secret, context, key)} for key in secret.keys],
    }
    return [{"apiVersion": api_version, "kind": "ExternalSecret", "metadata": secret.metadata(context), "spec": spec}]


def _template(secret: Secret, context: Context) -> Object:
    metadata = {
        "labels": {key: _literal(value) for key, value in secret.secret_labels.items()},
        "annotations": {key: _literal(value) for key, value in secret.annotations_in(context).items()},
    }
    return {
        "engineVersion": "v2",
        "mergePolicy": "Replace",
        "type": secret.type,
        "metadata": {k: v for k, v in metadata.items() if v},
    }


def _literal(value: str) -> str:
    """A value that the operator's Go template engine gives back as it is."""
    return value.replace("{{", '{{ "{{" }}')


def _remote(secret: Secret, context: Context, key: str) -> Object:
    environment = context.environment
    path = environment.secrets.path.format(
        environment=environment.name, namespace=environment.namespace, application=context.application, name=secret.name
    )
    remote, _, field = secret.remote.get(key, f"{path}#{key}").partition("#")
    reference = {"key": remote, "conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None"}
    return {**reference, "property": field} if field else reference


_NO_STORE = Problem(
    rule="no-secret-store",
    message="the environment names no secret store",
    expected="`secrets: {store: {name: …}}` in environment.yaml, since its secret backend is `external-secrets`",
    why="an ExternalSecret without a store is refused by External Secrets.",
    hint="name the SecretStore or ClusterSecretStore of that cluster",
)
