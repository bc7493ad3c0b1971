"""What a rule is, and what it may know beside the object that it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

from gitops.environments import Environment
from gitops.faults import Fault, Path
from gitops.objects import Object, group_of
from gitops.schemas.store import Schemas

Layer = Literal["admission", "controller", "reference", "policy"]
"""Who would notice: the API server and its webhooks, a controller after the sync, whoever follows a name, or only people.

Rendering judges the first two of each application by itself; `gitops validate` all, with everything of the environment in sight.
"""
Level = Literal["error", "warning", "off"]
Kind = tuple[str, str]
"""API group and kind, of any version."""
Judge = Callable[..., Iterator[Fault]]
T = TypeVar("T")

NULL = "a value that is null"
"""What a rule needs that is about fields without a value; no field has this name."""

LABELS = ("Why", "Fix", "Source")
"""The paragraphs that the docstring of a judge has after its promise."""


class Rule(NamedTuple):
    """One rule: its judge yields a fault for each violation. The judge's docstring is its page in docs/reference/rules.

    `on`: the kinds it judges; empty is all. `update`: the judge takes the object as it was before the object as it is to be.
    `needs`: names without any of which, wherever they stand in an object, the judge has nothing to say of it, and is not asked.
    """

    id: str
    layer: Layer
    level: Level
    on: frozenset[Kind]
    judge: Judge
    code: str = ""
    update: bool = False
    needs: frozenset[str] = frozenset()

    @property
    def summary(self) -> str:
        """The promise that an object must keep: the first paragraph of the judge's docstring."""
        return _paragraphs(self.judge)[0]

    @property
    def told(self) -> dict[str, str]:
        """The labelled paragraphs of the judge's docstring: Why, Fix, Source."""
        parts = (paragraph.partition(": ") for paragraph in _paragraphs(self.judge)[1:])
        return {label: text for label, _, text in parts if label in LABELS}


def _paragraphs(judge: Judge) -> list[str]:
    import inspect

    return [" ".join(part.split()) for part in (inspect.getdoc(judge) or "").split("\n\n")]


def rule(
    layer: Layer, *on: Kind, level: Level = "error", code: str = "", update: bool = False, needs: Iterable[str] = ()
) -> Callable[[Judge], Rule]:
    """Make a Rule of a judge; its id is the function's name in kebab-case. `needs`: most objects lack what most rules are about."""

    def make(judge: Judge) -> Rule:
        names = frozenset([needs] if isinstance(needs, str) else needs)
        return Rule(judge.__name__.replace("_", "-"), layer, level, frozenset(on), judge, code, update, names)

    return make


class Inventory:
    """The objects of one cluster, by their identity. A namespaced object without a namespace is in `namespace`."""

    def __init__(self, objects: Iterable[Object], schemas: Schemas, namespace: str) -> None:
        self._by_kind: dict[Kind, dict[tuple[str, str], Object]] = {}
        self._made: dict[Callable[[Inventory], Any], Any] = {}
        for obj in objects:
            metadata = obj["metadata"]
            scope = schemas.scope(obj["apiVersion"], obj["kind"])
            where = "" if scope == "Cluster" else metadata.get("namespace") or namespace
            of = self._by_kind.setdefault((group_of(obj["apiVersion"]), obj["kind"]), {})
            of[where, metadata.get("name") or ""] = obj

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """One object; `namespace` is empty for a cluster-scoped kind."""
        return self._by_kind.get(kind, {}).get((namespace, name))

    def of(self, kind: Kind) -> Mapping[tuple[str, str], Object]:
        """All objects of a kind, by namespace and name."""
        return self._by_kind.get(kind, {})

    def index(self, make: Callable[[Inventory], T]) -> T:
        """What `make` gathers of these objects, made once: a judge runs for each object and must not search through all."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found


class Cluster(NamedTuple):
    """Where objects go, as far as it is known. `complete`: what is neither in `objects` nor provided will not be there."""

    environment: Environment
    schemas: Schemas
    objects: Inventory
    complete: bool = False

    def runs(self, project: str, release: str) -> bool:
        """Whether this cluster runs a project (a key of `crds`) at `release` or later; one that is not listed counts as newest."""
        return self.environment.runs(project, release)

    def namespace(self, obj: Object) -> str:
        """The namespace that a namespaced object goes to."""
        where: str = obj["metadata"].get("namespace") or self.environment.namespace
        return where

    def lacks(self, kind: Kind, namespace: str, name: str) -> bool:
        """Whether it is certain that there will be no such object."""
        return (
            self.complete
            and self.objects.get(kind, namespace, name) is None
            and not self.environment.does_provide(kind[1], name)
        )


def names_in(obj: Object) -> set[str]:
    """Every key in an object, at any depth, and NULL if there is a null."""
    found: set[str] = set()
    left: list[Any] = [obj]
    for value in left:
        if value.__class__ is str:  # most are
            continue
        if isinstance(value, dict):
            found.update(value)
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif value is None:
            found.add(NULL)
    return found


def at(obj: Any, *path: str | int) -> Any:
    """What stands at a path, or None where there is nothing."""
    for step in path:
        if isinstance(obj, dict):
            obj = obj.get(step)
        elif isinstance(obj, list) and isinstance(step, int) and step < len(obj):
            obj = obj[step]
        else:
            return None
    return obj


def items(obj: Any, *path: str | int) -> Sequence[tuple[Path, Object]]:
    """The maps of a list at a path, each with its own path."""
    found = at(obj, *path)
    if not found or not isinstance(found, list):  # most are not there
        return ()
    return [((*path, index), item) for index, item in enumerate(found) if isinstance(item, dict)]
