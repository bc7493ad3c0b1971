"""The order: sources → environments and applications → resolved objects → validated → split → proven → text of a file tree.

The only module that knows it. Everything here is a function of what was read; nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from gitops import emit, portable
from gitops.attribution import environment_problems, in_environment, problem_of, unportable
from gitops.environments import Environment
from gitops.execute import load_application, opened
from gitops.load import LoadedEnvironment, Yaml, load_environments, load_settings, misnamed, stray_values
from gitops.objects import Key, Object
from gitops.portable import suspicious
from gitops.problems import InvalidInput, Problem
from gitops.project import BASE, Sources
from gitops.resolve import Resolved, resolve
from gitops.rules.base import Cluster, Inventory, Layer
from gitops.rules.judge import Bench, faults
from gitops.rules.suppressions import suppressed, unknown_rules
from gitops.rules.table import RULES
from gitops.schemas.store import Library, Schemas
from gitops.split import split, unproven
from gitops.values import Settings

RENDERED: tuple[Layer, ...] = ("admission", "controller")
"""The rules that a render asks: what the cluster itself would say of an object, whatever else is there."""

Identities = dict[str, list[Key]]
"""Environment -> the objects of one application there."""


class World(NamedTuple):
    """What all applications share: the environments with their schemas, and the sources."""

    sources: Sources
    read: Yaml
    environments: Mapping[str, LoadedEnvironment]
    schemas: Mapping[str, Schemas]
    problems: tuple[Problem, ...]
    applications: frozenset[str]
    """Those whose names can be used."""
    benches: Mapping[str, Bench]
    """The rules in force in each environment that look at one object."""
    before: Mapping[str, Mapping[Key, Object]] = {}
    """Environment -> the objects that were committed there, for what may not change."""
    today: date | None = None
    """Until when suppressions hold; None while rendering, which must not depend on the day."""
    used: set[tuple[str, int]] | None = None
    """Where wanted: suppressions (environment and index) that have accepted a problem in this process."""


class Rendered(NamedTuple):
    """One application: its files (relative to the overlays folder), its objects' identities, and its problems."""

    application: str
    environments: tuple[str, ...]
    tree: dict[str, str]
    identities: Identities
    problems: tuple[Problem, ...]
    opened: tuple[str, ...] = ()
    """Files of the project that its spec read: helper modules, data."""


class Unproven(Exception):
    """An overlay does not give back the objects that it was made from: a fault of the tool."""


def prepare(sources: Sources, library: Library, layers: Collection[Layer] = RENDERED) -> World:
    """Load the environments with their schemas, and the rules of some layers. Problems do not stop the rest."""
    read = Yaml(sources)
    environments = load_environments(read)
    wrong_names = misnamed(sources)
    problems = [*read.problems, *wrong_names, *stray_values(sources)]
    schemas = {}
    for name, loaded in environments.items():
        try:
            schemas[name] = library.schemas(loaded.environment.crds, loaded.environment.kubernetes)
        except InvalidInput as error:
            problems += [in_environment(problem, loaded, read) for problem in error.problems]
    for loaded in environments.values():
        problems += environment_problems(unknown_rules(loaded.environment.policies), loaded, read)
    applications = frozenset(sources.specs) - {problem.found for problem in wrong_names}
    benches = {
        name: Bench(RULES, environments[name].environment, layers if name != BASE else RENDERED) for name in schemas
    }
    return World(sources, read, environments, schemas, tuple(problems), applications, benches)


def render_application(world: World, name: str) -> Rendered:
    """One application in every environment where it is enabled. Raises Unproven."""
    environments, resolved, problems = resolve_application(world, name)
    for each in resolved.values():
        problems += (problem for problem in validate(each, world) if problem.severity == "error")
    identities = {environment: [made.key for made in each.made] for environment, each in resolved.items()}
    failed = any(problem.severity == "error" for problem in problems)
    tree = {} if failed or not resolved else _carried(world, name, resolved, problems)
    return Rendered(name, environments, tree, identities, tuple(problems), opened(world.sources))


def _carried(world: World, name: str, resolved: Mapping[str, Resolved], problems: list[Problem]) -> dict[str, str]:
    """The files of an application; none, and problems, where something in them would not survive Kustomize."""
    tree: dict[str, str] = {}
    unwritten: ValueError | None = None
    try:
        tree = _files(world, name, resolved)
        if not any(map(suspicious, tree.values())):
            return tree
    except ValueError as error:  # what no YAML can hold; if no object has it, the fault is ours
        unwritten = error
    found = [problem for each in resolved.values() for problem in unportable(each, world.sources)]
    problems += found
    if unwritten and not found:
        raise unwritten
    return {} if found else tree


