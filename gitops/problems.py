"""Problems are values: what was found, where, why it matters and what to do.

Errors raised by this package:

    GitOpsError
    ├── InvalidInput    the user's files have problems (exit status 1)
    ├── UsageError      an option, argument or the configuration is wrong (exit status 2)
    └── ToolError       another program or the disk failed us (exit status 1)

Anything else that escapes is a fault of the tool (exit status 70).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from gitops.location import Location

Severity = Literal["error", "warning"]
Path = tuple[str | int, ...]
"""Where in data: names of fields and indices of lists."""


class Fix(NamedTuple):
    """An edit that is safe to make unasked: the result is what the author can only have meant.

    `value`: the new value of `set`, or the new name of the key at `path` of `rename`.
    """

    op: Literal["set", "rename", "remove"]
    path: Path
    value: Any = None


class Problem(NamedTuple):
    """One finding. Only `rule` and `message` are always there; the rest is empty where it does not apply."""

    rule: str
    message: str
    location: Location | None = None
    severity: Severity = "error"
    object: str = ""
    environments: tuple[str, ...] = ()
    pointer: str = ""
    found: str = ""
    expected: str = ""
    why: str = ""
    hint: str = ""
    quotable: bool = True
    """Whether the line at `location` may be shown; one with a secret on it may not."""
    fix: Fix | None = None
    """What mends it, in the file of `location`; its path begins at the object, or at the root of a values file."""

    def told(self) -> Problem:
        """As it may be told to anybody: URLs in it have neither passwords nor keys."""
        from gitops.secrecy import (
            concealed,
        )  # compiling its patterns takes 2 ms, and few commands have problems to tell

        fix = self.fix
        if fix and isinstance(fix.value, str):
            fix = fix._replace(value=concealed(fix.value))
        return self._replace(
            message=concealed(self.message),
            found=concealed(self.found),
            expected=concealed(self.expected),
            why=concealed(self.why),
            hint=concealed(self.hint),
            fix=fix,
        )


class GitOpsError(Exception):
    """Base of every error that is meant for the user."""


class InvalidInput(GitOpsError):
    """The user's files have problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(problem.message for problem in self.problems))


class UsageError(GitOpsError):
    """An option, an argument or the project's configuration is wrong."""


class NoProject(UsageError):
    """There is no project where one was looked for."""


class ToolError(GitOpsError):
    """Another program or the disk failed; the message says which, and what to do."""


def nearest(name: str, candidates: Iterable[str]) -> str:
    """The candidate that `name` was probably meant to be, or an empty string."""
    from difflib import get_close_matches

    known = list(candidates)
    match = get_close_matches(name, known, n=1, cutoff=0.6) or [
        candidate for candidate in known if candidate.lower().replace("_", "") == name.lower().replace("_", "")
    ]
    return match[0] if match else ""


def did_you_mean(name: str, candidates: Sequence[str]) -> str:
    """A hint: the near name if there is one, else the names there are."""
    if match := nearest(name, candidates):
        return f"did you mean `{match}`?"
    return f"one of: {', '.join(sorted(candidates))}" if candidates else ""
