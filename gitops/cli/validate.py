"""`gitops validate`: what the cluster would say, before anything is merged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops.cli.context import found_project, lines_below, project, today
from gitops.cli.main import environment_option
from gitops.cli.progress import bar
from gitops.problems import InvalidInput, UsageError

if TYPE_CHECKING:
    from gitops.problems import Problem
    from gitops.validate.choice import Choice
    from gitops.validate.files import Destination

OUTPUTS = ("text", "json", "sarif", "junit", "github")


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE|DIR|-]...")
@environment_option(
    multiple=True,
    help="Only this environment; may be repeated. For files: the environment they go to, by its name or as a path of an environment.yaml.",
)
@click.option("--kubernetes-version", "kubernetes", metavar="1.N", help="For files: the minor version of Kubernetes.")
@click.option(
    "--crds", multiple=True, metavar="NAME=VERSION", help="For files: a project that the cluster runs; may be repeated."
)
@click.option(
    "--complete", is_flag=True, help="For files: nothing else will be in the cluster; references must be met."
)
@click.option("--base", metavar="REV", help="Tell what may not change between this git revision and now.")
@click.option("--rule", "only", multiple=True, metavar="RULE", help="Only problems of this rule; may be repeated.")
@click.option("--skip", multiple=True, metavar="RULE", help="No problems of this rule; may be repeated.")
@click.option("--fix", is_flag=True, help="Mend what can only be meant one way, in values files and given manifests.")
@click.option("-o", "--output", type=click.Choice(OUTPUTS), default="text", help="How problems are told.")
@click.option("-j", "--jobs", type=click.IntRange(1), metavar="N", help="Processes to use; by default one a core.")
def validate(
    files: tuple[str, ...],
    env: tuple[str, ...],
    kubernetes: str | None,
    crds: tuple[str, ...],
    complete: bool,
    base: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    fix: bool,
    output: str,
    jobs: int | None,
) -> int:
    """Find what a cluster would refuse or misread: in the project, or in any manifests and kustomize directories given.

    Without FILE it is the project: every spec in every environment, with schemas, admission rules, references and policies. With
    FILE it is those manifests, at their own lines; `-` is stdin. Problems go to stdout, counts to stderr. Exit status 1
    if there is an error; warnings alone are 0.

    Example: helm template chart | gitops validate - --crds kserve=0.20.0
    """
    from gitops.validate.choice import Choice, known_rules

    choice = Choice(() if files else env, known_rules(only), known_rules(skip))
    mended: list[str] = []
    try:
        if files:
            from gitops.validate.files import Request, file_problems

            where = _destination(env, kubernetes, crds, complete)
            request = Request(files, Path.cwd(), where, choice, today(), base or "", fix)
            problems, mended = file_problems(request, found_project())
        elif kubernetes or crds or complete:
            raise UsageError(
                "--kubernetes-version, --crds and --complete are for FILE; a project's environments say them"
            )
        else:
            problems, mended = _of_project(choice, base or "", fix, jobs)
    except InvalidInput as error:
        problems = list(error.problems)
    for file in mended:
        click.echo(f"gitops: mended {file}", err=True)
    _tell(problems, output, of_files=bool(files), whole=bool(only))
    return int(any(problem.severity == "error" for problem in problems))


def _of_project(choice: Choice, base: str, fix: bool, jobs: int | None) -> tuple[list[Problem], list[str]]:
    from gitops.parallel import processes
    from gitops.validate.project import project_problems

    def found() -> list[Problem]:
        return project_problems(project(), choice, jobs or processes(), bar("validating"), today(), base)

    problems = found()
    if not fix:
        return problems, []
    from gitops.disk.mending import mend_values

    mended = mend_values(problems, project().root)
    return (found() if mended else problems), mended


def _destination(env: tuple[str, ...], kubernetes: str | None, crds: tuple[str, ...], complete: bool) -> Destination:
    from gitops.validate.files import Destination

    if len(env) > 1:
        raise UsageError("files go to one environment: give -e once")
    pairs = [each.partition("=") for each in crds]
    for name, _, version in pairs:
        if not name or not version:
            raise UsageError(f"--crds takes NAME=VERSION, such as kserve=0.20.0, not `{name}`")
    versions = tuple((name, version) for name, _, version in pairs)
    return Destination(env[0] if env else "", kubernetes or "", versions, complete)


def _tell(problems: list[Problem], output: str, *, of_files: bool, whole: bool) -> None:
    if output == "text":
        from gitops.report import show_problems

        show_problems(problems, err=False, lines=lines_below(Path.cwd()) if of_files else None, whole=whole)
    else:
        from gitops.formats import FORMATS

        click.echo(FORMATS[output](problems), nl=False)
