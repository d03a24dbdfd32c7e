"""`layerloom train`, `evaluate` and `runs`: from the first step to the figures, stopped, gone on with, and failed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from graph_engine.document import Plan, SetParameter, SetPlan, Stage, Update
from graph_engine.document.file import load, save
from graph_engine.runs import RunStore
from presets import open_preset

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Call

TINY = ("train", "mlp:width=8", "--steps", "6", "--seed", "1")
KEYS = {"run", "state", "steps", "epochs", "seconds", "metrics", "best"}


@pytest.fixture
def trained(layerloom: Call) -> dict[str, Any]:
    """What a short run said at its end."""
    found: dict[str, Any] = layerloom(*TINY, "--json").json
    return found


def test_training_prints_one_json_document(trained: dict[str, Any]) -> None:
    assert set(trained) == KEYS
    assert (trained["state"], trained["steps"]) == ("finished", 6)
    assert {"train_loss", "val_loss", "val_accuracy"} <= set(trained["metrics"])
    assert {"epoch", "val_loss", "val_accuracy"} <= set(trained["best"])
    assert trained["seconds"] > 0


def test_training_in_words(layerloom: Call) -> None:
    said = layerloom(*TINY)
    assert said.status == 0
    assert said.err == ""
    assert "multi-layer-perceptron-1 finished: " in said.out
    assert "6 steps" in said.out
    assert "val_accuracy" in said.out


def test_same_seed_same_numbers(layerloom: Call) -> None:
    one, other = (layerloom(*TINY, "--json").json for _ in range(2))
    assert one["metrics"] == other["metrics"]
    assert one["run"] != other["run"]


def test_options_change_the_plan_of_the_run_alone(layerloom: Call, tmp_path: Path) -> None:
    path = tmp_path / "net.loom"
    save(open_preset("mlp:width=8"), path)
    before = path.read_text()
    options = {"--epochs": 2, "--batch-size": 50, "--lr": 0.5, "--device": "cpu", "--precision": "bf16", "--seed": 9}
    found = layerloom("train", path, *(part for pair in options.items() for part in pair), "--json").json
    assert path.read_text() == before
    plan = RunStore().get(found["run"]).document().plan
    assert (plan.stages[0].epochs, plan.stages[0].steps, plan.batch_size) == (2, None, 50)
    assert plan.first_update.optimiser.learning_rate == 0.5
    assert (plan.device, plan.precision, plan.seed) == ("cpu", "bf16", 9)
    assert found["epochs"] == 2


def test_data_decides_for_what_a_preset_is_drawn(layerloom: Call) -> None:
    found = layerloom("train", "mlp", "--data", "xor", "--steps", "3", "--json").json
    document = RunStore().get(found["run"]).document()
    assert document.binding.dataset == "xor"
    assert [list(node.parameters["shape"]) for node in document.main if node.id == "input_1"] == [[2]]


def test_a_run_may_be_kept_elsewhere(layerloom: Call, tmp_path: Path) -> None:
    folder = tmp_path / "kept here"
    found = layerloom(*TINY, "--out", folder, "--json").json
    assert (folder / "document.loom").is_file()
    assert layerloom("evaluate", folder, "--json").json["metrics"]
    assert [run["run"] for run in layerloom("runs", "--json").json] == [found["run"]]


def test_a_run_is_a_thing_of_its_own(layerloom: Call, trained: dict[str, Any], tmp_path: Path) -> None:
    run = trained["run"]
    assert layerloom("check", run).status == 0
    assert "class MultiLayerPerceptron(nn.Module)" in layerloom("code", run).out
    assert layerloom("summary", run, "--json").json["params"] > 0
    again = layerloom("train", run, "--json").json
    assert again["metrics"] == trained["metrics"]


def test_evaluate_gives_the_figures_of_the_best_epoch(layerloom: Call, trained: dict[str, Any]) -> None:
    found = layerloom("evaluate", trained["run"], "--json").json
    assert found["run"] == trained["run"]
    assert found["split"] == "validation"
    assert found["metrics"]["loss"] == pytest.approx(trained["best"]["val_loss"], abs=1e-6)
    assert found["metrics"]["accuracy"] == pytest.approx(trained["best"]["val_accuracy"], abs=1e-6)
    said = layerloom("evaluate", trained["run"]).out
    assert trained["run"] in said
    assert "held-out samples of digits" in said


def test_evaluate_on_other_data(layerloom: Call) -> None:
    run = layerloom("train", "xor", "--steps", "3", "--json").json["run"]
    found = layerloom("evaluate", run, "--data", "xor", "--json").json
    assert found["samples"] > 0


def test_runs_has_the_keys_of_the_contract_newest_first(layerloom: Call) -> None:
    first, second = (layerloom(*TINY, "--json").json["run"] for _ in range(2))
    found = layerloom("runs", "--json").json
    assert [run["run"] for run in found] == [second, first]
    assert all(set(run) == {"run", "document", "state", "metrics", "started", "seconds"} for run in found)
    assert {run["state"] for run in found} == {"finished"}
    said = layerloom("runs").out
    assert first in said
    assert "Multi-layer perceptron" in said


def test_without_runs_it_says_how_to_start_one(layerloom: Call, layerloom_home: Path) -> None:
    said = layerloom("runs").out
    assert str(layerloom_home) in said
    assert "layerloom train lenet5" in said
    assert layerloom("runs", "--json").json == []


def test_looking_for_a_run_makes_no_folder(layerloom: Call, layerloom_home: Path) -> None:
    layerloom("evaluate", "nothing").assert_refused(2, "no run called 'nothing'")
    assert list(layerloom_home.iterdir()) == []


def test_a_finished_run_goes_on_with_more_epochs(layerloom: Call) -> None:
    run = layerloom("train", "mlp:width=8", "--epochs", "1", "--json").json["run"]
    longer = layerloom("train", "--resume", run, "--epochs", "2", "--json").json
    assert (longer["run"], longer["epochs"]) == (run, 2)


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ([], 1, ["has finished", "more epochs"]),
        (["--lr", "1"], 2, ["--lr can't be changed"]),
        (["--batch-size", "4"], 2, ["--batch-size can't be changed"]),
        (["--seed", "4"], 2, ["--seed can't be changed"]),
        (["--out", "there"], 2, ["--out", "stays where it is"]),
        (["mlp"], 2, ["leave out mlp"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_resuming_refuses(
    layerloom: Call, trained: dict[str, Any], options: list[str], status: int, words: list[str]
) -> None:
    layerloom("train", "--resume", trained["run"], *options).assert_refused(status, *words)


@pytest.mark.parametrize(
    ("call", "status", "words"),
    [
        (["train"], 2, ["Name what to train"]),
        (["train", "mlp", "--lr", "0"], 2, ["--lr takes a number above 0"]),
        (["train", "mlp", "--lr", "nan"], 2, ["--lr takes a number above 0"]),
        (["train", "mlp", "--epochs", "0"], 2, ["--epochs"]),
        (["train", "mlp", "--data", "digit"], 2, ["--data", "Did you mean digits?"]),
        (["train", "mlp", "--data", "lost/data.npz"], 2, ["--data", "lost/data.npz"]),
        (["train", "mlp", "--batch-size", "100000"], 1, ["100000"]),
        (["train", "lenet5", "--data", "xor"], 1, ["image"]),
        (["train", "--resume", "nothing"], 2, ["no run called 'nothing'"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_training_refuses_before_the_first_step(
    layerloom: Call, call: list[str], status: int, words: list[str]
) -> None:
    layerloom(*call).assert_refused(status, *words)
    assert layerloom("runs", "--json").json == []


def test_data_that_can_not_be_read_are_the_things_fault(layerloom: Call, tmp_path: Path) -> None:
    (tmp_path / "data.npz").write_bytes(b"not a zip")
    layerloom("train", "mlp", "--data", tmp_path / "data.npz").assert_refused(1, str(tmp_path / "data.npz"))


def test_a_plan_of_several_stages_is_changed_in_the_document(layerloom: Call, tmp_path: Path) -> None:
    document = open_preset("mlp:width=8")
    document.apply(SetPlan(Plan(stages=(Stage(updates=(Update(), Update())), Stage()))))
    save(document, tmp_path / "net.loom")
    layerloom("train", tmp_path / "net.loom", "--epochs", "3").assert_refused(2, "--epochs", "2 stages")
    layerloom("train", tmp_path / "net.loom", "--lr", "3").assert_refused(2, "--lr", "3 updates")


def test_a_run_that_fails_ends_with_1_and_says_where(layerloom: Call) -> None:
    found = layerloom("train", "plain_cnn:width=4", "--lr", "1e30", "--epochs", "2", "--json")
    assert found.status == 1
    assert found.json["state"] == "failed"
    assert found.err.startswith(f"layerloom: the run {found.json['run']} failed. ")
    assert found.json["message"] in found.err


def _interrupt(process: subprocess.Popen[str], number: int) -> tuple[str, str]:
    """Send a signal once the run is under way."""
    home = Path(os.environ["LAYERLOOM_HOME"])
    until = time.monotonic() + 60
    while not list(home.glob("runs/*/steps.bin")) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(number)
    return process.communicate(timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_with_a_checkpoint_and_says_how_to_go_on(number: int, layerloom: Call) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "train", "mlp:width=8", "--epochs", "100000", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = _interrupt(process, number)
    assert process.returncode == 130
    found = json.loads(out)
    assert found["state"] == "stopped"
    assert err == f"Stopped after step {found['steps']}. Go on with: layerloom train --resume {found['run']}\n"
    stored = RunStore().get(found["run"])
    newest = stored.folder.checkpoints.newest()
    assert newest is not None
    assert newest.step == found["steps"]
    more = found["steps"] + 5
    resumed = layerloom("train", "--resume", found["run"], "--steps", more, "--json").json
    assert (resumed["state"], resumed["steps"]) == ("finished", more)


def test_a_run_that_is_stopped_and_one_that_is_not_end_with_the_same_weights(layerloom: Call) -> None:
    import torch

    whole = layerloom("train", "mlp:data=xor,width=8", "--epochs", "2", "--json").json["run"]
    parts = layerloom("train", "mlp:data=xor,width=8", "--epochs", "1", "--json").json["run"]
    layerloom("train", "--resume", parts, "--epochs", "2", "--json")
    one, other = (RunStore().get(run).folder.checkpoint("last").weights for run in (whole, parts))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_runs_document_is_what_was_trained(layerloom: Call, tmp_path: Path) -> None:
    document = open_preset("mlp:width=8")
    document.apply(SetParameter("linear_1", "features", 12))
    save(document, tmp_path / "net.loom")
    run = layerloom("train", tmp_path / "net.loom", "--steps", "2", "--json").json["run"]
    assert RunStore().get(run).document().main["linear_1"].parameters["features"] == 12
    assert load(tmp_path / "net.loom").plan.stages[0].steps is None


def test_compiling_needs_a_compiler(layerloom: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    layerloom("train", "mlp", "--compile").assert_refused(2, "--compile needs a C++ compiler")


def test_a_reader_who_leaves_does_not_end_the_run() -> None:
    """`layerloom train mlp | head -1`: what was trained is kept."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "app", "train", "mlp:width=8", "--epochs", "60"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert done.stderr == ""
    (record,) = RunStore().records()
    assert (record.state, record.epoch) == ("finished", 60)


