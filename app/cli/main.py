"""The command line assembled: every subcommand, and how errors, interrupts and a closed pipe end the program."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.main import get_command

from app.cli.doctor import doctor
from app.cli.documents import check, code, summary
from app.cli.errors import CALL_WRONG, INTERRUPTED, READER_LEFT, explain
from app.cli.export import export
from app.cli.library import blocks, presets
from app.cli.options import Command, Group
from app.cli.render import render
from app.cli.runs import runs
from app.cli.search import search
from app.cli.speed import speed
from app.cli.training import evaluate, train

PROGRAM = "layerloom"
_DEBUG = "--debug"

app = typer.Typer(
    name=PROGRAM, cls=Group, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich"
)
for command in (blocks, presets, check, summary, code, train, speed, search, evaluate, export, runs, render, doctor):
    app.command(cls=Command)(command)


def _version(asked: bool) -> None:
    if asked:
        from graph_engine.doctor.versions import layerloom_version

        typer.echo(f"{PROGRAM} {layerloom_version() or '(not installed)'}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def layerloom(
    version: Annotated[
        bool, typer.Option("--version", metavar="", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
    debug: Annotated[
        bool, typer.Option(_DEBUG, metavar="", help="Show the traceback of an error. May stand anywhere in a call.")
    ] = False,
) -> None:
    """Draw a neural network, see at once whether it fits, watch it learn, take readable PyTorch home.

    Without a subcommand the window opens: [bold]layerloom[/] or [bold]layerloom FILE.loom[/]. Every subcommand works
    without a display.

    THING is a .loom file, the name of a preset (with parameters as [bold]name:key=value,key=value[/]), or a run.
    """


def run(arguments: Sequence[str]) -> int:
    """Runs one call and returns the exit status. Errors are one or two lines on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # × and · on a terminal that has no such letters
    debug = _DEBUG in arguments
    rest = [argument for argument in arguments if argument != _DEBUG]
    try:
        status = get_command(app).main(rest, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:  # a call that does not parse
        if debug:
            traceback.print_exc()
        _complain(error.format_message().replace("Value error, ", ""), _help_of(error))
        return CALL_WRONG
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return READER_LEFT
    except SystemExit:  # typer's own way out when the reader of stdout has left, the only one in this mode
        _let_go_of_stdout()
        return READER_LEFT
    except Exception as error:  # noqa: BLE001 - the one place where whatever went wrong is put in words
        if debug:
            traceback.print_exc()
        message, status = explain(error)
        _complain(message)
    return status if isinstance(status, int) else 0


def _complain(message: str, hint: str = "") -> None:
    """At most two lines: torch's own words may have many."""
    first, *rest = f"{PROGRAM}: {message}".splitlines()
    typer.echo("\n".join(filter(None, (first, hint or " ".join(" ".join(rest).split())))), err=True)


def _help_of(error: typer.TyperException) -> str:
    """Where to read how the call is written."""
    context = getattr(error, "ctx", None)
    return f"See: {context.command_path if context is not None else PROGRAM} --help"


def _let_go_of_stdout() -> None:
    """Makes Python's last flush at exit go nowhere, so that it does not complain either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
