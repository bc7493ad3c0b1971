"""What schemas and rules say of an object, together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from gitops.environments import Environment
from gitops.faults import Fault, Path
from gitops.objects import Object, group_of
from gitops.rules.base import Cluster, Kind, Layer, Rule, at, names_in
from gitops.rules.round_trip import WEBHOOKS, forgiven, round_trip
from gitops.schemas.kind import WELL_FORMED
from gitops.schemas.store import Schemas

_MOST = 256
"""How many sets of names are kept for a kind, with the rules that they call for."""

FORGIVEN = ("left-empty", "unquoted-amount")


class Bench:
    """The rules that are in force in one environment, by what they judge."""

    def __init__(self, rules: Iterable[Rule], environment: Environment, layers: Collection[Layer]) -> None:
        levels = {rule: environment.policies.severity.get(rule.id, rule.level) for rule in rules}
        self._levels = {rule.id: level for rule, level in levels.items()}
        self._rules = [rule for rule, level in levels.items() if level != "off" and rule.layer in layers]
        self._by_kind: dict[Kind, _Asked] = {}

    def judge(self, obj: Object, cluster: Cluster, old: Object | None = None) -> Iterator[Fault]:
        """Every fault that a rule finds, with the severity it has here. `obj` and `old` fit their schemas as far as they go."""
        kind = (group_of(obj["apiVersion"]), obj["kind"])
        if kind not in self._by_kind:
            self._by_kind[kind] = _Asked([rule for rule in self._rules if not rule.on or kind in rule.on])
        asked = self._by_kind[kind]
        for rule in asked.of(obj):
            for fault in rule.judge(obj, cluster):
                yield self._graded(fault)
        for rule in asked.changing if old is not None else ():
            for fault in rule.judge(old, obj, cluster):
                yield self._graded(fault)

    def _graded(self, fault: Fault) -> Fault:
        level = self._levels[fault.rule]
        return fault if fault.severity == level or level == "off" else fault._replace(severity=level)


class _Asked:
    """The rules of one kind: those of an object by itself, and those of its change. Most objects of a kind have the same names."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        each = list(rules)
        self.changing = [rule for rule in each if rule.update]
        self._rules = [rule for rule in each if not rule.update]
        self._needs = frozenset(name for rule in self._rules for name in rule.needs)
        self._by_names: dict[frozenset[str], list[Rule]] = {}

    def of(self, obj: Object) -> list[Rule]:
        """Those that have something to say of an object with such names, in their order."""
        names = self._needs & names_in(obj) if self._needs else self._needs
        found = self._by_names.get(names)
        if found is None:
            if len(self._by_names) >= _MOST:
                self._by_names.clear()
            found = [rule for rule in self._rules if not rule.needs or not rule.needs.isdisjoint(names)]
            self._by_names[names] = found
        return found


class Checked(NamedTuple):
    """An object, what its schema says of it, and the part of it that fits its schema; None where there is nothing to judge."""

    object: Any
    faults: tuple[Fault, ...]
    fit: Object | None

    @property
    def there(self) -> Object | None:
        """What others may find of it: all that fits, or, of a kind without a schema, only that it is there."""
        if self.fit is not None or not judgeable(self.object):
            return self.fit
        metadata = self.object["metadata"]
        named = {key: metadata[key] for key in ("name", "namespace") if isinstance(metadata.get(key), str)}
        return {"apiVersion": self.object["apiVersion"], "kind": self.object["kind"], "metadata": named}

    def judged(self, cluster: Cluster, bench: Bench, old: Object | None = None) -> Iterator[Fault]:
        """What the rules say of what fits."""
        if self.fit is not None:
            refused = _misshapen(self.faults) | _meant(self.faults)
            for fault in bench.judge(self.fit, cluster, old):
                if not refused or not _within(fault.pointer, refused):
                    yield fault

    def told(self, cluster: Cluster, bench: Bench, old: Object | None = None) -> tuple[Fault, ...]:
        """Everything that is wrong. A field that a misspelt one was to be is not missing as well, and one is not told to be empty
        where a rule says what that does.
        """
        ruled = tuple(self.judged(cluster, bench, old))
        if not self.faults:
            return ruled
        meant = _meant(self.faults)
        spoken = {fault.pointer[:length] for fault in ruled for length in range(1, len(fault.pointer) + 1)}
        silent = {"missing-field": meant, "left-empty": meant | spoken}
        return (*(each for each in self.faults if each.pointer not in silent.get(each.rule, ())), *ruled)


