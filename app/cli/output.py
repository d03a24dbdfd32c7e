"""What the command line prints: JSON documents, tables and figures with their units."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

_PIPE_WIDTH = 200  # characters; a file or a pipe has no width of its own, and nothing must be cut for it


def print_json(value: Any) -> None:
    """One JSON document on stdout. Numbers that JSON does not have (NaN, infinity) become null."""
    typer.echo(json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False))


def say(text: str) -> None:
    """A line on stdout."""
    typer.echo(text)


def note(text: str) -> None:
    """A line on stderr: what a person should know beside the result."""
    typer.echo(text, err=True)


def show(*parts: object) -> None:
    """Rich text and tables on stdout, one below the other, without blanks at the ends of lines."""
    from rich.console import Console

    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    with console.capture() as capture:
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, str))
    typer.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def make_table(*columns: str, right: Iterable[str] = ()) -> Table:
    """An empty table with a bold head and no lines; the columns named in `right` hold figures."""
    from rich.table import Table

    figures = set(right)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in figures else "left", no_wrap=column in figures)
    return table


def plain(text: object) -> str:
    """Text in which square brackets are only brackets, for tables."""
    from rich.markup import escape

    return escape(str(text))


def digits(number: int) -> str:
    """A whole number in groups of three: `61 706`."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{digits(number)} {noun}{'' if number == 1 else 's'}"


def amount(number: float, unit: str) -> str:
    """A number with a decimal prefix and three telling digits: `2.36 MMACs`, `147 kB`, `12 B`."""
    for prefix, scale in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= 0.9995 * scale:  # what would be rounded to 1000 of the smaller unit
            value = number / scale
            return f"{value:.{max(0, 2 - int(math.log10(value)))}f} {prefix}{unit}"
    return f"{number:.0f} {unit}"


def duration(seconds: float) -> str:
    """`0.42 s`, `12 s`, `3 min 04 s`, `2 h 05 min`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def figure(name: str, value: float) -> str:
    """A metric as people read it: accuracies in per cent, all else with four telling digits."""
    if not math.isfinite(value):
        return str(value)
    return f"{100 * value:.2f} %" if name.endswith("accuracy") else f"{value:.4g}"


def shape_text(shape: Sequence[object]) -> str:
    """`N×6×28×28`; a shape without axes is a scalar."""
    return "×".join(map(str, shape)) or "scalar"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
