"""One kind that is served, and what the API server would say of its objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gitops.faults import Fault
from gitops.schemas.faults import explain, in_order
from gitops.schemas.lists import any_repeated
from gitops.schemas.metadata import metadata_faults
from gitops.schemas.share import Schema
from gitops.schemas.tree import Node

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

WELL_FORMED = frozenset({"cluster-metadata", "duplicate-item", "namespace-ignored", "schema-rule", "unchecked-rule"})
"""The rules whose faults leave an object in the form that its schema asks for, so that others can judge it."""
_JSON = "maps with text as keys, lists, text, numbers, true, false and null, at most 250 levels deep"


class Kind:
    """Judges objects of one kind. `tree` is None for Kubernetes' own kinds; `schema` is called to explain faults."""

    def __init__(
        self, validator: Draft202012Validator, schema: Callable[[], Schema], scope: str, tree: Node | None
    ) -> None:
        self._validator, self._schema, self._scope = validator, schema, scope
        self._tree = tree or Node({})
        self._has_lists, self._has_rules = self._tree.has_lists, self._tree.has_rules
        self._needs_defaults = self._tree.has_rules or self._tree.has_counts

    def faults(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> tuple[Fault, ...]:
        """Everything in which the object is not what the API server accepts."""
        seen = self._seen(obj) if self._needs_defaults else obj
        try:
            found = () if self._validator.is_valid(seen) else self._explain(seen)
        except (ValueError, TypeError) as error:
            why = "no API server can read it"
            return (Fault("invalid-value", (), f"{obj['kind']} is not JSON", str(error), _JSON, why),)
        more = metadata_faults(obj, self._scope)
        if self._has_lists and any_repeated(obj, self._tree):
            more += self._repeated(obj)
        if self._has_rules:
            more += self._broken(seen, old, found)
        return in_order((*found, *more)) if more else found

    def _seen(self, obj: Mapping[str, Any]) -> Any:
        """The object as the API server judges it."""
        from gitops.schemas.defaults import defaulted

        return defaulted(obj, self._tree)

    def _explain(self, obj: Mapping[str, Any]) -> tuple[Fault, ...]:
        return explain(self._validator.iter_errors(obj), self._schema(), obj)

    def _repeated(self, obj: Mapping[str, Any]) -> Iterator[Fault]:
        from gitops.schemas.checks import list_faults

        return list_faults(obj, self._tree)

    def _broken(self, seen: Any, old: Mapping[str, Any] | None, found: tuple[Fault, ...]) -> Iterator[Fault]:
        from gitops.schemas.checks import BLOCKING, rule_faults

        blocked = [fault.pointer for fault in found if fault.rule in BLOCKING]
        return rule_faults(seen, None if old is None else self._seen(old), self._tree, blocked)
