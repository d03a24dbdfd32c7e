"""The command line as a process of its own, and as a call within this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """How a call ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as one JSON document; fails when there is anything else on it."""
        return json.loads(self.out)

    def assert_refused(self, status: int, *words: str) -> None:
        """One or two lines on stderr with `words`, nothing on stdout, no traceback."""
        assert (self.status, self.out) == (status, ""), self
        assert 1 <= len(self.err.splitlines()) <= 2, self.err
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err


Call = Callable[..., Outcome]


@pytest.fixture
def layerloom(capfd: pytest.CaptureFixture[str]) -> Call:
    """Runs a call in this process: quick, with everything that it writes on both streams."""

    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        status = main([str(argument) for argument in arguments])
        sys.stdout.flush()
        sys.stderr.flush()
        return Outcome(status, *capfd.readouterr())

    return call


@pytest.fixture
def process() -> Call:
    """Runs a call in a process of its own, as a shell does."""

    def call(*arguments: object, cwd: Path = ROOT, env: dict[str, str] | None = None) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "app", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call
