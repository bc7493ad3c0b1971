"""What KServe reads from a Secret to fetch a model: which store it is for, and the settings beside its keys.

Source: kserve `pkg/credentials/service_account_credentials.go` mountSecretCredential, `pkg/credentials/s3/utils.go` BuildS3EnvVars.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from gitops.faults import Path
from gitops.objects import Object
from gitops.rules import serving
from gitops.rules.base import Cluster, Inventory, Kind, at, items
from gitops.rules.lookups import ACCOUNT, secret
from gitops.rules.once import once
from gitops.rules.secrets_made import SECRET, SecretMade, Where

EXTERNAL_SECRET: Kind = ("external-secrets.io", "ExternalSecret")
SEALED_SECRET: Kind = ("bitnami.com", "SealedSecret")
MAKERS: tuple[Kind, ...] = (SECRET, EXTERNAL_SECRET, SEALED_SECRET)
"""The kinds whose authors write down what annotations and keys a Secret has."""

ACCESS_KEY, SECRET_KEY = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
S3 = f"{serving.GROUP}/s3-"
_DOMAIN = f"{serving.GROUP}/"
ROLE_ARN = "eks.amazonaws.com/role-arn"
SECRET_NAMES = (f"{serving.GROUP}/storageSecretName", f"{serving.GROUP}/secretName")
"""The annotation that names a storage Secret: as KServe's manifests have it, and as its Helm charts do."""

SETTINGS = {
    "s3-endpoint": "S3_ENDPOINT",
    "s3-usehttps": "S3_USE_HTTPS",
    "s3-region": "AWS_DEFAULT_REGION",
    "s3-verifyssl": "S3_VERIFY_SSL",
    "s3-useanoncredential": "awsAnonymousCredential",
    "s3-usevirtualbucket": "S3_USER_VIRTUAL_BUCKET",
    "s3-useaccelerate": "S3_USE_ACCELERATE",
    "s3-cabundle": "AWS_CA_BUNDLE",
    "s3-cabundle-configmap": "AWS_CA_BUNDLE_CONFIGMAP",
}
"""Annotation (without its domain) -> the data key that is read where there is no such annotation, since 0.16.0."""

_KEYS = frozenset(SETTINGS.values())
SETTING_NAMES = frozenset(f"{_DOMAIN}{name}" for name in SETTINGS) | _KEYS
"""Without any of which nothing states one of KServe's S3 settings."""

Provider = Literal["S3", "Google Cloud Storage", "Azure", "HTTP", "HDFS", "Hugging Face"]
PROVIDERS: tuple[tuple[str, Provider], ...] = (
    (SECRET_KEY, "S3"),
    ("gcloud-application-credentials.json", "Google Cloud Storage"),
    *((key, "Azure") for key in ("AZ_CLIENT_ID", "AZURE_CLIENT_ID", "AZURE_ACCESS_TOKEN", "AZURE_STORAGE_ACCESS_KEY")),
    ("https-host", "HTTP"),
    ("HDFS_NAMENODE", "HDFS"),
    ("HF_TOKEN", "Hugging Face"),
)
"""The key by which KServe knows what a Secret is for; the first that is there decides."""


class Setting(NamedTuple):
    """One of KServe's S3 settings, by the name of its annotation. Only an annotation's value may be shown."""

    name: str
    path: Path
    value: str
    shown: bool


def provider(made: SecretMade) -> Provider | None:
    """The store that KServe takes a Secret to be for; None where it takes it for none, or where its keys are not known."""
    return next((found for key, found in PROVIDERS if key in (made.keys or ())), None)


@once
def marks(obj: Object) -> tuple[Path, Mapping[str, Any]]:
    """The annotations that the Secret of an object will have, and where they stand."""
    path: Path = ("metadata", "annotations")
    if obj["kind"] == "SealedSecret":
        path = ("spec", "template", *path)
    elif obj["kind"] == "ExternalSecret" and at(obj, "spec", "target", "template") is not None:
        path = ("spec", "target", "template", *path)
    found = at(obj, *path)
    return path, found if isinstance(found, dict) else {}


