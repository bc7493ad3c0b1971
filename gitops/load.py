"""Stage: the project's files become environments, values and applications. Bad files become problems; the good ones still load."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from pydantic import SecretStr, ValidationError

from gitops import yaml
from gitops.spec import Application
from gitops.environments import RESERVED, Environment
from gitops.explain import invalid_yaml, spec_error
from gitops.location import Location
from gitops.problems import InvalidInput, Problem, did_you_mean
from gitops.project import BASE, Sources
from gitops.values import RESERVED_KEYS, Layer, Layers, layered

T = TypeVar("T")


class LoadedEnvironment(NamedTuple):
    """An environment, and the chain of environments whose files it merges, the most general first and itself last."""

    environment: Environment
    chain: tuple[str, ...]


class Settings(NamedTuple):
    """An application's settings in one environment, before the spec's Values type has seen them."""

    layers: Layers
    enabled: bool
    values: dict[str, Any]
    secrets: dict[str, dict[str, SecretStr]]


class Yaml:
    """The YAML files of the sources, each parsed once; problems of a file are reported once, and the file then counts as empty."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.problems: list[Problem] = []
        self._parsed: dict[str, dict[str, Any]] = {}

    def layer(self, file: str) -> Layer | None:
        """The content of a file; None if it is not there."""
        if file not in self.sources.files:
            return None
        if file not in self._parsed:
            self._parsed[file] = self._read(file)
        return Layer(file, self._parsed[file])

    def _read(self, file: str) -> dict[str, Any]:
        try:
            data = yaml.parse(self.sources.text(file), file)
        except InvalidInput as error:
            self.problems += error.problems
            return {}
        if data is None or isinstance(data, dict):
            return data or {}
        self.problems.append(_not_a_map(file, data))
        return {}


def load_environments(read: Yaml) -> dict[str, LoadedEnvironment]:
    """The environments that are valid, `base` first; problems of the others are added to `read`."""
    sources = read.sources
    loaded = {}
    for name in sources.environments:
        if name == "argocd":
            read.problems.append(_reserved(sources.project.environment_file(name)))
            continue
        chain = _chain(read, name)
        layers = layered([layer for each in chain if (layer := read.layer(sources.project.environment_file(each)))])
        data = {key: value for key, value in layers.merged.items() if key != "extends"}
        clean = not read.problems
        try:
            loaded[name] = LoadedEnvironment(Environment.model_validate({**data, "name": name}), chain)
        except ValidationError as error:
            if clean or not chain:
                read.problems += invalid_yaml(error, layers, sources, Environment, name)
    if BASE not in sources.environments:
        read.problems.append(_no_base(sources))
    return loaded


def _chain(read: Yaml, name: str) -> tuple[str, ...]:
    """`base`, then what the environment extends, then itself; a cycle is a problem."""
    order: list[str] = [] if name == BASE else [BASE]
    _extend(read, name, order, ())
    return tuple(order)


def _extend(read: Yaml, name: str, order: list[str], path: tuple[str, ...]) -> None:
    file = read.sources.project.environment_file(name)
    if name in path:
        read.problems.append(_cycle(read, (*path[path.index(name) :], name)))
        return
    layer = read.layer(file)
    if layer is None:
        read.problems.append(_missing_environment(file))
        return
    parents = layer.data.get("extends", [])
    for index, parent in enumerate([parents] if isinstance(parents, str) else parents or []):
        if parent not in read.sources.environments:
            read.problems.append(_unknown_parent(read, file, str(parent), index))
        elif parent != BASE or name == BASE:
            _extend(read, parent, order, (*path, name))
    if name not in order:
        order.append(name)


def load_settings(read: Yaml, application: str, chain: tuple[str, ...]) -> Settings:
    """What the values files of an environment's chain say of an application."""
    project = read.sources.project
    layers = layered([layer for name in chain if (layer := read.layer(project.values_file(name, application)))])
    data = layers.merged
    enabled = data.get("enabled", True)
    if not isinstance(enabled, bool):
        read.problems.append(_at(read.sources, layers, ("enabled",), "`enabled` is true or false", "wrong-type"))
    secrets = _secrets(read, layers, data.get("secrets", {}))
    values = {key: value for key, value in data.items() if key not in RESERVED_KEYS}
    return Settings(layers, enabled is not False, values, secrets)


def _secrets(read: Yaml, layers: Layers, data: Any) -> dict[str, dict[str, SecretStr]]:
    well_formed = isinstance(data, dict) and all(isinstance(keys, dict) for keys in data.values())
    if not well_formed or not all(isinstance(value, str) for keys in data.values() for value in keys.values()):
        message = "`secrets` maps names of Secrets to their keys and values, all text"
        read.problems.append(_at(read.sources, layers, ("secrets",), message, "wrong-type"))
        return {}
    return {name: {key: SecretStr(value) for key, value in keys.items()} for name, keys in data.items()}


def stray_values(sources: Sources) -> list[Problem]:
    """A problem for each values file of an application that does not exist."""
    prefix = f"{sources.project.environments}/"
    return [
        _stray(path, name.rpartition(".")[0], sources)
        for path in sources.files
        if path.startswith(prefix) and (name := path.rpartition("/")[2]) != "environment.yaml"
        if name.rpartition(".")[0] not in sources.specs or not name.endswith(".yaml")
    ]


