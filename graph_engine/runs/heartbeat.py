"""Whether anything is heard of a run: `progress.json` is written anew every few seconds as long as it goes on."""

from __future__ import annotations

import time
from pathlib import Path

from graph_engine.runs.link import BEAT, PROGRESS, read_progress
from graph_engine.runs.owner import read_owner

SILENCE = 60.0
"""s without a word after which a run on another machine may have ended. Clocks of machines must agree better than that;
before anybody else goes on with such a run, its folder is watched for a while."""
_WATCHED = 2 * BEAT + 1
_LOOK = 0.1  # s between two looks


def is_at_work(folder: Path, held: bool | None) -> bool:
    """Whether somebody is at work on a run whose lock is free (`held` False) or can't be told (None)."""
    if not _says_so(folder):
        return False
    owner = read_owner(folder)
    if owner is not None and owner.is_here:
        return held is None and owner.is_alive
    return silent_for(folder) < SILENCE


def stays_at_work(folder: Path, held: bool | None) -> bool:
    """As `is_at_work`, before somebody else takes over: a run on another machine is watched until it has been silent
    long enough, or is heard.
    """
    if not _says_so(folder):
        return False
    owner = read_owner(folder)
    if owner is None or owner.is_here:
        return is_at_work(folder, held)
    before = _beat(folder)
    silent = max(0.0, silent_for(folder))  # where clocks differ, it may have been heard in the future
    until = time.monotonic() + max(_WATCHED, SILENCE - silent)
    while time.monotonic() < until:
        if _beat(folder) != before:
            return _says_so(folder)
        time.sleep(_LOOK)
    return False


def silent_for(folder: Path) -> float:
    """s since a run was heard of."""
    try:
        return time.time() - (folder / PROGRESS).stat().st_mtime
    except OSError:
        return float("inf")


def _says_so(folder: Path) -> bool:
    found = read_progress(folder)
    return found is not None and found[0].state.live


def _beat(folder: Path) -> int:
    try:
        return (folder / PROGRESS).stat().st_mtime_ns
    except OSError:
        return 0
