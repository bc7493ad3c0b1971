# ruff: noqa: PTH116 - paths are strings here, for speed
"""The manifests in a folder and in those below it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal, NamedTuple

from gitops.disk.kustomizations import NAMES

ENDINGS = (".yaml", ".yml", ".json")

_CHART, _TEMPLATES = "Chart.yaml", "templates"


class Entry(NamedTuple):
    """Something to read. `path` is absolute, `shown` as the user would write it."""

    kind: Literal["file", "kustomization", "chart", "unreadable"]
    path: str
    shown: str
    reason: OSError | None = None


def walk(folder: str, shown: str) -> Iterator[Entry]:
    """The files that may hold manifests, the kustomizations and Helm charts of a tree: by name, files of a folder first.

    Hidden files and folders are passed over, as is what lies in a chart. Symlinks are followed; no folder is seen twice.
    """
    left, seen = [(folder, shown)], set[tuple[int, int]]()
    while left:
        here, name = left.pop()
        try:
            status = os.stat(here)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(here) as entries:
                found = sorted((entry for entry in entries if entry.name[0] != "."), key=lambda entry: entry.name)
        except OSError as error:
            yield Entry("unreadable", here, name, error)
            continue
        folders = [entry for entry in found if _is_folder(entry)]
        if _is_chart(found, folders):
            yield Entry("chart", here, name)
            continue
        names = {entry.name for entry in folders}
        yield from _entries(here, name, [entry for entry in found if entry.name not in names])
        left += [(entry.path, joined(name, entry.name)) for entry in reversed(folders)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a symlink to itself
        return False


def _is_chart(entries: list[os.DirEntry[str]], folders: list[os.DirEntry[str]]) -> bool:
    return any(e.name == _CHART for e in entries) and any(e.name == _TEMPLATES for e in folders)


def _entries(folder: str, shown: str, entries: list[os.DirEntry[str]]) -> Iterator[Entry]:
    """Beside a kustomization no file is of interest."""
    if any(entry.name in NAMES for entry in entries):
        yield Entry("kustomization", folder, shown)
        return
    for entry in entries:
        if entry.name.endswith(ENDINGS):
            yield Entry("file", entry.path, joined(shown, entry.name))


def joined(folder: str, name: str) -> str:
    """The name of something in a folder, as a user would write it."""
    return name if folder in ("", ".", "./") else f"{folder.rstrip('/')}/{name}"