def load_application(sources: Sources, name: str) -> Application:
    """Run a spec file and take its application. Raises InvalidInput with the place of what went wrong."""
    path = sources.specs[name]
    text = sources.text(path)
    with _importing(sources):
        module = _module(sources, path)
        _attempt(sources, path, lambda: exec(compile(text, str(sources.project.root / path), "exec", dont_inherit=True), module.__dict__))
    found = [value for value in vars(module).values() if isinstance(value, Application)]
    if len(found) != 1 or found[0].function.__module__ != module.__name__:
        raise InvalidInput([_not_one_application(path, len(found))])
    return found[0]


def call(sources: Sources, path: str, function: Callable[[], T]) -> T:
    """Run the user's code; whatever it raises becomes a problem at its own line. Raises InvalidInput."""
    with _importing(sources):
        return _attempt(sources, path, function)


def _attempt(sources: Sources, path: str, function: Callable[[], T]) -> T:
    try:
        return function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a spec may raise anything, SystemExit included
        raise InvalidInput(spec_error(error, path, sources)) from error


@contextmanager
def _importing(sources: Sources) -> Iterator[None]:
    """Specs are modules of one package, so that they can import helpers of theirs; no byte code is left beside them."""
    package = _package(sources)
    if package not in sys.modules:
        module = types.ModuleType(package)
        module.__path__ = [str(sources.project.root / sources.project.specs)]
        sys.modules[package] = module
    global _watching
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    _watching = True
    try:
        yield
    finally:
        sys.dont_write_bytecode, _watching = before, False


def _package(sources: Sources) -> str:
    return sources.project.specs.rpartition("/")[2]


def _module(sources: Sources, path: str) -> types.ModuleType:
    package = _package(sources)
    module = types.ModuleType(f"{package}.{path.rpartition('/')[2][:-3]}")
    module.__file__ = str(sources.project.root / path)
    module.__package__ = package
    sys.modules[module.__name__] = module
    return module


_opened: set[str] = set()
_watching = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event == "open" and isinstance(arguments[0], str):
        _opened.add(arguments[0])


sys.addaudithook(_watch)


def opened(sources: Sources) -> tuple[str, ...]:
    """Files of the project that specs have opened so far in this process, imported helpers included, other than the sources."""
    prefix = f"{sources.project.root}/"
    paths = {_source_of(path).removeprefix(prefix) for path in _opened if path.startswith(prefix)}
    return tuple(sorted(path for path in paths if path not in sources.files))


def _source_of(path: str) -> str:
    """The module of a file of byte code; other files as they are."""
    folder, _, name = path.rpartition("/")
    return f"{folder.removesuffix('/__pycache__')}/{name.partition('.')[0]}.py" if name.endswith(".pyc") else path


def _position(sources: Sources, file: str, path: tuple[str | int, ...], key: bool = False) -> Location:
    return Location(file, *yaml.positions(sources.text(file)).of(path, key=key))


def _at(sources: Sources, layers: Layers, path: tuple[str | int, ...], message: str, rule: str) -> Problem:
    return Problem(rule, message, _position(sources, layers.origin(path), path))


def _not_a_map(file: str, data: Any) -> Problem:
    what = "a list" if isinstance(data, list) else f"the {type(data).__name__} `{data}`"
    return Problem("wrong-type", f"`{file}` is {what}, not a map of settings", Location(file, 1, 1), expected="`name: value` lines")


def _reserved(file: str) -> Problem:
    return Problem(
        "reserved-name",
        "an environment cannot be called `argocd`",
        Location(file),
        why=f"overlays/ has folders of these names for other purposes: {', '.join(RESERVED)}.",
        hint="rename the folder",
    )


def _no_base(sources: Sources) -> Problem:
    file = sources.project.environment_file(BASE)
    return Problem(
        "missing-environment", f"`{file}` is missing", Location(file), why="every environment extends `base`, and overlays build on it."
    )


def _missing_environment(file: str) -> Problem:
    return Problem(
        "missing-environment",
        f"`{file}` is missing",
        Location(file),
        expected="an environment.yaml in every folder of environments (it may be empty)",
        hint="add the file, or remove the folder",
    )


def _unknown_parent(read: Yaml, file: str, parent: str, index: int) -> Problem:
    return Problem(
        "unknown-environment",
        f"`extends` names `{parent}`, which is not an environment",
        _position(read.sources, file, ("extends", index)),
        found=parent,
        hint=did_you_mean(parent, [name for name in read.sources.environments if name not in RESERVED]),
    )


def _cycle(read: Yaml, names: tuple[str, ...]) -> Problem:
    file = read.sources.project.environment_file(names[-2])
    circle = " → ".join(names)
    return Problem(
        "extends-cycle",
        f"environments extend each other in a circle: {circle}",
        _position(read.sources, file, ("extends",)),
        why="no order says whose settings win.",
        hint="remove one `extends`",
    )


def _stray(path: str, name: str, sources: Sources) -> Problem:
    expected = f"{path.rpartition('.')[0]}.yaml" if path.endswith(".yml") and name in sources.specs else ""
    hint = f"rename it to `{expected}`" if expected else did_you_mean(name, list(sources.specs))
    return Problem(
        "unknown-application",
        f"`{path}` holds values of an application that does not exist",
        Location(path),
        found=name,
        expected=f"the name of a file in {sources.project.specs}/",
        why="nothing would ever read these values.",
        hint=hint,
    )


def _not_one_application(path: str, count: int) -> Problem:
    return Problem(
        "no-application" if count == 0 else "several-applications",
        f"`{path}` declares {count or 'no'} application{'s' if count > 1 else ''}",
        Location(path, 1),
        expected="exactly one function with @application",
        hint="name a file of shared helpers with a leading underscore, such as `_helpers.py`",
    )
