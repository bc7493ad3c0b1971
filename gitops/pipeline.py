"""The order: sources → environments and applications → resolved objects → validated → split → proven → text of a file tree.

The only module that knows it. Everything here is a function of what was read; nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from gitops import emit, portable
from gitops.environments import Environment
from gitops.execute import load_application, opened
from gitops.faults import Fault
from gitops.load import LoadedEnvironment, Yaml, load_environments, load_settings, misnamed, origin, stray_values
from gitops.objects import Key, Object, identical, pointer
from gitops.portable import suspicious
from gitops.problems import Fix, InvalidInput, Problem
from gitops.project import BASE, Sources
from gitops.resolve import Made, Resolved, place, resolve, setting_of
from gitops.rules.base import Cluster, Inventory, Layer, at
from gitops.rules.judge import Bench, faults
from gitops.rules.suppressions import suppressed, unknown_rules
from gitops.rules.table import RULES
from gitops.schemas.store import Library, Schemas
from gitops.split import split, unproven
from gitops.values import Settings

RENDERED: tuple[Layer, ...] = ("admission", "controller")
"""The rules that a render asks: what the cluster itself would say of an object, whatever else is there."""

_THERE = (
    "service-account",
    "account-secret",
    "image-pull-secret",
    "secret",
    "config-map",
    "volume-claim",
    "kafka-secret",
)
TWICE = {
    "model-format-named": "missing-format",
    "runtime-exists": "unknown-runtime",
    "runtime-found": "no-runtime",
    "runtime-pinned": "no-runtime",
    "sink-ref-complete": "untyped-sink",
    **{f"{what}-exists": "dangling-reference" for what in _THERE},
}
"""Rules of objects that a resource asks of its own fields as well, with the name by which it tells; at one place, both are one mistake."""

_SAID = ("message", "found", "expected", "why", "hint")

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
            problems += [_in_environment(problem, loaded, read) for problem in error.problems]
    for loaded in environments.values():
        problems += environment_problems(unknown_rules(loaded.environment.policies), loaded, read)
    applications = frozenset(sources.specs) - {problem.found for problem in wrong_names}
    benches = {
        name: Bench(RULES, environments[name].environment, layers if name != BASE else RENDERED) for name in schemas
    }
    return World(sources, read, environments, schemas, tuple(problems), applications, benches)


def environment_problems(found: Iterable[Fault], loaded: LoadedEnvironment, read: Yaml) -> Iterator[Problem]:
    """Faults of an environment, at the lines of the files that state it."""
    for fault in found:
        problem = Problem(fault.rule, fault.message, severity=fault.severity, pointer=pointer(fault.pointer))
        told = problem._replace(found=fault.found, expected=fault.expected, why=fault.why, hint=fault.hint)
        path = [str(part) if isinstance(part, str) else part for part in fault.pointer]
        named = path[:2] == ["policies", "severity"]
        yield told._replace(location=origin(read.sources, loaded.layers, path, key=named), pointer="")


def _in_environment(problem: Problem, loaded: LoadedEnvironment, read: Yaml) -> Problem:
    """With its place: below the schemas folder, or what its pointer leads to in the environment's files."""
    if problem.location:
        return problem._replace(
            location=problem.location._replace(file=f"{read.sources.project.schemas}/{problem.location.file}")
        )
    path = problem.pointer.split("/")[1:]
    return problem._replace(location=origin(read.sources, loaded.layers, path))


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


def unportable(resolved: Resolved, sources: Sources) -> Iterator[Problem]:
    """What of each object would not survive Kustomize."""
    for made in resolved.made:
        yield from (problem_of(fault, made, resolved, sources) for fault in portable.faults(made.object))


def problem_of(fault: Fault, made: Made, resolved: Resolved, sources: Sources) -> Problem:
    """A fault of an object, at the line of the spec or values file that made it; in the same words in every environment."""
    name = made.name(resolved.environment)
    fault = _alike(fault, resolved.environment)
    return Problem(
        rule=fault.rule,
        message=f"{name}: {fault.message}",
        location=place(made.resource, fault.pointer, resolved.settings, sources),
        severity=fault.severity,
        object=name,
        environments=(resolved.environment.name,),
        pointer=pointer(fault.pointer),
        found=fault.found,
        expected=fault.expected,
        why=fault.why,
        hint=fault.hint,
        quotable=fault.quotable,
        fix=_fix(fault, made, resolved, sources) if fault.fix else None,
    )


def _alike(fault: Fault, environment: Environment) -> Fault:
    """The fault without the name of the environment's namespace, so that `merged` can tell it once for several."""
    here = f"in namespace `{environment.namespace}`"
    told = {name: getattr(fault, name).replace(here, "in its namespace") for name in _SAID}
    return fault._replace(**told)


def _fix(fault: Fault, made: Made, resolved: Resolved, sources: Sources) -> Fix | None:
    """The fix of a fault as one of a values file, if a setting stands as it is where the fault is."""
    fix = fault.fix
    if fix is None or fix.op != "set" or fix.path != fault.pointer:
        return None
    setting = setting_of(made.resource, fix.path, resolved.settings, sources)
    if not setting or not identical(at(made.object, *fix.path), resolved.settings.values[setting]):
        return None
    return Fix("set", (setting,), fix.value)


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


def merged(problems: Iterable[Problem]) -> list[Problem]:
    """The same problem in several environments is one, with all of their names; sorted by place. What is told TWICE is one, too."""
    found: dict[Problem, tuple[list[str], Fix | None]] = {}
    problems = list(problems)
    told = {(problem.rule, problem.location) for problem in problems}
    for problem in problems:
        if (TWICE.get(problem.rule), problem.location) in told:
            continue
        names, _ = found.setdefault(problem._replace(environments=(), fix=None), ([], problem.fix))
        names.extend(problem.environments)
    unique = [
        problem._replace(environments=tuple(dict.fromkeys(names)), fix=fix) for problem, (names, fix) in found.items()
    ]
    return sorted(
        unique, key=lambda each: (each.location is None, each.location or ("", 0, 0), each.rule, each.message)
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
