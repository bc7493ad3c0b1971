"""What the API server asks of Secrets and ConfigMaps beyond their schemas."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_forms import DATA_KEY, REFUSED, Wrong, Wrongs, lacking, part

SECRET, CONFIG_MAP = ("", "Secret"), ("", "ConfigMap")
LARGEST = 1024 * 1024
"""Bytes in all values of a Secret or ConfigMap."""
_FIELDS = {"Secret": ("data", "stringData"), "ConfigMap": ("data", "binaryData")}
_ENCODED = {("Secret", "data"), ("ConfigMap", "binaryData")}
_ACCOUNT = "kubernetes.io/service-account.name"
_OPAQUE = "Opaque"
_JSON_KEYS = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}
_KEYS = {
    **{kind: (key,) for kind, key in _JSON_KEYS.items()},
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
"""Type of a Secret -> the keys that it must have."""


def _values(obj: Object) -> Iterator[tuple[Path, str]]:
    """Each key with the text that stands there, in data and in what is merged into it."""
    for field in _FIELDS[obj["kind"]]:
        for key, value in part(obj, field).items():
            yield (field, key), value if isinstance(value, str) else ""


def _bytes(obj: Object, path: Path, text: str) -> bytes:
    if (obj["kind"], path[0]) not in _ENCODED:
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text)
    except ValueError:  # not base64: the schema tells
        return b""


def _data(secret: Object) -> Mapping[str, bytes]:
    """The data of a Secret as it is stored."""
    return {str(path[1]): _bytes(secret, path, text) for path, text in _values(secret)}


@rule("admission", SECRET, CONFIG_MAP)
def data_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The data of a Secret or ConfigMap is at most 1 MiB, and its keys can be names of files: letters, digits, `-`, `_` and `.`.

    Why: the API server refuses the object (`a valid config key must consist of alphanumeric characters`, `Too long`), and a ConfigMap
    with a key in `data` and in `binaryData`.

    Fix: name the key otherwise, where it is read as well; keep large data in an object store.

    Source: k8s.io/apimachinery `pkg/util/validation/validation.go`, IsConfigMapKey; kubernetes
    `pkg/apis/core/validation/validation.go`, ValidateSecret and ValidateConfigMap.
    """
    for fault in _size(obj):
        yield Fault("data-form", *fault)
    for key in part(obj, "data").keys() & part(obj, "binaryData").keys() if obj["kind"] == "ConfigMap" else ():
        message = f"`{key}` is in `data` and in `binaryData`"
        yield Fault("data-form", ("data", key), message, key, "one of the two", REFUSED, "remove one of the two")
    for path in ((field, str(key)) for field in _FIELDS[obj["kind"]] for key in obj.get(field) or ()):
        key = path[1]
        if not DATA_KEY.fits(key):
            message = f"`{key[:80]}` cannot be a key of `{path[0]}`"
            hint = "name it otherwise, where it is read as well"
            yield Fault("data-form", path, message, key[:80], f"at most 253 {DATA_KEY.words}", REFUSED, hint)


def _size(obj: Object) -> Wrongs:
    texts = (text for field in _FIELDS[obj["kind"]] for text in part(obj, field).values() if isinstance(text, str))
    if sum(map(len, texts)) * 4 <= LARGEST:
        return
    values = {(path if obj["kind"] == "ConfigMap" else path[1]): (path, text) for path, text in _values(obj)}
    size = sum(len(_bytes(obj, path, text)) for path, text in values.values())
    if size > LARGEST:
        field = next((field for field in _FIELDS[obj["kind"]] if part(obj, field)), "data")
        found, expected = f"{size} bytes in all values", f"at most {LARGEST} bytes"
        hint = "keep large data in an object store, or split it"
        yield Wrong((field,), f"`{field}` is too large", found, expected, REFUSED, hint)


