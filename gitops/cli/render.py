"""`gitops render`: specs become overlays."""

from __future__ import annotations

import click

from gitops.cli.context import project
from gitops.cli.main import environment_option
from gitops.cli.progress import bar
from gitops.run import OUTCOMES, Counts, Outcome, Run, Selection


@click.command()
@click.argument("applications", nargs=-1, metavar="[APP]...")
@environment_option(multiple=True, help="Only this environment (and its base); may be repeated.")
@click.option("--check", is_flag=True, help="Write nothing; fail if files are stale.")
@click.option("--stdout", is_flag=True, help="Write nothing; print the files.")
@click.option("-j", "--jobs", type=click.IntRange(1), metavar="N", help="Processes to use; by default one a core.")
def render(applications: tuple[str, ...], env: tuple[str, ...], check: bool, stdout: bool, jobs: int | None) -> int:
    """Render specs into overlays: all of them, or those of APP.

    Nothing is written unless every spec is right. Files that would not change are not touched, and files that gitops did
    not make are never replaced.

    Example: gitops render fraud-detection --check
    """
    from gitops.parallel import processes

    run = Run(project(), Selection(applications, env), jobs or processes(), bar("rendering"))
    outcome = run.outcome(whole=stdout)
    if outcome.problems:
        from gitops.report import show_problems

        show_problems(outcome.problems)
    if outcome.failed:
        click.echo("gitops: nothing was written", err=True)
        return 1
    if stdout:
        return _print(outcome, run.selection)
    if check:
        return _report_stale(outcome, run.project.overlays)
    run.write(outcome)
    _summary(outcome.counts)
    return 0


def _print(outcome: Outcome, selection: Selection) -> int:
    for path in sorted(filter(selection.takes, outcome.tree)):
        click.echo(f"# {path}\n{outcome.tree[path]}---")
    return 0


def _report_stale(outcome: Outcome, overlays: str) -> int:
    for name in OUTCOMES[:3]:
        for path in getattr(outcome.plan, name):
            click.echo(
                f"{overlays}/{path} ({'missing' if name == 'added' else 'not rendered any more' if name == 'removed' else 'stale'})"
            )
    if not outcome.plan.stale:
        click.echo("gitops: overlays are fresh", err=True)
        return 0
    number = sum(len(getattr(outcome.plan, name)) for name in OUTCOMES[:3])
    click.echo(
        f"gitops: {number} file{'s' if number != 1 else ''} stale; run `gitops render` and commit the result", err=True
    )
    return 1


def _summary(counts: Counts) -> None:
    """Per environment, base first: how many files were added, changed, removed, and left alone."""
    if not counts:
        click.echo("gitops: no applications yet: add a spec to the specs folder", err=True)
        return
    width = max(map(len, [*counts, "environment"]))
    click.echo(f"{'environment':{width}}  " + "  ".join(f"{name:>9}" for name in OUTCOMES), err=True)
    for environment in sorted(counts, key=lambda name: (name != "base", name)):
        click.echo(
            f"{environment:{width}}  " + "  ".join(f"{counts[environment][name]:>9}" for name in OUTCOMES), err=True
        )
