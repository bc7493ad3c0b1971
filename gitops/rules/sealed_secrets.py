"""SealedSecrets: what their controller cannot decrypt."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.patterns import pattern
from gitops.rules.storage_secrets import SEALED_SECRET
from gitops.schemas.faults import dotted

_SEALED = "sealedsecrets.bitnami.com/"
_SCOPES = (f"{_SEALED}namespace-wide", f"{_SEALED}cluster-wide")
_BASE64 = pattern(r"^[A-Za-z0-9+/\r\n]+={0,2}[\r\n]*$")
_KEY_SIZES = (256, 384, 512, 1024)
_TAG = 16


@rule("controller", SEALED_SECRET, level="warning")
def sealed_secret_scope(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A SealedSecret has the scope, and for that the name and namespace, that its values were sealed with.

    Why: name and namespace are part of the encryption (strict scope), and the scope is read from annotations of the SealedSecret itself
    that are exactly `"true"`. Else the controller reports `no key could decrypt secret`, condition `Synced: False`, and no Secret.

    Fix: put the scope's annotation, with `"true"`, on `metadata` of the SealedSecret; give the template the same name and
    namespace, or none; seal anew where the name or namespace changed.

    Source: sealed-secrets `pkg/apis/sealedsecrets/v1alpha1/sealedsecret_expansion.go` EncryptionLabel.
    """
    own = obj["metadata"].get("annotations") or {}
    template: Path = ("spec", "template", "metadata")
    for scope in _SCOPES:
        if scope in own and own[scope] != "true":
            path: Path = ("metadata", "annotations", scope)
            yield _scope_fault(
                path, "is not exactly `true`, and does not count", own[scope], '"true"', _meant(path, own[scope])
            )
        if at(obj, *template, "annotations", scope) == "true" and not any(own.get(each) == "true" for each in _SCOPES):
            path = (*template, "annotations", scope)
            yield _scope_fault(
                path, "is only in the template, where it does not count", "nothing on `metadata`", "it on `metadata`"
            )
    if any(own.get(each) == "true" for each in _SCOPES):
        return
    for name in ("name", "namespace"):
        given, mine = at(obj, *template, name), obj["metadata"].get(name)
        if given and mine and given != mine:
            yield _scope_fault((*template, name), f"differs from `metadata.{name}`", given, mine)


def _meant(path: Path, value: str) -> Fix | None:
    return Fix("set", path, "true") if value.strip().lower() in ("true", "1", "yes") else None


def _scope_fault(path: Path, what: str, found: str, expected: str, fix: Fix | None = None) -> Fault:
    return Fault(
        "sealed-secret-scope",
        path,
        f"`{dotted(path)}` {what}",
        found=found,
        expected=expected,
        why="the controller decrypts with scope, name and namespace of the SealedSecret, and finds no key that fits.",
        hint="correct it to what the values were sealed with, or seal them anew",
        fix=fix,
    )


@rule("controller", SEALED_SECRET)
def sealed_value_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every value under `encryptedData` is what `kubeseal` writes: base64 of an encrypted key and an encrypted value.

    Why: a value in clear, in plain base64, or cut off cannot be decrypted: the controller reports `no key could decrypt secret` or
    `illegal base64 data`, condition `Synced: False`, and makes no Secret. A value in clear is a leak besides: change it.

    Fix: seal the value with `kubeseal --raw` for this cluster, name and namespace.

    Source: sealed-secrets `pkg/crypto/crypto.go` HybridDecrypt.
    """
    for key, value in (at(obj, "spec", "encryptedData") or {}).items():
        what = _unsealed(value) if isinstance(value, str) else ""
        if what:
            yield Fault(
                "sealed-value-form",
                ("spec", "encryptedData", key),
                f"the value of `{key}` {what}",
                found="a value that is not shown",
                expected="what `kubeseal` writes",
                why="the controller cannot decrypt it, and makes no Secret.",
                hint="seal the value anew with `kubeseal --raw`; if it stands in clear here, change it as well",
            )


def _unsealed(value: str) -> str:
    if not value:
        return "is empty"
    if not _BASE64.match(value):
        return "is not base64"
    try:
        data = b64decode(value.replace("\r", "").replace("\n", ""), validate=True)
    except ValueError:
        return "is not base64"
    size = int.from_bytes(data[:2], "big")
    if size not in _KEY_SIZES:
        return "is not sealed"
    return "is cut off" if len(data) < 2 + size + _TAG else ""


@rule("controller", SEALED_SECRET, level="warning")
def sealed_secret_data(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A SealedSecret has its values under `encryptedData`, not in the old field `data`.

    Why: while there is a `data`, the controller does not look at `encryptedData`, and unless it was started to accept that old form it
    reports `using deprecated 'data' field`, and makes no Secret.

    Fix: seal the values anew with `kubeseal`.

    Source: sealed-secrets `pkg/apis/sealedsecrets/v1alpha1/sealedsecret_expansion.go` Unseal.
    """
    if at(obj, "spec", "data"):
        yield Fault(
            "sealed-secret-data",
            ("spec", "data"),
            "`spec.data` is the old form of a SealedSecret",
            found="a value that is not shown",
            expected="`spec.encryptedData`",
            why="the controller then passes over `encryptedData`, and commonly refuses the old form.",
            hint="seal the values anew with `kubeseal`",
        )