@rule("admission", SECRET)
def secret_keys_of_type(secret: Object, cluster: Cluster) -> Iterator[Fault]:
    """A Secret has the keys that its type asks for.

    Why: the API server refuses a Secret of a known type without them, such as one for a registry without `.dockerconfigjson`.

    Fix: give the key, or leave `type` out: a Secret of type Opaque may have any.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateSecret.
    """
    for fault in _lacking_keys(secret):
        yield Fault("secret-keys-of-type", *fault)


def _lacking_keys(secret: Object) -> Wrongs:
    kind = secret.get("type") or _OPAQUE
    hint = f"give it, or another `type` than {kind}"
    data = _data(secret) if kind.startswith("kubernetes.io/") else {}
    for key in _KEYS.get(kind, ()):
        if key not in data or (key == "ssh-privatekey" and not data[key]):
            yield lacking(("data", key), "", hint)
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        yield lacking(("data", "username"), "`username`, `password` or both", hint)
    if kind == "kubernetes.io/service-account-token" and not part(secret, "metadata", "annotations").get(_ACCOUNT):
        yield lacking(("metadata", "annotations", _ACCOUNT), "the name of a ServiceAccount", hint)


@rule("admission", SECRET)
def docker_config_readable(secret: Object, cluster: Cluster) -> Iterator[Fault]:
    """The credentials of an image registry are a JSON object.

    Why: the API server reads `.dockerconfigjson` and refuses the Secret if that fails; base64 of base64 is the usual reason.

    Fix: put the content of a Docker `config.json` there, encoded once under `data`, or as it is under `stringData`.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateSecret.
    """
    key = _JSON_KEYS.get(secret.get("type") or "", "")
    data = _data(secret) if key else {}
    if key in data and not _is_json_map(data[key]):
        field = "stringData" if key in part(secret, "stringData") else "data"
        yield Fault(
            "docker-config-readable",
            (field, key),
            f"`{key}` is not a JSON object",
            "other text (not shown)",
            '{"auths": {…}} in JSON',
            REFUSED,
            "give the content of a Docker config.json, encoded once under `data` or as it is under `stringData`",
        )


def _is_json_map(content: bytes) -> bool:
    try:
        found = json.loads(content.decode("utf-8", "replace"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return False
    return found is None or isinstance(found, dict)


def _no_number(text: str) -> None:
    raise ValueError(text)


@rule("admission", SECRET, CONFIG_MAP, update=True)
def immutable_data_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """An immutable Secret or ConfigMap keeps its data, and stays immutable.

    Why: the API server refuses the change (`field is immutable when immutable is set`), and no sync passes until it is taken back.

    Fix: give the new data a new name, and change the references to it.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateSecretUpdate and ValidateConfigMapUpdate.
    """
    if old.get("immutable") is True:
        for fault in _changes(old, new):
            yield Fault("immutable-data-kept", *fault)


def _changes(old: Object, new: Object) -> Wrongs:
    hint = "give the new data a new name, and change the references to it"
    if new.get("immutable") is not True:
        message = "`immutable` is true already, and stays so"
        yield Wrong(("immutable",), message, "false or nothing", "true", REFUSED, hint)
    for field in ("data", "binaryData"):
        before, after = (_stored(obj, field) for obj in (old, new))
        if before != after:
            message = f"`{field}` changes, and the {new['kind']} is immutable"
            yield Wrong((field,), message, "other values (not shown)", "the same as until now", REFUSED, hint)


def _stored(obj: Object, field: str) -> Mapping[str, object]:
    return _data(obj) if (obj["kind"], field) == ("Secret", "data") else part(obj, field)


@rule("admission", SECRET, update=True)
def secret_type_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """A Secret keeps its type.

    Why: the API server refuses another one (`type: field is immutable`), and the sync fails.

    Fix: keep the type, or give the Secret another name.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateSecretUpdate.
    """
    before, after = (obj.get("type") or _OPAQUE for obj in (old, new))
    if before != after:
        hint = "keep it, or give the Secret another name"
        yield Fault("secret-type-kept", ("type",), "`type` cannot change", after, before, REFUSED, hint)
