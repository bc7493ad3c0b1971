"""What the API server checks beyond the JSON schema of a custom resource: lists that repeat an item, and CEL rules.

Only the paths that lead to such a check are walked. As in the API server, rules see the object with its defaults, and
a place with a graver fault inside (a wrong type, a missing field, …) is not put before its rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitops.faults import Fault, Fix, Path
from gitops.objects import identical
from gitops.schemas import cel, words
from gitops.schemas.lists import key_of, repeated
from gitops.schemas.tree import Node, Rule
from gitops.schemas.words import dotted, quotable

BLOCKING = frozenset({"missing-field", "not-allowed", "wrong-count", "wrong-length", "wrong-type"})
"""Faults that keep the API server from evaluating rules (k8s.io/apiextensions-apiserver, hasBlockingErr)."""

_REPEATS = "the API server refuses a list that repeats what it must tell items apart by"
_BREAKS = "the API server evaluates this rule of the CustomResourceDefinition (CEL) and refuses such an object"
_UNKNOWN = "the API server evaluates it all the same, and may refuse the object"
_LONGEST = 240  # characters of a rule that a fault quotes


def list_faults(obj: Mapping[str, Any], root: Node) -> Iterator[Fault]:
    """Each item that repeats an earlier one, in a list that may not."""
    for path, value, node in _lists(obj, root, ()):
        for index, first, key in repeated(value, node):
            fault = _repeated(obj, (*path, index), value[index], first, key)
            same = identical(value[index], value[first])
            yield fault._replace(fix=Fix("remove", fault.pointer)) if same else fault


def _lists(value: Any, node: Node, path: Path) -> Iterator[tuple[Path, list[Any], Node]]:
    if type(value) is dict:
        for name, each in value.items():
            child = node.properties.get(name, node.additional)
            if child is not None and child.has_lists and each:
                yield from _lists(each, child, (*path, name))
    elif type(value) is list:
        if node.list_type in ("map", "set") and len(value) > 1:
            yield path, value, node
        if node.items is not None and node.items.has_lists:
            for index, each in enumerate(value):
                yield from _lists(each, node.items, (*path, index))


def _repeated(obj: Mapping[str, Any], path: Path, item: Any, first: int, key: dict[str, Any]) -> Fault:
    shown = quotable(obj, path, item)
    place, before = dotted(path), dotted((*path[:-1], first))
    same = ", ".join(f"{name} {words.quote(each)}" for name, each in key.items()) if shown and key else ""
    message = f"`{place}` repeats {f'the {same} of ' if same else ''}`{before}`"
    return Fault(
        rule="duplicate-item",
        pointer=path,
        message=message,
        found=words.shown(obj, path, item),
        expected=f"items that differ in {' or '.join(f'`{name}`' for name in key)}" if key else "no two equal items",
        why=_REPEATS,
        hint="remove one of the two",
    )


def rule_faults(
    obj: Mapping[str, Any], old: Mapping[str, Any] | None, root: Node, blocked: Sequence[Path]
) -> Iterator[Fault]:
    """Each rule that an object breaks; `obj` and `old` have their defaults, `blocked` are pointers of graver faults."""
    for path, value, before, node in _ruled(obj, old, root, ()):
        if not any(each[: len(path)] == path for each in blocked):
            yield from _judge(obj, path, value, before, node)


def _ruled(value: Any, old: Any, node: Node, path: Path) -> Iterator[tuple[Path, Any, Any, Node]]:
    if value is None:  # a rule on a value that may be null says nothing of null
        return
    if node.rules:
        yield path, value, old, node
    for step, each, before in _parts(value, old, node):
        child = node.child(step)
        if child is not None and child.has_rules:
            yield from _ruled(each, before, child, (*path, step))


def _parts(value: Any, old: Any, node: Node) -> Iterator[tuple[str | int, Any, Any]]:
    """Each part with what was there before: items are matched by their keys, and not at all without keys."""
    if type(value) is dict:
        were = old if isinstance(old, dict) else {}
        yield from ((name, each, were.get(name)) for name, each in value.items())
    elif type(value) is list:
        items = old if isinstance(old, list) and node.list_type == "map" else []
        for index, each in enumerate(value):
            key = key_of(each, node)
            yield index, each, next((item for item in items if key_of(item, node) == key), None)


def _judge(obj: Mapping[str, Any], path: Path, value: Any, old: Any, node: Node) -> Iterator[Fault]:
    this, before = cel.native(value, node), None if old is None else cel.native(old, node)
    for rule in node.rules:
        if not rule.text or (before is None and cel.is_transition(rule)):
            continue
        verdict = cel.judge(rule, this, before)
        if verdict.unknown or (verdict.error and node.converted):
            yield _unchecked(path, rule, verdict.unknown or verdict.error)
        elif not verdict.holds:
            yield _broken(obj, path, value, rule, verdict.error or cel.message(rule, this, before), verdict.error)


def _broken(obj: Mapping[str, Any], path: Path, value: Any, rule: Rule, said: str, error: str) -> Fault:
    pointer = (*path, *cel.steps(rule.field_path))
    secret = not quotable(obj, path, value)
    if secret and (error or rule.message_expression):
        said, error = rule.message, ""
    subject = f"`{dotted(pointer)}`" if pointer else str(obj.get("kind"))
    failed = f"its rule cannot be evaluated: {error}" if error else said
    return Fault(
        rule="schema-rule",
        pointer=pointer,
        message=f"{subject}: {failed or 'breaks a rule of its CustomResourceDefinition'}",
        found=words.shown(obj, path, value),
        expected=_short(rule.text),
        why=_BREAKS,
        hint=rule.message if error else "",
    )


def _unchecked(path: Path, rule: Rule, reason: str) -> Fault:
    where = f"`{dotted(path)}`" if path else "the object"
    message = f"a rule on {where} is not checked: {reason}"
    hint = "ask a cluster: kubectl apply --dry-run=server"
    return Fault("unchecked-rule", path, message, "", _short(rule.text), _UNKNOWN, hint, severity="warning")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
