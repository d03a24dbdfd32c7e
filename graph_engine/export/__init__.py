"""Taking a network home: source, weights, ONNX, pt2, drawings. Every file is checked before it is announced."""

from __future__ import annotations

from graph_engine.export.errors import Exported, ExportError
from graph_engine.export.exporting import Target, export_document
from graph_engine.export.ink import Style

__all__ = ["ExportError", "Exported", "Style", "Target", "export_document"]
