"""KServe's S3 settings: annotations and keys that it knows, in the places that it reads."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.problems import nearest
from gitops.rules import serving
from gitops.rules.base import Cluster, at, rule
from gitops.rules.lookups import ACCOUNT
from gitops.rules.storage_secrets import MAKERS, S3, SETTING_NAMES, SETTINGS, has_role, made_by, marks
from gitops.schemas.faults import dotted

_DOMAINS = ("serving.kubeflow.org/s3-", "serving.kserve.org/s3-", "kserve.io/s3-", "serving.kserve.io.s3-")
_NOT_READ = {
    "S3_USE_VIRTUAL_BUCKET": "S3_USER_VIRTUAL_BUCKET",
    "S3_USEHTTPS": "S3_USE_HTTPS",
    "S3_VERIFYSSL": "S3_VERIFY_SSL",
    "S3_REGION": "AWS_DEFAULT_REGION",
    "AWS_SESSION_TOKEN": "",
}
"""Data keys that look as if they were read -> the one that is, if there is one."""


@rule("controller", *MAKERS, ACCOUNT, level="warning")
def s3_setting_known(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """An annotation or data key that looks like one of KServe's S3 settings is one.

    Why: what KServe does not know it passes over in silence: the old domain `serving.kubeflow.org`, a misspelt domain or name. The
    endpoint is then missing, for instance, and the model is asked of AWS instead of your own store.

    Fix: use `serving.kserve.io/s3-…` with one of the names endpoint, usehttps, region, verifyssl, useanoncredential,
    usevirtualbucket, useaccelerate, cabundle, cabundle-configmap.

    Source: kserve `pkg/credentials/s3/s3_secret.go`; `AWS_SESSION_TOKEN` is dropped: kserve issue 4119.
    """
    path, annotations = marks(obj)
    for key in annotations:
        meant = _meant(key) if key not in SETTING_NAMES else None
        if meant is None:
            continue
        there = meant in annotations
        yield Fault(
            "s3-setting-known",
            (*path, key),
            f"KServe does not read the annotation `{key}`",
            found=key,
            expected=f"`{meant}`" if meant else ", ".join(f"`{S3.removesuffix('s3-')}{name}`" for name in SETTINGS),
            why="an unknown setting is passed over in silence, and the default is used.",
            hint=f"remove it: `{meant}` is there too" if there else f"rename it to `{meant}`" if meant else "",
            fix=Fix("rename", (*path, key), meant) if meant and not there else None,
        )
    if obj["kind"] == "Secret" and any(field in obj for field in ("data", "stringData")):
        yield from _unread_keys(obj, cluster)


def _meant(key: str) -> str | None:
    """The annotation that was meant; empty where that is unclear, None where nothing is wrong."""
    domain, _, name = key.rpartition("/")
    for wrong in _DOMAINS:
        if key.startswith(wrong):
            name, domain = f"s3-{key.removeprefix(wrong)}", serving.GROUP
            break
    else:
        if domain != serving.GROUP or not name.startswith("s3") or name in SETTINGS:
            return None
    near = name if name in SETTINGS else nearest(name, SETTINGS)
    return f"{serving.GROUP}/{near}" if near else ""


def _unread_keys(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    for field in ("data", "stringData"):
        values = at(obj, field) or {}
        made = None if _NOT_READ.keys().isdisjoint(values) else made_by(obj, cluster)
        for key in (key for key in _NOT_READ if key in values and made and not made.lacks("AWS_SECRET_ACCESS_KEY")):
            meant = _NOT_READ[key]
            yield Fault(
                "s3-setting-known",
                (field, key),
                f"KServe does not read the key `{key}` of a Secret",
                found=key,
                expected=f"`{meant}`" if meant else "an access key that needs no session token",
                why="KServe passes on the keys that it knows, and no other.",
                hint=f"rename it to `{meant}`" if meant else "use long-lived keys, or a role of the ServiceAccount",
                fix=Fix("rename", (field, key), meant) if meant and meant not in values else None,
            )


@rule("controller", ACCOUNT, serving.INFERENCE_SERVICE, *MAKERS[1:], level="warning", code="KS26")
def s3_annotation_place(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """KServe's `s3-*` annotations stand where KServe reads them: on the Secret, or on a ServiceAccount that has an AWS role.

    Why: on a ServiceAccount they count only beside `eks.amazonaws.com/role-arn`; on an InferenceService never; those of a SealedSecret,
    or of an ExternalSecret with a template, do not get to the Secret. The settings are passed over in silence.

    Fix: move them to the Secret: to `metadata.annotations`, of an ExternalSecret to `spec.target.template.metadata.annotations`, of a
    SealedSecret to `spec.template.metadata.annotations`.

    Source: kserve `pkg/credentials/service_account_credentials.go` CreateSecretVolumeAndEnvFromServiceAccount; kserve issues 2003, 2990.
    """
    path: Path = ("metadata", "annotations")
    own = obj["metadata"].get("annotations") or {}
    if not any(key.startswith(S3) for key in own):
        return
    reached = marks(obj)
    if reached[0] == path and (obj["kind"] == "ExternalSecret" or has_role(obj)):
        return
    lost = [key for key in own if key.startswith(S3) and key not in (reached[1] if reached[0] != path else ())]
    for key in lost:
        yield Fault(
            "s3-annotation-place",
            (*path, key),
            f"KServe does not read `{key}` of {_a(obj['kind'])}",
            found=f"on the {obj['kind']}",
            expected="on the Secret" if reached[0] == path else f"in `{dotted(reached[0])}`",
            why="the setting is passed over in silence.",
            hint="move it to the Secret with the access key"
            if reached[0] == path
            else f"move it to `{dotted(reached[0])}`",
        )


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "EI" else f"a {kind}"
