"""Faults become problems at the lines of those who made them: of a spec, of a values file, of an environment. One mistake is told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops import portable
from gitops.environments import Environment
from gitops.faults import Fault
from gitops.load import LoadedEnvironment, Yaml, origin
from gitops.objects import identical, pointer
from gitops.problems import Fix, Problem
from gitops.project import Sources
from gitops.resolve import Made, Resolved, place, setting_of
from gitops.rules.base import at

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


def environment_problems(found: Iterable[Fault], loaded: LoadedEnvironment, read: Yaml) -> Iterator[Problem]:
    """Faults of an environment, at the lines of the files that state it."""
    for fault in found:
        problem = Problem(fault.rule, fault.message, severity=fault.severity, pointer=pointer(fault.pointer))
        told = problem._replace(found=fault.found, expected=fault.expected, why=fault.why, hint=fault.hint)
        path = [str(part) if isinstance(part, str) else part for part in fault.pointer]
        named = path[:2] == ["policies", "severity"]
        yield told._replace(location=origin(read.sources, loaded.layers, path, key=named), pointer="")


def in_environment(problem: Problem, loaded: LoadedEnvironment, read: Yaml) -> Problem:
    """With its place: below the schemas folder, or what its pointer leads to in the environment's files."""
    if problem.location:
        return problem._replace(
            location=problem.location._replace(file=f"{read.sources.project.schemas}/{problem.location.file}")
        )
    path = problem.pointer.split("/")[1:]
    return problem._replace(location=origin(read.sources, loaded.layers, path))


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
