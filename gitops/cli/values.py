"""`gitops values`: see and change an application's settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from gitops.cli.context import project
from gitops.cli.main import environment_option
from gitops.location import Location
from gitops.problems import InvalidInput, UsageError

if TYPE_CHECKING:
    from gitops.load import LoadedEnvironment, Yaml
    from gitops.project import Sources
    from gitops.settings import Setting

_output = click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="For people or programs."
)


@click.group()
def values() -> None:
    """See and change an application's values."""


@values.command("list")
@click.argument("application", metavar="APP")
@environment_option(multiple=True, help="Only this environment; may be repeated.")
@_output
def list_(application: str, env: tuple[str, ...], output: str) -> None:
    """List the values of APP in each environment, and where each comes from.

    Example: gitops values list iris -e prod
    """
    sources, read, environments = _load()
    name, chosen = _chosen(sources, application, env)
    found = {environment: _settings(read, environments, name, environment) for environment in chosen}
    if output == "json":
        rows = {environment: [_row(setting) for setting in settings] for environment, settings in found.items()}
        click.echo(json.dumps({"version": 1, "application": name, "environments": rows}, indent=2, ensure_ascii=False))
        return
    for environment, settings in found.items():
        click.echo(environment)
        click.echo(_table([(setting.name, _text(setting.value), _place(setting)) for setting in settings]))


@values.command("set")
@click.argument("application", metavar="APP")
@click.argument("changes", nargs=-1, required=True, metavar="NAME=VALUE...")
@environment_option(required=True, help="The environment whose values file is changed; `base` for the defaults.")
def set_(application: str, changes: tuple[str, ...], env: str) -> None:
    """Set values of APP in an environment; comments and the order of keys stay.

    The file is written only if every environment that reads it still has right values. Overlays change with the next render.

    Example: gitops values set inception image=docker.io/tensorflow/serving:2.19.1 -e staging
    """
    from gitops.disk import replace
    from gitops.settings import edited

    sources, _, environments = _load()
    name, (environment,) = _chosen(sources, application, (env,))
    edit = edited(sources, name, environment, dict(map(_parsed, changes)))
    _check(sources, environments, name, environment, edit.path, edit.text)
    if edit.text.encode() == sources.files.get(edit.path):
        click.echo(f"gitops: {edit.path} has that already", err=True)
        return
    replace(sources.project.root / edit.path, edit.text.encode())
    click.echo(f"gitops: wrote {edit.path}; run `gitops render` to bring the overlays in line", err=True)


@values.command("diff")
@click.argument("left", metavar="ENV")
@click.argument("right", metavar="ENV")
@click.argument("applications", nargs=-1, metavar="[APP]...")
@_output
def diff(left: str, right: str, applications: tuple[str, ...], output: str) -> None:
    """Show which values differ between two environments, for all applications or those of APP.

    Example: gitops values diff staging prod
    """
    from gitops.settings import differences

    sources, read, environments = _load()
    names = [_chosen(sources, name, (left, right))[0] for name in applications] or sorted(sources.specs)
    _chosen(sources, names[0] if names else "", (left, right))
    found = {
        name: differences(*(_settings(read, environments, name, environment) for environment in (left, right)))
        for name in names
    }
    if output == "json":
        entries = {
            name: [{"name": each, left: a, right: b} for each, a, b in rows] for name, rows in found.items() if rows
        }
        click.echo(json.dumps({"version": 1, "applications": entries}, indent=2, ensure_ascii=False))
        return
    for name, rows in found.items():
        if rows:
            click.echo(f"{name}\n{_table([('', left, right), *((each, _text(a), _text(b)) for each, a, b in rows)])}")


def _load() -> tuple[Sources, Yaml, dict[str, LoadedEnvironment]]:
    from gitops.disk.project import read_sources

    sources = read_sources(project())
    return sources, *_environments(sources)


def _environments(sources: Sources) -> tuple[Yaml, dict[str, LoadedEnvironment]]:
    from gitops.load import Yaml, load_environments

    read = Yaml(sources)
    environments = load_environments(read)
    if read.problems:
        raise InvalidInput(read.problems)
    return read, environments


def _chosen(sources: Sources, application: str, environments: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    from gitops.run import Selection, checked

    (name,), chosen = checked(Selection((application,), environments), sources)
    return name, chosen or sources.environments


def _settings(
    read: Yaml, environments: dict[str, LoadedEnvironment], application: str, environment: str
) -> list[Setting]:
    from gitops.settings import settings

    return settings(read, environments, application, environment)


def _check(
    sources: Sources,
    environments: dict[str, LoadedEnvironment],
    application: str,
    environment: str,
    path: str,
    text: str,
) -> None:
    """Raises InvalidInput if the edit would make the values of any environment that reads the file wrong."""
    after = sources._replace(files={**sources.files, path: text.encode()})
    try:
        read, _ = _environments(after)
        for name, loaded in environments.items():
            if environment in loaded.chain:
                _settings(read, environments, application, name)
    except InvalidInput as error:  # the lines on the disk are the old ones: none is quoted
        raise InvalidInput(
            problem._replace(location=Location(path)) if problem.location and problem.location.file == path else problem
            for problem in error.problems
        ) from error


def _parsed(change: str) -> tuple[str, str]:
    name, equals, value = change.partition("=")
    if not equals or not name:
        raise UsageError(f"`{change}` is not NAME=VALUE")
    return name, value


def _row(setting: Setting) -> dict[str, Any]:
    origin = setting.origin
    return {"name": setting.name, "value": setting.value, "file": origin.file, "line": origin.line or None}


def _place(setting: Setting) -> str:
    origin = setting.origin
    return f"{origin.file}:{origin.line}" if origin.line else f"default in {origin.file}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
