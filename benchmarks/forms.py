"""Inputs for the peers: the tool's own objects as forms to fill in, and the objects that every peer must give back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.generate import ENVIRONMENTS, identity, sentinels, settings
from gitops.disk.project import find_project, read_sources
from gitops.objects import Key, Object, identical, key_of
from gitops.pipeline import prepare, resolve_application
from gitops.schemas.files import library

Forms = dict[str, list[Object]]
"""Environment -> its objects with `@name@` where a value goes; `@#name@` alone is a number, `@#true@` a boolean."""

Row = Mapping[str, str | int]
"""All values of one application in one environment."""

_WORDS = {
    "name": "zz-name",
    "team": "zz-team",
    "topic": "zz-topic",
    "target": "ZZ_TOPIC",
    "format": "lightgbm",
    "runtime": "kserve-lgbserver",
}
_SETTINGS: dict[str, str | int] = {
    "image": "zz-image",
    "model_version": 987,
    "min_replicas": 901,
    "max_replicas": 902,
    "cpu": "903m",
    "memory": "904Gi",
    "threshold": "0.905",
}


def rows(applications: int) -> dict[str, list[Row]]:
    """What the peers loop over."""
    return {each: [_row(index, each) for index in range(applications)] for each in ENVIRONMENTS}


def _row(index: int, environment: str) -> Row:
    values = settings(index, environment)
    return {**identity(index), **values, "model_version": str(values["model_version"])}  # it stands in a URI


def forms() -> Forms:
    """What an application looks like in each environment."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        sentinels(project, _WORDS, _SETTINGS)
        found = objects(project)
    return {environment: [_form(obj) for obj in each] for environment, each in found.items()}


def objects(project: Path) -> Forms:
    """The whole objects of all applications of a project, by environment: what each peer is to give back."""
    found: Forms = {name: [] for name in ENVIRONMENTS}
    for _, each in _resolved(project):
        for environment, resolved in each.items():
            found[environment] += resolved.objects
    return found


def schemas(project: Path) -> dict[str, str]:
    """`apiVersion kind` -> the JSON schema of each kind, for peers that validate."""
    world, each = next(_resolved(project))
    kinds = {(name, obj["apiVersion"], obj["kind"]) for name, resolved in each.items() for obj in resolved.objects}
    return {
        f"{version} {kind}": json.dumps(world.schemas[name].schema(version, kind))
        for name, version, kind in sorted(kinds)
    }


def differences(outputs: Path, wanted: Forms) -> list[str]:
    """What is wrong with a peer's output, document for document; empty if it is all there and nothing else."""
    expected = {key_of(obj): obj for each in wanted.values() for obj in each}
    got: dict[Key, Object] = {}
    wrong = []
    for obj in _read(outputs):
        key = key_of(obj)
        if key in got:
            wrong.append(f"{key} twice")
        got[key] = obj
    wrong += [f"{key} missing" for key in expected.keys() - got.keys()]
    wrong += [f"{key} too many" for key in got.keys() - expected.keys()]
    return wrong + [f"{key} differs" for key in expected.keys() & got.keys() if not identical(expected[key], got[key])]


def expression(value: Any, reference: Callable[[str], str]) -> str:
    """A form as an expression of a language that has JSON's literals and joins strings with `+`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {expression(item, reference)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(expression(item, reference) for item in value) + "]"
    if isinstance(value, bool):
        return reference("true" if value else "false")
    if not isinstance(value, str):
        return json.dumps(value)
    if value.startswith("@#"):
        return reference(value[2:-1])
    parts = value.split("@")
    texts = [
        reference(part) if index % 2 else json.dumps(part)
        for index, part in enumerate(parts)
        if part or len(parts) == 1
    ]
    return " + ".join(texts)


def text(form: list[Object], opening: str) -> str:
    """A form as YAML for a text template; `opening` stands before the name of a value, as in `{{ app.`."""
    from gitops.yaml import dump

    stream = "".join(f"---\n{dump(obj)}" for obj in form)
    for name in (*_WORDS, *_SETTINGS):
        stream = stream.replace(f'"@#{name}@"', f"{opening}{name} }}}}").replace(f"@{name}@", f"{opening}{name} }}}}")
    return stream


def _resolved(project: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    sources = read_sources(find_project(project))
    world = prepare(sources, library(project / "schemas"))
    for name in sources.specs:
        _, resolved, problems = resolve_application(world, name, ENVIRONMENTS)
        if problems:
            raise ValueError(f"the generated project has problems: {problems[0].message}")
        yield world, resolved


def _form(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_form(item) for item in value]
    names = {str(sentinel): name for name, sentinel in {**_WORDS, **_SETTINGS}.items()}
    if isinstance(value, int) and str(value) in names:
        return f"@#{names[str(value)]}@"
    if isinstance(value, str):
        for sentinel, name in names.items():
            value = value.replace(sentinel, f"@{name}@")
    return value


def _read(folder: Path) -> Iterator[Object]:
    import yaml12

    for path in sorted(folder.rglob("*")):
        if path.suffix in (".yaml", ".yml", ".json"):
            for document in yaml12.parse_yaml(path.read_text(), multi=True):
                yield from _objects(document)


def _objects(document: Any) -> Iterator[Object]:
    if isinstance(document, list):
        for item in document:
            yield from _objects(item)
    elif document:
        yield document
