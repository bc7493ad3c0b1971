"""Stage: the project's files become environments, values and applications. Bad files become problems; the good ones still load."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from pydantic import SecretStr, ValidationError

from gitops import yaml
from gitops.environments import RESERVED, Environment
from gitops.explain import invalid_environment
from gitops.location import Location
from gitops.problems import InvalidInput, Problem, did_you_mean
from gitops.project import BASE, Project, Sources
from gitops.values import RESERVED_KEYS, Layer, Layers, Path, Settings, layered


class LoadedEnvironment(NamedTuple):
    """An environment, and the chain of environments whose files it merges, the most general first and itself last."""

    environment: Environment
    chain: tuple[str, ...]
    layers: Layers


class Yaml:
    """The YAML files of the sources, each parsed once; problems of a file are reported once, and the file then counts as empty."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.problems: list[Problem] = []
        self.unreadable: set[str] = set()
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
            self.unreadable.add(file)
            return {}
        if data is None or isinstance(data, dict):
            return data or {}
        self.problems.append(_not_a_map(file, data))
        self.unreadable.add(file)
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
        if not read.unreadable.isdisjoint(map(sources.project.environment_file, chain)):
            continue  # it is not known what they say
        try:
            loaded[name] = LoadedEnvironment(Environment.model_validate({**data, "name": name}), chain, layers)
        except ValidationError as error:
            read.problems += invalid_environment(error, layers, sources)
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
        read.unreadable.add(file)
        return
    for index, parent in enumerate(_parents(read, layer)):
        if parent not in read.sources.environments:
            read.problems.append(_unknown_parent(read, file, str(parent), index))
        elif parent != BASE or name == BASE:
            _extend(read, parent, order, (*path, name))
    if name not in order:
        order.append(name)


def _parents(read: Yaml, layer: Layer) -> list[Any]:
    parents = layer.data.get("extends") or []
    if isinstance(parents, str | list):
        return [parents] if isinstance(parents, str) else parents
    message = "`extends` names an environment, or a list of them"
    read.problems.append(
        Problem(
            "wrong-type", message, _position(read.sources, layer.file, ("extends",)), hint="write `extends: [name]`"
        )
    )
    return []


def load_settings(read: Yaml, application: str, chain: tuple[str, ...]) -> Settings:
    """What the values files of an environment's chain say of an application."""
    project = read.sources.project
    layers = layered([layer for name in chain if (layer := read.layer(project.values_file(name, application)))])
    data = layers.merged
    enabled = data.get("enabled", True)
    if not isinstance(enabled, bool):
        read.problems.append(
            _at(read.sources, layers, ("enabled",), "`enabled` is true or false", "wrong-type", "write true or false")
        )
    secrets = _secrets(read, layers, data.get("secrets", {}))
    values = {key: value for key, value in data.items() if key not in RESERVED_KEYS}
    return Settings(layers, enabled is not False, values, secrets)


def _secrets(read: Yaml, layers: Layers, data: Any) -> dict[str, dict[str, SecretStr]]:
    if wrong := _not_secrets(data):
        message = f"`{'.'.join(wrong)}` is not {'text' if len(wrong) == 3 else 'a map'}"
        hint = "quote it" if len(wrong) == 3 else "`secrets` maps names of Secrets to maps of their keys and values"
        problem = _at(read.sources, layers, wrong, message, "wrong-type", hint)
        read.problems.append(problem._replace(quotable=False))
        return {}
    return {name: {key: SecretStr(value) for key, value in keys.items()} for name, keys in data.items()}


def _not_secrets(data: Any) -> tuple[str, ...]:
    """Where the secrets of a values file are not what they should be; empty if all is well."""
    if not isinstance(data, dict):
        return ("secrets",)
    for name, keys in data.items():
        if not isinstance(keys, dict):
            return ("secrets", name)
        for key, value in keys.items():
            if not isinstance(value, str):
                return ("secrets", name, key)
    return ()


def stray_values(sources: Sources) -> list[Problem]:
    """A problem for each values file of an application that does not exist."""
    prefix = f"{sources.project.environments}/"
    return [
        _stray(path, name.rpartition(".")[0], sources)
        for path in sources.files
        if path.startswith(prefix) and (name := path.rpartition("/")[2]) != "environment.yaml"
        if name.rpartition(".")[0] not in sources.specs or not name.endswith(".yaml")
    ]


def misnamed(sources: Sources) -> list[Problem]:
    """A problem for each application and environment whose name cannot be that of a folder, a label and an Argo CD object alike."""
    files = [*sources.specs.items(), *((name, sources.project.environment_file(name)) for name in sources.environments)]
    return [
        _misnamed(name, file)
        for name, file in files
        if not _NAME.fullmatch(name) or (name in _MEANINGFUL and file in sources.specs.values())
    ]


_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_MEANINGFUL = {"environment": "environment.yaml says where an environment runs, so it cannot be a values file as well."}


def _misnamed(name: str, file: str) -> Problem:
    return Problem(
        "wrong-name",
        f"`{name}` cannot be the name of {'an application' if file.endswith('.py') else 'an environment'}",
        Location(file),
        found=name,
        expected="any other name"
        if name in _MEANINGFUL
        else "at most 63 lower-case letters, digits and hyphens (an underscore in a file's name counts as one), no hyphen at the ends",
        why=_MEANINGFUL.get(name, "overlays, labels and Argo CD objects are named after it."),
        hint=f"rename the {'file' if file.endswith('.py') else 'folder'}",
    )


def origin(sources: Sources, layers: Layers, path: Sequence[str | int], key: bool = False) -> Location:
    """Where the value (or its key) at a path of merged files was decided."""
    return _position(sources, layers.origin(path), tuple(path), key)


def _position(sources: Sources, file: str, path: tuple[str | int, ...], key: bool = False) -> Location:
    return Location(file, *yaml.positions(sources.text(file)).of(path, key=key))


def _at(sources: Sources, layers: Layers, path: Path, message: str, rule: str, hint: str) -> Problem:
    return Problem(rule, message, origin(sources, layers, path), hint=hint)


def _not_a_map(file: str, data: Any) -> Problem:
    what = "a list" if isinstance(data, list) else f"the {type(data).__name__} `{data}`"
    return Problem(
        "wrong-type", f"`{file}` is {what}, not a map of settings", Location(file, 1, 1), expected="`name: value` lines"
    )


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
        "missing-environment",
        f"`{file}` is missing",
        Location(file),
        why="every environment extends `base`, and overlays build on it.",
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
    start = names.index(min(names))
    names = (*names[start:-1], *names[: start + 1])  # however it was entered, it is the same circle
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
    known = name in sources.specs or name == "environment"
    expected = f"{path.rpartition('.')[0]}.yaml" if path.endswith(".yml") and known else ""
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


def one_environment(file: str, content: bytes, defaults: Mapping[str, Any]) -> Environment:
    """An environment that a single file states, whatever its name; `defaults` lie below it. Raises InvalidInput."""
    read = Yaml(Sources(Project(FilePath()), {file: content}, {}, ()))
    layer = read.layer(file)
    if read.problems or layer is None:
        raise InvalidInput(read.problems)
    layers = layered([Layer(file, dict(defaults)), layer])
    data = {key: value for key, value in layers.merged.items() if key != "extends"}
    try:
        return Environment.model_validate({"name": FilePath(file).stem, **data})
    except ValidationError as error:
        raise InvalidInput(invalid_environment(error, layered([layer]), read.sources)) from error
