"""``perfspec``: the commands, and the one place where an error becomes an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import TYPE_CHECKING

import click

from perfspec import __version__
from perfspec.cli.streams import steady_streams
from perfspec.errors import Exit, InvalidSpecError, PerfspecError

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = {  # in the order of a day's work; a module is imported when its command runs
    "init": ("init", "Write a first spec and the workflows for GitHub."),
    "lint": ("lint", "Find every mistake in a spec."),
    "schema": ("schema", "Write the JSON Schema that editors use."),
    "plan": ("plan", "Show what will run, without touching the network."),
    "try": ("try_", "Run one journey of each persona and show every request."),
    "run": ("run", "Run tests, judge them and write the report."),
    "duet": ("duet", "Compare two commits on this machine at the same time."),
    "watch": ("watch", "Follow a run that goes on in another terminal."),
    "worker": ("worker", "Share the load of a run on another machine."),
    "judge": ("judge", "Judge a finished run again, with the limits as they are now."),
    "report": ("report", "Write the report of a finished run again."),
    "compare": ("compare_runs", "Show the numbers of several runs side by side."),
    "export": ("export", "Give a finished run to Prometheus, OpenTelemetry or tools of k6."),
    "ci": ("ci", "In a workflow: check, run, judge and publish."),
    "publish": ("publish", "Tell a finished run on GitHub: summary, check run, comment."),
    "baseline": ("baseline", "Look after the records that budgets compare with."),
    "history": ("history", "Write a small site that shows the baseline over time."),
    "selftest": ("selftest", "Try the gate on the runs of the baseline."),
    "compile": ("compile", "Write a locustfile that plain Locust runs."),
    "demo": ("demo", "Start a small target to try everything on."),
}


class _Commands(click.Group):
    """Imports a command when it is asked for: an editor calls lint at every keystroke."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"perfspec.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415  (only on the error path)

            close = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="perfspec")
def perfspec() -> None:
    """Performance gates for pull requests: describe load and limits, run them, get a verdict.

    \b
    Begin with:
      perfspec lint                   check perfspec.yaml
      perfspec plan                   see what would run
      perfspec run                    run it
    """  # noqa: D301  (\b is click's mark for a block that is not to be wrapped)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code (docs/verdicts.md)."""
    steady_streams()
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        code = perfspec.main(
            args=None if arguments is None else list(arguments), standalone_mode=False
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else Exit.OK
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except InvalidSpecError as error:
        click.echo(str(error), err=True)
        return error.exit_code
    except PerfspecError as error:
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    except OSError as error:
        return _full(error) if error.errno == errno.ENOSPC else _bug()
    except Exception:  # noqa: BLE001  (a bug of ours gets its own exit code, and its traceback)
        return _bug()


def _full(error: OSError) -> int:
    """Files are written by those who know what to say then; this is standard output."""
    click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # silences the flush at exit
    return Exit.BROKEN


def _bug() -> int:
    import traceback  # noqa: PLC0415  (only on the error path)

    traceback.print_exc()
    click.echo(
        f"\nThis is a bug in perfspec {__version__}, not in your spec. "
        "Please report it with the lines above.",
        err=True,
    )
    return Exit.BUG
