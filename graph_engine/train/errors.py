"""What keeps a run from starting or ends it, in sentences for people."""

from __future__ import annotations


class TrainError(Exception):
    """Training can't go on; the message says what, where and what to do. `node` is the node it concerns, if one."""

    def __init__(self, message: str, node: str | None = None) -> None:
        super().__init__(message)
        self.node = node


class PlanError(TrainError):
    """The plan does not fit the document, the data or the machine. Found before anything is trained."""


class DamagedCheckpoint(TrainError):
    """A checkpoint that is not what was written; an older one may be whole."""
