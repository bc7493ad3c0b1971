"""The one place of this package that touches files: the schemas folder, and the data of kubernetes-validate."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from gitops.location import Location
from gitops.problems import InvalidInput, Problem, ToolError
from gitops.schemas import sources
from gitops.schemas.store import Cache, Library


def library(folder: Path, cache: Cache | None = None) -> Library:
    """Every schema below `folder`, and those of Kubernetes itself. Reads nothing yet."""
    return Library(reader(folder), KubernetesData(), cache)


def bundled() -> Path:
    """The schemas that come with this package; in a checkout, those of the repository."""
    package = Path(__file__).parents[1]
    folder = package / "bundled"
    return folder if folder.is_dir() else package.parent / "schemas"


def reader(folder: Path) -> Callable[[str], bytes | None]:
    """Reads a path below `folder`; None where there is no file. Raises ToolError where it cannot be read."""

    def read(path: str) -> bytes | None:
        try:
            return (folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ToolError(f"{path}: cannot be read: {error.strerror}") from None

    return read


def add_files(
    folder: Path, files: Iterable[Path], project: str, version: str, origin: sources.Origin
) -> tuple[sources.Entry, ...]:
    """Add CRD files to a project's release below `folder`; nothing is written unless all are good.

    A file is recorded under the path as given, or its name alone where that is absolute: give paths relative to
    upstream's checkout. Raises InvalidInput, UsageError, and ToolError where the disk fails us.
    """
    from gitops.schemas.collect import collect

    known = sources.parse(reader(folder)(sources.FILE))
    crds = ((file.name if file.is_absolute() else file.as_posix(), _bytes(file)) for file in files)
    change = collect(known, crds, project, version, origin)
    try:
        for path, data in change.write.items():  # SOURCES.yaml last: it never names what is not there
            _replace(folder / path, data)
        for path in change.remove:
            (folder / path).unlink(missing_ok=True)
    except OSError as error:
        raise ToolError(f"{error.filename}: cannot be written: {error.strerror}; run the command again") from None
    return change.added


def verify_folder(folder: Path, shown: str = "schemas") -> tuple[Problem, ...]:
    """Everything in which the folder is not what its SOURCES.yaml says; places begin with `shown`."""
    from gitops.schemas.collect import verify

    found = verify(reader(folder), _walk(folder))
    return tuple(each._replace(location=Location(f"{shown}/{each.location}")) for each in found)


def _walk(folder: Path) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield (Path(parent) / name).relative_to(folder).as_posix()


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        hint = "give the path of a file that you may read"
        problem = Problem("unreadable", f"cannot be read: {error.strerror}", Location(str(file)), hint=hint)
        raise InvalidInput([problem]) from None


def _replace(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


class KubernetesData:
    """The definitions that the kubernetes-validate package carries, one minor version at a time."""

    def __init__(self) -> None:
        self._last: tuple[str, Mapping[str, Any]] = ("", {})  # a megabyte each: keep only one

    def minors(self) -> list[str]:
        """The minor versions that there are, ascending."""
        there = (each.name[1:].partition(".0-")[0] for each in _data_folder().glob("v*-local-strict"))
        return sorted(there, key=lambda minor: [int(part) for part in minor.split(".")])

    def stamp(self, minor: str) -> str:
        """Size and time of the file."""
        status = _definitions(minor).stat()
        return f"{status.st_size}-{status.st_mtime_ns}"

    def definitions(self, minor: str) -> Mapping[str, Any]:
        """Name -> schema."""
        if self._last[0] != minor:
            self._last = (minor, json.loads(_definitions(minor).read_bytes())["$defs"])
        return self._last[1]


def _definitions(minor: str) -> Path:
    return _data_folder() / f"v{minor}.0-local-strict" / "_definitions.json"


@lru_cache
def _data_folder() -> Path:
    from importlib.util import find_spec

    spec = find_spec("kubernetes_validate")  # importing it would load a validator of its own
    if spec is None or not spec.submodule_search_locations:
        raise ToolError("the package kubernetes-validate is not installed; install gitops-model-serving again")
    return Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema"
