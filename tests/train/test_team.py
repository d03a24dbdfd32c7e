"""Two workers, each on its part of every batch, end where one process on the whole batches does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.team_worker import documents, train_all

ROOT = Path(__file__).parents[2]
Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, list[Found]]:
    """What one process ends with, and what each of two does."""
    folder = tmp_path_factory.mktemp("team")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    said |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.train.team_worker", str(folder)],
            cwd=ROOT,
            env={**said, "RANK": str(rank)},
            stderr=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    try:
        alone = train_all()
        errors = [worker.communicate(timeout=120)[1].decode() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [worker.returncode for worker in workers] == [0, 0], errors
    return alone, [torch.load(folder / str(rank), weights_only=True) for rank in range(2)]  # noqa: TID251


@pytest.mark.parametrize("name", documents())
def test_ends_as_one_process_does(trained: tuple[Found, list[Found]], name: str) -> None:
    alone, (first, second) = trained[0][name], [each[name] for each in trained[1]]
    # RMSprop and R1 divide a gradient of rounding errors by its own size at the first steps
    within = 5e-5 if name == "R1" else 1e-5
    assert (first["state"], first["step"]) == (alone["state"], alone["step"]) == ("finished", alone["step"])
    for kind in ("weights", "curves"):
        assert first[kind].keys() == alone[kind].keys()
        for key, value in alone[kind].items():
            torch.testing.assert_close(first[kind][key], value, rtol=1e-5, atol=within, msg=f"{kind} {key}")
    assert first["metrics"] == pytest.approx(alone["metrics"], rel=1e-5, abs=1e-5)
    assert all(torch.equal(value, second["weights"][key]) for key, value in first["weights"].items())
