"""Devices that KServe claims for an LLMInferenceService, by annotations (dynamic resource allocation, an experiment of 0.20).

Source: kserve `pkg/apis/serving/v1alpha2/` (llm_inference_service_validation.go: validateManagedDRAAnnotations,
llm_inference_service_types_func.go), read at v0.20.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.llm import SERVICE, newest
from gitops.rules.serving import GROUP, REFUSED, annotation

CLASS, COUNT = f"{GROUP}/exp-dra-device-class", f"{GROUP}/exp-dra-device-count"
SELECTOR, CONTAINER = f"{GROUP}/exp-dra-cel-selector", f"{GROUP}/exp-dra-container-name"
_EARLY = {key.replace("/exp-", "/"): key for key in (CLASS, COUNT, SELECTOR, CONTAINER)}
_LABEL = re.compile(r"(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_MOST = 2**63 - 1


@rule("admission", SERVICE, needs=(CLASS, COUNT, SELECTOR, CONTAINER))
def device_annotations(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Annotations that claim devices name a class, at least one device, and a container by its name.

    Why: KServe makes a claim for devices of them. The webhook refuses the others without `serving.kserve.io/exp-dra-device-class`, a
    class that is no DNS name, a count below 1, an empty selector, and a container that is no DNS label.

    Fix: Name the DeviceClass; write the count as a whole number in quotes.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateManagedDRAAnnotations, since 0.20.0
    (v1alpha2 only).
    """
    if not service["metadata"].get("annotations") or not newest(service, cluster, "0.20.0"):
        return
    given = {key: annotation(service, key) for key in (CLASS, COUNT, SELECTOR, CONTAINER)}
    others = [key for key in (COUNT, SELECTOR, CONTAINER) if given[key] is not None]
    if given[CLASS] is None and others:
        yield _fault(
            CLASS, f"is missing beside `{others[0]}`", "nothing", "the name of a DeviceClass", "name the class"
        )
    for key, (expected, hint) in _EXPECTED.items():
        text = given[key]
        if text is not None and not _fits(key, text.strip()):
            yield _fault(key, f"is not {expected}", text or "nothing", expected, hint)


_EXPECTED = {
    CLASS: ("the name of a DeviceClass", "write lower-case letters, digits, `-` and `.`"),
    COUNT: ("a number of devices", "write a whole number of at least 1, in quotes"),
    SELECTOR: ("a CEL expression", "write one expression in each line, or remove it"),
    CONTAINER: ("the name of a container", "write lower-case letters, digits and `-`"),
}


def _fits(key: str, text: str) -> bool:
    if key == COUNT:
        return not text or (bool(_INTEGER.fullmatch(text)) and 1 <= int(text) <= _MOST)
    form = {CLASS: _SUBDOMAIN, CONTAINER: _LABEL}.get(key)
    return bool(form.fullmatch(text)) if form else bool(text)


def _fault(key: str, what: str, found: str, expected: str, hint: str) -> Fault:
    path: Path = ("metadata", "annotations", key)
    why = f"{REFUSED}: it makes a claim for devices of these annotations"
    return Fault("device-annotations", path, f"`{key}` {what}", found, expected, why, hint)


@rule("controller", SERVICE, level="warning", needs=_EARLY)
def device_annotation_name(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Annotations that claim devices begin with `exp-`, as KServe reads them.

    Why: The release notes of 0.20 name them without; these do nothing, and the model starts without its devices.

    Fix: Put `exp-` before `dra-`.

    Source: kserve pkg/constants/constants.go: ManagedDRADeviceClassAnnotationKey and its neighbours, since 0.20.0.
    """
    for key in _EARLY.keys() & (service["metadata"].get("annotations") or {}).keys():
        path: Path = ("metadata", "annotations", key)
        yield Fault(
            "device-annotation-name",
            path,
            f"`{key}` is read by nothing",
            key,
            _EARLY[key],
            "KServe claims no devices, and the model starts without them.",
            "put `exp-` before `dra-`",
            fix=Fix("rename", path, _EARLY[key]),
        )
