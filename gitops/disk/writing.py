"""Files are written so that none is ever half: staged whole, then renamed to their places.

Every new text is first put in one staging folder below the root, and only when all of it is on the disk are the files
renamed. So a full disk leaves the tree as it was, a killed run leaves each file either old or new, and what it leaves
besides is that one folder, which the next run removes.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EEXIST, ENOTEMPTY
from pathlib import Path
from typing import TYPE_CHECKING

from gitops.disk.refusals import refusal
from gitops.problems import InvalidInput

if TYPE_CHECKING:
    from gitops.disk.survey import Plan

TEMPORARY = re.compile(r"\.gitops-(\d+)\.tmp")
"""The name of a staging folder or file; the number is the process that made it."""

Moves = dict[str, str]
"""Where what was staged goes, in order: path below the root -> staged file or folder."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def write(root: Path, tree: Mapping[str, str], plan: Plan) -> None:
    """Make the files below `root` what `plan` says: new ones first, then changed, then removed.

    New files get mode 0644 less the umask; changed ones keep theirs. Nothing is synced to the disk file by file.
    Raises InvalidInput if the plan has problems (nothing is written then), ToolError if the disk refuses: each file is
    then either old or new, and planning and writing again completes the work.
    """
    if plan.problems:
        raise InvalidInput(plan.problems)
    sweep(root)
    existing = frozenset(plan.changed)
    wanted = sorted(plan.added, key=_order) + sorted(plan.changed, key=_order)
    if wanted:
        with _staging(root) as stage:
            _move(os.fspath(root), _stage(os.fspath(root), stage, tree, wanted, existing), existing)
    _remove(os.fspath(root), sorted(plan.removed, key=_order, reverse=True))


def replace(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write one file whole or not at all; an existing file keeps its mode. Raises ToolError."""
    sweep(path.parent)
    temporary = os.fspath(path.with_name(f".gitops-{os.getpid()}.tmp"))
    try:
        _create(temporary, content, mode, like=os.fspath(path))
        os.rename(temporary, path)  # noqa: PTH104 - paths are strings here, for speed
    except OSError as error:
        raise refusal("write", path, error) from error
    finally:
        with suppress(OSError):  # gone already, or left for the next sweep
            os.unlink(temporary)  # noqa: PTH108


def sweep(folder: Path) -> None:
    """Remove what killed runs left in `folder`. Raises ToolError."""
    try:
        names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208
        for name in names:
            if (match := TEMPORARY.fullmatch(name)) and not _alive(int(match[1])):
                _discard(folder / name)
    except OSError as error:
        raise refusal("tidy up", folder, error) from error


def _alive(process: int) -> bool:
    """Whether another run may still be using its staging folder. Our own number on an old one is a number used twice."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def _discard(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        for child in place.iterdir():
            _discard(child)
        place.rmdir()
    else:
        place.unlink(missing_ok=True)


def _order(path: str) -> tuple[bool, int, bool, str]:
    """What is named comes before what names it: objects, then kustomizations, the deeper and those of base first."""
    return path.endswith("kustomization.yaml"), -path.count("/"), not path.startswith("base/"), path


@contextmanager
def _staging(root: Path) -> Iterator[str]:
    folder = root / f".gitops-{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise refusal("make the folder", folder, error) from error
    try:
        yield os.fspath(folder)
    finally:
        with suppress(OSError):  # what stays is left for the next sweep, and hides no other error
            _discard(folder)


def _stage(root: str, stage: str, tree: Mapping[str, str], wanted: list[str], existing: frozenset[str]) -> Moves:
    """Write every text into the staging folder, and those of a folder that is new as a whole into a folder there."""
    moves: Moves = {}
    whole = _new_folders(root, wanted)
    path = ""
    try:
        for number, path in enumerate(wanted):
            folder, _, name = path.rpartition("/")
            if folder in whole:
                staged = moves.pop(folder, "") or _staged_folder(f"{stage}/{number}")
                moves[folder] = staged  # last again: it moves when the last of its files would
                _create(f"{staged}/{name}", tree[path].encode())
            else:
                moves[path] = f"{stage}/{number}"
                _create(moves[path], tree[path].encode(), like=f"{root}/{path}" if path in existing else "")
    except OSError as error:
        raise refusal("write", f"{root}/{path}", error) from error
    return moves


def _new_folders(root: str, wanted: Iterable[str]) -> set[str]:
    """The folders that are not there yet and will hold only files."""
    folders = {path.rpartition("/")[0] for path in wanted}
    above = {folder.rpartition("/")[0] for folder in folders}
    return {folder for folder in folders - above if not os.path.lexists(f"{root}/{folder}")}


def _staged_folder(place: str) -> str:
    os.mkdir(place)  # noqa: PTH102
    return place


def _create(path: str, content: bytes, mode: int = 0o644, like: str = "") -> None:
    """Make a file, with the mode of `like` if that is there."""
    descriptor = os.open(path, _CREATE, mode)
    try:
        while content:
            content = content[os.write(descriptor, content) :]
        if like:
            with suppress(FileNotFoundError):
                os.fchmod(descriptor, stat.S_IMODE(os.stat(like).st_mode))  # noqa: PTH116
    finally:
        os.close(descriptor)


def _move(root: str, moves: Moves, existing: frozenset[str]) -> None:
    made: set[str] = {""}
    path = ""
    try:
        for path, staged in moves.items():
            target = f"{root}/{path}"
            if path not in existing:
                _make_above(root, path, made)
                if os.path.lexists(target):
                    raise FileExistsError(EEXIST, os.strerror(EEXIST))  # someone made it after the plan
            os.rename(staged, target)  # noqa: PTH104
    except OSError as error:
        raise refusal("write", f"{root}/{path}", error) from error


def _make_above(root: str, path: str, made: set[str]) -> None:
    folder = path.rpartition("/")[0]
    if folder not in made:
        os.makedirs(f"{root}/{folder}", exist_ok=True)  # noqa: PTH103
        made.add(folder)


def _remove(root: str, paths: Iterable[str]) -> None:
    path = ""
    try:
        for path in paths:
            with suppress(FileNotFoundError):
                os.unlink(f"{root}/{path}")  # noqa: PTH108
            _remove_if_empty(root, path.rpartition("/")[0])
    except OSError as error:
        raise refusal("remove", f"{root}/{path}", error) from error


def _remove_if_empty(root: str, folder: str) -> None:
    while folder:
        try:
            os.rmdir(f"{root}/{folder}")  # noqa: PTH106
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno in (ENOTEMPTY, EEXIST):
                return
            raise
        folder = folder.rpartition("/")[0]
