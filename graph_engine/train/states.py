"""The states of a run."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands. `WAITING`: kept for later, and nobody is at work on it; `QUEUED`: about to begin.
    `INTERRUPTED`: its process ended without a word; it can be resumed, as can a stopped one.
    """

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def live(self) -> bool:
        """Whether some process is, or claims to be, at work on it."""
        return self in (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED)
