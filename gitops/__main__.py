"""The one place where exceptions become exit statuses."""

from __future__ import annotations

import os
import sys

from gitops.problems import InvalidInput, ToolError, UsageError

OK, FINDINGS, USAGE, FAULT, INTERRUPTED = 0, 1, 2, 70, 130


def main() -> None:
    """Run the command line and exit: 0 fine, 1 findings, 2 wrong usage, 70 a fault of the tool, 130 interrupted."""
    status = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as in `gitops show … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """The exit status of a command line, after everything has been printed."""
    import click

    from gitops.cli.main import cli

    try:
        return int(cli.main(arguments, prog_name="gitops", standalone_mode=False) or OK)
    except click.ClickException as error:
        error.show()
        return USAGE
    except UsageError as error:
        click.echo(f"gitops: {error}", err=True)
        return USAGE
    except InvalidInput as error:
        from gitops.report import show_problems

        show_problems(error.problems)
        return FINDINGS
    except ToolError as error:
        click.echo(f"gitops: {error}", err=True)
        return FINDINGS
    except (KeyboardInterrupt, click.Abort):
        click.echo("gitops: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        return OK
    except Exception as error:
        return _fault(error)


def _fault(error: Exception) -> int:
    """Our own mistake: say so, and show what a report needs, without any value: it may be a secret one."""
    import traceback

    import click

    frames = "".join(traceback.format_tb(error.__traceback__)[-6:])
    click.echo(f"{frames}gitops: this is a fault of gitops, not of your files: {type(error).__name__}", err=True)
    click.echo("gitops: nothing was written. Please report it with the lines above and the command.", err=True)
    return FAULT


if __name__ == "__main__":
    main()
