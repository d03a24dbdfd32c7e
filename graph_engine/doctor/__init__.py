"""What this machine has and lacks: versions, devices, system libraries, display, home; never imports Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph_engine.doctor.window import window_problem

if TYPE_CHECKING:
    from graph_engine.doctor.report import Report

__all__ = ["examine", "window_problem"]


def examine() -> Report:
    """Looks at everything, never at Qt itself. Imports torch, so it takes a second or two."""
    # The window asks only for its own problem when it starts, and does not wait for the rest to be imported.
    from graph_engine.doctor.report import make_report

    return make_report()
