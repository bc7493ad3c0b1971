"""The command line. Commands are imported when they are called, so that `--help` loads none of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

import click

from gitops import __version__

Command = TypeVar("Command", bound=Callable[..., Any])

COMMANDS = {
    "render": "Render specs into overlays.",
    "validate": "Find what a cluster would refuse, in the project or in any manifests.",
    "show": "Show the whole objects of an application.",
    "values": "See and change an application's values.",
    "schemas": "Manage the CRD schemas that objects are validated against.",
}


class Lazy(click.Group):
    """A group whose commands are `gitops.cli.<name>.<name>`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of a first use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"gitops.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the near name of an unknown command."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from gitops.problems import did_you_mean

            ctx.fail(f"there is no command `{args[0]}`; {did_you_mean(args[0], list(COMMANDS))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands and what they do, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--project",
    metavar="DIR",
    help="The project's folder; by default the nearest one upwards with a [tool.gitops] table.",
)
@click.version_option(__version__, prog_name="gitops", message="%(prog)s %(version)s")
def cli(project: str | None) -> None:
    """Typed specs for model serving become Kustomize overlays, proven right before they are merged.

    Exit status: 0 fine; 1 what was asked about is not so (problems, stale files); 2 wrong usage or configuration;
    70 a fault of this tool; 130 interrupted. Results go to stdout, progress and problems to stderr.
    """


def environment_option(**settings: Any) -> Callable[[Command], Command]:
    """`-e ENV`, the same on every command."""
    return click.option("-e", "--env", metavar="ENV", **settings)
