"""One render of a project: what is fresh is left alone, the rest goes through the pipeline and is compared with the disk.

`render`, `render --check` and `render --stdout` are three uses of the same outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from gitops.disk import Plan, is_there, lock, plan, write
from gitops.disk.project import read_sources
from gitops.location import Location
from gitops.memory import Memory
from gitops.problems import Problem, UsageError, did_you_mean
from gitops.project import BASE, Project, Sources, application_name

if TYPE_CHECKING:
    from gitops.pipeline import Rendered, World

Track = Callable[[Iterator["Rendered"], int], Iterator["Rendered"]]
"""Shows progress while something is consumed: (items, how many) -> the same items."""

Counts = dict[str, dict[str, int]]
"""Environment -> added, changed, removed, unchanged -> number of files."""

OUTCOMES = ("added", "changed", "removed", "unchanged")


class Selection(NamedTuple):
    """The applications and environments that were asked for; empty means all. It filters what is reported and written."""

    applications: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    def takes(self, path: str) -> bool:
        """Whether a rendered file is among what was asked for. An overlay needs its base, so that comes with it."""
        environment, _, rest = path.partition("/")
        application = rest.partition("/")[0] if "/" in rest else ""
        return (not self.environments or environment in (BASE, *self.environments)) and (
            not self.applications or not application or application in self.applications
        )


class Outcome(NamedTuple):
    """What a render found: the files that were rendered, what differs from the disk, and the problems."""

    tree: dict[str, str]
    plan: Plan
    counts: Counts
    problems: tuple[Problem, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a problem forbids writing."""
        return any(problem.severity == "error" for problem in self.problems)


class Run:
    """A render, from reading to, if wanted, writing."""

    def __init__(self, project: Project, selection: Selection, jobs: int, track: Track) -> None:
        self.project, self.jobs, self.track = project, jobs, track
        self.memory = Memory(project)
        self.selection = selection
        self.rendered: dict[str, Rendered] = {}

    def outcome(self, whole: bool = False) -> Outcome:
        """Everything but the writing. `whole`: the tree holds every file, those of fresh applications too."""
        if not whole and not any(self.selection) and self.memory.untouched():
            return Outcome({}, Plan(), count(unchanged=self.memory.outputs()))
        sources = read_sources(self.project)
        self.selection = checked(self.selection, sources)
        self.memory.read(sources)
        if whole:
            self.memory.fresh = set()
        elif self.memory.complete:
            self.memory.refresh()
            return Outcome({}, Plan(), count(unchanged=filter(self.selection.takes, self.memory.outputs())))
        world = self._world(sources)
        return self._compared(world, self._problems(world))

    def _world(self, sources: Sources) -> World:
        from gitops.disk.store import Store
        from gitops.pipeline import prepare
        from gitops.schemas.files import library

        return prepare(sources, library(self.project.root / self.project.schemas, Store(self.project.root)))

    def _problems(self, world: World) -> list[Problem]:
        """Render what is not fresh, in the environments that are right, so that all problems are told in one run."""
        from gitops.parallel import spread
        from gitops.pipeline import render_application, shared_objects

        if BASE not in world.schemas:  # nothing can be rendered without it
            return list(world.problems)
        names = sorted(world.applications - self.memory.fresh)
        for each in self.track(spread(lambda name: render_application(world, name), names, self.jobs), len(names)):
            self.rendered[each.application] = each
        chosen = self.selection.applications
        problems = [
            problem for name, each in self.rendered.items() if not chosen or name in chosen for problem in each.problems
        ]
        known = {name: self.memory.known(name).identities for name in self.memory.fresh}
        return [
            *world.problems,
            *problems,
            *shared_objects(known | {name: each.identities for name, each in self.rendered.items()}, world.sources),
        ]

    def _compared(self, world: World, problems: list[Problem]) -> Outcome:
        from gitops.attribution import merged
        from gitops.pipeline import environment_files

        if any(problem.severity == "error" for problem in problems):
            return Outcome({}, Plan(), {}, tuple(merged(problems)))
        running = {name: self.memory.known(name).environments for name in self.memory.fresh}
        running |= {name: each.environments for name, each in self.rendered.items()}
        tree = environment_files(world, {name: self._buildable(name, where) for name, where in running.items()})
        for each in self.rendered.values():
            tree |= each.tree
        found = self._selected(
            plan(self.project.root / self.project.overlays, tree, self._folders(world), project=self.project.root)
        )
        kept = (
            path
            for path in self.memory.outputs()
            if path.split("/")[1] in self.memory.fresh and self.selection.takes(path)
        )
        counts = count(found.added, found.changed, found.removed, (*found.unchanged, *kept))
        return Outcome(tree, found, counts, tuple(merged([*problems, *found.problems])))

    def _buildable(self, name: str, environments: Iterable[str]) -> tuple[str, ...]:
        """Where an environment's page may name an application: where it is rendered now, or has been before."""
        from gitops.emit import KUSTOMIZATION

        chosen = self.selection.applications
        if not chosen or name in chosen:
            return tuple(environments)
        overlays = self.project.root / self.project.overlays
        return tuple(each for each in environments if is_there(overlays / each / name / KUSTOMIZATION))

    def _folders(self, world: World) -> list[str] | None:
        """Where files that nothing renders any more are looked for: everywhere, unless some applications are known to be fresh."""
        if not self.memory.fresh:
            return None
        return [
            f"{environment}/{name}"
            for environment in world.sources.environments
            for name in (*self.rendered, *self.memory.gone)
        ]

    def _selected(self, found: Plan) -> Plan:
        if not any(self.selection):
            return found
        problems = found.problems
        if self.selection.environments:
            specs = self.memory.sources.specs
            problems += tuple(
                _base_moves(name, specs.get(name, ""), self.selection.environments)
                for name in _moved(found, self.selection.environments)
            )
        added, changed, removed, unchanged = (tuple(filter(self.selection.takes, paths)) for paths in found[:4])
        return Plan(added, changed, removed, unchanged, problems)

    def write(self, outcome: Outcome) -> None:
        """Bring the disk in line with the outcome, and remember it if it was of everything. Raises ToolError."""
        if not (self.rendered or outcome.plan.stale):
            return
        with lock(self.project.root):
            write(self.project.root / self.project.overlays, outcome.tree, outcome.plan)
            if not any(self.selection) and not outcome.problems:
                self.memory.remember(self.rendered, outcome.plan)


