"""From a document to a finished run, and what it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from graph_engine.compile import CompileError
from graph_engine.data import DataError
from graph_engine.document import (
    Document,
    Part,
    RemoveNodes,
    SetBinding,
    SetParameter,
    Stage,
    Update,
    WeightedLoss,
)
from graph_engine.document.file import FileError, dumps, load
from graph_engine.document.plan import Binding
from graph_engine.runs import (
    RunError,
    RunFolder,
    RunHandle,
    RunState,
    RunStore,
    evaluate_run,
    load_network,
    load_weights,
    processes,
    resume_run,
    start_process,
    start_run,
    starting,
)
from graph_engine.train import PlanError
from graph_engine.train.changes import DatedChange, RunChange
from tests.train.by_hand import odd

Make = Callable[..., Document]
Start = Callable[..., RunHandle]


def test_a_run_from_start_to_end(document: Make, start: Start, store: RunStore) -> None:
    handle = start(document())
    assert handle.wait(30)
    result = handle.result()
    folder = handle.folder.path

    assert handle.id == "small-net5-1"
    assert handle.state is RunState.FINISHED
    assert {"run", "state", "steps", "epochs", "seconds", "metrics", "best"} == set(result)
    assert (result["run"], result["state"], result["steps"], result["epochs"]) == ("small-net5-1", "finished", 30, 2)
    assert {"train_loss", "train_accuracy", "val_loss", "val_accuracy"} == set(result["metrics"])
    assert result["best"]["epoch"] in (1, 2)
    json.dumps(result, allow_nan=False)

    assert dumps(load(folder / "document.loom")) == dumps(handle.document)
    assert (folder / "network.py").read_text() == handle.program.source
    record = store.get(handle.id).record
    assert record == handle.folder.read() == handle.record
    assert (record.parameters, record.dataset, record.steps) == (64 * 16 + 16 + 32 + 170, "digits", 30)
    assert record.provenance["data"]["train"] == 1438
    assert record.provenance["seed"] == 0
    assert record.provenance["versions"]["torch"] == torch.__version__
    assert record.created <= record.started <= record.ended


def test_the_document_may_be_edited_while_it_is_trained(document: Make, start: Start) -> None:
    drawn = document()
    handle = start(drawn)
    drawn.apply(SetParameter("linear_1", "features", 3))
    handle.wait(30)

    assert handle.state is RunState.FINISHED
    assert handle.document.main["linear_1"].parameters["features"] == 16


def test_names_count_on_and_may_be_given(document: Make, start: Start) -> None:
    names = [start(document(epochs=1), name=name).record.name for name in ("", "my best", "")]

    assert names == ["small-net5-1", "my best", "small-net5-3"]


def test_weights_come_back_as_they_were(document: Make, start: Start) -> None:
    handle = start(document())
    handle.wait(30)
    last = load_network(handle.id, "last")
    best = load_network(handle.id)

    trained = handle.network.state_dict()
    assert all(torch.equal(value, trained[name]) for name, value in last.network.state_dict().items())
    assert not last.network.training
    assert last.step == 30
    assert best.epoch == handle.result()["best"]["epoch"]
    assert set(load_weights(handle.id)) == set(trained)


def test_evaluating_again_gives_the_same_figures(document: Make, start: Start) -> None:
    handle = start(document())
    handle.wait(30)
    metrics = handle.result()["metrics"]
    again = evaluate_run(handle.id, which="last")

    assert again["metrics"] == {"loss": metrics["val_loss"], "accuracy": metrics["val_accuracy"]}
    assert (again["split"], again["samples"], again["run"]) == ("validation", 359, handle.id)


@pytest.mark.parametrize("stages", [1, 2], ids=["stopped in the first stage", "to the end"])
def test_a_run_in_stages_is_evaluated_as_it_was_judged(start: Start, store: RunStore, stages: int) -> None:
    """By the losses, and on the part of the data, of the stage that its best weights are of."""
    low, high = (Part(values=tuple(range(at, at + 5))) for at in (0, 5))
    first, second = (WeightedLoss(node=f"cross_entropy_{at}") for at in (1, 2))
    document = odd(
        Stage(updates=(Update(losses=(first, second)),), epochs=2 if stages == 2 else 900, data=low),
        Stage(updates=(Update(losses=(second,)),), epochs=2, data=high),
        batch_size=100,
    )
    handle = start(document)
    if stages == 1:
        handle.control.stop_after_epoch()
    assert handle.wait(60)
    best = handle.result()["best"]
    found = evaluate_run(handle.id, store=store)["metrics"]

    assert len(found) == (4 if stages == 1 else 2)
    assert found == pytest.approx({name: best[f"val_{name}"] for name in found}, rel=1e-5)


def test_evaluating_again_weighs_losses_as_they_were_changed(document: Make, start: Start, store: RunStore) -> None:
    change = DatedChange(15, 0, RunChange(loss_weights=(("cross_entropy_1", 10.0),)))
    handle = start(document(), ahead=[change])
    assert handle.wait(60)
    best = handle.result()["best"]

    assert best["step"] > change.step
    assert evaluate_run(handle.id, store=store)["metrics"]["loss"] == pytest.approx(best["val_loss"], rel=1e-5)


@pytest.mark.parametrize("begin", [start_run, start_process], ids=["thread", "process"])
def test_two_that_begin_in_the_same_folder_do_each_other_no_harm(
    document: Make,
    start: Start,
    store: RunStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[..., object],
) -> None:
    """Both found it empty; the second comes when the first is at work, or has ended."""
    place = tmp_path / "same"
    first = start(document(epochs=100_000), out=place)

    def make_place(*_: object) -> Path:
        entry = store.folder / "second"
        entry.symlink_to(place, target_is_directory=True)
        return entry

    for module in (starting, processes):
        monkeypatch.setattr(module, "make_place", make_place)
    with pytest.raises(RunError, match="another run was begun there"):
        begin(document(), out=place, store=store)
    assert first.stop(20)
    before = sorted(each.name for each in place.iterdir())
    assert {"run.json", "document.loom", "checkpoints"} <= set(before)
    with pytest.raises(RunError, match="another run was begun there"):
        begin(document(), out=place, store=store)
    assert sorted(each.name for each in place.iterdir()) == before
    assert not (store.folder / "second").is_symlink()


def test_evaluating_on_other_data_takes_all_of_it(document: Make, start: Start, tmp_path: Path) -> None:
    import numpy as np

    from graph_engine.data import open_dataset

    digits = open_dataset("digits")
    np.savez(
        tmp_path / "other.npz",
        image=digits.serve("image", (1, 8, 8)).numpy()[:50],
        label=digits.serve("label", (), "int64").numpy()[:50],
    )
    handle = start(document())
    handle.wait(30)
    found = evaluate_run(handle.id, str(tmp_path / "other.npz"))

    assert (found["split"], found["samples"]) == ("all", 50)
    assert found["metrics"]["accuracy"] > 0.5


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda d: d.apply(SetParameter("linear_2", "features", 7)), CompileError, "10 classes"),
        (lambda d: d.apply(SetBinding(Binding(dataset="/no/where.csv"))), DataError, "/no/where.csv is not there"),
        (lambda d: d.apply(SetBinding(Binding(dataset="xor"))), DataError, "Nothing in XOR fits image"),
        (lambda d: d.apply(RemoveNodes(("cross_entropy_1",))), PlanError, "There is no loss node"),
    ],
)
def test_what_does_not_fit_is_told_before_the_start_and_leaves_nothing(
    document: Make,
    start: Start,
    store: RunStore,
    change: Callable[[Document], object],
    error: type[Exception],
    message: str,
) -> None:
    drawn = document()
    change(drawn)
    with pytest.raises(error, match=message):
        start(drawn)

    assert [path.name for path in store.folder.iterdir() if path.is_dir()] == []
    assert store.records() == []


def test_a_batch_larger_than_the_data_is_told(document: Make, start: Start) -> None:
    with pytest.raises(PlanError, match="A batch takes 2000 samples, but only 1438 are there"):
        start(document(batch_size=2000))


def test_another_data_set_may_be_named_and_is_remembered(document: Make, start: Start, tmp_path: Path) -> None:
    import numpy as np

    np.savez(tmp_path / "mine.npz", image=np.random.default_rng(0).random((60, 8, 8)), label=np.arange(60) % 10)
    handle = start(document(batch_size=10), dataset=str(tmp_path / "mine.npz"))
    handle.wait(30)

    assert handle.state is RunState.FINISHED
    assert handle.folder.document().binding.dataset == str(tmp_path / "mine.npz")
    assert evaluate_run(handle.id)["samples"] == 12


def test_a_folder_of_ones_own(document: Make, start: Start, store: RunStore, tmp_path: Path) -> None:
    out = tmp_path / "here"
    handle = start(document(), out=out)
    handle.wait(30)

    assert (out / "run.json").is_file()
    assert store.get(handle.id).record.state is RunState.FINISHED
    assert store.find(str(out)) is not None
    store.rebuild()
    assert [record.id for record in store.records()] == [handle.id]
    with pytest.raises(RunError, match="is not an empty folder"):
        start(document(), out=out)
    store.delete(handle.id)
    assert (out / "run.json").is_file()  # only forgotten


def test_a_finished_run_has_nothing_to_resume_unless_it_gets_more(
    document: Make, start: Start, store: RunStore
) -> None:
    handle = start(document(epochs=1))
    handle.wait(30)
    with pytest.raises(RunError, match="has finished"):
        resume_run(handle.id, store=store)
    longer = resume_run(handle.id, plan=document(epochs=3).plan, store=store)
    longer.wait(30)

    assert longer.state is RunState.FINISHED
    assert longer.result()["epochs"] == 3
    assert longer.folder.document().plan.stages[0].epochs == 3


def test_a_run_that_goes_on_cant_be_resumed(document: Make, start: Start, store: RunStore) -> None:
    handle = start(document(epochs=10_000))
    with pytest.raises(RunError, match="is going on"):
        resume_run(handle.id, store=store)


def test_changed_data_are_noticed(document: Make, start: Start, store: RunStore, tmp_path: Path) -> None:
    import numpy as np

    random = np.random.default_rng(0)
    np.savez(tmp_path / "mine.npz", image=random.random((60, 8, 8)), label=np.arange(60) % 10)
    handle = start(document(epochs=10_000, batch_size=10), dataset=str(tmp_path / "mine.npz"))
    handle.stop(20)
    np.savez(tmp_path / "mine.npz", image=random.random((60, 8, 8)), label=np.arange(60) % 10)

    with pytest.raises(RunError, match="have changed since it began"):
        resume_run(handle.id, store=store)


def test_data_that_are_gone_are_waited_for(document: Make, start: Start, store: RunStore, tmp_path: Path) -> None:
    import numpy as np

    random, data = np.random.default_rng(0), tmp_path / "mine.npz"
    np.savez(data, image=random.random((60, 8, 8)), label=np.arange(60) % 10)
    handle = start(document(epochs=10_000, batch_size=10), dataset=str(data))
    handle.stop(20)
    plan = document(epochs=handle.record.epoch + 2, batch_size=10).plan
    (tmp_path / "elsewhere.npz").write_bytes(data.read_bytes())
    for harm in (data.unlink, lambda: data.write_bytes(b"not what it was")):
        harm()
        with pytest.raises((DataError, RunError), match=r"mine\.npz"):
            resume_run(handle.id, plan=plan, store=store)
        assert not handle.folder.is_busy
        assert store.get(handle.id).record.state is RunState.STOPPED
    resumed = resume_run(handle.id, plan=plan, dataset=str(tmp_path / "elsewhere.npz"), store=store)
    assert resumed.wait(30)
    assert resumed.state is RunState.FINISHED, resumed.record.message


def test_stopped_and_resumed_is_as_one(document: Make, start: Start, store: RunStore) -> None:
    whole = start(document(epochs=40))
    part = start(document(epochs=40))
    part.stop(20)
    assert part.state is RunState.STOPPED
    rest = resume_run(part.id, store=store)
    assert whole.wait(30)
    assert rest.wait(30)

    ours, theirs = rest.network.state_dict(), whole.network.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    assert rest.result()["metrics"] == whole.result()["metrics"]
    assert rest.result()["best"] == whole.result()["best"]
    assert rest.record.created == part.record.created


def test_an_unknown_run_is_named(store: RunStore) -> None:
    with pytest.raises(RunError, match="There is no run called 'lenet5-9'"):
        resume_run("lenet5-9", store=store)


def test_a_run_without_a_checkpoint_says_so(document: Make, start: Start, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no whole checkpoint yet"):
        RunFolder(tmp_path).checkpoint("best")


def test_a_name_or_note_given_meanwhile_stays(document: Make, start: Start, store: RunStore) -> None:
    handle = start(document(epochs=200))
    store.rename(handle.id, "the good one")
    store.set_note(handle.id, "with dropout")
    handle.stop(20)
    record = store.get(handle.id).record

    assert (record.name, record.note) == ("the good one", "with dropout")
    assert handle.record == record
    assert store.set_note(handle.id, "").note == ""
    assert store.find("the good one") is not None


def test_the_home_that_cant_be_made_is_named(document: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from graph_engine.runs import start_run

    (tmp_path / "file").touch()
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match="cannot keep its data in"):
        start_run(document())


def test_a_full_disk_before_the_start_is_told(
    document: Make, start: Start, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="No space left on device"):
        start(document())
    assert [path.name for path in store.folder.iterdir() if path.is_dir()] == []
