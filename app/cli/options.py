"""Options and arguments that several subcommands share, and how help shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer.core import TyperOption

JsonOption = Annotated[bool, typer.Option("--json", metavar="", help="One JSON document on stdout.")]
"""`metavar=""` keeps help from showing a flag as if it took a value."""

ThingArgument = Annotated[
    str,
    typer.Argument(metavar="THING", help="A .loom file, a preset (name:key=value,…), or a run.", show_default=False),
]


TrustOption = Annotated[
    bool,
    typer.Option(
        "--trust-code", metavar="", help="Let the code of its custom blocks run, now and later: you have read it."
    ),
]


class Command(TyperCommand):
    """A subcommand whose `--help` is shown as the flag that it is."""

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        return _as_flag(super().get_help_option(ctx))


class Group(TyperGroup):
    """The program itself, likewise."""

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        return _as_flag(super().get_help_option(ctx))


def _as_flag(option: TyperOption | None) -> TyperOption | None:
    if option is not None:
        option.metavar = ""
    return option
