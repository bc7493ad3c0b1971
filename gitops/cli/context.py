"""Which project a command is about, found once."""

from __future__ import annotations

from pathlib import Path

import click

from gitops.problems import NoProject
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
    root = context.find_root().obj.root if context and context.find_root().obj else Path()
    try:
        return (root / file).read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        return []
