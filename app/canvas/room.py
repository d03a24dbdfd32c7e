"""Where a new node lies on no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

if TYPE_CHECKING:
    from app.canvas.scene import CanvasScene
    from graph_engine.document import Position
    from graph_engine.document.geometry import NodeGeometry

_MARGIN = 8.0
_STEP = 24.0
_TRIES = 60


def free_place(scene: CanvasScene, wanted: Position, size: NodeGeometry) -> Position:
    """The place nearest below `wanted` at which a node of `size` lies on no other (scene units)."""
    x, y = wanted
    for _ in range(_TRIES):
        card = QRectF(x, y, size.width, size.height)
        if not scene.nodes_in(card.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)):
            break
        y += _STEP
    return round(x, 1), round(y, 1)
