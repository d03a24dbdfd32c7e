"""Lines along which what is dragged is level with what stays."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QLineF, QRectF

_OVER = 12.0  # how far a line reaches beyond what it joins, in scene units


def level_with(
    card: QRectF, others: Iterable[QRectF], reach: float
) -> tuple[float | None, float | None, tuple[QLineF, ...]]:
    """How far `card` must move to each side so that an edge or its middle is level with that of one of `others`.

    None where no such line is within `reach`; and the lines to show, when it has moved.
    """
    best_x: tuple[float, float, QRectF] | None = None
    best_y: tuple[float, float, QRectF] | None = None
    for other in others:
        for mine, theirs in zip(_across(card), _across(other), strict=True):
            if abs(theirs - mine) <= (reach if best_x is None else abs(best_x[0]) - 1e-6):
                best_x = theirs - mine, theirs, other
        for mine, theirs in zip(_down(card), _down(other), strict=True):
            if abs(theirs - mine) <= (reach if best_y is None else abs(best_y[0]) - 1e-6):
                best_y = theirs - mine, theirs, other
    moved = card.translated(best_x[0] if best_x else 0.0, best_y[0] if best_y else 0.0)
    lines = []
    if best_x is not None:
        both = moved.united(best_x[2])
        lines.append(QLineF(best_x[1], both.top() - _OVER, best_x[1], both.bottom() + _OVER))
    if best_y is not None:
        both = moved.united(best_y[2])
        lines.append(QLineF(both.left() - _OVER, best_y[1], both.right() + _OVER, best_y[1]))
    return best_x[0] if best_x else None, best_y[0] if best_y else None, tuple(lines)


def _across(card: QRectF) -> tuple[float, float, float]:
    return card.left(), card.center().x(), card.right()


def _down(card: QRectF) -> tuple[float, float, float]:
    return card.top(), card.center().y(), card.bottom()
