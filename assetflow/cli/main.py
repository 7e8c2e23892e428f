"""The `assetflow` command: a table of commands, each imported when it is called, and the one place that ends a process.

Exit codes: 0 done, 1 an asset or a blocking check failed, 2 wrong usage or definition, 3 `plan --check` found something
stale, 4 another run holds the environment, 130 interrupted.
"""

from __future__ import annotations

import atexit
import codecs
import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from io import StringIO, TextIOWrapper
from typing import NoReturn

import click

from assetflow.errors import AssetflowError, says_interrupted
from assetflow.version import VERSION

INTERRUPTED = 130

# Name: what `assetflow --help` says of it, without importing the command. Grouped as people meet them.
COMMANDS = {
    "init": "Make a small working project.",
    "ls": "List assets: kind, group, status, rows, age.",
    "plan": "Show what would be made, how, and why.",
    "materialize": "Make what is stale, check it, publish it.",
    "explain": "Tell why an asset is stale or fresh.",
    "lineage": "Show who depends on what.",
    "show": "Show rows of an asset.",
    "query": "Run SQL over the published tables.",
    "history": "List the published versions of an asset.",
    "diff": "Show how two versions of an asset differ.",
    "rollback": "Publish an older version of an asset again.",
    "env": "List, create, compare, promote, drop environments.",
    "check": "Run data checks on what is published.",
    "verify": "Check the soundness of the warehouse itself.",
    "doctor": "Say what is wrong, and restore a lost ledger.",
    "runs": "List runs, or show one.",
    "gc": "Remove what nothing needs any more.",
    "completion": "Print the script that completes asset names in your shell.",
}

ELSEWHERE = {
    "run": "materialize", "build": "materialize", "apply": "materialize", "seed": "materialize",
    "test": "check", "audit": "check", "list": "ls", "status": "ls", "compile": "plan", "docs": "lineage --format html",
    "dag": "lineage", "fetchdf": "query", "clean": "gc", "environments": "env list", "debug": "doctor",
    "evaluate": "show --draft",
}  # fmt: skip
"""Commands of other tools, and what does the same here."""


class Commands(click.Group):
    """Imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"assetflow.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; one whose reader has left (`assetflow ls | head`) has done its work."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
            return code
        except BrokenPipeError:
            # click would take it for a failure, and Python would complain once more when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # click would import every command to look for similar names.
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            if args[0] in ELSEWHERE:
                hint = f" Here it is `assetflow {ELSEWHERE[args[0]]}`."
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="-C DIR / --project DIR works on every command. Documentation: README.md",
)
@click.version_option(VERSION, "-V", "--version", message="assetflow %(version)s")
@click.option("-C", "--project", "project", metavar="DIR", help="The folder of the project (default: the nearest one).")
@click.pass_context
def cli(context: click.Context, project: str | None) -> None:
    """Tables declared as SQL files and Python functions; only what is stale is made again."""
    context.obj = project


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with the exit code of the contract."""
    take_all_letters()
    code = run(arguments)
    if code == INTERRUPTED:
        # A function that does not return, in a thread, would keep the process although the user asked it to end.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    leave(code)


def take_all_letters() -> None:
    """Have stdout write a letter that its encoding lacks as JSON does, as stderr does in Python's way.

    ASCII is what a bare environment says that means nothing by it: there it is UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, TextIOWrapper):
            continue
        encoding = codecs.lookup(stream.encoding).name
        if encoding == "ascii":
            stream.reconfigure(encoding="utf-8", errors=stream.errors)
        elif not encoding.startswith("utf") and stream is sys.stdout:
            codecs.register_error("assetflow", escaped)
            stream.reconfigure(errors="assetflow")


def escaped(error: UnicodeError) -> tuple[str, int]:
    """What stands for the letters that an encoding lacks."""
    from assetflow.text import json_escape

    assert isinstance(error, UnicodeEncodeError), "it is registered for writing alone"
    return "".join(map(json_escape, error.object[error.start : error.end])), error.end


def leave(code: int) -> NoReturn:
    """End the process without taking it apart, which takes a fifth of a no-op.

    Where other people's code ran, which may have left something to the end, or a debugger or profiler looks on, it ends
    as any Python does.
    """
    watching = sys.modules.get("assetflow.running.python.watching")
    is_ours = watching is None or not watching.has_run_code()
    if is_ours and sys.gettrace() is None and sys.getprofile() is None:
        atexit._run_exitfuncs()
        with suppress(OSError):  # a full disk behind it: Python says so
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    # What a run has frozen (cli/materialize.py) is taken apart like all else: libraries complain of what stays.
    gc.unfreeze()
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code."""
    try:
        return run_explained(arguments)
    except OSError as error:
        # Also while another error was told: where no file may be opened any more, no module can be imported either.
        return show_refusal(error)


def run_explained(arguments: list[str] | None) -> int:
    """The same, with every error told; only what the system refuses to us ourselves comes through."""
    if "_ASSETFLOW_COMPLETE" in os.environ:
        from assetflow.cli.shells import use_ours

        use_ours()
    try:
        # A command returns its exit code, or nothing.
        code = cli.main(arguments, prog_name="assetflow", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except AssetflowError as error:
        from assetflow.cli.screen import show_error

        show_error(error)
        return error.exit_code
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort:
        click.echo("\ninterrupted", err=True)
        return INTERRUPTED
    except KeyboardInterrupt:
        click.echo("\ninterrupted", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        from assetflow.cli.screen import say

        # It repeats what was typed, which may have been pasted from anywhere.
        said = StringIO()
        error.show(said)
        say(said.getvalue().rstrip("\n") + next_step(error))
        return error.exit_code
    except OSError:
        raise
    except Exception as error:
        if says_interrupted(error):
            click.echo("\ninterrupted", err=True)
            return INTERRUPTED
        return show_fault(error)


def next_step(error: click.ClickException) -> str:
    """What who types `assetflow materialize sales` has in mind."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    takes = {parameter.name for parameter in context.command.params} if context else ()
    is_name = "unexpected extra argument" in error.message and "select" in takes
    return "\nSelect assets with -s: sales, sales+, tag:nightly." if is_name else ""


def show_refusal(error: OSError) -> int:
    """What the system refused to us, in words that need no import."""
    where = f"{error.filename!a}: " if error.filename else ""
    sys.stderr.write(
        f"error: {where}{(error.strerror or type(error).__name__).lower()}\n"
        "  What is published is not touched. Look at permissions, free space and `ulimit -n`, then run again.\n"
    )
    return 1


def show_fault(error: Exception) -> int:
    """A fault of our own: one sentence, and the traceback in a file, for whoever reports it."""
    if os.environ.get("ASSETFLOW_DEBUG"):
        import traceback

        traceback.print_exception(error)
        return 1
    from assetflow.cli.screen import say
    from assetflow.running.failures import keep_fault
    from assetflow.scrub import scrub

    say(
        f"error: assetflow itself failed: {type(error).__name__}: {scrub(str(error))}\n"
        f"  What is published is not touched. Please report this with the file {keep_fault(error)}"
    )
    return 1
