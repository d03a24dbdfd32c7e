"""Every regime by two workers, each on its part of every batch, ends where one process on the whole batches does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Any

import pytest
import torch

from tests.presets.team_worker import REGIMES, ROOT, train_all

Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, Found, Found]:
    """What one process ended with, and each of two workers."""
    folder = tmp_path_factory.mktemp("team")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    said |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.presets.team_worker", str(folder)],
            cwd=ROOT,
            env={**said, "RANK": str(rank)},
            stderr=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    try:
        alone = train_all()
        errors = [worker.communicate(timeout=180)[1].decode() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [worker.returncode for worker in workers] == [0, 0], errors
    first, second = (torch.load(folder / str(rank), weights_only=True) for rank in range(2))  # noqa: TID251
    return alone, first, second


@pytest.mark.parametrize("name", REGIMES)
def test_two_workers_end_as_one_process_does(trained: tuple[Found, Found, Found], name: str) -> None:
    alone, first, second = (each[name] for each in trained)

    assert (first["state"], first["message"]) == (alone["state"], alone["message"]) == ("finished", "")
    assert all(torch.equal(value, second["weights"][key]) for key, value in first["weights"].items())
    for key, value in alone["weights"].items():
        torch.testing.assert_close(first["weights"][key], value, rtol=1e-5, atol=1e-5, msg=key)
    torch.testing.assert_close(first["losses"], alone["losses"], rtol=1e-5, atol=1e-5, equal_nan=True)
    assert first["measured"] == pytest.approx(alone["measured"], rel=1e-4, abs=1e-5)
