# ruff: noqa: PTH113, PTH118 - paths are strings here, for speed
"""What the kustomizations in a tree name, and what kustomize makes of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from gitops import kustomize, yaml
from gitops.disk.reading import read_text
from gitops.given import Given
from gitops.location import Location
from gitops.objects import Object
from gitops.problems import InvalidInput, Problem, ToolError

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

_PARTS = ("resources", "bases", "components")
_REMOTE = re.compile(r"://|^git@|^(?:github|gitlab|bitbucket)\.(?:com|org)/|\.git(?:/|\?|$)|\?ref=")
_FAILED = re.compile(r".*? failed with exit status \d+: ", re.DOTALL)
_SECRET = re.compile(r"map\[.*\}|(?<=loading KV pairs: ).*|(?<=with config: )`.*`|(?<=patch from )\[.*\]", re.DOTALL)
"""What kustomize shows of the objects, literals and patches that it cannot take."""
_LONGEST = 1000

Reader = Callable[[str], Iterable[Given]]
"""The objects in the file at a path; none if it cannot be read."""


class Kustomization(NamedTuple):
    """One kustomization: the folder, its file, every path that it names anywhere, and what it builds upon."""

    folder: str
    file: str
    mentions: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()
    is_component: bool = False

    @property
    def remote(self) -> str:
        """What it would fetch from the network, if anything."""
        return next((part for part in self.parts if _REMOTE.search(part) and not self._is_here(part)), "")

    def paths(self) -> Iterator[str]:
        """The files and folders it builds upon."""
        return (_joined(self.folder, part) for part in self.parts)

    def _is_here(self, part: str) -> bool:
        return os.path.lexists(_joined(self.folder, part))


class Kustomizations:
    """The kustomizations that were looked at, each read once. Folders are absolute paths without `..`."""

    def __init__(self) -> None:
        self._known: dict[str, Kustomization | None] = {}

    def of(self, folder: str) -> Kustomization | None:
        """The kustomization of a folder, if it has one; one that cannot be read names nothing."""
        if folder not in self._known:
            name = next((name for name in NAMES if os.path.isfile(os.path.join(folder, name))), "")
            self._known[folder] = _read(folder, name) if name else None
        return self._known[folder]

    def below(self, folder: str) -> Iterator[Kustomization]:
        """The kustomization of a folder and all that it builds upon."""
        left, seen = [folder], {folder}
        while left:
            if found := self.of(left.pop()):
                yield found
                new = [path for path in found.paths() if path not in seen]
                left += new
                seen.update(new)

    def build(self, folder: str, shown: str, program: Path | None) -> tuple[list[Object], list[Problem]]:
        """What kustomize builds of a folder whose kustomization the user knows as `shown`. Nothing is fetched."""
        place = Location(shown)
        for found in self.below(folder):
            if remote := found.remote:
                return [], [_remote(remote, place)]
        try:
            return kustomize.build(Path(folder), program), []
        except ToolError as error:
            return [], [_failed(str(error), place)]

    def origins(self, folder: str, read: Reader) -> Callable[[Object], Given | None]:
        """Finds the one object among the files that a folder is built from which has the same kind and name."""
        index: dict[tuple[str, str], list[Given]] = {}

        def find(obj: Object) -> Given | None:
            if not index:
                for found in self.below(folder):
                    for path in filter(os.path.isfile, found.paths()):
                        for given in read(path):
                            index.setdefault(_identity(given.object), []).append(given)
                index.setdefault(("", ""), [])  # not empty: what was looked for once is not looked for again
            same = index.get(_identity(obj), [])
            return same[0] if len(same) == 1 else None

        return find


def _read(folder: str, name: str) -> Kustomization:
    file = os.path.join(folder, name)
    try:
        data = yaml.parse(read_text(file), file)
    except InvalidInput:
        return Kustomization(folder, file)  # kustomize will say so
    texts = [text for text in _texts(data) if "\n" not in text and len(text) < _LONGEST]
    mentions = {_joined(folder, path) for text in texts for path in (text, text.partition("=")[2]) if path}
    data = data if isinstance(data, dict) else {}
    parts = [part for name in _PARTS for part in _texts(data.get(name)) if "\n" not in part]
    return Kustomization(folder, file, frozenset(mentions), tuple(parts), data.get("kind") == "Component")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _texts(child)


def _joined(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path))


def _identity(obj: Object) -> tuple[str, str]:
    metadata = obj.get("metadata")
    return str(obj.get("kind")), str(metadata.get("name")) if isinstance(metadata, dict) else ""


def _remote(remote: str, place: Location) -> Problem:
    message = f"`{remote}` would have to be fetched from the network"
    why = "validation works offline: the same files give the same verdict"
    hint = "copy it into the repository, or build it first: `kustomize build FOLDER | gitops validate -`"
    return Problem("remote-base", message, place, why=why, hint=hint)


def _failed(reason: str, place: Location) -> Problem:
    """Without what could be the value of a Secret."""
    found = _SECRET.sub("…", _FAILED.sub("", reason, count=1))
    why = "Argo CD and `kubectl apply -k` run the same build"
    return Problem("kustomize-build", "kustomize cannot build this", place, found=found, why=why)
