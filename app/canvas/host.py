"""What the canvas needs of the world around it: the open work, seen narrowly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from graph_engine.check.report import CheckResult, NodeReport
from graph_engine.document import Document, Edit


class Host(Protocol):
    """The open work, of which the canvas shows one graph. `app.session.Session` is one."""

    @property
    def document(self) -> Document:
        """What is drawn; the canvas listens to it and changes it only through `attempt`."""
        ...

    @property
    def graph_name(self) -> str:
        """Which of the document's graphs is shown."""
        ...

    @property
    def check(self) -> CheckResult | None:
        """The last check that came; None before the first."""
        ...

    @property
    def reports(self) -> Mapping[str, NodeReport]:
        """What that check said of the nodes of this graph."""
        ...

    def attempt(self, edit: Edit, merge: str = "", label: str = "") -> bool:
        """Make an edit as a step of the history; False, and the user is told why, when the document can't take it."""
        ...

    def undo(self) -> None:
        """Take back the last step."""
        ...

    def redo(self) -> None:
        """Make again what was taken back last."""
        ...
