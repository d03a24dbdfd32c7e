"""Training anew from the best weights of a run, which are kept without what it takes to go on from them."""

from __future__ import annotations

from dataclasses import replace

from graph_engine.document.plan import Loading
from graph_engine.runs.again import enqueue
from graph_engine.runs.errors import RunError
from graph_engine.runs.launching import disk_error, take_back
from graph_engine.runs.results import BEGUN_WITH
from graph_engine.runs.store import RunStore, StoredRun
from graph_engine.train.checkpoints import write_durably


def train_anew(run: str | StoredRun, step: int, *, store: RunStore | None = None) -> StoredRun:
    """Keep for later a new run by the plan of `run`, from its first step on, that begins with the weights of `run`
    after `step`, which were its best. Optimiser, schedule and what is counted are new. `resume_run` starts it.

    Raises: RunError when there are no such weights; as `enqueue`.
    """
    import safetensors.torch

    store = store or RunStore()
    stored = store.get(run) if isinstance(run, str) else run
    found = stored.folder.checkpoints.at(step, "best")
    if found is None:
        raise RunError(f"The best weights of the run {stored.id}, those of step {step}, are gone or damaged.")
    waiting = enqueue(stored.document(), name=f"{stored.name} anew", store=store)
    try:
        write_durably(waiting.folder.path / BEGUN_WITH, safetensors.torch.save(found.weights))
        document = waiting.folder.first_document()
        first, *rest = document.plan.stages
        begun = replace(first, loads=(Loading(source=f"{waiting.id}/{BEGUN_WITH}"),), resets=())
        document.plan = replace(document.plan, stages=(begun, *rest))
        waiting.folder.write_subject(document, waiting.folder.source())
        note = f"Begins with the weights of {stored.id} after step {step}, its best; all else is new."
        waiting.folder.write(replace(waiting.record, parent=stored.id, note=note))
        return StoredRun(store.refresh(waiting.id), waiting.folder)
    except OSError as error:
        take_back(waiting.folder.path)
        raise disk_error(waiting.folder, error) from error
    except BaseException:
        take_back(waiting.folder.path)
        raise