def count(
    added: Iterable[str] = (), changed: Iterable[str] = (), removed: Iterable[str] = (), unchanged: Iterable[str] = ()
) -> Counts:
    """How many files of each environment met which fate."""
    counts: Counts = {}
    for outcome, paths in zip(OUTCOMES, (added, changed, removed, unchanged), strict=True):
        for environment, number in Counter(path.partition("/")[0] for path in paths).items():
            counts.setdefault(environment, dict.fromkeys(OUTCOMES, 0))[outcome] = number
    return counts


def checked(selection: Selection, sources: Sources) -> Selection:
    """The selection with names as the project spells them. Raises UsageError for a name that it does not have."""
    applications = tuple(application_name(name) for name in selection.applications)
    for name in applications:
        if name not in sources.specs:
            raise UsageError(f"there is no application `{name}`; {did_you_mean(name, list(sources.specs))}")
    for name in selection.environments:
        if name not in sources.environments:
            raise UsageError(f"there is no environment `{name}`; {did_you_mean(name, list(sources.environments))}")
    return Selection(applications, selection.environments)


def _moved(found: Plan, environments: tuple[str, ...]) -> list[str]:
    """Applications whose base would change under overlays of environments that are not asked for."""
    stale = (*found.added, *found.changed, *found.removed)
    bases = {path.split("/")[1] for path in stale if path.startswith(f"{BASE}/")}
    there = (path.split("/") for path in (*found.changed, *found.removed, *found.unchanged))
    return sorted(bases & {parts[1] for parts in there if parts[0] not in (BASE, *environments)})


def _base_moves(application: str, spec: str, environments: tuple[str, ...]) -> Problem:
    return Problem(
        "base-moves",
        f"the base of `{application}` changes, on which other environments than {', '.join(environments)} build",
        Location(spec) if spec else None,
        why="rendering some environments only would change what the others deploy, unseen.",
        hint="render without --env",
    )
