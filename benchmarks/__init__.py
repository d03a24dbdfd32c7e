"""Layerloom's figures against its budgets: `python -m benchmarks`. Budgets are medians and ratios, never timed tests.

Every module but `figure` has `run(quick: bool) -> dict[str, Figure]`; `quick` measures less and less well.
"""

from __future__ import annotations

from benchmarks.figure import Figure

BENCHMARKS = ("startup", "canvas", "check", "program", "trainer", "gpu", "charts", "runs", "responsiveness")
"""The modules, in the order in which they run. Each runs in a process of its own."""

__all__ = ["BENCHMARKS", "Figure"]
