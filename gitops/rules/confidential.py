"""Encrypted models: `confidential` of a predictor's model, in KServe 0.20 and later."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.patterns import pattern
from gitops.rules.serving import INFERENCE_SERVICE, REFUSED, Part, model, predictor
from gitops.schemas.faults import dotted

_RESOURCE = pattern(r"kbs:///[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.-]+")
_UNDECRYPTED = {
    "oci://": "the container runtime decrypts images, as `runtimeClassName` says",
    "pvc://": "a volume is mounted as it is",
}


def _confidential(service: Object) -> Part | None:
    component = predictor(service)
    if not any(isinstance(field, dict) and "confidential" in field for field in component.spec.values()):
        return None
    found = model(component)
    return found if found and at(found.spec, "confidential", "enabled") is True else None


@rule("admission", INFERENCE_SERVICE, needs="confidential")
def confidential_model(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A confidential model has a `storageUri`, and the id of its key is one of a Key Broker Service.

    Why: The storage initializer fetches the model and decrypts it with the key; the webhook refuses a model without `storageUri`
    (`storage` and `storageUris` do not count) and another form of `resourceId`.

    Fix: Give `storageUri`; write `resourceId: kbs:///repository/type/tag`.

    Source: kserve pkg/validation/confidential.go; validateConfidential in
    pkg/apis/serving/v1beta1/inference_service_validation.go, since 0.20.0.
    """
    found = _confidential(service)
    if not found:
        return
    if not found.spec.get("storageUri"):
        yield Fault(
            "confidential-model",
            (*found.path, "storageUri"),
            f"`{dotted(found.path)}` is confidential, and has no `storageUri`",
            "no `storageUri`",
            "the place of the encrypted model",
            f"{REFUSED}: the model is decrypted while it is fetched from there",
            "add `storageUri`; `storage` and `storageUris` do not do here",
        )
    key = at(found.spec, "confidential", "resourceId")
    if found.spec.get("storageUri") and key and not _RESOURCE.fullmatch(key):
        path = (*found.path, "confidential", "resourceId")
        yield Fault(
            "confidential-model",
            path,
            f"`{dotted(path)}` names no key",
            key,
            "kbs:///repository/type/tag",
            REFUSED,
            "write three parts of letters, digits, `_`, `.` and `-` after `kbs:///`",
        )


@rule("controller", INFERENCE_SERVICE, level="warning", needs="confidential")
def confidential_has_effect(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A confidential model is stored where KServe decrypts it.

    Why: Models of `oci://` and `pvc://` do not pass through the storage initializer: nothing is decrypted, and the server finds
    files that it cannot read. The webhook says so in a warning only.

    Fix: Keep the model in an object store, or remove `confidential`.

    Source: kserve pkg/validation/confidential.go: ValidateConfidentialSpec, since 0.20.0.
    """
    found = _confidential(service)
    uri = (found.spec.get("storageUri") or "") if found else ""
    for scheme, reason in _UNDECRYPTED.items():
        if found and uri.startswith(scheme):
            yield Fault(
                "confidential-has-effect",
                (*found.path, "confidential"),
                f"`confidential` does nothing for a model of `{scheme}`",
                uri,
                "a model in an object store",
                f"the storage initializer does not run: {reason}",
                "keep the model in an object store, or remove `confidential`",
            )
