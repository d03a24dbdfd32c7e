"""The run on a thread of the window while another is followed: it goes on, and its curves are drawn on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.open_document import OpenDocument
    from app.runs.curves import RunCurves
    from graph_engine.runs import FollowedRun, RunHandle
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
        from app.runs.curves import take_news

        done = self.handle.wait(0)
        news = self.handle.feed.since(self.cursor)
        self.cursor = news.cursor
        take_news(self.curves, news)
        return done


def let_go(handle: RunHandle | FollowedRun, patience: float) -> None:
    """Nobody follows a run any more: one in a process of its own is left there, one on a thread ends, in `patience`
    (s) at most.
    """
    if handle.board is None:
        handle.leave()
    else:
        handle.stop(patience)
