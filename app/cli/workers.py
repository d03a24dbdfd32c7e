"""`layerloom train` as one of the workers that `torchrun` began: the first leads the run, the others assist."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from app.cli.errors import THING_WRONG, CallError
from app.cli.output import note
from graph_engine.train.distributed import is_worker, restarts

if TYPE_CHECKING:
    from types import FrameType

    from graph_engine.data import Dataset
    from graph_engine.document import Document, Plan
    from graph_engine.train.team import Team


def begun_before(out: Path | None, team: Team | None) -> str | None:
    """The run in `out`, if this very call of torchrun began it before a worker ended.

    Raises: CallError when torchrun may begin anew, but would not find the run.
    """
    done, allowed = restarts()
    if not is_worker() or not allowed:
        return None
    if out is None:
        raise CallError("torchrun may begin anew (--max-restarts), and has to find the run then. Give --out DIR.")

    def there() -> bool:
        return done > 0 and (out / "run.json").exists()

    return str(out) if (there() if team is None else team.from_first(there)) else None


def assist(
    team: Team,
    document: Document,
    dataset: Dataset | None,
    *,
    resume: bool = False,
    plan: Plan | None = None,
    compiled: bool = False,
    threads: int | None = None,
) -> None:
    """Take part in a run that the first worker leads, until it has ended. What it tells, this one does not repeat.

    Raises: typer.Exit with status 1 when the run failed.
    """
    from graph_engine.runs.assisting import assist_run
    from graph_engine.train import RunState
    from graph_engine.train.team import GONE, TeamError

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _leave_to_the_first)
    try:
        outcome = assist_run(
            document, team, dataset=dataset, resume=resume, plan=plan, compiled=compiled, threads=threads
        )
    except TeamError as error:
        raise typer.Exit(THING_WRONG) from error
    progress = outcome.progress
    if progress.state is RunState.FAILED:
        if progress.message != GONE:
            note(f"layerloom: worker {team.rank}: {progress.message}")
        raise typer.Exit(THING_WRONG)


def _leave_to_the_first(_number: int, _frame: FrameType | None) -> None:
    """Torchrun sends signals to all workers; the first saves and tells the others to stop."""