def checked(obj: Any, schemas: Schemas, old: Object | None = None) -> Checked:
    """What an object's schema says of it, and of the step from `old` to it."""
    found = schemas.faults(obj, old)
    if not found:
        return Checked(obj, (), obj)
    if not judgeable(obj) or any(fault.rule == "no-schema" for fault in found):
        return Checked(obj, found, None)  # without a schema, any field may have any form
    obj, found = _as_written(obj, found, schemas, old)
    refused = _misshapen(found)
    if () in refused:  # it is no JSON: nobody has looked at its fields
        return Checked(obj, found, None)
    return Checked(obj, found, fitting(obj, refused) if refused else obj)


def _as_written(
    obj: Object, found: tuple[Fault, ...], schemas: Schemas, old: Object | None
) -> tuple[Object, tuple[Fault, ...]]:
    """The object and its faults after a mutating webhook has written it, if its kind has one."""
    who = WEBHOOKS.get((group_of(obj["apiVersion"]), obj["kind"]))
    schema = schemas.schema(obj["apiVersion"], obj["kind"]) if who else None
    if who is None or schema is None:
        return obj, found
    written = round_trip(obj, schema)
    if written is obj:
        return obj, found
    still = schemas.faults(written, old)
    return written, (*still, *forgiven(found, still, written, who))


def faults(obj: Any, cluster: Cluster, bench: Bench, old: Object | None = None) -> tuple[Fault, ...]:
    """Everything that is wrong with an object: what its schema says, and what the rules say of all that fits it."""
    return checked(obj, cluster.schemas, old).told(cluster, bench, old)


def judgeable(obj: Any) -> bool:
    """Whether an object has what every rule takes for granted: apiVersion, kind, and metadata that is a map."""
    return (
        isinstance(obj, dict)
        and isinstance(obj.get("apiVersion"), str)
        and isinstance(obj.get("kind"), str)
        and isinstance(obj.get("metadata"), dict)
    )


def fitting(obj: Object, refused: Collection[Path]) -> Object:
    """The object without what its schema refuses.

    An item cannot be missing from a list: among maps an empty one takes its place, and any other list goes as a whole.
    """
    fit: Object = _copy(obj)
    for path in sorted(refused, key=len, reverse=True):
        _take_out(fit, path, refused)
    return fit


def _take_out(fit: Object, path: Path, refused: Collection[Path]) -> None:
    *way, last = path or ("",)
    parent = at(fit, *way)
    if isinstance(last, int):
        others = [item for index, item in enumerate(parent or ()) if (*way, index) not in refused]
        if not others or not all(isinstance(item, dict) for item in others):
            _take_out(fit, tuple(way), refused)
        elif last < len(parent):
            parent[last] = {}
    elif isinstance(parent, dict) and path not in (("apiVersion",), ("kind",), ("metadata",)):
        parent.pop(last, None)


def _misshapen(faults: Iterable[Fault]) -> set[Path]:
    return {fault.pointer for fault in faults if fault.rule not in WELL_FORMED and fault.rule not in FORGIVEN}


def _meant(faults: Iterable[Fault]) -> set[Path]:
    return {fault.meant for fault in faults if fault.meant is not None}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _within(path: Path, refused: Collection[Path]) -> bool:
    return any(path[:length] in refused for length in range(1, len(path) + 1))
