"""Checkpoints: whole or not there, damaged ones found, old ones let go."""

from __future__ import annotations

import hashlib
import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from graph_engine.train import Checkpoints
from graph_engine.train import checkpoints as module

WEIGHTS = {"linear_1.weight": torch.arange(6.0).view(2, 3), "shared.weight": torch.ones(2)}


def save(store: Checkpoints, step: int, kind: Any = "step", value: float = 0.0) -> None:
    weights = {name: tensor + value for name, tensor in WEIGHTS.items()}
    state = {"number": step, "tensor": torch.tensor([step])} if kind == "step" else None
    store.save(kind, weights, state, step=step, epoch=step // 10, metrics={"val_loss": 0.5})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path / "checkpoints")
    assert store.newest() is None
    assert store.best() is None
    save(store, 12)
    found = store.newest()

    assert found is not None
    assert (found.step, found.epoch, found.metrics) == (12, 1, {"val_loss": 0.5})
    assert all(torch.equal(found.weights[name], value) for name, value in WEIGHTS.items())
    assert found.state["number"] == 12
    assert store.best() is not None  # the newest, as long as no best was saved


def test_weights_are_safetensors_and_state_needs_no_trust(tmp_path: Path) -> None:
    save(Checkpoints(tmp_path), 3)
    folder = tmp_path / "step_000000003"

    assert set(safetensors.torch.load_file(folder / "weights.safetensors")) == set(WEIGHTS)
    assert torch.load(folder / "state.pt", weights_only=True)["number"] == 3  # noqa: TID251
    assert set(json.loads((folder / "manifest.json").read_text())["sha256"]) == {"weights.safetensors", "state.pt"}


def test_shared_weights_are_saved_under_both_names(tmp_path: Path) -> None:
    shared = torch.ones(3)
    store = Checkpoints(tmp_path)
    store.save("step", {"a": shared, "b": shared, "part": shared[1:]}, {}, step=1, epoch=0, metrics={})
    found = store.newest()

    assert found is not None
    assert {name: len(value) for name, value in found.weights.items()} == {"a": 3, "b": 3, "part": 2}


def test_two_to_go_on_from_and_two_best_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EARLIER_BYTES", 1)  # these are too large to keep more
    store = Checkpoints(tmp_path)
    for step in (10, 20, 30):
        save(store, step)
        save(store, step, "best")

    assert names(tmp_path) == [f"{kind}_0000000{step}" for kind in ("best", "step") for step in (20, 30)]


def test_some_more_to_go_back_to_are_kept_spread_over_the_run_and_those_marked(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path)
    save(store, 1)
    store.keep(1)
    for step in range(10, 1001, 10):
        save(store, step)
    kept = store.steps()

    assert kept[:2] == [1000, 990]
    assert kept[-1] == 1
    assert len(kept) == 3 + module.EARLIER
    gaps = [newer - older for newer, older in pairwise(kept[2:])]
    assert max(gaps) <= 2 * sum(gaps) / len(gaps)
    found = store.at(kept[4])
    assert found is not None
    assert found.step == kept[4]
    assert store.at(20) is None


@pytest.mark.parametrize("file", ["weights.safetensors", "state.pt", "manifest.json"])
@pytest.mark.parametrize("harm", ["cut", "changed", "gone", "empty"])
def test_a_damaged_one_gives_way_to_the_one_before(tmp_path: Path, file: str, harm: str) -> None:
    store = Checkpoints(tmp_path)
    save(store, 10)
    save(store, 20)
    path = tmp_path / "step_000000020" / file
    data = path.read_bytes()
    match harm:
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "changed":
            path.write_bytes(data[:20] + bytes([data[20] ^ 255]) + data[21:])
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
    found = store.newest()

    assert found is not None
    assert found.step == 10
    save(store, 20)  # is written anew
    assert store.newest().step == 20  # type: ignore[union-attr]


def test_when_the_disk_is_full_nothing_is_left_and_nothing_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Checkpoints(tmp_path)
    save(store, 10)
    real = module.write_durably

    def full(path: Path, data: bytes) -> None:
        if path.name == "state.pt":
            path.write_bytes(data[:10])
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(module, "write_durably", full)
    with pytest.raises(OSError, match="No space left"):
        save(store, 20)

    assert names(tmp_path) == ["step_000000010"]
    assert store.newest().step == 10  # type: ignore[union-attr]


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".step_000000005.999").mkdir()
    (tmp_path / ".step_000000005.999" / "weights.safetensors").write_bytes(b"half")
    store = Checkpoints(tmp_path)

    assert store.newest() is None
    save(store, 6)
    assert names(tmp_path) == ["step_000000006"]


def test_a_state_that_would_run_code_is_not_loaded(tmp_path: Path) -> None:
    save(Checkpoints(tmp_path), 1)
    folder = tmp_path / "step_000000001"
    buffer = io.BytesIO()
    torch.save({"code": print}, buffer)
    (folder / "state.pt").write_bytes(buffer.getvalue())
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"]["state.pt"] = hashlib.sha256(buffer.getvalue()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))

    assert Checkpoints(tmp_path).newest() is None


def test_what_lies_ahead_is_forgotten(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path)
    for step in (10, 20):
        save(store, step)
        save(store, step, "best")
    assert store.go_back(15, 10)
    assert names(tmp_path) == ["best_000000010", "step_000000010"]
    assert not store.go_back(10, 5)  # they are gone, and no others are taken for them
    assert names(tmp_path) == ["step_000000010"]


def test_the_best_until_a_checkpoint_stay_as_long_as_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EARLIER", 1)
    store = Checkpoints(tmp_path)
    for step in range(10, 101, 10):
        save(store, step, "best")
        store.save("step", WEIGHTS, {}, step=step, epoch=step // 10, metrics={}, best=step)
        if step == 20:
            store.keep(step)
        kept = set(store.steps())
        assert {int(each[-9:]) for each in names(tmp_path) if each.startswith("best")} == kept
    assert 20 in kept
