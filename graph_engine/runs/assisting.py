"""A worker of a run that another worker leads: it computes its part and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph_engine.data import Dataset
from graph_engine.document import Document, Plan
from graph_engine.runs.preparing import prepare
from graph_engine.runs.store import RunStore

if TYPE_CHECKING:
    from graph_engine.train.outcome import Outcome
    from graph_engine.train.team import Team


def assist_run(
    document: Document,
    team: Team,
    *,
    dataset: Dataset | None = None,
    resume: bool = False,
    plan: Plan | None = None,
    compiled: bool = False,
    threads: int | None = None,
) -> Outcome:
    """Take part in the run that the first worker of `team` starts, or goes on with, at this moment; blocks until it has
    ended. Document, data and options have to be those of the first worker; when the run is gone on with, the document
    is the one that it began with, and `plan` what takes the place of its own.

    Raises: CompileError, DataError, TrainError, RunError, as `start_run`.
    """
    from graph_engine.runs.results import weights_from
    from graph_engine.train.trainer import Trainer

    prepared = prepare(document, dataset, threads)
    trainer = Trainer(
        prepared.document,
        prepared.program,
        prepared.samples,
        threads=prepared.threads,
        find_weights=weights_from(RunStore()),
        team=team,
    )
    if resume:
        trainer.resume(plan)
    else:
        trainer.begin()
    if compiled or prepared.document.plan.compiled:
        trainer.compile()
    return trainer.run()
