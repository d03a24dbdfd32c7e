"""Going back, branching, doing it again, keeping for later."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from graph_engine.document import Document, Optimiser
from graph_engine.runs import (
    RunError,
    RunHandle,
    RunState,
    RunStore,
    again,
    branch_run,
    differences,
    enqueue,
    enqueue_again,
    evaluate_run,
    keep_checkpoint,
    load_weights,
    put_in_queue,
    rerun,
    rerun_process,
    resume_process,
    resume_run,
    retry_run,
    rewind_run,
    slow_down,
)
from graph_engine.runs.store import StoredRun
from graph_engine.train import PlanError, TrainError, checkpoints, keeper
from graph_engine.train.changes import RunChange, read_changes
from graph_engine.train.checkpoints import Checkpoint
from graph_engine.train.stepper import Stepper

Make = Callable[..., Document]
Start = Callable[..., RunHandle]


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after every epoch."""
    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 0.0)
    monkeypatch.setattr(keeper, "SAVE_SHARE", 0)


def same(one: str, other: str, store: RunStore) -> bool:
    ours, theirs = load_weights(one, "last", store), load_weights(other, "last", store)
    return all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_rewound_and_branched_runs_end_as_the_first_did(document: Make, start: Start, store: RunStore) -> None:
    run = start(document(epochs=5))
    assert run.wait(60)
    kept = run.folder.checkpoints.steps()
    back = kept[-2]
    assert 0 < back < run.record.step
    branch = branch_run(run.id, back, name="Twig", store=store)
    assert (branch.record.parent, branch.record.parent_step, branch.name) == (run.id, back, "Twig")
    assert (branch.record.state, branch.record.step) == (RunState.STOPPED, back)
    assert branch.record.best["step"] <= back

    record = rewind_run(run.id, back, store)
    assert (record.state, record.step) == (RunState.STOPPED, back)
    assert run.folder.feed().since().points["train_loss"].step[-1] == back
    assert max(run.folder.checkpoints.steps()) == back
    for each in (run.id, branch.id):
        again = resume_run(each, store=store)
        assert again.wait(60)
        assert again.state is RunState.FINISHED, again.record.message
        assert again.result()["metrics"] == run.result()["metrics"]
        assert again.result()["best"] == run.result()["best"]
    assert same(run.id, branch.id, store)


@pytest.mark.parametrize("way", ["branch", "rewind", "damaged", "gone"])
def test_the_best_weights_are_the_best_until_the_checkpoint(
    document: Make, start: Start, store: RunStore, way: str
) -> None:
    swings = document(epochs=14)  # with its best epochs far apart
    swings.plan = swings.plan.with_first(optimiser=Optimiser(kind="sgd", learning_rate=1.2, momentum=0.9))
    run = start(swings)
    assert run.wait(60)
    epochs = {row["step"]: row["val_loss"] for row in run.folder.epochs()}
    steps = [step for step in run.folder.checkpoints.steps() if step in epochs]
    best = {back: min((step for step in epochs if step <= back), key=epochs.__getitem__) for back in steps}
    assert len(set(best.values())) > 3, "some are to have others for their best than the two newest"
    if way in ("damaged", "gone"):
        back = steps[3]
        place = run.folder.checkpoints.place("best", int(best[back]))
        for each in place.iterdir():
            each.write_bytes(b"") if way == "damaged" else each.unlink()
        record = rewind_run(run.id, back, store)
        assert record.best == {}
        assert f"those of step {best[back]:g}, are gone" in record.message
        assert run.folder.checkpoint("best").step == back
        again = resume_run(run.id, store=store)
        assert again.wait(60)
        later = min((step for step in epochs if step > back), key=epochs.__getitem__)
        assert again.record.best["step"] == again.folder.checkpoint("best").step == later
        return
    for back in steps:  # the newest first
        if way == "branch":
            stored = branch_run(run.id, back, store=store)
        else:
            rewind_run(run.id, back, store)
            stored = store.get(run.id)
        assert stored.record.best["step"] == best[back]
        assert stored.folder.checkpoint("best").step == best[back]
        found = evaluate_run(stored, store=store)["metrics"]["loss"]
        assert found == pytest.approx(stored.record.best["val_loss"], abs=1e-5)
        assert found == pytest.approx(epochs[best[back]], abs=1e-5)


