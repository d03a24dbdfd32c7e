"""Two workers, each on its part of every batch, end where one process on the whole batches does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.conftest import make_trainer
from tests.train.mechanisms import HALF
from tests.train.team_worker import documents, told, train_all
from tests.two_workers import beside_two_workers

ROOT = Path(__file__).parents[2]
Found = dict[str, Any]


@dataclass(frozen=True)
class Trained:
    """What one process ended with, and what each of two did, by way; `folder` holds a sharded run stopped half way."""

    folder: Path
    alone: Found
    parts: list[dict[str, Found]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """What one process ends with, and what each of two does that hold the whole network, or parts of it."""
    folder = tmp_path_factory.mktemp("team")
    alone = beside_two_workers("tests.train.team_worker", folder, train_all, seconds=120)
    parts = [
        {way: torch.load(folder / f"{way}{rank}", weights_only=True) for way in ("", "sharded_", "on_")}  # noqa: TID251
        for rank in range(2)
    ]
    return Trained(folder, alone, parts)


@pytest.mark.parametrize("way", ["", "sharded_"], ids=["whole", "sharded"])
@pytest.mark.parametrize("name", documents())
def test_ends_as_one_process_does(trained: Trained, name: str, way: str) -> None:
    alone, (first, second) = trained.alone[name], [each[way][name] for each in trained.parts]
    if name == HALF:  # what is beyond fp16 depends on how many samples a worker adds up
        alone = trained.parts[0][""][name]
        assert alone["scales"][0] < 65536.0, "no gradient was beyond fp16"
    # RMSprop and R1 divide a gradient of rounding errors by its own size at the first steps
    within = 5e-5 if name == "R1" else 1e-5
    assert all(torch.equal(value, second["weights"][key]) for key, value in first["weights"].items())
    if alone["state"] == "failed":  # numbers of 1e30 are rounded too far apart to be compared
        assert (first["state"], first["message"], first["node"]) == ("failed", alone["message"], alone["node"])
        return
    same = ("state", "step", "message", "scales")
    assert [first[key] for key in same] == [alone[key] for key in same]
    assert alone["state"] == "finished"
    for kind in ("weights", "curves", "memories"):
        assert first[kind].keys() == alone[kind].keys()
        for key, value in alone[kind].items():
            torch.testing.assert_close(first[kind][key], value, rtol=1e-5, atol=within, msg=f"{kind} {key}")
    assert first["metrics"] == pytest.approx(alone["metrics"], rel=1e-5, abs=1e-5)


def test_a_checkpoint_of_a_sharded_run_is_one_of_the_whole_network(trained: Trained) -> None:
    alone = trained.alone["50 steps"]
    unsharded = make_trainer(documents()["50 steps"], trained.folder / "stopped")
    assert unsharded.resume()
    assert 20 <= unsharded.stepper.position.step < 50
    unsharded.run()
    for found in (trained.parts[0]["on_"], trained.parts[1]["on_"], told(unsharded)):
        assert (found["state"], found["step"]) == ("finished", 50)
        for key, value in alone["weights"].items():
            torch.testing.assert_close(found["weights"][key], value, rtol=1e-5, atol=1e-5)
