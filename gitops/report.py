"""Problems as text for people: the place first, so that a terminal and `grep` can follow it."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable

from gitops.location import Location
from gitops.problems import Problem
from gitops.secrecy import concealed

Lines = Callable[[str], list[str]]
"""The lines of a file of the project; none if it cannot be read."""

_DETAILS = ("found", "expected", "why", "hint")
_WIDTH = 120
_LONGEST = 200
"""Characters of a line that are quoted."""
MANY = 10
"""Warnings of one rule that are shown in full. An error is always shown."""
_MARKED = re.compile(r"""[\w.]+|"[^"]*"|'[^']*'|[^\s\w]?""")
"""What is underlined: a name, a number, a text or a sign."""
_FAR = 2000
"""Lines in which the block of a line is looked for, once for each problem."""
_VALUE = re.compile(r"""^(\s*(?:-\s+)*(?:"[^"]*"|'[^']*'|[^\s:"'{[-][^:]*)\s*:(?=\s|$)|\s*(?:-\s+)*).*""")
"""What a line of YAML says of its key or item, and all of a line that has neither."""


def text(problem: Problem, lines: Lines) -> str:
    """One problem, with the user's line quoted."""
    problem = problem.told()
    place = f"{problem.location}: " if problem.location else ""
    where = f" ({', '.join(problem.environments)})" if problem.environments else ""
    parts = [f"{place}{problem.severity}: {problem.message} [{problem.rule}]{where}", *_quote(problem, lines)]
    parts += [_detail(name, getattr(problem, name)) for name in _DETAILS if getattr(problem, name)]
    return "\n".join(map(_clean, parts))


def _clean(text: str) -> str:
    """Without what a terminal would act upon, and half characters, which no stream takes."""
    return (
        text
        if text.replace("\n", "").isprintable()
        else "".join(each if each.isprintable() or each in "\n\t" else ascii(each)[1:-1] for each in text)
    )


def _detail(name: str, value: str) -> str:
    return textwrap.fill(
        value,
        _WIDTH,
        initial_indent=f"   {name}: ",
        subsequent_indent=" " * (len(name) + 5),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _quote(problem: Problem, lines: Lines) -> list[str]:
    place = problem.location
    if place is None or not place.line:
        return []
    is_yaml = place.file.endswith((".yaml", ".yml"))
    if not is_yaml and not problem.quotable:
        return []  # what of it is the value, only its own reader knows
    found = lines(place.file)
    if len(found) < place.line:
        return []
    line = concealed(found[place.line - 1].rstrip())
    if not problem.quotable or (is_yaml and _is_secret(found, place)):
        line = _VALUE.sub(_hidden, line)
    if len(line) > _LONGEST:
        start = max(0, place.column - _LONGEST // 2)
        return [f"{place.line:5} | {'… ' if start else ''}{line[start : start + _LONGEST]} …"]
    quoted = [f"{place.line:5} | {line}"]
    if place.column:
        before, rest = line[: place.column - 1], line[place.column - 1 :]
        indent = "".join("\t" if character == "\t" else " " for character in before)
        quoted.append(f"      | {indent}{'^' * len(_MARKED.match(rest)[0] or ' ')}")  # type: ignore[index]
    return quoted


def _hidden(line: re.Match[str]) -> str:
    return f"{line[1]} …" if line[1].endswith(":") else f"{line[1]}…"


def _is_secret(lines: list[str], place: Location) -> bool:
    """Whether a line is of a block that may hold secrets in clear: `credentials` of an environment, `secrets` of an application.

    Where no such block begins within reach, and nothing else does, it may be.
    """
    name = "credentials" if place.file.endswith("/environment.yaml") else "secrets"
    indent = len(lines[place.line - 1])
    for number in range(place.line - 1, max(-1, place.line - 1 - _FAR), -1):  # from line to line outwards
        line = lines[number]
        bare = line.lstrip()
        found = len(line) - len(bare)
        if bare and found < indent:
            indent = found + bare.startswith("- ")  # a list may stand as far out as the key that it belongs to
            if bare.lstrip("- \"'").startswith(name):
                return True
            if not indent:
                return False
    return place.line > _FAR


def shortened(problems: Iterable[Problem]) -> tuple[list[Problem], dict[str, int]]:
    """The problems without the warnings that many have had before: those of a rule beyond `MANY`, and how many these are."""
    shown: list[Problem] = []
    seen: Counter[str] = Counter()
    for problem in problems:
        seen[problem.rule] += problem.severity == "warning"
        if problem.severity == "error" or seen[problem.rule] <= MANY:
            shown.append(problem)
    return shown, {rule: number - MANY for rule, number in seen.items() if number > MANY}


def show_problems(
    problems: Iterable[Problem], err: bool = True, lines: Lines | None = None, whole: bool = True
) -> None:
    """Print problems, to stderr unless they are what was asked for; how many there are goes to stderr.

    `lines` gives those of a file; by default of the project's. Without `whole`, of many warnings of one rule only some.
    """
    import click

    from gitops.cli.context import lines_of

    of_file = lines or lines_of
    every = list(problems)
    shown, left = (every, {}) if whole else shortened(every)
    for problem in shown:
        first, _, rest = text(problem, of_file).partition("\n")
        styled = click.style(first, bold=True)
        click.echo(f"{styled}\n{rest}\n" if rest else f"{styled}\n", err=err)
    for rule, number in left.items():
        click.echo(f"gitops: {number} more of {rule}; `--rule {rule}` shows them all", err=True)
    if every:
        click.echo(f"gitops: {_counted(every)}", err=True)


def _counted(problems: Iterable[Problem]) -> str:
    levels = Counter(problem.severity for problem in problems)
    return ", ".join(f"{number} {word}{'s' if number != 1 else ''}" for word, number in sorted(levels.items()))
