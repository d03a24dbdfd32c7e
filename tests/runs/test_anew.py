"""Training anew from the best weights of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from graph_engine.document import Document, Judgement
from graph_engine.document.plan import Loading
from graph_engine.runs import RunError, RunHandle, RunState, RunStore, load_weights, resume_run, train_anew

Make = Callable[..., Document]
Start = Callable[..., RunHandle]


def same(one: str, other: str, store: RunStore) -> bool:
    ours, theirs = load_weights(one, "last", store), load_weights(other, "last", store)
    return all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_it_is_a_new_run_that_begins_with_the_best_weights(document: Make, start: Start, store: RunStore) -> None:
    first_is_best = document(epochs=5)
    first_is_best.plan = replace(first_is_best.plan, judge=Judgement(name="accuracy", better="smaller"))
    run = start(first_is_best)
    assert run.wait(60)
    best = int(run.record.best["step"])
    assert best < run.record.step
    by_hand = first_is_best.snapshot()
    loaded = replace(by_hand.plan.stages[0], loads=(Loading(source=run.id),))
    by_hand.plan = replace(by_hand.plan, stages=(loaded,))
    other = start(by_hand)  # a plan that names a run begins with its best weights as well
    assert other.wait(60)

    waiting = train_anew(run.id, best, store=store)
    assert (waiting.record.state, waiting.record.parent) == (RunState.WAITING, run.id)
    run.folder.checkpoints.go_back(run.record.step, 0)  # what it is begun with is its own
    home = store.folder.parent
    home.rename(home.with_name("moved"))  # and found wherever the runs are
    store = RunStore(home.with_name("moved") / store.folder.name)
    waiting = store.get(waiting.id)
    begun = resume_run(waiting.id, store=store)
    assert begun.wait(60)
    assert begun.state is RunState.FINISHED, begun.record.message
    assert same(begun.id, other.id, store)
    assert not same(begun.id, run.id, store)
    assert begun.record.step == run.record.step

    with pytest.raises(RunError, match="are gone or damaged"):
        train_anew(run.id, best, store=store)
    assert len(store.records()) == 3
