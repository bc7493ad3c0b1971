"""LLMInferenceServiceConfigs: what services take over from them, and the templates in them.

Source: kserve `pkg/apis/serving/v1alpha2/llm_inference_service_config_validation.go` and
`pkg/controller/v1alpha2/llmisvc/config_merge.go`, read at v0.16.0 to v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.go_template import Flaw, Missing, Template
from gitops.rules.llm import CONFIG, SERVICE
from gitops.rules.serving import REFUSED
from gitops.schemas.faults import dotted

_SPEC = frozenset(
    (
        *("Model", "StorageInitializer", "WorkloadSpec", "Replicas", "Scaling", "Parallelism", "Labels", "Annotations"),
        *("Template", "Worker", "KVCacheOffloading", "Router", "Prefill", "Tracing", "BaseRefs"),
    )
)
_META = frozenset(
    (
        *("Name", "GenerateName", "Namespace", "SelfLink", "UID", "ResourceVersion", "Generation", "CreationTimestamp"),
        *("DeletionTimestamp", "DeletionGracePeriodSeconds", "Labels", "Annotations", "OwnerReferences", "Finalizers"),
        "ManagedFields",
    )
)
_GLOBAL = frozenset(
    (
        *("SystemNamespace", "IngressGatewayName", "IngressGatewayNamespace", "EnableTLS"),
        *("ModelBasedRoutingHeaderName", "InferencePoolNamespacedName"),
    )
)
_BELOW = {"Spec": _SPEC, "ObjectMeta": _META, "GlobalConfig": _GLOBAL}
_ROOT = _META | {
    "TypeMeta",
    "ObjectMeta",
    "Kind",
    "APIVersion",
    "Spec",
    "Status",
    "GlobalConfig",
    "LLMInferenceService",
}
_ONLY_BELOW_SPEC = _SPEC - _META
_METHODS = ("Get", "Set", "DeepCopy", "Is", "Has", "Managed", "Mark", "Marshal", "Unmarshal", "Size", "String", "Reset")


def _missing(names: list[str]) -> str:
    """Of a chain of fields, what a service does not have; methods and deeper fields are not judged."""
    if not names or not names[0]:
        return ""
    first, second = names[0], names[1] if len(names) > 1 else ""
    if first in _ONLY_BELOW_SPEC:
        return f"there is no `.{first}`: it is `.Spec.{first}`"
    if first[:1].islower():
        return f"there is no `.{first}`: fields begin with a capital letter, as in `.Spec.Model.Name`"
    if first not in _ROOT and not _is_method(first):
        return f"there is no `.{first}`"
    known = _BELOW.get(first)
    if second and known and second not in known and (first == "GlobalConfig" or not _is_method(second)):
        return f"there is no `.{first}.{second}`"
    return ""


def _missing_in_sample(names: list[str]) -> str:
    """The same, and what the service that KServe tries a config on does not have: labels and annotations of plain names."""
    below = names[1:] if names[:1] == ["ObjectMeta"] else names
    if len(below) > 1 and below[0] in ("Labels", "Annotations") and below[1]:
        return f"the service that it is tried on has no `.{'.'.join(names)}`; it is `index .{'.'.join(names[:-1])} `…`` in an `if`"
    return _missing(names)


def _is_method(name: str) -> bool:
    return name.startswith(_METHODS)


def template(cluster: Cluster, missing: Missing = _missing) -> Template:
    """What templates of this cluster's KServe may use."""
    functions = {"ChildName": 2}
    functions |= {"shutdownTimeout": 2} if cluster.runs("kserve", "0.19.0") else {}
    functions |= {"kvTransferConfig": 1} if cluster.runs("kserve", "0.20.0") else {}
    return Template(functions, missing)


def _flaws(obj: Object, used: Template) -> Iterator[Flaw]:
    """What is wrong with the templates of a spec, and of the labels and annotations, which are part of the text."""
    metadata = {field: obj["metadata"].get(field) for field in ("labels", "annotations")}
    for path, value in ((("metadata",), metadata), (("spec",), obj.get("spec"))):
        yield from used.flaws(value, path)


_HOW = "write texts between backquotes, and what is no template as `{{ `{{` }}`"


@rule("admission", CONFIG)
def config_template(config: Object, cluster: Cluster) -> Iterator[Fault]:
    """The templates in an LLMInferenceServiceConfig can be rendered.

    Why: KServe reads the whole object, as JSON text, as a Go template, and tries it on a service made up for this. The webhook
    refuses the object if that fails. In JSON the quotes of a text are escaped, so that a template cannot have any.

    Fix: Write texts between backquotes, and fields as in Go: `{{ ChildName .ObjectMeta.Name `-epp-service` }}`.

    Source: kserve cmd/llmisvc/main.go: validateLLMISVCConfig; pkg/controller/v1alpha2/llmisvc/config_merge.go: ReplaceVariables.
    """
    for flaw in _flaws(config, template(cluster, _missing_in_sample)):
        message = f"the template in `{dotted(flaw.path)}` cannot be rendered: {flaw.what}"
        expected, why = "a Go template", f"{REFUSED}: it tries the template"
        yield Fault("config-template", flaw.path, message, flaw.action, expected, why, _HOW)


@rule("controller", SERVICE)
def service_template(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The templates in an LLMInferenceService can be rendered.

    Why: The controller merges the service with its configs, and reads all of it, as JSON text, as a Go template: chat templates in
    arguments too. Where that fails, the condition `PresetsCombined` is false with `CombineBaseError`, and nothing is deployed.

    Fix: Put a chat template into a file of the image or of a ConfigMap; or write `{{ `{{` }}` for each `{{`.

    Source: kserve pkg/controller/v1alpha2/llmisvc/config_merge.go: combineBaseRefsConfig, ReplaceVariables.
    """
    for flaw in _flaws(service, template(cluster)):
        message = f"the template in `{dotted(flaw.path)}` cannot be rendered: {flaw.what}"
        why = "the controller reads the whole service as a template, and deploys nothing: CombineBaseError."
        yield Fault("service-template", flaw.path, message, flaw.action, "a Go template, or no `{{`", why, _HOW)


@rule("admission", CONFIG, needs="baseRefs")
def config_without_base(config: Object, cluster: Cluster) -> Iterator[Fault]:
    """An LLMInferenceServiceConfig takes nothing over from others.

    Why: Only services have `baseRefs`, in any number; the webhook refuses them in a config.

    Fix: Name all configs in the service, from the general to the particular.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_config_validation.go: validate, since 0.16.0.
    """
    if found := at(config, "spec", "baseRefs"):
        names = ", ".join(at(each, "name") or "" for each in found)
        why, hint = f"{REFUSED}: configs do not follow each other", "name these configs in the services too"
        message = "`spec.baseRefs` of a config is set"
        yield Fault("config-without-base", ("spec", "baseRefs"), message, names, "nothing", why, hint)
