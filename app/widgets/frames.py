"""Whole frames: what a window shows is laid out before it is drawn."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent


def lay_out_before(event: QEvent) -> None:
    """For the `event` of a window: no frame shows words in the room that other words had.

    Showing a label lays its neighbours out at once, in the room of before; that a scroll area has more comes with an
    event that is posted, and a frame that was asked for earlier is drawn before it.
    """
    if event.type() == QEvent.Type.UpdateRequest:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
