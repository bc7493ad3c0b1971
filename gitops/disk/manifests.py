# ruff: noqa: PTH100, PTH116, PTH118, PTH119, PTH120 - paths are strings here, for speed
"""Reading the manifests that a user gives: files, folders, kustomizations and stdin.

What belongs to a kustomization is judged as kustomize builds it, and not alone: the files that one names, those beside
it, and the folders that another one found at the same time takes in. Every other file of a folder is judged by itself.
"""

from __future__ import annotations

import gc
import os
import stat
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from gitops import kustomize, manifests
from gitops.disk.folders import Entry, joined, walk
from gitops.disk.given import STDIN, read_file, read_stdin, text_of, unreadable
from gitops.disk.kustomizations import NAMES, Kustomizations
from gitops.given import Given
from gitops.location import Location
from gitops.problems import InvalidInput, Problem, Severity

NO_KUSTOMIZE = "\0kustomize"

Outcome = tuple[list[Given], list[Problem]]
Reader = Callable[[], Outcome]


def read_given(paths: Sequence[str], root: Path) -> Outcome:
    """The objects at the paths, in their order, and all problems with reading them; `-` is stdin. Raises nothing of its own.

    Paths are relative to `root`, whose `.tools` may hold kustomize. What is named twice is read once. Rules besides those
    of `gitops.manifests`: unreadable, too-large, binary-file, not-utf8, helm-chart, no-objects, kustomize-build,
    no-kustomize, remote-base.
    """
    enabled = gc.isenabled()
    gc.disable()  # nothing here goes in circles; looking for some costs a third of the time
    try:
        return _Found(root).outcome(paths)
    finally:
        if enabled:
            gc.enable()


def given_in(content: bytes, file: str, *, named: bool = True) -> Outcome:
    """The objects in the bytes of a file and what is wrong with the rest, as `gitops.manifests.read`. Raises nothing."""
    try:
        text, codec = text_of(content, file)
    except InvalidInput as error:
        return [], list(error.problems)
    return manifests.read(text, file, named=named, codec=codec)


