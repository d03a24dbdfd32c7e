"""`layerloom export`: a network as Python, ONNX, pt2, safetensors or a drawing."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import ThingArgument
from app.cli.output import amount, say
from app.cli.things import open_thing, require_sound


class Format(StrEnum):
    """What `--to` takes."""

    PYTHON = "python"
    ONNX = "onnx"
    PT2 = "pt2"
    SAFETENSORS = "safetensors"
    SVG = "svg"
    PNG = "png"
    HTML = "html"


def export(
    thing: ThingArgument,
    to: Annotated[Format, typer.Option("--to", help="What to write.", show_default=False)],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PATH", help="The file to write.", show_default=False)
    ],
) -> None:
    """Take a network home. What was written is checked before it is announced.

    A run gives its best weights; a file or preset gives the first ones of its seed.

    Example: layerloom export lenet5 --to onnx -o lenet5.onnx
    """
    from graph_engine.export import Target, export_document

    found = open_thing(thing)
    if to is Format.PNG:
        from app.cli.render import export_png

        written = export_png(found.document, output)
    else:
        target = Target(to.value)
        if target is not Target.SVG:  # a drawing may be unfinished
            require_sound(found)
        weights = found.best_weights() if target.has_weights else None
        written = export_document(found.document, target, output, weights)
        if weights is None and target.has_weights:
            say(f"{found.name} is not trained: these are the first weights of seed {found.document.plan.seed}.")
    say(f"{written.path} written, {amount(written.size, 'B')}; {written.checked}.")
