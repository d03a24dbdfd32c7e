"""`layerloom export`: a network as Python, ONNX, pt2, safetensors or a picture."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import ThingArgument, TrustOption
from app.cli.output import amount, say
from app.cli.things import open_thing, require_sound


class Format(StrEnum):
    """What `--to` takes."""

    PYTHON = "python"
    ONNX = "onnx"
    PT2 = "pt2"
    SAFETENSORS = "safetensors"
    SVG = "svg"
    PDF = "pdf"
    PNG = "png"
    HTML = "html"


class PictureStyle(StrEnum):
    """What `--style` takes."""

    LIGHT = "light"
    PRINT = "print"


_LEAST, _MOST = 0.1, 16.0  # pixels for one of the drawing


def export(
    thing: ThingArgument,
    to: Annotated[Format, typer.Option("--to", help="What to write.", show_default=False)],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PATH", help="The file to write.", show_default=False)
    ],
    style: Annotated[
        PictureStyle, typer.Option("--style", help="Of svg, pdf and png: coloured, or black for printers.")
    ] = PictureStyle.LIGHT,
    scale: Annotated[
        float, typer.Option("--scale", min=_LEAST, max=_MOST, help="Of png: pixels for one of the drawing.")
    ] = 2.0,
    trust_code: TrustOption = False,
) -> None:
    """Take a network home. What was written is checked before it is announced.

    A run gives its best weights; a file or preset gives the first ones of its seed.

    Example: layerloom export lenet5 --to onnx -o lenet5.onnx
    """
    from graph_engine.export import Style, Target, export_document

    found = open_thing(thing, trust_code=trust_code)
    look = Style(style.value)
    if to in (Format.PNG, Format.PDF):
        from app.cli.render import export_picture

        written = export_picture(found.document, output, look, page=to is Format.PDF, scale=scale)
    else:
        target = Target(to.value)
        if target is not Target.SVG:  # a drawing may be unfinished
            require_sound(found)
        weights = found.best_weights() if target.has_weights else None
        written = export_document(found.document, target, output, weights, look)
        if weights is None and target.has_weights:
            say(f"{found.name} is not trained: these are the first weights of seed {found.document.plan.seed}.")
    say(f"{written.path} written, {amount(written.size, 'B')}; {written.checked}.")