def resolve_application(
    world: World, name: str, only: Iterable[str] | None = None
) -> tuple[tuple[str, ...], dict[str, Resolved], list[Problem]]:
    """Where an application runs (base included), its objects there (or `only` in some environments), and the problems met."""
    before = len(world.read.problems)
    settings = {
        environment: load_settings(world.read, name, world.environments[environment].chain)
        for environment in world.schemas
    }
    problems = list(world.read.problems[before:])
    running = _running(settings, every=len(world.schemas) == len(world.sources.environments))
    wanted = [environment for environment in running if only is None or environment in only]
    if problems or not wanted:
        return running, {}, problems
    try:
        application = load_application(world.sources, name)
    except InvalidInput as error:
        return running, {}, list(error.problems)
    resolved = {}
    for environment in wanted:
        loaded, scope = world.environments[environment], world.schemas[environment].scope
        resolved[environment] = resolve(
            name, application, settings[environment], loaded.environment, scope, world.sources
        )
    return running, resolved, [problem for each in resolved.values() for problem in each.problems]


def _running(settings: Mapping[str, Settings], every: bool) -> tuple[str, ...]:
    """Where an application runs. Its base is there whenever an environment builds on it; `enabled: false` in base is a default.

    Unless the settings are those of `every` environment, one that could not be read may build on it.
    """
    running = tuple(name for name, each in settings.items() if name != BASE and each.enabled)
    return (BASE, *running) if running or not every else ()


def validate(resolved: Resolved, world: World) -> Iterator[Problem]:
    """What the schemas of the environment's versions and the rules in force there say of each object by itself."""
    environment = resolved.environment
    cluster = cluster_of(resolved.objects, environment, world)
    before = world.before.get(environment.name, {})
    bench = world.benches[environment.name]
    for made in resolved.made:
        if found := faults(made.object, cluster, bench, before.get(made.key)):
            precise = portable.faults(made.object)  # what is no JSON at all is better told by who looks for just that
            told = {(), *(fault.pointer for fault in precise)} if precise else set()
            for fault in (*precise, *(fault for fault in found if fault.pointer not in told)):
                yield from accepted(problem_of(fault, made, resolved, world.sources), resolved, world)


def cluster_of(objects: Iterable[Object], environment: Environment, world: World, complete: bool = False) -> Cluster:
    """An environment with objects in it."""
    schemas = world.schemas[environment.name]
    return Cluster(environment, schemas, Inventory(objects, schemas, environment.namespace), complete)


def accepted(problem: Problem, resolved: Resolved, world: World) -> Iterator[Problem]:
    """The problem, unless the environment has a suppression for it."""
    environment = resolved.environment
    index = suppressed(problem, resolved.application, environment.policies, world.today)
    if index is None:
        yield problem
    elif world.used is not None:
        world.used.add((environment.name, index))


def _files(world: World, name: str, resolved: Mapping[str, Resolved]) -> dict[str, str]:
    base = resolved[BASE]
    overlays = {}
    for environment, each in resolved.items():
        if environment != BASE:
            target = each.objects
            scope = world.schemas[environment].scope
            overlay = split(base.objects, target, base.environment.namespace, each.environment.namespace, scope)
            if wrong := unproven(base.objects, target, overlay):
                raise Unproven(f"the overlay {environment}/{name} does not give back its objects: {'; '.join(wrong)}")
            overlays[environment] = overlay
    return emit.application(name, base.objects, overlays, world.sources.specs[name])


def environment_files(world: World, running: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The kustomization of all applications of each environment, given where each runs; `base` is not one to build as a whole."""
    source = f"{world.sources.project.specs}/"
    return dict(
        emit.environment(name, sorted(application for application, where in running.items() if name in where), source)
        for name in world.environments
        if name != BASE
    )


def shared_objects(identities: Mapping[str, Identities], sources: Sources) -> list[Problem]:
    """A problem for each object that two applications have in the same environment."""
    owners: dict[tuple[str, Key], str] = {}
    problems: dict[tuple[Key, str, str], Problem] = {}
    for application, by_environment in sorted(identities.items()):
        for environment, keys in by_environment.items():
            for key in keys if environment != BASE else ():
                owner = owners.setdefault((environment, key), application)
                if owner != application:
                    name = key._replace(namespace="")
                    each = problems.get((name, owner, application)) or _shared(name, owner, application, sources)
                    problems[name, owner, application] = each._replace(environments=(*each.environments, environment))
    return list(problems.values())


def _shared(key: Key, owner: str, application: str, sources: Sources) -> Problem:
    from gitops.locate import named, text_of

    spec = sources.specs[application]
    return Problem(
        "shared-object",
        f"applications `{owner}` and `{application}` both have {key}",
        named(text_of(spec, sources), spec, key.name),
        object=str(key),
        why="the two would overwrite each other in the cluster, and the environment as a whole would not build.",
        hint="let one application own it, and refer to it with External(…) or `provides:` in the other, or rename one",
    )


def whole_objects(world: World, name: str, environment: str) -> tuple[list[Object], list[Problem]]:
    """The objects of one application in one environment, and the problems met."""
    _, resolved, problems = resolve_application(world, name, only=(environment,))
    if environment not in resolved:
        return [], problems
    return resolved[environment].objects, [
        *problems,
        *(problem for problem in validate(resolved[environment], world) if problem.severity == "error"),
    ]
