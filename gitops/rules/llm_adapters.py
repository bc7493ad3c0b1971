"""LoRA adapters of an LLMInferenceService. No schema states their form: KServe's webhook is the first to read them.

Source: kserve `pkg/apis/serving/v1alpha2/` (llm_inference_service_types.go, llm_inference_service_validation.go) and
`pkg/controller/v1alpha2/llmisvc/workload_lora.go`, read at v0.16.0 to v0.20.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.golang import url
from gitops.rules.llm import CONFIG, SERVICE, is_new, newest
from gitops.rules.llm_model import fetched, scheme_of
from gitops.rules.serving import REFUSED
from gitops.schemas.faults import dotted

ADAPTERS: Path = ("spec", "model", "lora", "adapters")
_SCHEMES = ("hf://", "s3://", "pvc://")
_WORDS: Mapping[type, str] = {str: "text", int: "a whole number", bool: "true or false", dict: "a map", list: "a list"}
Form = Mapping[str, type]

_MODEL: Form = {"uri": str, "name": str, "lora": dict}
_LORA: Form = {"maxRank": int, "maxAdapters": int, "maxCpuAdapters": int}
_CONFIDENTIAL: Form = {"enabled": bool, "resourceId": str}


def adapters(service: Object) -> list[tuple[Path, Object]]:
    """The adapters that are maps, with their paths; an empty one is none to the webhook either."""
    found = at(service, *ADAPTERS)
    listed = found if isinstance(found, list) else []
    return [((*ADAPTERS, index), {} if each is None else each) for index, each in enumerate(listed) if _is_map(each)]


def _is_map(value: Any) -> bool:
    return value is None or isinstance(value, dict)


@rule("admission", SERVICE, CONFIG, needs="adapters")
def adapter_form(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """An adapter is a map with the fields of a model: `name`, `uri`, and little else.

    Why: The schema leaves the form open, and the webhook cannot read an object where it is another: it refuses the object.

    Fix: Correct the field; quote a name that is a number.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_types.go: LoRASpec, LLMModelSpec.
    """
    found = at(service, *ADAPTERS)
    if found is not None:
        for path, expected, value in _misshapen(found, list, ADAPTERS, _adapters_of(is_new(service))):
            message, why = f"`{dotted(path)}` is not {expected}", f"{REFUSED}, for it cannot read it"
            yield Fault("adapter-form", path, message, _shown(value), expected, why, f"write {expected}")


Wrong = tuple[Path, str, Any]
Inside = Callable[[Any, Path], Iterator[Wrong]]


def _misshapen(value: Any, expected: type, path: Path, inside: Inside | None = None) -> Iterator[Wrong]:
    if value is None:
        return
    if not isinstance(value, expected) or (expected is int and not _is_int32(value)):
        yield path, _WORDS[expected], value
    elif inside:
        yield from inside(value, path)


def _is_int32(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31


def _adapters_of(new: bool) -> Inside:
    def model(value: Object, path: Path) -> Iterator[Wrong]:
        for field, kind in (_MODEL if new else {**_MODEL, "criticality": str}).items():
            yield from _misshapen(value.get(field), kind, (*path, field), lora if field == "lora" else None)
        uri = value.get("uri")
        if isinstance(uri, str) and uri and url(uri) is None:
            yield (*path, "uri"), "a URL", uri
        if new:
            yield from _misshapen(value.get("confidential"), dict, (*path, "confidential"), _fields(_CONFIDENTIAL))

    def lora(value: Object, path: Path) -> Iterator[Wrong]:
        yield from _fields(_LORA)(value, path)
        yield from _misshapen(value.get("adapters"), list, (*path, "adapters"), listed)

    def listed(value: list[Any], path: Path) -> Iterator[Wrong]:
        for index, each in enumerate(value):
            yield from _misshapen(each, dict, (*path, index), model)

    return listed


def _fields(form: Form) -> Inside:
    def check(value: Object, path: Path) -> Iterator[Wrong]:
        for field, kind in form.items():
            yield from _misshapen(value.get(field), kind, (*path, field))

    return check


def _shown(value: Any) -> str:
    return f"{value}" if isinstance(value, str | int | float) else _WORDS.get(type(value), "")


@rule("admission", SERVICE, needs="adapters")
def adapter_named(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every adapter has a name of its own, which is not the model's.

    Why: Requests choose an adapter by this name in the field `model`, and its files are put into a folder of this name. The webhook
    refuses a missing name, `.` and `..`, one that is there twice, and that of the model itself (`model.name`, or the service's).

    Fix: Name each adapter after what it is for.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateLoRAAdapters, since 0.19.0 (v1alpha2 only).
    """
    if not newest(service, cluster, "0.19.0") or not (found := adapters(service)):
        return
    base = at(service, "spec", "model", "name") or service["metadata"].get("name")
    taken: dict[str, str] = {".": "leads out of its folder", "..": "leads out of its folder"}
    for path, adapter in found:
        name, what = adapter.get("name"), ""
        if not name:
            what = "is missing"
        elif isinstance(name, str):
            what = taken.get(name) or ("is the name of the model itself" if name == base else "")
            taken.setdefault(name, f"is that of `{dotted(path)}` already")
        if what:
            where = (*path, "name")
            why = f"{REFUSED}: requests choose an adapter by its name"
            message = f"`{dotted(where)}` {what}"
            found_text = name or "nothing"
            yield Fault("adapter-named", where, message, found_text, "a name of its own", why, "give it another name")


@rule("controller", SERVICE, needs="adapters")
def adapter_uri(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The `uri` of an adapter has a scheme that KServe fetches adapters by.

    Why: The webhook does not look. The controller knows hf, s3 and pvc only, fetches none where `storageInitializer.enabled` is
    false, and fails at each reconcile otherwise: no pod is made.

    Fix: Put the adapter where one of these leads; leave the storage initializer on.

    Source: kserve pkg/controller/v1alpha2/llmisvc/workload_lora.go: enumerateLoRAAdapters, since 0.19.0.
    """
    if not cluster.runs("kserve", "0.19.0"):
        return
    for path, adapter in adapters(service):
        uri = adapter.get("uri")
        if (uri is not None and not isinstance(uri, str)) or "{{" in (uri or ""):
            continue
        where, scheme = (*path, "uri"), scheme_of(uri or "")
        if scheme not in _SCHEMES:
            message = f"`{dotted(where)}` has no scheme that KServe fetches adapters by"
            hint = "put the adapter where one of these leads"
            yield _uri(where, message, uri or "nothing", ", ".join(_SCHEMES), hint)
        elif not fetched(service, cluster):
            hint = "remove `storageInitializer`, or load the adapter in the container yourself"
            message = f"`{dotted(where)}` is fetched by nobody: the storage initializer is switched off"
            yield _uri(where, message, "storageInitializer.enabled: false", "the storage initializer", hint)


def _uri(path: Path, message: str, found: str, expected: str, hint: str) -> Fault:
    return Fault("adapter-uri", path, message, found, expected, "the controller makes no pods of this service.", hint)
