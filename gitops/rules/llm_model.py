"""The model of an LLMInferenceService: where it is, under which key it is encrypted, and what its URI may be.

Source: kserve `pkg/apis/serving/v1alpha2/` (llm_inference_service_types.go, llm_inference_service_validation.go) and
`pkg/controller/v1alpha2/llmisvc/workload_storage.go`, read at v0.16.0 to v0.20.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.golang import url
from gitops.rules.llm import CONFIG, SERVICE, newest
from gitops.rules.serving import REFUSED
from gitops.schemas.faults import dotted

MODEL: Path = ("spec", "model")
URI: Path = (*MODEL, "uri")
_KEY = re.compile(r"kbs:///[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.-]+")
_UNDECRYPTED = {
    "oci://": "the container runtime decrypts images, as `runtimeClassName` says",
    "pvc://": "a volume is mounted as it is",
}


@rule("admission", SERVICE, CONFIG)
def model_uri_readable(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The `uri` of a model can be read as a URL.

    Why: KServe's webhooks cannot read an object with a URI that Go does not take for a URL, and refuse it.

    Fix: Escape what is no part of a URL: `%25` for `%`, no `:` in the first step of a path without a scheme.

    Source: knative.dev/pkg apis/url.go: UnmarshalJSON; Go net/url Parse.
    """
    uri = at(service, *URI)
    if uri and url(uri) is None:
        message, why = f"`{dotted(URI)}` is no URL", f"{REFUSED}, for it cannot read it"
        yield Fault("model-uri-readable", URI, message, uri, "a URL, such as hf://owner/model", why, "correct the URI")


def schemes(cluster: Cluster) -> tuple[str, ...]:
    """What KServe fetches models of LLMInferenceServices from."""
    more = ("oci+native://",) if cluster.runs("kserve", "0.20.0") else ()
    return ("hf://", "s3://", "pvc://", "oci://", *more)


def scheme_of(uri: str) -> str:
    """The scheme with its slashes, as Go writes it; empty where there is none."""
    before, separator, _ = uri.partition("://")
    return before.lower() + separator if separator else ""


def fetched(service: Object, cluster: Cluster) -> bool:
    """Whether KServe fetches the model, and no container does so itself."""
    switched_off = at(service, "spec", "storageInitializer", "enabled") is False
    return not (switched_off and cluster.runs("kserve", "0.17.0"))


@rule("controller", SERVICE)
def model_uri_scheme(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The `uri` of a model has a scheme that KServe fetches models of LLMInferenceServices by.

    Why: The webhook does not look. The controller knows hf, s3, pvc and oci only, not gs, https and the others of InferenceServices;
    it fails at each reconcile with `unsupported schema in model URI` or `invalid model URI`, and makes no pod.

    Fix: Put the model where one of these leads; or set `storageInitializer.enabled: false`, and let the container fetch it.

    Source: kserve pkg/controller/v1alpha2/llmisvc/workload_storage.go: attachModelArtifacts.
    """
    uri = at(service, *URI)
    if not uri or url(uri) is None or "{{" in uri:
        return
    known, scheme = schemes(cluster), scheme_of(uri)
    if not scheme or (scheme not in known and fetched(service, cluster)):
        yield Fault(
            "model-uri-scheme",
            URI,
            f"`{dotted(URI)}` has a scheme that KServe cannot fetch an LLM by"
            if scheme
            else f"`{dotted(URI)}` has no scheme",
            scheme or uri,
            ", ".join(known),
            "the controller makes no pods: `unsupported schema in model URI`."
            if scheme
            else "the controller makes no pods: `invalid model URI`.",
            "put the model where one of these leads"
            if scheme
            else "write the scheme first, for example `hf://owner/model`",
        )


@rule("admission", SERVICE, needs="confidential")
def confidential_key(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The key of a confidential model is named by the id that a Key Broker Service gives it.

    Why: The storage initializer asks for the key by this id; the webhook refuses another form.

    Fix: Write `resourceId: kbs:///repository/type/tag`.

    Source: kserve pkg/validation/confidential.go: ValidateConfidentialSpec, since 0.20.0 (v1alpha2 only).
    """
    confidential = at(service, *MODEL, "confidential")
    if at(confidential, "enabled") is not True or not newest(service, cluster, "0.20.0"):
        return
    key = confidential.get("resourceId")
    if key and not _KEY.fullmatch(key):
        path = (*MODEL, "confidential", "resourceId")
        message, why = f"`{dotted(path)}` names no key", f"{REFUSED}: the key could not be asked for"
        form = "kbs:///repository/type/tag"
        yield Fault("confidential-key", path, message, key, form, why, "write three steps after `kbs:///`")


@rule("controller", SERVICE, level="warning", needs="confidential")
def confidential_is_decrypted(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A confidential model is stored where KServe decrypts it.

    Why: Models of `oci://` and `pvc://` do not pass through the storage initializer: nothing is decrypted, and the server finds
    files that it cannot read. The webhook says so in a warning only.

    Fix: Keep the model in an object store or on Hugging Face, or remove `confidential`.

    Source: kserve pkg/validation/confidential.go: ValidateConfidentialSpec, since 0.20.0.
    """
    if at(service, *MODEL, "confidential", "enabled") is not True:
        return
    uri = at(service, *URI) or ""
    reason = _UNDECRYPTED.get(scheme_of(uri))
    if reason:
        yield Fault(
            "confidential-is-decrypted",
            (*MODEL, "confidential"),
            f"`confidential` does nothing for a model of `{scheme_of(uri)}`",
            uri,
            "a model in an object store or on Hugging Face",
            f"the storage initializer does not run: {reason}",
            "keep the model elsewhere, or remove `confidential`",
        )
