"""`layerloom render`: a picture of the real window. The one place of the command line that imports Qt, off screen."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.errors import CallError, ThingError
from app.cli.options import ThingArgument
from app.cli.output import amount, note, say
from app.cli.things import open_thing

if TYPE_CHECKING:
    from graph_engine.document import Document
    from graph_engine.export import Exported, Style

_SMALLEST, _LARGEST = (1024, 640), (8192, 8192)  # px: below, the window's panels would not fit


class Theme(StrEnum):
    """What `--theme` takes."""

    DARK = "dark"
    LIGHT = "light"


class Panel(StrEnum):
    """What `--panel` takes: the panels of the window, by the names that it knows them by."""

    BLOCKS = "blocks"
    PRESETS = "presets"
    DATA = "data"
    CHARTS = "charts"
    FEATURE_MAPS = "feature_maps"
    CODE = "code"
    PROBLEMS = "problems"
    OUTLINE = "outline"
    RUNS = "runs"
    PLAN = "plan"
    HISTORY = "history"
    INSPECTOR = "inspector"


def render(
    thing: ThingArgument,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="X.png", help="The picture to write.", show_default=False)
    ],
    size: Annotated[str, typer.Option("--size", metavar="WxH", help="Width and height in pixels.")] = "1680x1050",
    panel: Annotated[Panel | None, typer.Option("--panel", help="The panel in front.", show_default=False)] = None,
    theme: Annotated[Theme, typer.Option("--theme", help="Which theme.")] = Theme.DARK,
    select: Annotated[
        str | None, typer.Option("--select", metavar="NODE", help="A node to select.", show_default=False)
    ] = None,
) -> None:
    """Draw the real window showing a network, without a display.

    Example: layerloom render lenet5 -o lenet5.png --theme light --panel code
    """
    width, height = _parse(size)
    found = open_thing(thing)
    _prepare()
    from app import start
    from graph_engine.document.layout import lay_out_piles
    from graph_engine.export.exporting import check_place

    check_place(output, ".png")
    lay_out_piles(found.document)
    try:
        start.render(
            found.document,
            (width, height),
            panel.value if panel else None,
            theme.value,
            output,
            name=found.name,
            select=select,
            run=found.run.id if found.run is not None else "",
        )
    except start.RenderError as error:
        raise ThingError(str(error)) from error
    say(f"{output} written, {amount(output.stat().st_size, 'B')}: {width}×{height} px.")


def export_picture(document: Document, path: Path, style: Style, *, page: bool, scale: float) -> Exported:
    """The drawing that `export --to svg` makes, as a page of PDF or as pixels, `scale` for one of the drawing.

    Raises:
        ThingError: Qt can't draw on this machine; the message says what is missing.
        ExportError: the picture can't be made.
        FileError: the file can't be written.
    """
    _prepare()
    from PySide6.QtWidgets import QApplication

    from app import picture
    from app.theme.typography import load_fonts

    application = QApplication.instance() or QApplication([])  # windows of the same process can share it
    load_fonts()
    try:
        if page:
            return picture.export_pdf(document, path, style)
        return picture.export_png(document, path, style, scale)
    finally:
        del application


def _parse(size: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)[x×](\d+)", size.strip().lower())
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(least <= side <= most for side, least, most in zip(sides, _SMALLEST, _LARGEST, strict=True)):
        bounds = " to ".join("x".join(map(str, each)) for each in (_SMALLEST, _LARGEST))
        raise CallError(f"--size takes width x height from {bounds} px, such as 1680x1050; got {size!r}.")
    return sides


def _prepare() -> None:
    """Make Qt draw in memory.

    Raises: ThingError when a system library is missing.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from graph_engine.doctor import window_problem

    problem = window_problem()
    if problem is not None:
        raise ThingError(problem)
    from PySide6.QtCore import qInstallMessageHandler

    qInstallMessageHandler(_tell)


def _tell(_kind: object, _context: object, message: str) -> None:
    """Qt's words on stderr, but for what the off-screen platform cannot do and says each time."""
    if not message.startswith("This plugin does not support"):
        note(message)
