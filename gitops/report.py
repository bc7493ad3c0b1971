"""Problems as text for people: the place first, so that a terminal and `grep` can follow it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable

from gitops.problems import Problem

Lines = Callable[[str], list[str]]
"""The lines of a file of the project; none if it cannot be read."""

_DETAILS = ("found", "expected", "why", "hint")
_WIDTH = 120


def text(problem: Problem, lines: Lines) -> str:
    """One problem, with the user's line quoted."""
    place = f"{problem.location}: " if problem.location else ""
    where = f" ({', '.join(problem.environments)})" if problem.environments else ""
    parts = [f"{place}{problem.severity}: {problem.message} [{problem.rule}]{where}", *_quote(problem, lines)]
    parts += [_detail(name, getattr(problem, name)) for name in _DETAILS if getattr(problem, name)]
    return "\n".join(parts)


def _detail(name: str, value: str) -> str:
    return textwrap.fill(
        value, _WIDTH, initial_indent=f"   {name}: ", subsequent_indent=" " * (len(name) + 5), break_long_words=False, break_on_hyphens=False
    )


def _quote(problem: Problem, lines: Lines) -> list[str]:
    place = problem.location
    if place is None or not place.line:
        return []
    found = lines(place.file)
    if len(found) < place.line:
        return []
    line = found[place.line - 1].rstrip()
    quoted = [f"{place.line:5} | {line}"]
    if place.column and len(line) < 200:
        rest = line[place.column - 1 :]
        length = len(rest.partition(" ")[0].rstrip(":,(")) or 1
        quoted.append(f"      | {' ' * (place.column - 1)}{'^' * length}")
    return quoted


def show_problems(problems: Iterable[Problem]) -> None:
    """Print problems to stderr, and how many there are."""
    import click

    from gitops.cli.context import lines_of

    shown = list(problems)
    for problem in shown:
        first, _, rest = text(problem, lines_of).partition("\n")
        click.echo(f"{click.style(first, bold=True)}\n{rest}\n" if rest else f"{click.style(first, bold=True)}\n", err=True)
    errors = sum(problem.severity == "error" for problem in shown)
    warnings = len(shown) - errors
    counted = [f"{number} {word}{'s' if number != 1 else ''}" for number, word in ((errors, "error"), (warnings, "warning")) if number]
    if counted:
        click.echo(f"gitops: {', '.join(counted)}", err=True)
