"""Jobs whose answers come when a test says so, in the order that it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.workers import Job

if TYPE_CHECKING:
    import pytest

    from app.workers import Jobs


class HeldJobs:
    """Takes the place of what begins jobs: nothing is done until `answer`."""

    def __init__(self, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
        self.held: list[Job] = []
        monkeypatch.setattr(jobs, "start", self._start)

    def _start(
        self,
        title: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        self.held.append(Job(title, work, done, failed))

    def answer(self, job: Job, *, error: Exception | None = None) -> None:
        """Does a job and tells, or tells that it failed by `error`."""
        self.held.remove(job)
        if error is None:
            job.done(job.work())
        elif job.failed is not None:
            job.failed(error)

    def titled(self, title: str) -> list[Job]:
        return [each for each in self.held if each.title == title]
