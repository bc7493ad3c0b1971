"""`gitops schemas`: the CRD schemas that objects are validated against."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from gitops.problems import InvalidInput


@click.group()
def schemas() -> None:
    """CRD schemas by project and version, pinned with their sha256."""


@schemas.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--project", required=True, metavar="NAME", help="The name used under `crds:` of an environment.")
@click.option("--version", required=True, metavar="V", help="The project's release that the files are from.")
@click.option("--source", default="", metavar="URL", help="The repository that the files are from.")
@click.option("--commit", default="", metavar="SHA", help="The commit that the files are from.")
@click.option("--licence", default="", metavar="L", help="The licence of the files, such as Apache-2.0.")
def add(files: tuple[Path, ...], project: str, version: str, source: str, commit: str, licence: str) -> None:
    """Make schemas of CustomResourceDefinitions, one to a FILE.

    Run it in upstream's checkout, or with paths relative to it: they are recorded.
    """
    from gitops.cli.context import schemas_folder
    from gitops.schemas.files import add_files
    from gitops.schemas.sources import Origin

    for entry in add_files(schemas_folder(), _watched(files), project, version, Origin(source, commit, licence)):
        click.echo(f"{entry.api_version} {entry.kind} ({entry.scope}): {entry.path}")


def _watched(files: tuple[Path, ...]) -> Iterable[Path]:
    """With a progress bar where someone looks: a large CRD takes a second."""
    if not sys.stderr.isatty():
        return files
    from rich.console import Console
    from rich.progress import track

    return track(files, "Reading", console=Console(stderr=True), transient=True)


@schemas.command("list")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
def list_(output: str) -> None:
    """All schemas, by project and version."""
    from gitops.cli.context import schemas_folder
    from gitops.schemas import sources
    from gitops.schemas.files import reader

    known = sources.parse(reader(schemas_folder())(sources.FILE))
    if output == "json":
        click.echo(json.dumps({"version": 1, "schemas": [each._asdict() for each in sources.entries(known)]}, indent=2))
        return
    for (project, version), release in sorted(known.items()):
        origin = " ".join(filter(None, (release.origin.licence, release.origin.repository, release.origin.commit[:12])))
        click.echo(f"{project} {version}  {origin}".rstrip())
        for entry in sorted(release.entries):
            click.echo(f"  {entry.api_version} {entry.kind} ({entry.scope})")


@schemas.command()
def verify() -> None:
    """Check every schema file against SOURCES.yaml."""
    from gitops.cli.context import project_folder, schemas_folder
    from gitops.schemas.files import verify_folder

    folder = schemas_folder()
    if problems := verify_folder(folder, folder.relative_to(project_folder()).as_posix()):
        raise InvalidInput(problems)
    click.echo("all schemas are as they were added")
