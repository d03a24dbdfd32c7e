"""The command line on the device, and a team of one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gpu.device import DEVICE, ON_GPU, gpu_only

ROOT = Path(__file__).parents[2]


def said(*arguments: str, **environment: str) -> str:
    """What `python -m …` prints, when all goes well."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def trained(*options: str) -> dict[str, Any]:
    given = ("app", "train", "lenet5", "--device", DEVICE.type, "--epochs", "6", "--seed", "0", "--json", *options)
    found: dict[str, Any] = json.loads(said(*given))
    return found


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_preset_learns(precision: str) -> None:
    assert trained("--precision", precision)["metrics"]["val_accuracy"] > 0.9


@gpu_only
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_preset_learns_as_cuda_graphs(precision: str) -> None:
    assert trained("--precision", precision, "--compile", "--cuda-graphs")["metrics"]["val_accuracy"] > 0.9


def test_the_speed_test_tries_every_way() -> None:
    compiled = ("--compile",) if ON_GPU else ()
    found = json.loads(said("app", "speed", "lenet5", "--device", DEVICE.type, "--json", *compiled))
    assert len(found["ways"]) >= (8 if ON_GPU else 4)
    assert [way["trouble"] for way in found["ways"]] == [""] * len(found["ways"])


def test_a_team_of_one_ends_where_no_team_does() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    found = json.loads(said("tests.gpu.alone_worker", MASTER_ADDR="127.0.0.1", MASTER_PORT=port))
    assert len(found) == 12
    assert max(found.values()) < 1e-3, found