class _Found:
    """What there is to read; kustomize builds in the background while files are read."""

    def __init__(self, root: Path) -> None:
        self.root = os.path.abspath(root)
        self.program = kustomize.find(root)
        self.kustomizations = Kustomizations()
        self.seen: set[str] = set()
        self.readers: list[Reader] = []
        self.is_repeated = False
        self.builders = ThreadPoolExecutor(max_workers=os.cpu_count())

    def outcome(self, paths: Sequence[str]) -> Outcome:
        """Everything at the paths."""
        given: list[Given] = []
        problems: list[Problem] = []
        with self.builders:
            for path in dict.fromkeys(paths):
                objects, wrong = self.at(path)
                given += objects
                problems += wrong
        return given, problems

    def at(self, path: str) -> Outcome:
        """Everything at one path that was not read before; that there is nothing is a problem too."""
        self.readers, self.is_repeated = [], False
        try:
            self.take(path)
        except InvalidInput as error:
            return [], list(error.problems)
        outcomes = [read() for read in self.readers]
        given = [each for objects, _ in outcomes for each in objects]
        problems = [each for _, found in outcomes for each in found]
        if not given and not problems and not self.is_repeated:
            problems.append(_nothing(path))
        return given, problems

    def take(self, path: str) -> None:
        """Note what is to be read at a path. Raises InvalidInput (rule `unreadable`)."""
        if path == "-":
            return self.add(STDIN, partial(_parsed, read_stdin, STDIN, True))
        place = os.path.normpath(os.path.join(self.root, path))
        folder = place if _is_folder(place, path) else os.path.dirname(place)
        if folder == place and self.kustomizations.of(folder) is None:
            return self.take_folder(place, path)
        if folder == place or os.path.basename(place) in NAMES:
            return self.add_build(folder, path if folder == place else os.path.dirname(path))
        return self.add(place, partial(_parsed, partial(read_file, place, path), path, True))

    def take_folder(self, folder: str, shown: str) -> None:
        """All of a tree, save what a kustomization in it takes in."""
        entries = list(walk(folder, shown))
        built = [self.kustomizations.of(entry.path) for entry in entries if entry.kind == "kustomization"]
        taken = {path for found in built if found for path in found.mentions}
        for entry in entries:
            if entry.kind == "unreadable" or entry.kind == "chart":
                self.add(entry.path, partial(_reported, entry, entry.path == folder))
            elif entry.path in taken:
                continue
            elif entry.kind == "file":
                read = partial(read_file, entry.path, entry.shown)
                self.add(entry.path, partial(_parsed, read, entry.shown, False))
            elif (found := self.kustomizations.of(entry.path)) and not found.is_component:
                self.add_build(entry.path, entry.shown)

    def add(self, path: str, read: Reader) -> None:
        """Read something, unless that is done already."""
        if path in self.seen:
            self.is_repeated = True
        else:
            self.seen.add(path)
            self.readers.append(read)

    def add_build(self, folder: str, shown: str) -> None:
        """Build a kustomization, in the background from now on."""
        if self.program is None:
            self.add(NO_KUSTOMIZE, partial(_unbuilt, shown))  # once, however many there are
        elif folder in self.seen:
            self.is_repeated = True
        else:
            self.add(folder, self.builders.submit(self.build, folder, shown).result)

    def build(self, folder: str, shown: str) -> Outcome:
        """What kustomize makes of a folder."""
        found = self.kustomizations.of(folder)
        file = joined(shown, os.path.basename(found.file)) if found else shown
        objects, problems = self.kustomizations.build(folder, file, self.program)
        origin = self.kustomizations.origins(folder, partial(self.sources, folder, shown))
        given, wrong = manifests.judged(objects, file, origin)
        return given, problems + wrong

    def sources(self, folder: str, shown: str, path: str) -> list[Given]:
        """The objects in a file that a folder is built from."""
        name = os.path.normpath(os.path.join(shown, os.path.relpath(path, folder)))
        return _parsed(partial(read_file, path, name), name, False)[0]


def _parsed(read: Callable[[], bytes], file: str, named: bool) -> Outcome:
    try:
        return given_in(read(), file, named=named)
    except InvalidInput as error:
        return [], list(error.problems)


def _reported(entry: Entry, named: bool) -> Outcome:
    """What is not read: a folder that cannot be listed, a Helm chart."""
    if entry.reason is not None:
        return [], [unreadable(entry.shown, entry.reason)]
    message = f"`{entry.shown}` is a Helm chart; its templates are no manifests yet"
    hint = "render it first: `helm template … | gitops validate -`"
    severity: Severity = "error" if named else "warning"
    return [], [Problem("helm-chart", message, Location(f"{entry.shown}/Chart.yaml"), severity, hint=hint)]


def _unbuilt(shown: str) -> Outcome:
    message = f"kustomize is not installed, so that `{shown}` cannot be judged"
    return [], [Problem("no-kustomize", message, Location(shown), hint=kustomize.INSTALL)]


def _nothing(path: str) -> Problem:
    shown = STDIN if path == "-" else path
    message = f"there is no object in `{shown}`"
    hint = "did the command that should have written it fail?" if path == "-" else "is it the right place?"
    why = "nothing was checked; kubectl too takes that for an error"
    return Problem("no-objects", message, Location(shown), why=why, hint=hint)


def _is_folder(path: str, shown: str) -> bool:
    """Raises InvalidInput if nothing is there."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except OSError as error:
        raise InvalidInput([unreadable(shown, error)]) from None
    except ValueError:  # a NUL in the path
        problem = Problem("unreadable", f"cannot read {shown!r}: no file can have this name", Location(ascii(shown)))
        raise InvalidInput([problem]) from None
