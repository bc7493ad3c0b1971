"""`gitops show`: what an application is in an environment."""

from __future__ import annotations

import json

import click

from gitops.cli.context import project
from gitops.cli.main import environment_option
from gitops.objects import Object


@click.command()
@click.argument("application", metavar="APP")
@environment_option(required=True, help="The environment; `base` is one too.")
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", help="How objects are written.")
def show(application: str, env: str, output: str) -> int:
    """Show the whole objects of APP in an environment, as `kustomize build` of its overlay gives them.

    Example: gitops show iris -e prod
    """
    from gitops.attribution import merged
    from gitops.disk.project import read_sources
    from gitops.disk.store import Store
    from gitops.pipeline import prepare, whole_objects
    from gitops.report import show_problems
    from gitops.run import Selection, checked
    from gitops.schemas.files import library
    from gitops.yaml import dump

    found = project()
    sources = read_sources(found)
    ((name,), (environment,)) = checked(Selection((application,), (env,)), sources)
    world = prepare(sources, library(found.root / found.schemas, Store(found.root)))
    problems = list(world.problems)
    objects: list[Object] = []
    if not problems:
        objects, problems = whole_objects(world, name, environment)
    show_problems(merged(problems))
    if any(problem.severity == "error" for problem in problems):
        return 1
    if not objects:
        click.echo(f"gitops: `{name}` does not run in `{environment}`", err=True)
        return 1
    click.echo(
        json.dumps(objects, indent=2, ensure_ascii=False) if output == "json" else "---\n".join(map(dump, objects)),
        nl=False,
    )
    return 0