def test_what_was_changed_after_the_checkpoint_is_undone(document: Make, start: Start, store: RunStore) -> None:
    plain = start(document(epochs=4))
    assert plain.wait(60)
    run = start(document(epochs=4))
    run.control.change(RunChange(learning_rate=0.5))
    assert run.wait(60)
    (made,) = read_changes(run.folder.path)
    assert not same(plain.id, run.id, store)

    again = rerun(run.id, store=store)  # a change is part of what was done
    assert again.wait(60)
    assert same(again.id, run.id, store)
    assert again.record.parent == run.id
    assert again.record.name == f"{run.id} again"
    apart = rerun_process(run.id, store=store)
    assert apart.wait(60)
    assert same(apart.id, run.id, store)
    assert (apart.record.parent, apart.record.provenance["threads"]) == (run.id, run.record.provenance["threads"])
    assert [each.step for each in read_changes(apart.folder.path)] == [made.step]
    apart.leave()

    assert made.step in run.folder.checkpoints.steps()
    rewind_run(run.id, made.step, store)
    resumed = resume_run(run.id, store=store)
    assert resumed.wait(60)
    assert same(plain.id, run.id, store)


def prolonged(run: RunHandle, store: RunStore, **changes: Any) -> RunHandle:
    """A run gone on with by a plan with other epochs, or with another batch size."""
    plan = store.get(run.id).document().plan
    epochs = changes.pop("epochs", plan.stages[0].epochs)
    plan = replace(plan.with_first(stage=replace(plan.stages[0], epochs=epochs)), **changes)
    longer = resume_run(run.id, plan=plan, store=store)
    assert longer.wait(60)
    assert longer.state is RunState.FINISHED, longer.record.message
    return longer


def test_a_prolonged_run_done_again_ends_with_the_same_weights(document: Make, start: Start, store: RunStore) -> None:
    """The cosine of its first epochs was that of the plan that it had then."""
    run = start(document(epochs=2))
    run.control.change(RunChange(learning_rate=0.02))
    assert run.wait(60)
    step = run.record.step
    assert run.record.settings["epochs"] == 2
    longer = prolonged(prolonged(run, store, epochs=4), store, epochs=5)
    assert longer.record.settings["epochs"] == 5
    assert store.get(run.id).document().plan.stages[0].epochs == 5
    words = [each.words for each in read_changes(run.folder.path)]
    assert words == ["learning rate 0.01 → 0.02", "2 epochs → 4 epochs", "4 epochs → 5 epochs"]
    at_once = start(document(epochs=5))
    assert at_once.wait(60)
    assert not same(at_once.id, run.id, store)

    assert differences(store.get(run.id)) == []
    again = rerun(run.id, store=store)
    assert again.wait(60)
    assert same(again.id, run.id, store)
    assert again.result()["metrics"] == longer.result()["metrics"]
    assert again.result()["best"] == longer.result()["best"]
    assert [(each.step, each.words) for each in read_changes(again.folder.path)] == [
        (each.step, each.words) for each in read_changes(run.folder.path)
    ]
    assert differences(store.get(again.id)) == []
    apart = rerun_process(again.id, store=store)
    assert apart.wait(60)
    assert same(apart.id, run.id, store)
    apart.leave()

    record = rewind_run(run.id, step, store)  # what was changed there is forgotten
    assert store.get(run.id).document().plan.stages[0].epochs == 2
    assert len(read_changes(run.folder.path)) == 1
    assert record.step == step


