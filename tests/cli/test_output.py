"""Figures with their units, JSON that every reader takes, and a progress bar only where somebody looks."""

from __future__ import annotations

import json
import math
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from app.cli.output import amount, counted, digits, duration, figure, print_json

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (digits(61_706), "61 706"),
        (amount(416_520, "MACs"), "417 kMACs"),
        (amount(2_360_000, "MACs"), "2.36 MMACs"),
        (amount(14_700, "B"), "14.7 kB"),
        (amount(999_600, "B"), "1.00 MB"),
        (amount(12, "B"), "12 B"),
        (amount(0, "B"), "0 B"),
        (counted(1, "step"), "1 step"),
        (counted(12_000, "step"), "12 000 steps"),
        (duration(0.424), "0.42 s"),
        (duration(59.7), "1 min 00 s"),
        (duration(184), "3 min 04 s"),
        (duration(7_500), "2 h 05 min"),
        (figure("val_accuracy", 0.9789), "97.89 %"),
        (figure("loss", 0.123456), "0.1235"),
        (figure("loss", math.nan), "nan"),
    ],
)
def test_figures_are_readable(shown: str, expected: str) -> None:
    assert shown == expected


def test_json_has_no_numbers_that_json_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": math.nan, "b": [math.inf, 1.5], "c": {"d": (-math.inf, "×")}})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5], "c": {"d": [None, "×"]}}


@pytest.fixture
def terminal() -> Callable[[list[str]], tuple[str, str]]:
    """Runs a call whose stderr is a terminal; gives stdout and what the terminal showed."""

    def run(arguments: list[str]) -> tuple[str, str]:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *arguments],
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
        )
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
        os.close(ours)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, seen
        return out, seen.decode()

    return run


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 4096)
    except OSError:  # the other end is closed
        return b""


def test_a_terminal_shows_a_bar_and_stdout_stays_json(terminal: Callable[[list[str]], tuple[str, str]]) -> None:
    out, seen = terminal(["train", "mlp:width=8", "--epochs", "40", "--json"])
    assert json.loads(out)["state"] == "finished"
    assert "epoch" in seen
    assert "━" in seen
    assert "val_accuracy" in seen
