"""Searching over settings: what is tried, given up, found, gone on with."""

from __future__ import annotations

import errno
import multiprocessing
import re
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import optuna
import pytest
import torch
from sqlalchemy.exc import OperationalError

from graph_engine.document import AddNodes, Connect, Document, Judgement, Node, Range, SetParameter
from graph_engine.document.codec import plan_from_json, plan_to_json
from graph_engine.document.file import save
from graph_engine.runs import RunError, RunHandle, RunState, RunStore, search, trying
from graph_engine.runs.ranges import read_range
from graph_engine.runs.search import (
    Search,
    begin_search,
    best_of,
    read_search,
    searches_folder,
    trials_of,
    work_on,
)
from graph_engine.runs.search_places import WorkerPlace, end_search, troubles_of, workers_of
from graph_engine.runs.search_workers import start_workers
from graph_engine.runs.searchable import searchable
from graph_engine.runs.settings import settings_of, with_values
from graph_engine.train import Checkpoints
from presets import open_preset

Make = Callable[..., Document]

RATES = Range(of="learning_rate", choices=(1e-5, 0.02))
SAME = Search(name="same", trials=2)


def wait_until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


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


def test_all_of_plan_and_nodes_can_be_searched_and_is_proposed_a_range_that_fits() -> None:
    net = open_preset("resnet:depth=50")
    net.apply(SetParameter("conv2d_1", "groups", None))
    found = searchable(net)
    for name in ("learning_rate", "weight_decay", "momentum", "batch_size", "betas.2", "clip_norm", "label_smoothing"):
        assert name in found or any(each.endswith(f".{name}") for each in found), name
    assert found["conv2d_1.stride"].value == "1", "a default"
    assert found["bottleneck:conv2d_2.kernel"].about == "Kernel of Conv 2d"
    exposed = [name for name in found if name.startswith("bottleneck_") and name.endswith(".width")]
    assert exposed, "an exposed parameter of each use of a composite"
    for name, each in found.items():
        chosen = read_range(name, each.proposal)
        ends = chosen.choices or ((int(chosen.low), int(chosen.high)) if chosen.whole else (chosen.low, chosen.high))
        for value in ends:
            with_values(net, {name: value})


def test_settings_inside_composites_lists_and_switches_are_given_and_kept_with_the_run() -> None:
    net = open_preset("resnet:depth=50")
    values = {"bottleneck:conv2d_2.kernel": 5, "betas.2": 0.9, "nesterov": "on", "conv2d_1.bias": "false"}
    given = with_values(net, values)
    assert given.graphs["bottleneck"]["conv2d_2"].parameters["kernel"] == 5
    assert given.plan.first_update.optimiser.betas == (0.9, 0.9)
    assert given.plan.first_update.optimiser.nesterov is True
    assert given.main["conv2d_1"].parameters["bias"] is False
    assert "bottleneck:conv2d_2.kernel" not in settings_of(given)
    searched = marked(given, Range(of="bottleneck:conv2d_2.kernel", choices=(3, 5)))
    assert settings_of(searched)["bottleneck:conv2d_2.kernel"] == 5
    for name, value in (("nothing:conv2d_1.kernel", 3), ("bottleneck:conv2d_2.kernel", 0), ("betas.3", 0.5)):
        with pytest.raises(RunError, match=re.escape(name)):
            with_values(net, {name: value})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.1..inf", "less than the second"),
        ("nan..1", "less than the second"),
        ("0.1..0.2:0.5", "the step"),
        ("1..9:0", "the step"),
        ("1..9:-2", "the step"),
        ("-1..1:log", "above 0 with log"),
    ],
)
def test_ranges_that_are_none_are_refused(text: str, words: str) -> None:
    with pytest.raises(RunError, match=words):
        read_range("x", text)


@pytest.mark.parametrize("whole", [True, False])
def test_steps_end_with_the_last_within_the_range(whole: bool) -> None:
    """Without a warning of Optuna's, which would come to the terminal."""
    trial = optuna.trial.FixedTrial({"x": 7})
    chosen = Range(of="x", low=1, high=8, step=3, whole=whole)
    assert search._suggest(trial, chosen) == 7
    assert trial.distributions["x"].high == 7


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


def test_a_grid_is_tried_wholly_and_once_by_several_one_after_another(document: Make) -> None:
    sizes = tuple(range(90, 130, 10))
    net = marked(document(epochs=1), Range(of="batch_size", choices=sizes))
    for trials in (1, 2, 9):
        folder = begin_search(net, Search(name="whole", sampler="grid", trials=trials, prune=False, seed=1))
        places = [WorkerPlace.take(folder) for _ in range(trials % 3 + 1)]  # as another worker each time
        for each in places[:-1]:
            each.let_go()
        work_on(folder, at=places[-1])
    assert sorted(each.values["batch_size"] for each in trials_of(folder)) == sorted(sizes)


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


