"""The world: git, which knows what the project's files were. It is only asked, takes no lock, and fetches nothing."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gitops.problems import GitOpsError, ToolError, UsageError

TIMEOUT = 300
"""Seconds that one run may take."""

INSTALL = "install it, or go without the comparison with a revision"
DEEPEN = (
    "this clone is shallow: fetch the history, with `git fetch --unshallow`, or in CI `fetch-depth: 0` for "
    "actions/checkout and `GIT_DEPTH: 0` for GitLab"
)

_KEPT = re.compile(r"GIT_(CONFIG.*|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|EXEC_PATH)")
"""Variables that say how git is set up. The others say which repository is meant: a hook's are not for us."""

_FILES = ("100644", "100755")


def files_at(root: Path, revision: str, folders: Sequence[str]) -> dict[str, bytes]:
    """The files below these folders as they were committed at a revision: path relative to `root` -> content.

    Folders are relative to `root`, which may itself be anywhere in the repository; one that the revision lacks has no
    files. Symlinks and submodules are left out. Two git processes, however many files there are.

    Raises UsageError (no repository, no such commit) and ToolError (git is missing or fails).
    """
    _check(revision)
    listing = _git(root, revision, "ls-tree", "-r", "-z", "--", f"{revision}^{{commit}}", *folders)
    blobs = dict(_blobs(listing))
    contents = _contents(root, revision, sorted(set(blobs.values())))
    return {path: contents[blob] for path, blob in blobs.items()}


def merge_base(root: Path, revision: str) -> str:
    """The commit where the current one left the history of `revision`: what came since is what a pull request changes.

    It is `revision` itself where that is an ancestor of the current commit. Raises as `files_at` does, and UsageError
    where the two have no commit in common.
    """
    _check(revision)
    found = _run(root, "merge-base", "--", revision, "HEAD")
    if found.returncode not in (0, 1):
        raise _refused(root, revision, found)
    if base := found.stdout.decode("ascii").strip():
        return base
    advice = DEEPEN if _is_shallow(root) else "name a revision that the current branch was made from"
    raise UsageError(f"`{revision}` and the current commit have no commit in common; {advice}")


def _check(revision: str) -> None:
    if not revision or revision.startswith("-") or not revision.isprintable():
        raise UsageError(f"{revision!r} is not a revision; name a commit, a tag or a branch, such as `origin/main`")


def _blobs(listing: bytes) -> Iterator[tuple[str, str]]:
    """Path and blob of every plain file in what `ls-tree -z` prints."""
    for entry in listing.split(b"\0")[:-1]:
        head, _, path = entry.partition(b"\t")
        mode, _, blob = head.decode("ascii").split()
        if mode in _FILES:
            yield path.decode("utf-8", "backslashreplace"), blob  # a name can be shown, whatever it is


def _contents(root: Path, revision: str, blobs: Sequence[str]) -> dict[str, bytes]:
    if not blobs:
        return {}
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    answers = _git(root, revision, "cat-file", "--batch", "--buffer", asked=asked)
    return dict(_answers(answers, blobs, revision))


def _answers(answers: bytes, blobs: Iterable[str], revision: str) -> Iterator[tuple[str, bytes]]:
    """Each blob with its content, in what `cat-file --batch` prints: `<blob> blob <size>`, the content, a line break."""
    place = 0
    for blob in blobs:
        start = answers.index(b"\n", place) + 1
        size = answers[place : start - 1].rpartition(b" ")[2]
        if not size.isdigit():
            raise ToolError(
                f"git has not all files of `{revision}`: a clone that was made with `--filter` or is damaged; "
                "make a full one (in CI, without `filter`)"
            )
        place = start + int(size) + 1
        yield blob, answers[start : place - 1]


def _git(root: Path, revision: str, *arguments: str, asked: bytes | None = None) -> bytes:
    """What git prints. Raises as `files_at` does, once it fails."""
    done = _run(root, *arguments, asked=asked)
    if done.returncode:
        raise _refused(root, revision, done)
    return done.stdout


def _run(root: Path, *arguments: str, asked: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "--no-optional-locks", *arguments]
    try:
        return subprocess.run(
            command, cwd=root, env=_environment(), input=asked or b"", capture_output=True, timeout=TIMEOUT, check=False
        )
    except FileNotFoundError as error:
        raise ToolError(f"git is not installed: {INSTALL}") from error
    except OSError as error:
        raise ToolError(f"cannot run git: {error.strerror}; {INSTALL}") from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"git {arguments[0]} took more than {TIMEOUT} s and was stopped") from error


def _environment() -> dict[str, str]:
    """Ours, without what would send git to another repository, and with what keeps it from asking and from fetching."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or _KEPT.fullmatch(name)}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}


def _refused(root: Path, revision: str, done: subprocess.CompletedProcess[bytes]) -> GitOpsError:
    """Why git failed: what is not there is told in our words, all else in its own."""
    inside = _run(root, "rev-parse", "--git-dir")
    if b"not a git repository" in inside.stderr:
        return UsageError(
            f"`{root}` is in no git repository, so there is no revision to compare with; run this in a clone"
        )
    for name in (revision, "HEAD") if not inside.returncode else ():
        if not _is_commit(root, name):
            return UsageError(_unknown(root, name))
    reason = (inside if inside.returncode else done).stderr.decode("utf-8", "replace").strip()
    return ToolError(f"git cannot read `{revision}` in `{root}`: {reason.removeprefix('fatal: ')}")


def _unknown(root: Path, revision: str) -> str:
    message = f"git knows no commit `{revision}` here; "
    if revision == "HEAD":
        return f"{message}commit something first"
    if _is_commit(root, f"origin/{revision}"):
        return f"{message}did you mean `origin/{revision}`?"
    if _is_shallow(root):
        return message + DEEPEN
    return f"{message}name a commit, a tag or a branch; one of a remote is `origin/main`, after `git fetch`"


def _is_commit(root: Path, revision: str) -> bool:
    return _run(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").returncode == 0


def _is_shallow(root: Path) -> bool:
    return _run(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
