"""What the pointer does, one class a gesture: start, move, end or cancel."""

from __future__ import annotations

from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.gestures.pick import pick

__all__ = ["Gesture", "Pointer", "pick"]
