"""What a pod may learn of itself: the fields and amounts that variables and files take from it."""

from __future__ import annotations

from gitops.faults import Path
from gitops.objects import Object
from gitops.quantity import quantity
from gitops.rules.core_forms import QUALIFIED, Wrongs, inside, known, lacking, milli, required, written, wrong

_OWN = ("metadata.name", "metadata.namespace", "metadata.uid")
VARIABLE_FIELDS = (
    *(*_OWN, "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs"),
    *("status.podIP", "status.podIPs"),
)
"""What a variable may have, and any single label or annotation."""
_FILE_FIELDS = (*_OWN, "metadata.labels", "metadata.annotations")
_AMOUNTS = tuple(f"{of}.{name}" for of in ("limits", "requests") for name in ("cpu", "memory", "ephemeral-storage"))
_HUGE = ("limits.hugepages-", "requests.hugepages-")
_UNITS = ("1", *(f"1{prefix}{binary}" for binary in ("", "i") for prefix in "KMGTPE" if prefix + binary != "K"), "1k")


def downward_file(path: Path, file: Object) -> Wrongs:
    """A file that a pod's own field or amount is written to."""
    text = file.get("path") or ""
    yield from required(path, file, "path")
    yield from inside((*path, "path"), text)
    if text.startswith("..") and not text.startswith("../") and text != "..":
        yield wrong((*path, "path"), "begins with `..`", text, "another name")
    yield from mode(path, file, "mode")
    field, amount = file.get("fieldRef"), file.get("resourceFieldRef")
    if field is not None:
        yield from field_wrongs((*path, "fieldRef"), field, _FILE_FIELDS)
        if amount is not None:
            yield wrong((*path, "resourceFieldRef"), "stands beside `fieldRef`", None, "one of the two")
    elif amount is not None:
        yield from amount_wrongs((*path, "resourceFieldRef"), amount, of_another=True)
    else:
        yield lacking((*path, "fieldRef"), "fieldRef or resourceFieldRef")


def mode(path: Path, obj: Object, field: str) -> Wrongs:
    """Whether a field has the mode of a file, if it is there."""
    found = obj.get(field)
    if found is not None and not 0 <= found <= 0o777:
        hint = f"write 0{found}: a number without 0 before it is decimal" if set(str(found)) <= set("01234567") else ""
        yield wrong((*path, field), "is not the mode of a file", found, "0 to 0777, in octal", hint)


def field_wrongs(path: Path, reference: Object, fields: tuple[str, ...]) -> Wrongs:
    """A reference to a field of the pod, such as metadata.name."""
    text = reference.get("fieldPath") or ""
    version = reference.get("apiVersion") or "v1"
    if version != "v1":
        yield wrong((*path, "apiVersion"), "is not that of a Pod", version, "v1")
    if not text:
        yield lacking((*path, "fieldPath"))
        return
    whole, bracket, key = text.removesuffix("']").partition("['") if text.endswith("']") else (text, "", "")
    if not bracket or not whole:
        yield from known((*path, "fieldPath"), "spec.nodeName" if text == "spec.host" else text, fields)
    elif whole not in ("metadata.labels", "metadata.annotations"):
        yield wrong((*path, "fieldPath"), "has a key, and the field has none", text, whole)
    else:
        yield from written((*path, "fieldPath"), key.lower() if whole.endswith("annotations") else key, QUALIFIED)


def amount_wrongs(path: Path, reference: Object, *, of_another: bool) -> Wrongs:
    """A reference to an amount of a container; `of_another`: it has to say of which."""
    text = reference.get("resource") or ""
    if of_another and not reference.get("containerName"):
        yield lacking((*path, "containerName"))
    elif not text:
        yield lacking((*path, "resource"), "such as limits.memory")
    elif not text.startswith(_HUGE):
        yield from known((*path, "resource"), text, _AMOUNTS)
    if milli(reference.get("divisor")):
        units = ("1m", "1") if text.endswith(".cpu") else _UNITS if text in _AMOUNTS or text.startswith(_HUGE) else ()
        if units and _canonical(reference["divisor"]) not in units:
            yield wrong((*path, "divisor"), "is not a unit", reference["divisor"], f"one of: {', '.join(units)}")


def _canonical(value: str | int | float) -> str:
    try:
        return quantity(value)
    except ValueError:
        return str(value)
