"""Runtimes that no model could use: what the controller finds only when an InferenceService asks for them.

Source: kserve `pkg/controller/v1beta1/inferenceservice/` (components/predictor.go, utils/utils.go), read at v0.15.2 to v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.problems import did_you_mean
from gitops.rules.base import Cluster, items, rule
from gitops.rules.go_template import Template
from gitops.rules.serving import INFERENCE_SERVICE, MAIN_CONTAINER, PROTOCOLS, TRANSFORMER_CONTAINER, model, predictor
from gitops.rules.serving_runtime import RUNTIMES, WORKER_CONTAINER, WORKERS, enabled
from gitops.schemas.faults import dotted

_META = frozenset(
    (
        *("Name", "GenerateName", "Namespace", "SelfLink", "UID", "ResourceVersion", "Generation", "CreationTimestamp"),
        *("DeletionTimestamp", "DeletionGracePeriodSeconds", "Labels", "Annotations", "OwnerReferences", "Finalizers"),
        "ManagedFields",
    )
)


def _used(runtime: Object) -> Object | None:
    """The spec of a runtime that serves one model; those of ModelMesh have other rules."""
    spec = enabled(runtime)
    return None if spec is None or spec.get("multiModel") is True else spec


@rule("controller", *RUNTIMES, code="KS34")
def runtime_main_container(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """A runtime has a container `kserve-container`, and `worker-container` where it has workers.

    Why: The controller lays the model's settings over the container of this name. Where there is none, every InferenceService of this
    runtime shows InvalidPredictorSpec with `failed to find kserve-container in ServingRuntime containers`.

    Fix: Name the server's container `kserve-container`, and that of workers `worker-container`.

    Source: kserve pkg/controller/v1beta1/inferenceservice/utils/utils.go: MergeServingRuntimeAndInferenceServiceSpecs.
    """
    spec = _used(runtime)
    if spec is None:
        return
    for field, name in ((("containers",), MAIN_CONTAINER), ((*WORKERS[1:], "containers"), WORKER_CONTAINER)):
        found = [(path, each.get("name") or "") for path, each in items(spec, *field)]
        if found and not any(each == name for _, each in found):
            path = ("spec", *found[0][0], "name") if len(found) == 1 else ("spec", *field)
            yield Fault(
                "runtime-main-container",
                path,
                f"`{dotted(('spec', *field))}` has no container `{name}`",
                ", ".join(each for _, each in found if each) or "no name",
                name,
                f"InferenceServices of this runtime are not deployed: the controller looks for `{name}`.",
                f"name the container `{name}`" if len(found) == 1 else f"name the server's container `{name}`",
            )


@rule("controller", *RUNTIMES, level="warning", code="KS34")
def runtime_serves_formats(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """A runtime says which model formats it serves.

    Why: KServe compares the format of the model with `supportedModelFormats`, also where the model names the runtime. Without any,
    every model is refused with NoSupportingRuntime.

    Fix: List the formats, each with `name` and `version`; `autoSelect: false` if models are to name the runtime.

    Source: kserve pkg/apis/serving/v1beta1/predictor_model.go: RuntimeSupportsModel.
    """
    spec = _used(runtime)
    if spec is not None and not spec.get("supportedModelFormats"):
        yield Fault(
            "runtime-serves-formats",
            ("spec", "supportedModelFormats"),
            "the runtime names no model format",
            "none",
            "at least one",
            "KServe finds that it does not support the model, whatever the format: NoSupportingRuntime.",
            "add `supportedModelFormats`, with `name` and `version`",
        )


@rule("controller", *RUNTIMES, level="warning", code="KS34", needs="protocolVersions")
def runtime_protocols_known(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """A runtime lists protocols that KServe knows: v1, v2, grpc-v1, grpc-v2.

    Why: KServe compares `protocolVersion` of the model with this list, letter by letter. Another word is never asked for, and the
    list is a restriction as soon as it has any entry.

    Fix: Spell the protocol as KServe does; a runtime with protocols of its own has no list at all.

    Source: kserve pkg/constants/constants.go: InferenceServiceProtocol; pkg/apis/serving/v1alpha1/servingruntime_types.go:
    IsProtocolVersionSupported.
    """
    spec = _used(runtime)
    listed = (spec or {}).get("protocolVersions") or ()
    for index, name in enumerate(listed):
        if isinstance(name, str) and name not in PROTOCOLS:
            path = ("spec", "protocolVersions", index)
            yield Fault(
                "runtime-protocols-known",
                path,
                f"`{dotted(path)}` is no protocol that a model asks for",
                name,
                ", ".join(PROTOCOLS),
                "no model matches it, and other protocols are shut out by the list.",
                did_you_mean(name, PROTOCOLS) or "remove it",
            )


def _missing(names: list[str]) -> str:
    """Of a chain of fields, what the metadata of an InferenceService does not have."""
    first = names[0] if names else ""
    if not first or first in _META or (first[:1].isupper() and first.startswith(("Get", "String", "Size", "Marshal"))):
        return ""
    return f"there is no `.{first}`: it is the metadata of the InferenceService, with `.Name`, `.Namespace`, `.Labels`"


_TEMPLATE = Template({}, _missing)
_HOW = "write texts between backquotes, and what is no template as `{{ `{{` }}`"


@rule("controller", *RUNTIMES, code="KS34")
def runtime_placeholders(runtime: Object, cluster: Cluster) -> Iterator[Fault]:
    """The placeholders in a runtime's containers can be filled in: `{{.Name}}` and other metadata of the InferenceService.

    Why: The controller reads `kserve-container` (and `transformer-container`), as JSON text, as a Go template: chat templates in
    arguments too. Where that fails, every InferenceService of this runtime shows InvalidPredictorSpec with `failed to replace
    placeholders`.

    Fix: Put a chat template into a file of the image or of a ConfigMap; or write `{{ `{{` }}` for each `{{`.

    Source: kserve pkg/controller/v1beta1/inferenceservice/utils/utils.go: ReplacePlaceholders.
    """
    for path, each in items(_used(runtime), "containers"):
        if each.get("name") not in (MAIN_CONTAINER, TRANSFORMER_CONTAINER):
            continue
        for flaw in _TEMPLATE.flaws(each, ("spec", *path)):
            yield Fault(
                "runtime-placeholders",
                flaw.path,
                f"the placeholder in `{dotted(flaw.path)}` cannot be filled in: {flaw.what}",
                flaw.action,
                "a Go template, or no `{{`",
                "InferenceServices of this runtime are not deployed: the controller reads the container as a template.",
                _HOW,
            )


@rule("controller", INFERENCE_SERVICE, needs=("args", "command", "env"))
def model_placeholders(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The placeholders in `model` can be filled in: `{{.Name}}` and other metadata of the InferenceService.

    Why: The controller lays `model` over the runtime's container, and reads the result, as JSON text, as a Go template: chat templates
    in arguments too. Where that fails, the status shows InvalidPredictorSpec with `failed to replace placeholders`.

    Fix: Put a chat template into a file of the image or of a ConfigMap; or write `{{ `{{` }}` for each `{{`.

    Source: kserve pkg/controller/v1beta1/inferenceservice/utils/utils.go: ReplacePlaceholders.
    """
    served = model(predictor(service))
    for field in ("args", "command", "env") if served else ():
        if served and (value := served.spec.get(field)):
            for flaw in _TEMPLATE.flaws(value, (*served.path, field)):
                yield Fault(
                    "model-placeholders",
                    flaw.path,
                    f"the placeholder in `{dotted(flaw.path)}` cannot be filled in: {flaw.what}",
                    flaw.action,
                    "a Go template, or no `{{`",
                    "the model is not deployed: the controller reads the container as a template.",
                    _HOW,
                )
