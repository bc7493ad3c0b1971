"""What a mutating webhook makes of an object merely by reading it into its Go types and writing it again, before its schema is asked.

A required field that is missing becomes an empty one, an item that is null too, and a number that stands for an amount becomes
text. So the API server takes objects that their own schema would refuse; the controller then works with emptiness.

Source: controller-runtime pkg/webhook/admission/defaulter_custom.go; knative.dev/pkg webhook/resourcesemantics/defaulting
(roundTripPatch). Held to the real API server by tests/lab.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gitops.faults import Fault, Fix
from gitops.objects import Object
from gitops.quantity import quantity
from gitops.rules.base import Kind, at
from gitops.schemas.faults import dotted
from gitops.schemas.share import Schema

WEBHOOKS: Mapping[Kind, str] = {
    ("serving.kserve.io", "InferenceService"): "KServe's webhook",
    ("serving.kserve.io", "LLMInferenceService"): "KServe's webhook",
    ("sources.knative.dev", "KafkaSource"): "Knative's webhook",
    ("eventing.knative.dev", "KafkaSink"): "Knative's webhook",
    ("messaging.knative.dev", "KafkaChannel"): "Knative's webhook",
}
"""Kinds whose mutating webhook reads and writes every object."""

_ZERO: Mapping[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "object": {}}


def round_trip(obj: Object, schema: Schema) -> Object:
    """The object as the webhook writes it; the same one if nothing changes."""
    written: Object = _written(obj, schema, schema)
    return written


def _written(value: Any, schema: Schema, root: Schema) -> Any:
    schema = _resolved(schema, root)
    if type(value) is dict:
        return _map(value, schema, root)
    if type(value) is list and isinstance(items := schema.get("items"), dict):
        new = [_written(_zero(items, root) if each is None else each, items, root) for each in value]
        return value if all(a is b for a, b in zip(new, value, strict=True)) else new
    if type(value) is float and schema.get("x-kubernetes-int-or-string") and schema.get("pattern"):
        return _amount(value)
    return value


def _amount(value: float) -> Any:
    """A number as an amount is written; one that no amount can be stays what it is."""
    try:
        return quantity(value)
    except ValueError:
        return value


def _map(value: dict[str, Any], schema: Schema, root: Schema) -> dict[str, Any]:
    fields: Mapping[str, Any] = schema.get("properties") or {}
    others = schema.get("additionalProperties")
    changes: dict[str, Any] = {}
    for name, each in value.items():
        of = fields.get(name, others)
        if isinstance(of, dict) and each is not None and (new := _written(each, of, root)) is not each:
            changes[name] = new
    for name in schema.get("required") or ():
        of = fields.get(name)
        if value.get(name) is None and isinstance(of, dict) and (zero := _zero(of, root)) is not None:
            changes[name] = _written(zero, of, root)
    return {**value, **changes} if changes else value


def _zero(schema: Schema, root: Schema) -> Any:
    """What Go writes for a field that was never set; None for a list, which is written as null."""
    types = _types(_resolved(schema, root))
    return next((_ZERO[each] for each in types if each in _ZERO), None)


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", ())
    return [types] if isinstance(types, str) else list(types)


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = root
        for step in schema["$ref"].rpartition("#/")[2].split("/"):
            found = found[step]
        schema = found
    return schema


def forgiven(found: Iterable[Fault], still: Iterable[Fault], written: Object, who: str) -> Iterator[Fault]:
    """Warnings in place of the faults that are gone once the webhook has written the object."""
    left = {fault.pointer for fault in still}
    for fault in found:
        if fault.pointer not in left:
            yield (
                _unquoted(fault, written)
                if fault.rule == "wrong-type" and fault.found[:1].isdigit()
                else _empty(fault, who)
            )


def _empty(fault: Fault, who: str) -> Fault:
    return fault._replace(
        rule="left-empty",
        message=f"`{dotted(fault.pointer)}` is left empty",
        why=f"{who} writes an empty value there, which the API server takes and no controller can work with.",
        severity="warning",
    )


def _unquoted(fault: Fault, written: Object) -> Fault:
    text = at(written, *fault.pointer)
    return fault._replace(
        rule="unquoted-amount",
        message=f"`{dotted(fault.pointer)}` is a number where an amount is text",
        expected=f'"{text}"',
        why="KServe's webhook rewrites it, so git and cluster never agree; without the webhook it is refused.",
        hint=f'quote it: "{text}"',
        severity="warning",
        fix=Fix("set", fault.pointer, text),
    )
