"""Which project a command is about, found once."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import click

from gitops.problems import NoProject, UsageError
from gitops.project import Project


def project() -> Project:
    """The project that `--project` names, or the nearest one upwards. Raises UsageError."""
    context = click.get_current_context().find_root()
    if context.obj is None:
        from gitops.disk.project import find_project

        named = context.params.get("project")
        context.obj = find_project(Path(named or "."), exact=named is not None)
    found: Project = context.obj
    return found


def found_project() -> Project | None:
    """As `project`, or None where no project is named and there is none upwards. Raises UsageError for one that is wrong."""
    named = click.get_current_context().find_root().params.get("project")
    try:
        return project()
    except NoProject:
        if named is not None:
            raise
        return None


def project_folder() -> Path:
    """The project's root."""
    return project().root


def schemas_folder() -> Path:
    """The folder of its CRD schemas."""
    found = project()
    return found.root / found.schemas


def lines_of(file: str) -> list[str]:
    """The lines of a file of the project, to quote in a problem; none if it cannot be read."""
    context = click.get_current_context(silent=True)
    return lines_below(context.find_root().obj.root if context and context.find_root().obj else Path())(file)


def lines_below(root: Path) -> Callable[[str], list[str]]:
    """As `lines_of`, for files that are named relative to a folder."""

    @lru_cache(8)
    def lines(file: str) -> list[str]:
        return _lines(root / file)

    return lines


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        return []


def today() -> date:
    """The day by which suppressions run out: that of SOURCE_DATE_EPOCH (seconds, in UTC) where it is set, so that a run can be repeated.

    Raises UsageError for what is no such number.
    """
    stated = os.environ.get("SOURCE_DATE_EPOCH")
    if not stated:
        return date.today()
    try:
        return datetime.fromtimestamp(int(stated), UTC).date()
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError("SOURCE_DATE_EPOCH must be a number of seconds since 1970") from error