@pytest.mark.parametrize("options", [[], ["--compile"], ["--compile", "--cuda-graphs"]], ids=" ".join)
def test_compiling_is_done_when_asked_for(layerloom: Call, monkeypatch: pytest.MonkeyPatch, options: list[str]) -> None:
    compiled: list[str] = []

    def note(function: Callable[..., object], *, mode: str | None = None) -> Callable[..., object]:
        assert mode is None, "this is no GPU"
        compiled.append(function.__name__)
        return function

    monkeypatch.setattr("torch.compile", note)
    monkeypatch.setattr("app.cli.training.which", lambda name: f"/usr/bin/{name}")
    called = layerloom(*TINY, "--device", "cpu", *options)
    assert called.status == 0
    assert compiled == (["compute"] if options else [])
    assert ("CUDA graphs need a GPU" in called.out) is ("--cuda-graphs" in options)


def test_cuda_graphs_are_of_what_is_compiled(layerloom: Call) -> None:
    layerloom(*TINY, "--cuda-graphs").assert_refused(2, "--cuda-graphs needs --compile")


def test_a_run_is_done_again(layerloom: Call) -> None:
    from dataclasses import replace

    first = layerloom("train", "mlp:width=8", "--steps", "20", "--seed", "7", "--json").json
    again = layerloom("train", "--again", first["run"], "--json")
    assert again.err == ""
    assert again.json["run"] != first["run"]
    assert [again.json[key] for key in ("state", "steps", "metrics", "best")] == [
        first[key] for key in ("state", "steps", "metrics", "best")
    ]
    stored = RunStore().get(first["run"])
    facts = {**stored.record.provenance, "versions": {"torch": "1.0"}}
    stored.folder.write(replace(stored.record, provenance=facts))
    RunStore().refresh(first["run"])
    told = layerloom("train", "--again", first["run"], "--json")
    assert told.err.startswith(f"layerloom: not as it was when {first['run']} ran: torch 1.0 → ")
    assert told.json["metrics"] == first["metrics"]
    for call in (["xor"], ["--epochs", "3"], ["--resume", first["run"]], ["--compile"]):
        layerloom("train", "--again", first["run"], *call).assert_refused(2, "leave out all else")
    layerloom("train", "--again", "nothing").assert_refused(2, "no run called 'nothing'")


