"""The run on a thread of the window while another is followed: it goes on, and its curves are drawn on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.runs.curves import RunCurves, take_news

if TYPE_CHECKING:
    from app.open_document import OpenDocument
    from graph_engine.runs import RunHandle
    from graph_engine.train.feed import Cursor


@dataclass(slots=True)
class AsideRun:
    """What is needed to follow it again."""

    handle: RunHandle
    front: OpenDocument | None
    curves: RunCurves
    cursor: Cursor | None

    def look(self) -> bool:
        """Takes what is new; whether the run has ended."""
        done = self.handle.wait(0)
        news = self.handle.feed.since(self.cursor)
        self.cursor = news.cursor
        take_news(self.curves, news)
        return done
