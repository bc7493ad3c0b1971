"""Manifests that are given, whoever wrote them: what a cluster would say of them, at the lines of their own files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from gitops.attribution import merged
from gitops.disk.manifests import read_given
from gitops.disk.project import content, read_sources
from gitops.disk.store import Store
from gitops.environments import Environment, version_tuple
from gitops.faults import Fault
from gitops.given import Given, misread, place, quotable
from gitops.history import given_at
from gitops.load import Yaml, load_environments, one_environment
from gitops.objects import Key, Object, Scope, key_of, pointer
from gitops.parallel import processes, spread
from gitops.problems import InvalidInput, Problem, UsageError, did_you_mean
from gitops.project import Project
from gitops.rules.base import Cluster, Inventory, Layer
from gitops.rules.judge import Bench, Checked, checked
from gitops.rules.suppressions import suppressed
from gitops.rules.table import RULES
from gitops.schemas.files import KubernetesData, bundled, library
from gitops.schemas.sources import Sources as Releases
from gitops.schemas.store import Library
from gitops.validate.choice import Choice

LAYERS: tuple[Layer, ...] = ("admission", "controller", "reference", "policy")
OF_NAMES = frozenset({"unknown-field", "wrong-key", "misspelt-annotation", "foreign-annotation", "dead-annotation"})
"""Rules about the name of a field rather than its value."""


class Destination(NamedTuple):
    """Where given objects go, as a command line says it. `environment`: a name of the project, or the path of a file.

    `complete`: nothing else will be in the cluster.
    """

    environment: str = ""
    kubernetes: str = ""
    crds: tuple[tuple[str, str], ...] = ()
    complete: bool = False


class Told(NamedTuple):
    """A problem, and the given object that has it."""

    given: Given
    problem: Problem


def given_problems(
    givens: Sequence[Given],
    environment: Environment,
    library: Library,
    today: date,
    before: Mapping[Key, Object] | None = None,
    complete: bool = False,
) -> list[Told]:
    """Every fault of given objects in an environment.

    An object that a file has twice is an update of the first, as if the file were applied; the same object in several
    files is more likely meant for several clusters. `before` are objects that are there already. `complete`: nothing else will
    be in the cluster. Raises InvalidInput for unknown versions.
    """
    schemas = library.schemas(environment.crds, environment.kubernetes)
    before = before or {}
    there: dict[tuple[str, Key], Object] = {}
    every: list[tuple[Given, Checked, Object | None]] = []
    for given in givens:
        key = _key(given.object, environment, schemas.scope)
        old = there.get((given.file, key)) or before.get(key) if key else None
        one = checked(given.object, schemas, old)
        every.append((given, one, old))
        if key and (known := one.there):
            there[given.file, key] = known
    objects = [*before.values(), *there.values()]
    cluster = Cluster(environment, schemas, Inventory(objects, schemas, environment.namespace), complete)
    bench = Bench(RULES, environment, LAYERS)
    found = spread(lambda item: item[1].told(cluster, bench, item[2]), every, processes())
    told = (
        Told(given, _problem(given, fault))
        for (given, *_), faults in zip(every, found, strict=True)
        for fault in faults
    )
    return [each for each in told if suppressed(each.problem, "", environment.policies, today) is None]


def _key(obj: Object, environment: Environment, scope: Scope) -> Key | None:
    """The identity of an object that has one; the namespace that it goes to is part of it."""
    try:
        key = key_of(obj)
    except (KeyError, TypeError, AttributeError):
        return None
    if not all(isinstance(part, str) for part in key) or not key.name:
        return None
    cluster_scoped = scope(obj["apiVersion"], key.kind) == "Cluster"
    return key._replace(namespace="" if cluster_scoped else key.namespace or environment.namespace)


def _problem(given: Given, fault: Fault) -> Problem:
    name = _name(given.object)
    return Problem(
        rule=fault.rule,
        message=f"{name}: {fault.message}" if name else fault.message,
        location=place(given, fault.pointer, key=fault.rule in OF_NAMES),
        severity=fault.severity,
        object=name,
        pointer=pointer(fault.pointer),
        found=fault.found,
        expected=fault.expected,
        why=fault.why,
        hint=_hint(given, fault),
        quotable=fault.quotable and quotable(given, fault.pointer),
        fix=fault.fix if given.text else None,
    )


def _hint(given: Given, fault: Fault) -> str:
    """That of the fault; where YAML 1.1 makes something else of what is written, that is what to know."""
    if fault.rule == "wrong-type" and (written := misread(given, fault.pointer)):
        return f'kubectl and Argo CD read YAML 1.1, where `{written}` is {fault.found}: write "{written}" if it is text'
    return fault.hint


def _name(obj: Object) -> str:
    try:
        return str(key_of(obj))
    except (KeyError, TypeError, AttributeError):
        return ""


def newest(releases: Releases) -> dict[str, str]:
    """The newest release of every project that there are schemas of."""
    found: dict[str, str] = {}
    for project, version in releases:
        if project not in found or version_tuple(version) > version_tuple(found[project]):
            found[project] = version
    return found


def destination(project: Project | None, where: Destination) -> tuple[Library, Environment]:
    """The schemas to use, and the environment: the project's, a file's, or one that runs the newest of all there is.

    Raises InvalidInput, UsageError and ToolError.
    """
    store = Store(project.root) if project else None
    folder = project.root / project.schemas if project else bundled()
    schemas = library(folder, store)
    defaults = {
        "namespace": "default",
        "kubernetes": KubernetesData().minors()[-1],
        "crds": newest(schemas.releases),
        "kserve": {"deployment_mode": "Knative"},
    }
    environment = _stated(project, where.environment, defaults)
    crds = {**environment.crds, **dict(where.crds)}
    changes = {"crds": crds, "kubernetes": where.kubernetes or environment.kubernetes}
    return schemas, environment.model_copy(update=changes)


def _stated(project: Project | None, name: str, defaults: dict[str, Any]) -> Environment:
    if not name:
        return Environment.model_validate({"name": "", **defaults})
    if name.endswith((".yaml", ".yml")):
        return one_environment(name, content(name), defaults)
    if project is None:
        raise UsageError(
            f"there is no project here that has an environment `{name}`; give the path of an environment.yaml"
        )
    read = Yaml(read_sources(project))
    environments = load_environments(read)
    if name not in read.sources.environments:
        raise UsageError(f"there is no environment `{name}`; {did_you_mean(name, list(read.sources.environments))}")
    if name not in environments:
        raise InvalidInput(read.problems)
    return environments[name].environment


class Request(NamedTuple):
    """What is asked of given files. `base`: a git revision, whose state of the same files was there before."""

    names: tuple[str, ...]
    folder: Path
    where: Destination
    choice: Choice
    today: date
    base: str = ""
    fix: bool = False


def file_problems(request: Request, project: Project | None) -> tuple[list[Problem], list[str]]:
    """The problems that are wanted, and the files that were mended before these were left.

    Raises InvalidInput, UsageError and ToolError.
    """
    library, environment = destination(project, request.where)
    schemas = library.schemas(environment.crds, environment.kubernetes)
    old = given_at(request.names, request.folder, request.base) if request.base else ()
    before = {
        key: fit
        for each in old
        if (key := _key(each.object, environment, schemas.scope)) and (fit := checked(each.object, schemas).fit)
    }

    def told() -> tuple[list[Told], list[Problem]]:
        givens, problems = read_given(request.names, request.folder)
        found = given_problems(givens, environment, library, request.today, before, request.where.complete)
        return [each for each in found if request.choice.takes(each.problem)], problems

    found, unread = told()
    mended: list[str] = []
    if request.fix:
        from gitops.disk.mending import mend_files

        if mended := mend_files([(each.given, each.problem) for each in found], request.folder):
            found, unread = told()
    problems = merged([*filter(request.choice.takes, unread), *(each.problem for each in found)])
    return problems, mended
