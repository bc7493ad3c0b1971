"""What rules of LLMInferenceServices ask of them: their version, and their workloads.

Source: kserve `pkg/apis/serving/v1alpha2/llm_inference_service_types.go` and `pkg/apis/serving/v1alpha1/`, read at v0.16.0 to v0.20.0.
"""

from __future__ import annotations

from gitops.objects import Object
from gitops.rules.base import Cluster, at
from gitops.rules.serving import LLM_INFERENCE_SERVICE, LLM_INFERENCE_SERVICE_CONFIG, Part

SERVICE, CONFIG = LLM_INFERENCE_SERVICE, LLM_INFERENCE_SERVICE_CONFIG
SYSTEM_NAMESPACE = "kserve"
"""Where KServe looks for what it does not find in the namespace of a service."""


def is_new(obj: Object) -> bool:
    """Whether an object is of v1alpha2, or a later version; each version has a webhook of its own."""
    return not obj["apiVersion"].endswith("/v1alpha1")


def newest(obj: Object, cluster: Cluster, release: str) -> bool:
    """Whether the webhook of v1alpha2 judges an object, as of a release."""
    return is_new(obj) and cluster.runs("kserve", release)


def workloads(service: Object) -> list[Part]:
    """The workload of a service (that decodes, if there are two) and the one that prefills."""
    spec, prefill = service.get("spec"), at(service, "spec", "prefill")
    found = [Part(("spec",), "decode", spec)] if isinstance(spec, dict) else []
    return [*found, Part(("spec", "prefill"), "prefill", prefill)] if isinstance(prefill, dict) else found
