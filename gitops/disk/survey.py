"""What is on the disk, against what is wanted. Looks and touches nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from gitops.disk.refusals import advice
from gitops.disk.writing import TEMPORARY
from gitops.location import Location
from gitops.ownership import MARK_LENGTH, owned
from gitops.problems import Problem

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_NO_NAMES = frozenset(("", ".", ".."))

Kind = Literal["file", "folder", "symlink", "special file"]
Listing = dict[str, Kind]


class Plan(NamedTuple):
    """What `write` would do: paths relative to the root, sorted. Paths that have a problem are in none of the four."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether the disk differs from the wanted tree."""
        return bool(self.added or self.changed or self.removed)


def plan(
    root: Path, tree: Mapping[str, str], scope: Iterable[str] | None = None, *, project: Path | None = None
) -> Plan:
    """Compare `tree` (posix path relative to `root` -> text) with the files below `root`, byte for byte.

    Owned files that `tree` lacks count as removed if they are below a folder of `scope` (None: anywhere below `root`).
    Places in problems are relative to `project` (default: the parent of `root`). Raises nothing that concerns a file:
    rules `foreign-file`, `path-escape`, `path-conflict`, `unreadable` and `not-unicode` report it.
    """
    survey = _Survey(root, project or root.parent, tree)
    for path in sorted(tree):
        survey.compare(path)
    for folder in [""] if scope is None else sorted(set(scope)):
        survey.find_stale(folder)
    return survey.plan()


class _Survey:
    """One look at the disk. Folders are listed once, and nothing is opened that a listing does not call a file."""

    def __init__(self, root: Path, project: Path, tree: Mapping[str, str]) -> None:
        self.tree = tree
        self.root = os.fspath(root)
        self.project = os.fspath(project)
        self.listings: dict[str, Listing | None] = {}
        self.added: list[str] = []
        self.changed: list[str] = []
        self.unchanged: list[str] = []
        self.removed: set[str] = set()
        self.problems: list[Problem] = []

    def plan(self) -> Plan:
        problems = tuple(dict.fromkeys(self.problems))  # scopes may overlap
        removed = tuple(sorted(self.removed))
        return Plan(tuple(self.added), tuple(self.changed), removed, tuple(self.unchanged), problems)

    def compare(self, path: str) -> None:
        """Put a wanted path where it belongs: added, changed, unchanged, or a problem."""
        if not _is_plain(path):
            return self.problem("path-escape", ascii(path)[1:-1], "is not a plain path below the rendered folder")
        folder, _, name = path.rpartition("/")
        listing = self.listings[folder] if folder in self.listings else self.listing(folder)
        if listing is None:
            return None  # the folder itself has a problem
        kind = listing.get(name)
        if kind is None:
            self.added.append(path)
        elif kind == "file":
            del listing[name]  # what is left in the end is what nobody wants
            self.compare_content(path)
        else:
            self.obstacle(path, kind, "file")
        return None

    def compare_content(self, path: str) -> None:
        try:
            wanted = self.tree[path].encode()
        except UnicodeEncodeError:
            return self.problem("not-unicode", path, "would hold half a surrogate pair, which no file can")
        found = self.start_of(path, len(wanted) + 1)
        if found == wanted:
            self.unchanged.append(path)
        elif found is None:
            pass  # reported
        elif owned(found) or owned(self.start_of(path, MARK_LENGTH) or b""):
            self.changed.append(path)
        else:
            hint = "move it away or delete it; only files whose first line says that gitops made them are replaced"
            self.problem("foreign-file", path, "is in the way: gitops did not make it", hint)
        return None

    def find_stale(self, scope: str) -> None:
        """Collect the owned files below `scope` that nobody wants; symlinks are not followed."""
        folders = [scope]
        while folders:
            folder = folders.pop()
            for name, kind in (self.listing(folder) or {}).items():
                path = f"{folder}/{name}" if folder else name
                if TEMPORARY.fullmatch(name):
                    continue
                if kind == "folder":
                    folders.append(path)
                elif kind == "file" and owned(self.start_of(path, MARK_LENGTH) or b""):
                    self.removed.add(path)

    def listing(self, folder: str) -> Listing | None:
        """What is in a folder: nothing if it is not there, None if it cannot be used (which is then reported)."""
        if folder not in self.listings:
            self.listings[folder] = self.look(folder)
        return self.listings[folder]

    def look(self, folder: str) -> Listing | None:
        if not folder:
            return self.scan(folder) if os.path.lexists(self.root) else {}
        if folder in self.tree:
            self.problem("path-conflict", folder, "is wanted both as a file and as a folder")
            return None
        above, _, name = folder.rpartition("/")
        listing = self.listing(above)
        if listing is None:
            return None
        if name not in listing:
            return {}
        if listing[name] == "folder":
            return self.scan(folder)
        self.obstacle(folder, listing[name], "folder")
        return None

    def scan(self, folder: str) -> Listing | None:
        try:
            with os.scandir(f"{self.root}/{folder}") as entries:
                # Nearly all are files: those are told without a call.
                return {e.name: "file" if e.is_file(follow_symlinks=False) else _kind(e) for e in entries}
        except OSError as error:
            self.problem("unreadable", folder, f"cannot be listed: {error.strerror}", advice(error))
            return None

    def start_of(self, path: str, size: int) -> bytes | None:
        """The first `size` bytes of a file, or None if they cannot be had (which is then reported)."""
        try:
            descriptor = os.open(f"{self.root}/{path}", _READ)
            try:
                return os.read(descriptor, size)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.problem("unreadable", path, f"cannot be read: {error.strerror}", advice(error))
            return None

    def obstacle(self, path: str, kind: Kind, wanted: str) -> None:
        place = f"{self.root}/{path}"
        leads = os.path.realpath(place)
        if kind == "symlink" and not leads.startswith(os.path.realpath(self.root) + os.sep):
            what = f"is a symlink that leads out of the rendered folder; a {wanted} belongs there"
            return self.problem("path-escape", path, what, "remove the symlink")
        return self.problem("foreign-file", path, f"is a {kind}; a {wanted} belongs there", f"remove the {kind}")

    def problem(self, rule: str, path: str, what: str, hint: str = "") -> None:
        """Report `path`, as the user would write it from the project's folder."""
        shown = os.path.relpath(self.root, self.project) + (f"/{path}" if path else "")
        self.problems.append(Problem(rule, f"`{shown}` {what}", Location(shown), hint=hint))


def _is_plain(path: str) -> bool:
    """Whether a path stays below the root on every system, and can be the name of a file at all."""
    if "\\" in path or "\0" in path or not _NO_NAMES.isdisjoint(path.split("/")):
        return False
    return path.isascii() or not any("\ud800" <= character <= "\udfff" for character in path)


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return "symlink"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "special file"
