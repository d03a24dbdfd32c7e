"""One door to every format. Imports torch only for those that need the network."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.document import Document
from graph_engine.document.file import SUFFIX
from graph_engine.export.errors import Exported, ExportError
from graph_engine.export.ink import Style

if TYPE_CHECKING:
    from torch import Tensor


class Target(StrEnum):
    """What a document can be exported to without a window."""

    PYTHON = "python"
    ONNX = "onnx"
    PT2 = "pt2"
    SAFETENSORS = "safetensors"
    SVG = "svg"
    HTML = "html"

    @property
    def suffix(self) -> str:
        """How files of this format end."""
        return ".py" if self is Target.PYTHON else f".{self}"

    @property
    def has_weights(self) -> bool:
        """Whether the file holds trained numbers."""
        return self in (Target.ONNX, Target.PT2, Target.SAFETENSORS)


def export_document(
    document: Document,
    target: Target,
    path: Path,
    weights: Mapping[str, Tensor] | None = None,
    style: Style = Style.LIGHT,
) -> Exported:
    """Write `document` to `path` with `weights` (a state dict), or with fresh ones from the plan's seed, and check it.

    `style` is how a picture looks.

    Raises:
        CompileError: the document has problems.
        ExportError: it can't be exported so, or the file failed its check.
        FileError: the file can't be written; what was there before is still there.
    """
    check_place(path, target.suffix)
    if target is Target.SVG:
        from graph_engine.export.svg import export_svg

        return export_svg(document, path, style)

    from graph_engine.export.subject import make_subject

    subject = make_subject(document, weights)
    match target:
        case Target.PYTHON:
            from graph_engine.export.python import export_python

            return export_python(subject, path)
        case Target.ONNX:
            from graph_engine.export.onnx import export_onnx

            return export_onnx(subject, path)
        case Target.PT2:
            from graph_engine.export.pt2 import export_pt2

            return export_pt2(subject, path)
        case Target.SAFETENSORS:
            from graph_engine.export.safetensors import export_safetensors

            return export_safetensors(subject, path)
        case Target.HTML:
            from graph_engine.export.html import export_html

            return export_html(document, subject, path)


def check_place(path: Path, suffix: str) -> None:
    """Refuse a place where no file can be, and the name of a drawing, before any work is done for it.

    Raises: ExportError.
    """
    if path.is_dir():
        raise ExportError(f"{path} is a folder. Name a file in it, such as {path / f'network{suffix}'}.")
    if path.suffix == SUFFIX:
        raise ExportError(
            f"{path} is called as drawings are, and would take the place of one. Name it {path.with_suffix(suffix)}."
        )
    if path.exists() and not path.is_file():
        raise ExportError(f"{path} is a device or a pipe, which an export can't take the place of. Name a file.")
    if not path.parent.is_dir():
        raise ExportError(f"{path} can't be written: there is no folder {path.parent}. Make it, or name another place.")
