"""Searching over settings: what is tried, given up, found, gone on with."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import optuna
import pytest

from graph_engine.document import Document, Range
from graph_engine.document.codec import plan_from_json, plan_to_json
from graph_engine.runs import RunError, RunState, RunStore, search
from graph_engine.runs.search import Search, begin_search, best_of, start_workers, trials_of, with_values, work_on

Make = Callable[..., Document]

RATES = Range(of="learning_rate", choices=(1e-5, 0.02))


def marked(document: Document, *ranges: Range) -> Document:
    document.plan = replace(document.plan, search=ranges)
    return document


def test_settings_of_plan_and_nodes_are_given_by_name(document: Make) -> None:
    found = with_values(
        document(),
        {"learning_rate": 0.5, "optimiser": "sgd", "batch_size": 7, "linear_1.features": 5, "clip_norm": 2.0},
    )
    update = found.plan.first_update
    assert (update.optimiser.learning_rate, update.optimiser.kind, update.clip_norm) == (0.5, "sgd", 2.0)
    assert found.plan.batch_size == 7
    assert found.main["linear_1"].parameters["features"] == 5
    for name, value in (("nonsense", 1), ("linear_1.colour", 1), ("optimiser", "magic"), ("batch_size", 0)):
        with pytest.raises(RunError, match=name.partition(".")[0]):
            with_values(document(), {name: value})


def test_ranges_are_part_of_the_document(document: Make) -> None:
    plan = marked(document(), RATES, Range(of="linear_1.features", low=8, high=32, step=8, whole=True)).plan
    assert plan_from_json(plan_to_json(plan)) == plan
    assert "search" not in plan_to_json(document().plan)


def test_a_grid_tries_all_and_finds_the_best(document: Make, store: RunStore) -> None:
    net = marked(document(epochs=1), RATES, Range(of="batch_size", low=50, high=100, step=50, whole=True))
    folder = begin_search(net, Search(name="grid", sampler="grid", trials=4, prune=False, metric="val_accuracy"))
    told: list[int] = []
    work_on(folder, lambda trial: told.append(trial.number))
    trials = trials_of(folder)
    assert told == [0, 1, 2, 3]
    assert {(each.values["learning_rate"], each.values["batch_size"]) for each in trials} == {
        (rate, size) for rate in (1e-5, 0.02) for size in (50, 100)
    }
    best, found = best_of(folder)
    assert best.score == max(each.score or 0.0 for each in trials)
    assert found.plan.first_update.optimiser.learning_rate == best.values["learning_rate"] == 0.02
    run = store.get(best.run).record
    assert run.tags == ("grid",)
    assert run.best["val_accuracy"] == best.score
    work_on(folder)  # it has all that it should
    assert len(trials_of(folder)) == 4


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_gone_on_with_by_several_workers_no_value_is_drawn_twice(
    document: Make, store: RunStore, sampler: Literal["random", "tpe"]
) -> None:
    net = marked(document(epochs=1), Range(of="learning_rate", low=1e-4, high=0.1, log=True))
    folder = begin_search(net, Search(name=sampler, sampler=sampler, trials=2, prune=False))
    work_on(folder)
    first = trials_of(folder)
    assert len(first) == 2
    begin_search(net, Search(name=sampler, sampler=sampler, trials=5, prune=False))
    beside = start_workers(folder, 1)
    work_on(folder)
    assert [process.wait(60) for process in beside] == [0]
    trials = trials_of(folder)

    assert trials[:2] == first
    assert 5 <= len(trials) <= 6, "two may end at once"
    rates = [float(each.values["learning_rate"]) for each in trials]
    assert len(set(rates)) == len(rates)
    assert all(1e-4 <= rate <= 0.1 for rate in rates)
    assert {store.get(each.run).record.state for each in trials} == {RunState.FINISHED}
    best, found = best_of(folder)
    assert best.score == min(each.score or 0.0 for each in trials)
    assert found.plan.first_update.optimiser.learning_rate == best.values["learning_rate"]


def test_two_workers_that_begin_at_once_draw_other_values(document: Make) -> None:
    net = marked(document(), Range(of="learning_rate", low=1e-4, high=0.1))
    folder = begin_search(net, Search(name="many", sampler="random"))
    distribution = optuna.distributions.FloatDistribution(1e-4, 0.1)
    studies = [search._study(folder, worker) for worker in range(3)]
    drawn = [study.ask({"learning_rate": distribution}).params["learning_rate"] for study in studies]
    assert len(set(drawn)) == 3


def test_what_does_badly_is_given_up(document: Make, store: RunStore) -> None:
    rates = Range(of="learning_rate", choices=(0.02, 1e-7))
    folder = begin_search(marked(document(epochs=400), rates), Search(name="prune", sampler="grid", trials=2))
    study = search._study(folder)
    for _ in range(6):  # earlier trials that did well
        distribution = {"learning_rate": optuna.distributions.CategoricalDistribution([0.02, 1e-7])}
        study.add_trial(
            optuna.trial.create_trial(
                params={"learning_rate": 0.02},
                distributions=distribution,
                value=0.1,
                intermediate_values=dict.fromkeys(range(401), 0.1),
            )
        )
    (folder / "search.json").write_text((folder / "search.json").read_text().replace('"trials": 2', '"trials": 8'))
    work_on(folder)
    given_up = [each for each in trials_of(folder) if each.state == "pruned"]
    assert given_up
    assert store.get(given_up[0].run).record.state == "stopped"


def test_what_can_not_be_searched_is_told(document: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match="Nothing is marked"):
        begin_search(document(), Search(name="none"))
    with pytest.raises(RunError, match="nonsense"):
        begin_search(marked(document(), Range(of="nonsense")), Search(name="none"))
    with pytest.raises(RunError, match="grid needs"):
        begin_search(marked(document(), Range(of="learning_rate", low=0.1)), Search(name="none", sampler="grid"))
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(RunError, match=r"layerloom\[search\]"):
        begin_search(marked(document(), RATES), Search(name="none"))