def test_a_run_broken_off_in_the_middle_of_an_epoch_goes_on_in_other_batches(
    document: Make, start: Start, store: RunStore
) -> None:
    """As when there was not enough memory for those it had: the epoch begins again, and again all is as it was."""
    run = start(document(epochs=3))
    run.control.pause()
    while run.record.state is RunState.RUNNING and run.feed.progress.state is not RunState.PAUSED:
        run.wait(0.002)
    at = run.feed.progress.step
    while run.feed.progress.step < at + 20:
        run.control.step()
        run.wait(0.002)
    assert run.stop(20)
    step, epoch = run.record.step, run.record.epoch
    smaller = prolonged(run, store, batch_size=40)
    per_epoch = -(-(1797 - round(1797 * 0.2)) // 40)
    assert smaller.record.step == step + (3 - epoch) * per_epoch
    again = rerun(run.id, store=store)
    assert again.wait(60)
    assert same(again.id, run.id, store)
    assert again.result()["metrics"] == smaller.result()["metrics"]


def test_a_branch_by_another_plan_is_done_again_by_both(document: Make, start: Start, store: RunStore) -> None:
    run = start(document(epochs=3))
    assert run.wait(60)
    back = run.folder.checkpoints.steps()[-1]
    plan = document(epochs=4, batch_size=80).plan
    branch = branch_run(run.id, back, plan=plan, store=store)
    assert branch.document().plan == plan
    resumed = resume_run(branch.id, store=store)
    assert resumed.wait(60)
    assert (resumed.state, resumed.record.epoch) == (RunState.FINISHED, 4)
    again = rerun(branch.id, store=store)
    assert again.wait(60)
    assert same(again.id, branch.id, store)
    with pytest.raises(PlanError, match="The seed of a plan can't be changed"):
        branch_run(run.id, back, plan=replace(plan, seed=plan.seed + 1), store=store)
    for changed in (replace(plan, validation=0.3), replace(plan, batch_size=5000)):
        with pytest.raises(TrainError):
            resume_run(run.id, plan=changed, store=store)
        assert store.get(run.id).document().plan == run.document.plan
        assert store.get(run.id).record.state is RunState.FINISHED


def test_where_it_is_computed_may_be_changed_and_is_told(document: Make, start: Start, store: RunStore) -> None:
    run = start(document(epochs=1, device="cpu"))
    assert run.wait(60)
    longer = prolonged(run, store, epochs=2, device="auto")
    assert longer.record.settings["device"] == "auto"
    assert differences(store.get(run.id)) == [f"device cpu → auto after step {run.record.step}"]


def test_a_run_kept_for_later(document: Make, start: Start, store: RunStore) -> None:
    plain = start(document(epochs=1))
    assert plain.wait(60)
    kept = enqueue(document(epochs=1), name="Later", store=store)
    assert store.get(kept.id).record.state is RunState.WAITING
    begun = resume_run(kept.id, store=store)
    assert begun.wait(60)
    assert begun.record.name == "Later"
    assert same(plain.id, kept.id, store)


def test_what_waits_to_be_done_again_ends_with_the_same_weights(document: Make, start: Start, store: RunStore) -> None:
    """With what was changed on the way, also where a longer plan took the place of the first."""
    run = start(document(epochs=2))
    run.control.change(RunChange(learning_rate=0.05))
    assert run.wait(60)
    longer = prolonged(run, store, epochs=3)
    kept = enqueue_again(run.id, store=store)
    record = store.get(kept.id).record
    assert (record.state, record.parent, record.name) == (RunState.WAITING, run.id, f"{run.id} again")
    begun = resume_run(kept.id, store=store)
    assert begun.wait(60)
    assert begun.state is RunState.FINISHED, begun.record.message
    assert same(run.id, kept.id, store)
    assert begun.result()["metrics"] == longer.result()["metrics"]
    assert begun.record.provenance["threads"] == run.record.provenance["threads"]
    assert differences(store.get(kept.id)) == []

    facts = {**run.record.provenance, "data": {**run.record.provenance["data"], "fingerprint": "other"}}
    run.folder.write(replace(run.record, provenance=facts))
    store.refresh(run.id)
    with pytest.raises(RunError, match=r"data .* changed"):
        enqueue_again(run.id, store=store)
    assert len(store.records()) == 2


def test_what_can_not_be_done_again(document: Make, start: Start, store: RunStore) -> None:
    run = start(document(epochs=1))
    assert run.wait(60)
    with pytest.raises(RunError, match="no whole checkpoint of step 3"):
        rewind_run(run.id, 3, store)
    with pytest.raises(RunError, match="no whole checkpoint"):
        branch_run(run.id, 999, store=store)
    assert differences(store.get(run.id)) == []
    (run.folder.path / "network.py").write_text(run.folder.source() + "\n# by an older Layerloom\n", "utf-8")
    run.folder.write(replace(run.record, provenance={**run.record.provenance, "device": "Some GPU"}))
    store.refresh(run.id)
    assert differences(store.get(run.id)) == ["device Some GPU → cpu", "the source that the drawing is compiled to"]
    facts: dict[str, Any] = {**run.record.provenance, "versions": {"torch": "1.0"}}
    run.folder.write(replace(run.record, provenance=facts))
    store.refresh(run.id)
    assert differences(store.get(run.id))[0].startswith("torch 1.0 → ")
    facts["data"] = {**facts["data"], "fingerprint": "other"}
    run.folder.write(replace(run.record, provenance=facts))
    store.refresh(run.id)
    with pytest.raises(RunError, match=r"data .* changed"):
        differences(store.get(run.id))
    with pytest.raises(RunError, match=r"data .* changed"):
        rerun(run.id, store=store)


@pytest.mark.parametrize("mend", ["smaller batches", "lower rates"])
def test_a_prolonged_run_that_failed_at_once_is_mended_as_it_was_prolonged(
    document: Make, start: Start, store: RunStore, monkeypatch: pytest.MonkeyPatch, mend: str
) -> None:
    """The change for which its newest checkpoint was taken is not forgotten."""
    handle = start(document(epochs=2))
    handle.wait(60)
    step, taken = handle.record.step, Stepper.step

    def fail(stepper: Stepper, turn: Any) -> Any:
        if stepper.plan.batch_size == 100:
            raise MemoryError
        return taken(stepper, turn)

    longer = document(epochs=4).plan.with_first(optimiser=Optimiser(kind="sgd", learning_rate=0.05))
    with monkeypatch.context() as patch:
        patch.setattr(Stepper, "step", fail)
        failed = resume_run(handle.id, plan=longer, store=store)
        failed.wait(60)
    assert (failed.state, failed.record.step) == (RunState.FAILED, step)

    if mend == "smaller batches":
        mended = retry_run(handle.id, 50, store).id
    else:
        assert slow_down(handle.id, 0.1, store) == step
        mended = handle.id
    again = resume_run(mended, store=store)
    again.wait(60)
    assert (again.state, again.record.epoch) == (RunState.FINISHED, 4)
    plan = again._trainer.plan
    assert plan.batch_size == (50 if mend == "smaller batches" else 100)
    assert plan.first_update.optimiser.learning_rate == pytest.approx(0.05 if mend == "smaller batches" else 0.005)


def test_what_a_run_that_goes_on_lets_go_of_is_no_branch(
    document: Make, start: Start, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint is there when it is looked at, and gone when it is copied: else training would begin anew."""
    run = start(document(epochs=3))
    assert run.wait(60)
    step = run.folder.checkpoints.steps()[1]
    look = again._checkpoint

    def look_and_let_go(stored: StoredRun, at: int) -> Checkpoint:
        found = look(stored, at)
        shutil.rmtree(stored.folder.checkpoints.place("step", at))
        return found

    monkeypatch.setattr(again, "_checkpoint", look_and_let_go)
    with pytest.raises(RunError, match=f"let go of its checkpoint of step {step}"):
        branch_run(run.id, step, store=store)
    assert [each.id for each in store.records()] == [run.id]


def test_a_checkpoint_to_go_back_to_is_kept_while_the_run_goes_on(
    document: Make, start: Start, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "EARLIER", 0)  # none but the newest two are kept
    run = start(document(epochs=5000))
    while not run.folder.checkpoints.steps():
        time.sleep(0.01)
    run.control.pause()
    while run.state is not RunState.PAUSED:
        time.sleep(0.01)
    step = run.folder.checkpoints.steps()[-1]
    keep_checkpoint(run.id, step, store)
    with pytest.raises(RunError, match="no whole checkpoint of step 123456"):
        keep_checkpoint(run.id, 123456, store)
    run.control.resume()
    while len([each for each in run.folder.checkpoints.steps() if each > step]) < 2:
        time.sleep(0.01)
    assert run.stop(60)
    assert rewind_run(run.id, step, store).step == step


@pytest.mark.parametrize("act", [resume_run, resume_process, put_in_queue, lambda run: rewind_run(run, 0)])
def test_what_is_done_to_a_run_whose_folder_is_gone_is_told_in_words(
    act: Callable[[StoredRun], object], document: Make, store: RunStore
) -> None:
    stored = enqueue(document(), store=store)
    first = stored.folder.first_document()
    shutil.rmtree(stored.folder.path)
    with pytest.MonkeyPatch.context() as patch:  # it was read just before
        patch.setattr(type(stored.folder), "first_document", lambda _: first)
        patch.setattr(type(stored.folder), "document", lambda _: first)
        with pytest.raises(RunError, match=f"The run {stored.id} is gone: there is no folder"):
            act(stored)