def test_the_best_is_the_one_with_the_smallest_loss_of_any_name(document: Make, store: RunStore) -> None:
    net = marked(document(epochs=1), RATES)
    logits, label = (net.main.wires_into("cross_entropy_1")[port] for port in ("logits", "label"))
    net.apply(AddNodes((Node("cross_entropy_2", "cross_entropy"),)))
    for port, wire in (("logits", logits), ("label", label)):
        net.apply(Connect(replace(wire, target="cross_entropy_2", input=port)))
    folder = begin_search(net, Search(sampler="grid", metric="val_cross_entropy_1", prune=False))
    work_on(folder)
    trials = trials_of(folder)
    best, _ = best_of(folder)
    assert best.values["learning_rate"] == 0.02
    assert best.score == min(each.score for each in trials if each.score is not None)
    assert "val_accuracy" in store.get(best.run).record.greater
    assert "val_cross_entropy_1" not in store.get(best.run).record.greater


def test_what_is_not_measured_is_refused_before_anything_is_tried(document: Make) -> None:
    with pytest.raises(RunError, match=r"'coverage'.*val_loss, val_accuracy, train_loss"):
        begin_search(marked(document(), RATES), Search(name="x", metric="coverage"))
    assert not (searches_folder() / "x").exists()


def test_without_a_name_or_metric_a_search_is_a_new_one_of_what_the_plan_judges_by(document: Make) -> None:
    net = marked(document(judge=Judgement(name="accuracy", better="greater")), RATES)
    folders = [begin_search(net, Search()) for _ in range(2)]
    assert [folder.name for folder in folders] == ["search-small-net5-1", "search-small-net5-2"]
    found, _ = read_search(folders[0])
    assert (found.name, found.metric) == ("search-small-net5-1", "val_accuracy")


def test_a_search_lives_in_a_place_of_any_name(document: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "ho me?#1%20 ü"))
    folder = begin_search(marked(document(), RATES), Search(name='what? #1 100% & "q" [x] 数字', trials=1))
    assert trials_of(folder) == []
    assert (folder / "study.sqlite").is_file()
    assert [each.name for each in tmp_path.iterdir()] == ["ho me?#1%20 ü"]


@pytest.mark.parametrize("name", ["数" * 99, "a\nb", "..", " a", "a/b"])
def test_what_can_not_be_the_name_of_a_search_is_refused(document: Make, name: str) -> None:
    with pytest.raises(RunError, match="A search can't be called"):
        begin_search(marked(document(), RATES), Search(name=name))


def test_several_may_begin_the_same_search_at_once(document: Make) -> None:
    net, chosen = marked(document(), RATES), Search(name="at once")
    folder = begin_search(net, chosen)
    (folder / "study.sqlite").unlink()
    with multiprocessing.get_context("fork").Pool(4) as several:
        assert several.map(_trials_in, [folder] * 4) == [0] * 4


def _trials_in(folder: Path) -> int:
    return len(trials_of(folder))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda net: marked(net, replace(RATES, choices=(0.1, 0.02))), "learning_rate over 1e-05, 0.02, not 0.1, 0.02"),
        (lambda net: marked(net, Range(of="batch_size", choices=(50, 100))), "not over batch_size"),
        (lambda net: marked(with_values(net, {"batch_size": 50}), RATES), "plan.batch_size 100, not 50"),
        (lambda net: replace(SAME, metric="val_accuracy"), "by val_loss, not val_accuracy"),
        (lambda net: replace(SAME, sampler="random"), "by tpe, not random"),
    ],
)
def test_another_search_of_the_same_name_is_refused_in_words(
    document: Make, change: Callable[[Document], Document | Search], words: str
) -> None:
    net = document(epochs=1)
    begin_search(marked(net, RATES), SAME)
    other = change(document(epochs=1))
    with pytest.raises(RunError, match=re.escape(words)) as refused:
        begin_search(*((marked(net, RATES), other) if isinstance(other, Search) else (other, SAME)))
    assert "--name" in str(refused.value)
    begin_search(marked(net, RATES), replace(SAME, trials=9, seed=3))  # more of the same


