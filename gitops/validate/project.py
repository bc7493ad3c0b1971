"""The project's specs in every environment: what a cluster would say of all that they make.

Everything that a render would refuse is told, and beyond that what only the whole environment shows: references
between applications, and what its policies ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from gitops.faults import Fault
from gitops.objects import Key, Object, key_of
from gitops.problems import Problem
from gitops.project import BASE, Project
from gitops.rules.base import Layer
from gitops.validate.choice import Choice

if TYPE_CHECKING:
    from gitops.pipeline import World
    from gitops.rules.base import Cluster
    from gitops.rules.judge import Bench, Checked
    from gitops.schemas.store import Schemas

LONELY: tuple[Layer, ...] = ("admission", "controller", "policy")
"""Layers whose rules look at one object."""
TOGETHER: tuple[Layer, ...] = ("reference",)

Track = Callable[[Iterator["Judged"], int], Iterator["Judged"]]
"""Shows progress while something is consumed: (items, how many) -> the same items."""


class Judged(NamedTuple):
    """One application: its problems, and its objects in each environment where it could be resolved."""

    application: str
    problems: tuple[Problem, ...]
    objects: dict[str, list[Object]]
    used: frozenset[tuple[str, int]]
    """Suppressions (environment and index) that accepted a problem."""


def project_problems(
    project: Project, choice: Choice, jobs: int, track: Track, today: date, base: str = ""
) -> list[Problem]:
    """Every problem of a project that is wanted. `base`: a git revision; what may not change is compared with it.

    Raises InvalidInput, ToolError and UsageError.
    """
    from gitops.attribution import merged
    from gitops.disk.project import read_sources
    from gitops.disk.store import Store
    from gitops.parallel import spread
    from gitops.pipeline import prepare, shared_objects
    from gitops.run import Selection, checked
    from gitops.schemas.files import library

    sources = read_sources(project)
    checked(Selection((), choice.environments), sources)
    world = prepare(sources, library(project.root / project.schemas, Store(project.root)), LONELY)
    world = world._replace(today=today, used=set())
    problems = list(world.problems)
    if base:
        before, unread = committed(project, base, world.schemas)
        world, problems = world._replace(before=before), [*problems, *unread]
    if BASE in world.schemas:
        names = sorted(world.applications)
        found = list(track(spread(lambda name: judged(world, name), names, jobs), len(names)))
        problems += (problem for each in found for problem in each.problems)
        problems += shared_objects({each.application: identities(each) for each in found}, sources)
        problems += together(world, found, jobs)
        problems += idle_suppressions(world, found, today)
    return [problem for problem in merged(problems) if choice.takes(problem)]


def committed(
    project: Project, revision: str, schemas: Mapping[str, Schemas]
) -> tuple[dict[str, dict[Key, Object]], tuple[Problem, ...]]:
    """Environment -> the objects that were committed there at a revision; a warning for what cannot be read back.

    Of each, only what fits its schema: a cluster has stored no more.
    """
    from gitops.history import objects_at
    from gitops.rules.judge import checked as check

    found = objects_at(project, revision)
    before: dict[str, dict[Key, Object]] = {}
    for (environment, _), placed in found.objects.items():
        if environment in schemas:
            fits = (check(each.object, schemas[environment]).fit for each in placed)
            before.setdefault(environment, {}).update((key_of(fit), fit) for fit in fits if fit)
    return before, found.problems


def judged(world: World, name: str) -> Judged:
    """One application by itself."""
    from gitops.pipeline import resolve_application, validate

    _, resolved, problems = resolve_application(world, name)
    for each in resolved.values():
        problems += validate(each, world)
    objects = {environment: each.objects for environment, each in resolved.items()}
    return Judged(name, tuple(problems), objects, frozenset(world.used or ()))


def identities(judged: Judged) -> dict[str, list[Key]]:
    """The objects of an application in each environment."""
    return {environment: list(map(key_of, objects)) for environment, objects in judged.objects.items()}


def together(world: World, found: Collection[Judged], jobs: int) -> Iterator[Problem]:
    """What is wrong between the objects of an environment, all applications together."""
    from gitops.parallel import spread

    wholes = {name: _whole(world, name, found) for name in world.schemas if name != BASE}

    def told(judged: Judged) -> tuple[tuple[Problem, ...], frozenset[tuple[str, int]]]:
        faulty = {name: faults for name, whole in wholes.items() if (faults := whole.faults(judged.application))}
        problems = tuple(_placed(world, judged.application, faulty)) if faulty else ()
        return problems, frozenset(world.used or ())

    for problems, used in spread(told, list(found), jobs):
        yield from problems
        if world.used is not None:
            world.used.update(used)


class _Whole(NamedTuple):
    """An environment with the objects of all applications in it."""

    cluster: Cluster
    bench: Bench
    checked: dict[str, list[Checked]]

    def faults(self, application: str) -> dict[int, list[Fault]]:
        """What is wrong with the objects of an application, by their order."""
        each = ([*one.judged(self.cluster, self.bench)] for one in self.checked[application])
        return {index: faults for index, faults in enumerate(each) if faults}


def _whole(world: World, name: str, found: Iterable[Judged]) -> _Whole:
    from gitops.pipeline import cluster_of
    from gitops.rules.judge import Bench, checked
    from gitops.rules.table import RULES

    schemas, environment = world.schemas[name], world.environments[name].environment
    every = {each.application: [checked(obj, schemas) for obj in each.objects.get(name, ())] for each in found}
    fits = (there for several in every.values() for one in several if (there := one.there))
    return _Whole(cluster_of(fits, environment, world, complete=True), Bench(RULES, environment, TOGETHER), every)


def idle_suppressions(world: World, found: Iterable[Judged], today: date) -> Iterator[Problem]:
    """Suppressions that have run out, or accept nothing in any environment that has them.

    While an application's objects are not known, what is unused is not known either.
    """
    from gitops.attribution import environment_problems
    from gitops.load import origin
    from gitops.rules.suppressions import idle

    found = list(found)
    known = all(each.objects or not each.problems for each in found)
    used = (world.used or set()).union(*(each.used for each in found))
    busy = {
        origin(world.sources, world.environments[environment].layers, ("policies", "suppress", index))
        for environment, index in used
    }
    for loaded in world.environments.values():
        for problem in environment_problems(idle(loaded.environment.policies, (), today), loaded, world.read):
            if problem.location not in busy and (known or problem.rule == "suppression-expired"):
                yield problem


def _placed(world: World, application: str, faulty: Mapping[str, Mapping[int, Iterable[Fault]]]) -> Iterator[Problem]:
    """Faults of an application's objects, by environment and order, at the user's own lines; it is resolved anew for that."""
    from gitops.attribution import problem_of
    from gitops.pipeline import accepted, resolve_application

    _, resolved, _ = resolve_application(world, application, only=faulty)
    for environment, by_order in faulty.items():
        each = resolved[environment]
        for index, faults in by_order.items():
            for fault in faults:
                yield from accepted(problem_of(fault, each.made[index], each, world.sources), each, world)
