"""What is wrong with an object: each violation of its schema becomes one fault, in words.

Rules: unknown-field, wrong-type, missing-field, not-allowed, pattern, wrong-format, wrong-key, out-of-range,
wrong-length, wrong-count, invalid-value, no-schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gitops.faults import Fault, Fix, Path
from gitops.problems import nearest
from gitops.schemas import meta, words
from gitops.schemas.share import Schema
from gitops.schemas.words import dotted

__all__ = ["dotted", "explain", "in_order"]

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

_REFUSES = "the API server refuses such an object"
_TOO_WIDE = "the type of the field holds no such number: API server, webhook or controller, whoever decodes it, fails"
_DROPS = "the API server refuses it under strict field validation, and otherwise drops it in silence"


def explain(errors: Iterable[ValidationError], schema: Schema, obj: Mapping[str, Any]) -> tuple[Fault, ...]:
    """One fault for each thing that is wrong, in the order of the fields' names.

    Values that may be secret (the data of any kind of Secret) are never quoted.
    """
    return in_order({fault for error in errors for fault in _Explainer(schema, obj, error).faults()})


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """By the names of fields and the numbers of items."""
    return tuple(sorted(faults, key=lambda fault: ([_sortable(step) for step in fault.pointer], fault[:7])))


class _Explainer:
    """Explains one error of the evaluator; a method `_on_<keyword>` says what the keyword found."""

    def __init__(self, root: Schema, obj: Mapping[str, Any], error: ValidationError) -> None:
        self.root, self.obj = root, obj
        self.found: Any = error.instance
        self.path: Path = tuple(error.instance_path)
        self.kind: Any = error.kind  # its attributes depend on the keyword
        self.schema: Schema = _walk(root, error.schema_path[:-1])

    def faults(self) -> Iterator[Fault]:
        found = getattr(self, f"_on_{self.kind.name}", self._on_limit)()
        yield from (found,) if isinstance(found, Fault) else found

    def _on_additionalProperties(self) -> Iterator[Fault]:  # noqa: N802
        known = list(self.schema.get("properties", ()))
        for name in self.kind.unexpected:
            message = f"unknown field `{name}` in {self._where()}"
            expected = words.names(known) or "no field at all"
            elsewhere, near = self._elsewhere(name), nearest(name, known)
            hint = elsewhere or (f"did you mean `{near}`?" if near else "")
            path = (*self.path, name)
            spelled = words.spelled(name, known)
            fix = Fix("rename", path, spelled) if spelled and spelled not in self.found else None
            meant = (*self.path, near) if near and not elsewhere else None
            yield Fault("unknown-field", path, message, name, expected, _DROPS, hint, fix=fix, meant=meant)

    def _on_required(self) -> Fault:
        name = self.kind.property
        fields: Schema = self.schema.get("properties", {})
        near = nearest(name, self.found.keys() - fields.keys())
        return Fault(
            rule="missing-field",
            pointer=(*self.path, name),
            message=f"`{name}` is missing from {self._where()}",
            found="nothing",
            expected=words.either(_resolve(self.root, fields.get(name, {})).get("type", ())),
            why=_REFUSES,
            hint=f"`{near}` is probably meant to be `{name}`" if near else "",
        )

    def _on_type(self) -> Fault:
        expected = words.either(self.kind.types)
        hint = words.retyped(self.found, self.kind.types, quotable=self._quotable())
        meant = words.unquoted(self.found, self.kind.types) if self._quotable() else None
        return self._fault("wrong-type", f"must be {words.article(expected)}", expected, hint, meant)

    def _on_enum(self) -> Fault:
        options = [option for option in self.kind.options if option is not None]
        hint = words.did_you_mean(self.found, options) if self._quotable() else ""
        meant = words.spelled(self.found, options) or None
        return self._fault("not-allowed", "has a value that is not allowed", words.names(options), hint, meant)

    def _on_pattern(self) -> Fault:
        return self._fault("pattern", "is not written as it must be", words.pattern_words(self.kind.pattern))

    def _on_format(self) -> Fault:
        expected = words.format_words(self.kind.format)
        return self._fault("wrong-format", f"is not {expected}", expected)

    def _on_propertyNames(self) -> Fault:  # noqa: N802
        error: Any = self.kind.error
        pattern = getattr(error.kind, "pattern", meta.QUALIFIED_NAME)  # or it is too long for any
        name, expected = str(error.instance), words.pattern_words(pattern)
        message = f"`{name}` cannot be a key of {self._where()}"
        return Fault("wrong-key", (*self.path, name), message, name, expected, _REFUSES)

    def _on_anyOf(self) -> Fault:  # noqa: N802
        missing = [_missing(error) for branch in self.kind.context for error in branch]
        if not all(missing):
            return self._on_limit()
        either = " or ".join(f"`{name}`" for name in missing)
        message = f"{either} is missing from {self._where()}"
        return Fault("missing-field", (*self.path, missing[0]), message, "nothing", either, _REFUSES)

    def _on_limit(self) -> Fault:
        keyword = self.kind.name
        if keyword not in words.LIMITS:
            return self._fault("invalid-value", "is not valid", words.quote({keyword: self.schema.get(keyword)}))
        rule, what, _ = words.LIMITS[keyword]
        found = self._fault(rule, what, words.limit_words(keyword, self.kind.limit, self.schema))
        return found._replace(why=_TOO_WIDE) if self.kind.limit in (*meta.INT32, *meta.INT64) else found

    def _fault(self, rule: str, what: str, expected: str, hint: str = "", meant: Any = None) -> Fault:
        subject = f"`{dotted(self.path)}`" if self.path else "the object"
        found = words.shown(self.obj, self.path, self.found)
        fix = None if meant is None else Fix("set", self.path, meant)
        return Fault(rule, self.path, f"{subject} {what}", found, expected, _REFUSES, hint, fix=fix)

    def _quotable(self) -> bool:
        return words.quotable(self.obj, self.path, self.found)

    def _where(self) -> str:
        return f"`{dotted(self.path)}`" if self.path else str(self.obj.get("kind"))

    def _elsewhere(self, name: str) -> str:
        """Where the field would be right: nearer to the root, or one level down."""
        above = [self.path[:length] for length in range(len(self.path) - 1, -1, -1)]
        below = [(*self.path, child) for child in (*self.found, *self.schema.get("properties", ()))]
        for place in (*above, *below):
            if name in _fields(self.root, place):
                return f"`{name}` belongs in {f'`{dotted(place)}`' if place else 'the object itself'}"
        return ""


def _missing(error: ValidationError) -> str:
    """The name of a field that is not there, or as good as that."""
    kind: Any = error.kind
    last = error.instance_path[-1] if error.instance_path and error.instance in (None, "") else ""
    return str(getattr(kind, "property", last))


def _fields(root: Schema, path: Path) -> Mapping[str, Any]:
    """The fields that the schema names at a place of the object."""
    schema = root
    for step in path:
        part = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
        part = part if part is not None else schema.get("additionalProperties")
        if not isinstance(part, dict):
            return {}
        schema = _resolve(root, part)
    fields: Mapping[str, Any] = schema.get("properties", {})
    return fields


def _resolve(root: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = _walk(root, schema["$ref"].rpartition("#/")[2].split("/"))
    return schema


def _walk(schema: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        schema = schema[int(step)] if isinstance(schema, list) else schema.get(step, {})
    return schema


def _sortable(step: str | int) -> tuple[int, str]:
    return (step, "") if isinstance(step, int) else (-1, step)