def test_what_can_not_be_trained_has_failed_and_the_search_goes_on(
    document: Make, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    start = trying.start_run

    def start_run(tried: Document, **options: Any) -> RunHandle:
        if tried.plan.batch_size == 7:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB.")
        return start(tried, **options)

    monkeypatch.setattr(trying, "start_run", start_run)
    sizes = Range(of="batch_size", choices=(100, 100_000, 7))
    widths = Range(of="dropout_1.probability", choices=(0.1, "wide"))
    net = marked(document(epochs=1), sizes)
    folder = begin_search(net, Search(sampler="grid", trials=3))
    work_on(folder)
    found = {each.values["batch_size"]: each for each in trials_of(folder)}
    assert {size: each.state for size, each in found.items()} == {100: "complete", 100_000: "fail", 7: "fail"}
    assert "100000 samples" in found[100_000].reason
    assert "not enough memory" in found[7].reason
    assert best_of(folder)[0].values["batch_size"] == 100
    assert capfd.readouterr().err == ""
    with pytest.raises(RunError, match="wide"):
        begin_search(marked(net, widths), Search())


@pytest.mark.parametrize("where", ["the list of runs", "a checkpoint"])
def test_a_full_disk_ends_a_search_and_uses_up_no_values(
    document: Make, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    folder = begin_search(marked(document(epochs=1), RATES), Search(sampler="grid", trials=2, prune=False))
    full = OSError(errno.ENOSPC, "No space left on device")

    def refuse(*_: Any, **__: Any) -> None:
        if where == "a checkpoint":
            raise full
        raise RunError("The list of runs can't be used.") from full

    with monkeypatch.context() as patch:
        if where == "a checkpoint":
            patch.setattr(Checkpoints, "save", refuse)
        else:
            patch.setattr(trying, "start_run", refuse)
        with pytest.raises(RunError, match=f"Then go on with the search {folder.name}"):
            work_on(folder)
    (hindered,) = trials_of(folder)
    assert (hindered.state, hindered.counts) == ("fail", False)

    work_on(folder)
    tried = [each for each in trials_of(folder) if each.state == "complete"]
    assert {each.values["learning_rate"] for each in tried} == set(RATES.choices)


def test_of_a_study_that_can_not_be_written_nothing_is_left(document: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make = optuna.create_study

    def half(**options: Any) -> Any:
        make(**options)
        raise OperationalError("COMMIT", None, sqlite3.OperationalError("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(optuna, "create_study", half)
        with pytest.raises(RunError, match=r"can't be written to .*study.sqlite .*database or disk is full.*Free"):
            begin_search(marked(document(), RATES), SAME)
    assert not (searches_folder() / SAME.name / "study.sqlite").exists()
    begin_search(marked(document(), RATES), SAME)


def test_a_search_that_is_told_to_end_does_and_is_gone_on_with(document: Make, store: RunStore) -> None:
    net = marked(document(epochs=100_000), Range(of="batch_size", choices=(50,)))
    folder = begin_search(net, Search(name="long", sampler="random", trials=2, prune=False))
    worker = start_workers(folder, 1)[0]
    wait_until(lambda: any(each.step for each in store.records()))
    assert workers_of(folder) == {0}
    end_search(folder)
    assert worker.wait(60) == 0
    assert (workers_of(folder), troubles_of(folder)) == (set(), [])
    (stopped,) = trials_of(folder)
    assert (stopped.state, stopped.reason) == ("fail", "The search was stopped.")
    assert store.get(stopped.run).record.state is RunState.STOPPED


def test_a_worker_that_dies_is_told_of_and_its_values_are_tried_anew(document: Make, store: RunStore) -> None:
    net = marked(document(epochs=100_000), Range(of="learning_rate", low=0.001, high=0.1))
    folder = begin_search(net, Search(name="dies", sampler="random", trials=1, prune=False))
    worker = start_workers(folder, 1)[0]
    wait_until(lambda: any(each.step for each in store.records()))
    worker.kill()
    worker.wait(60)
    wait_until(lambda: not workers_of(folder))
    assert troubles_of(folder) == ["A worker ended without a word: the system may have ended it."]
    (lost,) = trials_of(folder)
    assert (lost.state, lost.reason) == ("fail", "The process that tried it ended before it did.")

    (folder / "document.loom").write_text("{")
    worker = start_workers(folder, 1)[0]
    assert worker.wait(60) == 1
    assert "holds no search" in troubles_of(folder)[0]
    save(marked(document(epochs=1), *net.plan.search), folder / "document.loom")
    work_on(folder)
    ended = [each for each in trials_of(folder) if each.state == "complete"]
    assert [each.values for each in ended] == [lost.values]


def test_what_can_not_be_searched_is_told(document: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match="learning_rate has two ranges"):
        begin_search(marked(document(), RATES, Range(of="learning_rate", low=0.1)), Search(name="none"))
    with pytest.raises(RunError, match=r"Several settings are called 'learning_rate'. .*stages.1.updates.2.optimiser"):
        begin_search(marked(open_preset("wgan"), RATES), Search(name="none"))
    with pytest.raises(RunError, match="Nothing is marked"):
        begin_search(document(), Search(name="none"))
    with pytest.raises(RunError, match="nonsense"):
        begin_search(marked(document(), Range(of="nonsense")), Search(name="none"))
    with pytest.raises(RunError, match="grid needs"):
        begin_search(marked(document(), Range(of="learning_rate", low=0.1)), Search(name="none", sampler="grid"))
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(RunError, match="pip install optuna"):
        begin_search(marked(document(), RATES), Search(name="none"))
