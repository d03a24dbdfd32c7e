"""Two workers of a team, as torchrun starts them, beside what one process does alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Alone = TypeVar("Alone")
ROOT = Path(__file__).parents[1]


def beside_two_workers(module: str, folder: Path, alone: Callable[[], Alone], seconds: float) -> Alone:
    """What `alone` gives, while two processes run `python -m module folder` as one team for so long at most."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    said |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            cwd=ROOT,
            env={**said, "RANK": str(rank)},
            stderr=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    try:
        found = alone()
        errors = [worker.communicate(timeout=seconds)[1].decode() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    assert [worker.returncode for worker in workers] == [0, 0], errors
    return found
