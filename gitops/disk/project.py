"""Find a project and read its inputs."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from gitops.disk.reading import read_bytes, read_text
from gitops.disk.refusals import refusal
from gitops.location import Location
from gitops.problems import InvalidInput, NoProject, Problem, UsageError
from gitops.project import BASE, Project, Sources, application_name

_TABLE = re.compile(r"^\s*\[\s*tool\s*\.\s*gitops\s*\]", re.MULTILINE)
_FOLDERS = ("specs", "environments", "schemas", "overlays")


def find_project(start: Path, exact: bool = False) -> Project:
    """The project at `start`: the nearest folder upwards whose pyproject.toml has a `[tool.gitops]` table.

    With `exact`, `start` itself is the project, table or not. Raises UsageError.
    """
    start = Path(os.path.abspath(start))  # noqa: PTH100 - a symlinked project keeps its name
    if not start.is_dir():
        raise UsageError(f"there is no folder `{start}`")
    for folder in [start] if exact else [start, *start.parents]:
        file = folder / "pyproject.toml"
        if file.is_file() and _TABLE.search(text := read_text(file)):
            return _configured(folder, text)
    if exact:
        return Project(start)
    raise NoProject(
        f"no project here: neither `{start}` nor a folder above it has a pyproject.toml with a [tool.gitops] table; "
        "add the table (it may be empty), or name the folder with --project"
    )


def read_sources(project: Project) -> Sources:
    """Read every spec, environment and values file. Raises InvalidInput and ToolError for what cannot be read."""
    specs = _specs(project)
    environments = tuple(
        name for name in _names(project, project.environments) if (project.root / project.environments / name).is_dir()
    )
    paths = [*specs.values()]
    for environment in environments:
        folder = f"{project.environments}/{environment}"
        paths += [f"{folder}/{name}" for name in _names(project, folder) if name.endswith((".yaml", ".yml"))]
    paths += [path for path in ("pyproject.toml", f"{project.schemas}/SOURCES.yaml") if (project.root / path).is_file()]
    root = f"{project.root}/"
    files = {path: read_bytes(root + path, path) for path in paths}
    return Sources(project, files, specs, tuple(sorted(environments, key=lambda name: (name != BASE, name))))


def _specs(project: Project) -> dict[str, str]:
    specs: dict[str, str] = {}
    for name in filter(_is_spec, _names(project, project.specs)):
        path = f"{project.specs}/{name}"
        first = specs.setdefault(application_name(name[:-3]), path)
        if first != path:
            raise InvalidInput([_same_application(application_name(name[:-3]), path, first)])
    return specs


def _same_application(name: str, path: str, first: str) -> Problem:
    why = "an application is named after its file, and a name in Kubernetes has no underscore."
    message = f"`{path}` and `{first}` are the same application, `{name}`"
    return Problem("duplicate-application", message, Location(path), why=why, hint="rename one of them")


def _names(project: Project, folder: str) -> list[str]:
    path = project.root / folder
    try:
        return sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    except FileNotFoundError:
        raise UsageError(f"`{folder}` is missing in `{project.root}`: is this the right project?") from None
    except NotADirectoryError:
        raise UsageError(f"`{folder}` in `{project.root}` is not a folder") from None
    except OSError as error:
        raise refusal("read the folder", path, error) from error


def _is_spec(name: str) -> bool:
    return name.endswith(".py") and not name.startswith("_")


def _configured(root: Path, text: str) -> Project:
    import tomllib

    try:
        table = tomllib.loads(text)["tool"]["gitops"]
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"`{root / 'pyproject.toml'}` is not TOML: {error}") from error
    unknown = sorted(set(table) - set(_FOLDERS)) if isinstance(table, dict) else ["tool.gitops"]
    if unknown:
        raise UsageError(
            f"`{unknown[0]}` is not a setting of [tool.gitops] in pyproject.toml; there are: {', '.join(_FOLDERS)}"
        )
    found = Project(root, **{name: _folder(name, value) for name, value in table.items()})
    package = found.specs.rpartition("/")[2]
    if package == "gitops" or package in sys.stdlib_module_names:
        raise UsageError(
            f"specs cannot be in a folder called `{package}`, as Python has a package of that name; rename the folder"
        )
    return found


def _folder(name: str, value: object) -> str:
    if not isinstance(value, str) or not value or Path(value).is_absolute() or ".." in Path(value).parts:
        raise UsageError(
            f"`{name}` in [tool.gitops] of pyproject.toml names a folder inside the project, not {value!r}"
        )
    return Path(value).as_posix()


def content(path: str) -> bytes:
    """The content of a file that the user named. Raises InvalidInput as `read_bytes` does."""
    return read_bytes(path)