@once
def made_by(obj: Object, cluster: Cluster) -> SecretMade | None:
    """The Secret that an object makes, or adds to."""
    return secret(cluster, cluster.namespace(obj), made_name(obj))


def made_name(obj: Object) -> str:
    """The name of the Secret that an object makes."""
    target = at(obj, "spec", "target", "name") if obj["kind"] == "ExternalSecret" else None
    return target or obj["metadata"].get("name") or ""


@once
def settings(obj: Object) -> dict[str, Setting]:
    """KServe's S3 settings that the Secret of an object, or a ServiceAccount, states in clear; templated ones are left out."""
    path, annotations = marks(obj)
    found = {name: Setting(name, path, value, False) for name, path, value in _data(obj)}
    for key, value in annotations.items():
        name = key.removeprefix(_DOMAIN)
        if name in SETTINGS and key != name and isinstance(value, str) and "{{" not in value:
            found[name] = Setting(name, (*path, key), value, True)
    return found


def _data(obj: Object) -> Iterator[tuple[str, Path, str]]:
    if obj["kind"] != "Secret":
        return
    fields = [field for field in ("data", "stringData") if not _KEYS.isdisjoint(obj.get(field) or ())]
    for name, key in SETTINGS.items() if fields else ():
        for field in fields:
            value = obj[field].get(key)
            text = decoded(value) if field == "data" else value
            if isinstance(text, str):
                yield name, (field, key), text


def decoded(value: Any) -> str | None:
    """A value under `data` as text; None where it is none."""
    try:
        return b64decode(value, validate=False).decode() if isinstance(value, str) else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def listed(inventory: Inventory) -> dict[Where, str]:
    """The Secrets that ServiceAccounts list for KServe, and the first account that does."""
    found: dict[Where, str] = {}
    for (namespace, name), account in inventory.of(ACCOUNT).items():
        for _, each in items(account, "secrets"):
            found.setdefault((namespace, each.get("name") or ""), name)
    return found


class Chain(NamedTuple):
    """Where a predictor's credentials come from. `secrets`: None where not all of them are known."""

    account: str
    at: Path
    secrets: tuple[SecretMade, ...] | None
    role: bool = False


def secret_name(service: Object) -> tuple[Path, str] | None:
    """The annotation that names a storage Secret in place of the account's, as the predictor's pods will have it."""
    for where in (("spec", "predictor", "annotations"), ("metadata", "annotations")):
        for key in SECRET_NAMES:
            if isinstance(name := at(service, *where, key), str):
                return (*where, key), name
    return None


@once
def chain(service: Object, cluster: Cluster) -> Chain:
    """From a predictor to its account, and from there to the Secrets that KServe will read."""
    name = at(service, "spec", "predictor", "serviceAccountName") or at(service, "spec", "predictor", "serviceAccount")
    name, path = name or "default", ("spec", "predictor", "serviceAccountName")
    namespace = cluster.namespace(service)
    account = cluster.objects.get(ACCOUNT, namespace, name)
    role = ROLE_ARN in (at(account, "metadata", "annotations") or {})
    if named := secret_name(service):
        return Chain(name, named[0], _known(cluster, namespace, [named[1]]), role)
    if account is None:
        bare = name == "default" and cluster.lacks(ACCOUNT, namespace, name)
        return Chain(name, path, () if bare else None)
    names = [each.get("name") or "" for _, each in items(account, "secrets")]
    return Chain(name, path, _known(cluster, namespace, names), role)


def _known(cluster: Cluster, namespace: str, names: list[str]) -> tuple[SecretMade, ...] | None:
    found = [secret(cluster, namespace, name) for name in names]
    known = tuple(made for made in found if made is not None and made.keys is not None)
    return known if len(known) == len(names) else None


def has_role(account: Object) -> bool:
    """Whether a ServiceAccount has the annotation that makes KServe read S3 settings from it."""
    return ROLE_ARN in (account["metadata"].get("annotations") or {})


def fetched_by_kserve(service: Object) -> bool:
    """Whether KServe downloads the models of a service; ModelMesh does so in its own way, from its own Secrets."""
    return serving.annotation(service, serving.MODE) != "ModelMesh"
