"""Runs that this window has not begun: found when it opens, or by the folder that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from app.runs.follower import RunFollower
    from graph_engine.runs import RunRecord, StoredRun


def find_runs(runs: RunFollower) -> None:
    """Follows the newest run that goes on in another process; `again.left` tells of those that wait."""

    def take(found: RunRecord | None, waiting: int) -> None:
        if found is not None and not runs.live:
            runs.follow(found.id)
            runs.again.said.emit(f"{found.name} is still training.")
        if waiting and not runs.again.is_on:
            runs.library.refresh()
            runs.again.left.emit(waiting)

    runs.library.look(take)


def follow_folder(runs: RunFollower, path: Path) -> None:
    """Follows the run in a folder anywhere, which is among the runs from then on; one that has ended is drawn."""

    def work() -> tuple[StoredRun, bool]:
        stored = runs.library.store().adopt(path)
        return stored, stored.folder.is_busy

    def take(found: tuple[StoredRun, bool]) -> None:
        stored, goes_on = found
        runs.library.refresh()
        if goes_on:
            runs.follow(stored.id)
        else:
            runs.shown.compare(stored.id, stored.name, on=True)
            runs.again.said.emit(f"{stored.name} is not going on: it is {stored.record.state}. Runs lists it now.")

    runs.background.start("Following", work, take, runs.refused.emit)
