"""`layerloom speed`: which precision, layout and compilation train a network fastest here."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.errors import CallError
from app.cli.options import JsonOption, ThingArgument, TrustOption
from app.cli.output import duration, make_table, plain, print_json, show
from app.cli.things import open_thing, require_sound
from app.cli.training import Device, open_data, require_compiler

if TYPE_CHECKING:
    from graph_engine.train.speed import Timed


def speed(
    thing: ThingArgument,
    data: Annotated[
        str | None, typer.Option("--data", metavar="D", help="A built-in data set or a path.", show_default=False)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", metavar="B", min=1, help="Samples in a step.", show_default=False)
    ] = None,
    device: Annotated[Device | None, typer.Option("--device", help="Where to compute.", show_default=False)] = None,
    compiled: Annotated[
        bool,
        typer.Option("--compile", metavar="", help="Try torch.compile too; each first step takes half a minute."),
    ] = False,
    trust_code: TrustOption = False,
    json: JsonOption = False,
) -> None:
    """Try on some real steps which precision and memory layout train a network fastest here. Nothing is kept.

    The plan as it is comes first and last: what it differs by from itself is how far the figures can be trusted.

    Example: layerloom speed lenet5 --batch-size 256
    """
    from graph_engine.runs.speeding import try_ways
    from graph_engine.train.speed import best_of

    if compiled:
        require_compiler()
    found = open_thing(thing, data, trust_code=trust_code)
    require_sound(found)
    document = found.document
    document.plan = replace(
        document.plan,
        batch_size=batch_size or document.plan.batch_size,
        device=device.value if device else document.plan.device,
    )
    if document.plan.compiled and not compiled:
        raise CallError("The plan compiles the network (torch.compile), so --compile is needed to try it as it is.")
    ways = list(try_ways(document, open_data(data), compiled=compiled))
    best = best_of(ways)
    if json:
        rows = [{"name": each.way.name, **asdict(each)} for each in ways]
        print_json({"ways": rows, "fastest": best.way.name if best is not None else None})
    else:
        _show(ways, best)


def _show(ways: list[Timed], best: Timed | None) -> None:
    on_gpu = any(each.busy is not None for each in ways)
    columns = ("way", "a step", "middle half", "samples/s", "first step", "loss", *(["GPU computes"] if on_gpu else ()))
    table = make_table(*columns, right=("a step", "samples/s", "GPU computes"))
    for at, each in enumerate(ways):
        name = f"{each.way.name}{', again' if at == len(ways) - 1 and at else ''}"
        if each.trouble:
            table.add_row(plain(name), "–", plain(each.trouble))
            continue
        table.add_row(
            plain(name),
            _short(each.seconds),
            f"{_short(each.low)} – {_short(each.high)}",
            f"{each.rate:.0f}",
            duration(each.first),
            f"{each.loss:.4g}",
            *([] if not on_gpu else ["–" if each.busy is None else f"{100 * each.busy:.0f} %"]),
        )
    show(table)
    if best is None:
        show("Nothing is faster than the plan as it is, beyond what it differs by from itself.")
    else:
        now = min(each.seconds for each in (ways[0], ways[-1]) if not each.trouble)
        show(f"{plain(best.way.name)} is {now / best.seconds:.2f} times as fast.")


def _short(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms"