def test_a_run_is_named_by_its_folder_from_any_home(
    layerloom: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gone on with, done again, evaluated, exported, trained anew; a folder that holds no run is told so."""
    folder = tmp_path / "far" / "run"
    begun = layerloom("train", "xor", "--steps", "20", "--seed", "3", "--out", folder, "--json").json
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "another"))
    longer = layerloom("train", "--resume", folder, "--steps", "30", "--json").json
    assert (longer["state"], longer["steps"]) == ("finished", 30)
    assert [each["run"] for each in layerloom("runs", "--json").json] == [longer["run"]]
    again = layerloom("train", "--again", folder, "--json").json
    assert again["metrics"] == longer["metrics"]
    assert layerloom("evaluate", folder, "--json").json["step"] <= 30
    assert layerloom("summary", folder, "--json").status == 0
    assert layerloom("export", folder, "--to", "safetensors", "-o", tmp_path / "w.safetensors").status == 0
    anew = layerloom("train", folder, "--steps", "2", "--json").json
    assert anew["run"] not in (begun["run"], longer["run"])
    layerloom("train", "--resume", tmp_path).assert_refused(2, "holds no run.json")


def test_a_name_that_several_runs_have_names_none(layerloom: Call, trained: dict[str, Any]) -> None:
    other = layerloom(*TINY, "--json").json["run"]
    for run in (trained["run"], other):
        RunStore().rename(run, "Größe [x] 数")
    for call in ("evaluate", "summary"):
        layerloom(call, "Größe [x] 数").assert_refused(2, "2 runs are called", trained["run"], other)
    RunStore().rename(other, "another")
    assert layerloom("evaluate", "Größe [x] 数", "--json").json["run"] == trained["run"]
