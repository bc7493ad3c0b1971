"""Stage: one application in one environment becomes resources, and they become Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from gitops import yaml
from gitops.environments import Environment
from gitops.execute import call
from gitops.identity import identity_problems
from gitops.locate import locate, returned, text_of, values_attribute
from gitops.location import Location
from gitops.objects import Key, Object, Scope, key_of
from gitops.problems import InvalidInput, Problem
from gitops.project import Sources
from gitops.resources.base import Context, Resource
from gitops.spec import Application
from gitops.values import Settings, Values, validated


class Made(NamedTuple):
    """An object, the resource that made it, and its identity."""

    object: Object
    resource: Resource
    key: Key

    def name(self, environment: Environment) -> str:
        """How problems call it: without the namespace where that is the environment's own, so that they read alike everywhere."""
        own = self.key.namespace == environment.namespace
        return str(self.key._replace(namespace="") if own else self.key)


class Resolved(NamedTuple):
    """One application in one environment. With problems, the objects are those that could be made all the same."""

    environment: Environment
    settings: Settings
    made: tuple[Made, ...] = ()
    problems: tuple[Problem, ...] = ()
    application: str = ""

    @property
    def objects(self) -> list[Object]:
        """The objects, in the order of the spec."""
        return [made.object for made in self.made]


def resolve(
    name: str, application: Application, settings: Settings, environment: Environment, scope: Scope, sources: Sources
) -> Resolved:
    """The objects of an application in an environment, with every problem on the way."""
    path = sources.specs[name]
    empty = Resolved(environment, settings, application=name)
    try:
        values = _values(application, settings, sources, name)
        resources = call(
            sources, path, lambda: _resources(application(environment, values), path, application, sources)
        )
    except InvalidInput as error:
        return empty._replace(problems=_of(environment.name, error.problems))
    context = Context(name, environment, resources, scope, settings.secrets)
    made: list[Made] = []
    problems: list[Problem] = []
    for resource in resources:
        made += _made(resource, context)
    problems += [_placed(resource, at, problem, settings, sources) for resource, at, problem in context.problems]
    problems += _duplicates(made, empty, sources)
    if settings.secrets and not environment.secrets.allow_plaintext:
        problems.append(_secrets_in_clear(settings, environment.name, sources))
    return empty._replace(made=tuple(made), problems=_of(environment.name, problems))


def _made(resource: Resource, context: Context) -> Iterator[Made]:
    """The objects of a resource that can be; a problem for each of the others."""
    try:
        objects = list(resource.objects(context))
    except RecursionError:
        objects = []
        context.problem(resource, "fields", _ENDLESS)
    for obj in objects:
        found = list(identity_problems(obj))
        for path, problem in found:
            context.problem(resource, ".".join(path), problem)
        if not found:
            yield Made(obj, resource, key_of(obj))


_ENDLESS = Problem("not-json", "the data nests too deeply, or contains itself", why="no file could hold it.")


def _secrets_in_clear(settings: Settings, environment: str, sources: Sources) -> Problem:
    file = settings.layers.origin(("secrets",))
    line, column = yaml.positions(sources.text(file)).of(("secrets",), key=True)
    return Problem(
        "plaintext-secret",
        f"secrets stand in clear, which environment `{environment}` does not allow",
        Location(file, line, column),
        expected="no `secrets:` here, or `secrets: {allow_plaintext: true}` in environment.yaml",
        why="git remembers what was once in clear.",
        hint="remove them, and change the values wherever they opened something",
        quotable=False,
    )


def _of(environment: str, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(problem._replace(environments=(environment,)) for problem in problems)


def _values(application: Application, settings: Settings, sources: Sources, name: str) -> Values:
    try:
        return validated(application.values_type, settings.values)
    except ValidationError as error:
        from gitops.explain import invalid_values

        raise InvalidInput(invalid_values(error, settings.layers, sources, application.values_type, name)) from error


def _resources(result: Any, path: str, application: Application, sources: Sources) -> tuple[Resource, ...]:
    """What a spec returned, as resources; generators run here, so that what they raise is the spec's error."""
    if isinstance(result, Resource):
        return (result,)

    def place() -> Location:
        return returned(text_of(path, sources), path, application.line)

    if not isinstance(result, Iterable) or isinstance(result, str | Mapping):
        raise InvalidInput([_not_a_resource(place(), f"the spec returns {_what(result)}", result)])
    items = tuple(result)
    for number, item in enumerate(items, 1):
        if not isinstance(item, Resource):
            raise InvalidInput(
                [_not_a_resource(place(), f"item {number} of what the spec returns is {_what(item)}", item)]
            )
    return items


def place(resource: Resource, path: Sequence[str | int], settings: Settings, sources: Sources) -> Location:
    """The user's own line for a part of a resource: the keyword in the spec, or, where that is `values.x`, the values file's line."""
    location, setting = _located(resource, path, settings, sources)
    if not setting:
        return location
    origin = settings.layers.origin((setting,))
    return Location(origin, *yaml.positions(sources.text(origin)).of((setting,)))


def setting_of(resource: Resource, path: Sequence[str | int], settings: Settings, sources: Sources) -> str:
    """The setting that the spec puts at a part of a resource, if it is one, and some values file has it; else empty."""
    return _located(resource, path, settings, sources)[1]


def _located(
    resource: Resource, path: Sequence[str | int], settings: Settings, sources: Sources
) -> tuple[Location, str]:
    filename, line = resource.place
    file = filename.removeprefix(f"{sources.project.root}/")
    location, node = locate(text_of(file, sources), file, line, path)
    setting = values_attribute(node)
    has_origin = setting in settings.values and settings.layers.origin((setting,))
    return location, setting if has_origin else ""


def _placed(resource: Resource, at: str, problem: Problem, settings: Settings, sources: Sources) -> Problem:
    location = place(resource, at.split(".") if at else (), settings, sources)
    return problem._replace(location=location, object=problem.object or f"{type(resource).__name__} {resource.name}")


def _duplicates(made: Sequence[Made], resolved: Resolved, sources: Sources) -> list[Problem]:
    first: dict[Key, Made] = {}
    problems = []
    for each in made:
        other = first.setdefault(each.key, each)
        if other is not each:
            problems.append(_duplicate(each, other, resolved, sources))
    return problems


def _duplicate(made: Made, other: Made, resolved: Resolved, sources: Sources) -> Problem:
    name = made.name(resolved.environment)
    return Problem(
        "duplicate-object",
        f"{name} is there twice",
        place(made.resource, ("name",), resolved.settings, sources),
        object=name,
        found=f"the other one is made at {place(other.resource, (), resolved.settings, sources)}",
        why="Kustomize refuses to build two objects with the same identity.",
        hint="give one of them another name",
    )


def _what(value: Any) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return (
        f"the class {value.__name__}"
        if isinstance(value, type)
        else f"{'an' if name[0] in 'aeiouAEIO' else 'a'} {name}"
    )


def _not_a_resource(location: Location, message: str, value: Any) -> Problem:
    hint = ""
    if value is None:
        hint = "end every way through the function with `return [...]`, and leave out what is not there"
    elif isinstance(value, list | tuple):
        hint = "put `*` before the inner list"
    elif isinstance(value, type) and issubclass(value, Resource):
        hint = f"call it: {value.__name__}(name=…)"
    elif isinstance(value, Mapping):
        hint = "make it a Manifest(api_version=…, kind=…, name=…, fields={…})"
    expected = "a list of resources such as Bucket, InferenceService or Manifest"
    return Problem("not-a-resource", message, location, expected=expected, hint=hint)
