"""The Secrets that a cluster will have: written out, or made by the objects of an operator. Keys, never values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from gitops.objects import Key, Object
from gitops.rules.base import Inventory, Kind, at, items

SECRET: Kind = ("", "Secret")
Where = tuple[str, str]
"""Namespace and name."""

OPAQUE = "Opaque"
TOKEN = "kubernetes.io/service-account-token"
TOKEN_KEYS = frozenset(("token", "ca.crt", "namespace"))
TLS_USER_KEYS = frozenset(("ca.crt", "user.crt", "user.key", "user.p12", "user.password"))
S3_KEYS = frozenset(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))


class SecretMade(NamedTuple):
    """A Secret as it will be in the cluster.

    `keys`: None where only the cluster will know them (fetched whole, or filled in by templates from elsewhere).
    `by`: the object that makes it. `empty`: keys that certainly have an empty value. `adds`: `by` only adds to a Secret
    that something else makes.
    """

    keys: frozenset[str] | None
    type: str
    annotations: Mapping[str, str]
    labels: Mapping[str, str]
    by: Key
    empty: frozenset[str] = frozenset()
    adds: bool = False

    def lacks(self, key: str) -> bool:
        """Whether it is certain that the Secret does not have this key."""
        return self.keys is not None and key not in self.keys


def secrets(inventory: Inventory) -> dict[Where, SecretMade]:
    """Every Secret there will be. Where several objects make the same one: all keys, and the first of them as `by`.

    Ask for it as `cluster.objects.index(secrets)`.
    """
    return {where: _together(all_) for where, all_ in inventory.index(makers).items() if not all(m.adds for m in all_)}


def makers(inventory: Inventory) -> dict[Where, list[SecretMade]]:
    """Everything that makes, or adds to, each Secret."""
    found: dict[Where, list[SecretMade]] = {}
    for kind, make in _MAKERS.items():
        for (namespace, name), obj in inventory.of(kind).items():
            by = Key(*kind, namespace, name)
            for made_name, made in make(obj, by):
                found.setdefault((namespace, made_name), []).append(made)
    return found


def _together(made: list[SecretMade]) -> SecretMade:
    first = next(each for each in made if not each.adds)
    if len(made) == 1:
        return first
    known = [each.keys for each in made if each.keys is not None]
    return first._replace(
        keys=frozenset().union(*known) if len(known) == len(made) else None,
        annotations={key: value for each in made for key, value in each.annotations.items()},
        labels={key: value for each in made for key, value in each.labels.items()},
        empty=frozenset(),
    )


def _map(obj: Any, *path: str) -> dict[str, Any]:
    found = at(obj, *path)
    return found if isinstance(found, dict) else {}


def _text(obj: Any, *path: str) -> str:
    found = at(obj, *path)
    return found if isinstance(found, str) else ""


Maker = Callable[[Object, Key], Iterator[tuple[str, SecretMade]]]


def _plain(obj: Object, by: Key) -> Iterator[tuple[str, SecretMade]]:
    values = {**_map(obj, "data"), **_map(obj, "stringData")}
    kind = _text(obj, "type") or OPAQUE
    keys = frozenset(values) | (TOKEN_KEYS if kind == TOKEN else frozenset())
    empty = frozenset(key for key, value in values.items() if not value)
    yield by.name, SecretMade(keys, kind, *_marks(obj, "metadata"), by, empty)


def _external(obj: Object, by: Key) -> Iterator[tuple[str, SecretMade]]:
    """Source: external-secrets `pkg/controllers/externalsecret/externalsecret_controller_template.go`."""
    policy = _text(obj, "spec", "target", "creationPolicy")
    if policy == "None" or at(obj, "spec", "target", "manifest"):
        return
    template = ("spec", "target", "template")
    # Without a template, the Secret gets the labels and annotations of the ExternalSecret itself.
    marks = _marks(obj, *template, "metadata") if at(obj, *template) is not None else _marks(obj, "metadata")
    name = _text(obj, "spec", "target", "name") or by.name
    kind = _text(obj, *template, "type") or OPAQUE
    yield name, SecretMade(_external_keys(obj), kind, *marks, by, adds=policy == "Merge")


def _external_keys(obj: Object) -> frozenset[str] | None:
    template = _map(obj, "spec", "target", "template")
    if template.get("templateFrom"):
        return None
    own = frozenset(_map(template, "data"))
    if own and template.get("mergePolicy") != "Merge":  # what is fetched is only there for the templates
        return own
    if at(obj, "spec", "dataFrom"):
        return None
    return own | {_text(each, "secretKey") for _, each in items(obj, "spec", "data")}


def _sealed(obj: Object, by: Key) -> Iterator[tuple[str, SecretMade]]:
    """Source: sealed-secrets `pkg/apis/sealedsecrets/v1alpha1/sealedsecret_expansion.go` Unseal."""
    keys = frozenset(_map(obj, "spec", "encryptedData")) | frozenset(_map(obj, "spec", "template", "data"))
    kind = _text(obj, "spec", "template", "type") or OPAQUE
    marks = _marks(obj, "spec", "template", "metadata")
    yield by.name, SecretMade(None if at(obj, "spec", "data") else keys, kind, *marks, by)


def _kafka_user(obj: Object, by: Key) -> Iterator[tuple[str, SecretMade]]:
    """Source: strimzi-kafka-operator `KafkaUserModel.java` generateSecret."""
    kind = _text(obj, "spec", "authentication", "type")
    keys = {"scram-sha-512": frozenset(("password", "sasl.jaas.config")), "tls": TLS_USER_KEYS}.get(kind)
    if keys:
        yield by.name, SecretMade(keys, OPAQUE, *_marks(obj, "spec", "template", "secret", "metadata"), by)


def _bucket_claim(obj: Object, by: Key) -> Iterator[tuple[str, SecretMade]]:
    """Source: lib-bucket-provisioner `pkg/provisioner/resourcehandlers.go` newCredentialsSecret."""
    yield by.name, SecretMade(S3_KEYS, OPAQUE, {}, {}, by)


def _bucket_access(obj: Object, by: Key) -> Iterator[tuple[str, SecretMade]]:
    """Source: container-object-storage-interface `sidecar/pkg/bucketaccess/bucketaccess_controller.go`."""
    if name := _text(obj, "spec", "credentialsSecretName"):
        yield name, SecretMade(frozenset(("BucketInfo",)), OPAQUE, {}, {}, by)


def _certificate(obj: Object, by: Key) -> Iterator[tuple[str, SecretMade]]:
    """Source: cert-manager `internal/controller/certificates/secrets.go`; key stores and issuers add further keys."""
    if name := _text(obj, "spec", "secretName"):
        yield name, SecretMade(None, "kubernetes.io/tls", *_marks(obj, "spec", "secretTemplate"), by)


def _marks(obj: Object, *metadata: str) -> tuple[dict[str, str], dict[str, str]]:
    return _map(obj, *metadata, "annotations"), _map(obj, *metadata, "labels")


_MAKERS: dict[Kind, Maker] = {
    SECRET: _plain,
    ("external-secrets.io", "ExternalSecret"): _external,
    ("bitnami.com", "SealedSecret"): _sealed,
    ("kafka.strimzi.io", "KafkaUser"): _kafka_user,
    ("objectbucket.io", "ObjectBucketClaim"): _bucket_claim,
    ("objectstorage.k8s.io", "BucketAccess"): _bucket_access,
    ("cert-manager.io", "Certificate"): _certificate,
}
"""Kind -> the function that says which Secrets such an object makes, all in its own namespace."""
