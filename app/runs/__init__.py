"""Following runs: the one that goes on, those on disk, their curves, and what is seen of their networks."""

from __future__ import annotations

from app.runs.follower import RunFollower

__all__ = ["RunFollower"]
