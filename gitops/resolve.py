"""Stage: one application in one environment becomes resources, and they become Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from gitops.spec import Application
from gitops.environments import Environment
from gitops.load import Settings, call
from gitops.locate import locate, values_attribute
from gitops.location import Location
from gitops.objects import Key, Object, Scope, key_of
from gitops.problems import InvalidInput, Problem
from gitops.project import Sources
from gitops.resources.base import Context, Resource
from gitops.values import Values


class Made(NamedTuple):
    """An object, the resource that made it, and its identity."""

    object: Object
    resource: Resource
    key: Key


class Resolved(NamedTuple):
    """One application in one environment. With problems, the objects are those that could be made all the same."""

    environment: Environment
    settings: Settings
    made: tuple[Made, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def objects(self) -> list[Object]:
        """The objects, in the order of the spec."""
        return [made.object for made in self.made]


def resolve(
    name: str, application: Application, settings: Settings, environment: Environment, scope: Scope, sources: Sources
) -> Resolved:
    """The objects of an application in an environment, with every problem on the way."""
    path = sources.specs[name]
    empty = Resolved(environment, settings)
    try:
        values = _values(application, settings, sources, environment.name, name)
        resources = _resources(call(sources, path, lambda: _listed(application(environment, values))), path, application)
    except InvalidInput as error:
        return empty._replace(problems=_of(environment.name, error.problems))
    context = Context(name, environment, resources, scope, settings.secrets)
    made: list[Made] = []
    problems: list[Problem] = []
    for resource in resources:
        made += [Made(obj, resource, key_of(obj)) for obj in resource.objects(context)]
    problems += [_placed(resource, at, problem, settings, sources) for resource, at, problem in context.problems]
    problems += _duplicates(made, settings, sources)
    return empty._replace(made=tuple(made), problems=_of(environment.name, problems))


def _of(environment: str, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(problem._replace(environments=(environment,)) for problem in problems)


def _values(application: Application, settings: Settings, sources: Sources, environment: str, name: str) -> Values:
    try:
        return application.values_type.model_validate(settings.values)
    except ValidationError as error:
        from gitops.explain import invalid_values

        raise InvalidInput(invalid_values(error, settings.layers, sources, application.values_type, environment, name)) from error


def _listed(returned: Any) -> list[Any]:
    """What a spec returned, as a list; generators run here, so that what they raise is the spec's error."""
    if isinstance(returned, Resource):
        return [returned]
    if isinstance(returned, Iterable) and not isinstance(returned, str | dict):
        return list(returned)
    raise TypeError(f"a spec returns a list of resources, not {type(returned).__name__}")


def _resources(returned: Sequence[Any], path: str, application: Application) -> tuple[Resource, ...]:
    for item in returned:
        if not isinstance(item, Resource):
            line = application.function.__code__.co_firstlineno
            what = f"a {type(item).__name__}" if item is not None else "None"
            raise InvalidInput([_not_a_resource(path, line, what)])
    return tuple(returned)


def place(resource: Resource, path: Sequence[str | int], settings: Settings, sources: Sources) -> Location:
    """The user's own line for a part of a resource: the keyword in the spec, or, where that is `values.x`, the values file's line."""
    filename, line = resource.place
    file = filename.removeprefix(f"{sources.project.root}/")
    try:
        text = sources.text(file) if file in sources.files else _helper_text(filename)
    except (OSError, InvalidInput):
        return Location(file, line)
    location, node = locate(text, file, line, path)
    origin = settings.layers.origin((setting,)) if (setting := values_attribute(node)) in settings.values else ""
    if origin:
        from gitops import yaml

        return Location(origin, *yaml.positions(sources.text(origin)).of((setting,)))
    return location


def _helper_text(filename: str) -> str:
    import linecache

    return "".join(linecache.getlines(filename))


def _placed(resource: Resource, at: str, problem: Problem, settings: Settings, sources: Sources) -> Problem:
    location = place(resource, at.split(".") if at else (), settings, sources)
    return problem._replace(location=location, object=problem.object or f"{type(resource).__name__} {resource.name}")


def _duplicates(made: Sequence[Made], settings: Settings, sources: Sources) -> list[Problem]:
    first: dict[Key, Made] = {}
    problems = []
    for each in made:
        other = first.setdefault(each.key, each)
        if other is not each:
            problems.append(_duplicate(each, other, settings, sources))
    return problems


def _duplicate(made: Made, other: Made, settings: Settings, sources: Sources) -> Problem:
    return Problem(
        "duplicate-object",
        f"{made.key} is there twice",
        place(made.resource, ("name",), settings, sources),
        object=str(made.key),
        found=f"the other one is made at {place(other.resource, (), settings, sources)}",
        why="Kustomize refuses to build two objects with the same identity.",
        hint="give one of them another name",
    )


def _not_a_resource(path: str, line: int, what: str) -> Problem:
    return Problem(
        "not-a-resource",
        f"the spec returns {what} among its resources",
        Location(path, line),
        expected="a list of resources such as Bucket, InferenceService or Manifest",
    )
