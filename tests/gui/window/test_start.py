"""Starting: light until the window is on screen, bugs brought to the window, gone without a trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAVY = ("torch", "numpy", "pydantic", "pyqtgraph")


def start(tmp_path: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Runs `layerloom` in a process of its own; `program` is called with the studio when the window is on screen."""
    lines = "\n".join(f"    {line}" for line in program.strip().splitlines())
    source = f"""
import sys
import app.start
from PySide6.QtCore import QTimer
from app.__main__ import main

begin = app.start.Studio.begin

def meanwhile(studio):
{lines}

def begin_and_test(studio, path=None, *, journal=True):
    print("before", *sorted(name for name in {HEAVY!r} if name in sys.modules))
    begin(studio, path, journal=journal)
    meanwhile(studio)

app.start.Studio.begin = begin_and_test
sys.exit(main(sys.argv[1:]))
"""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "QT_QPA_PLATFORM": "offscreen",
        "QT_LOGGING_RULES": "qt.qpa.*=false",
        "LAYERLOOM_HOME": str(tmp_path / "home"),
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", source],
        capture_output=True,
        check=False,
        text=True,
        env=environment,
        timeout=120,
        cwd=tmp_path,
    )


def said(text: str) -> list[str]:
    return [line for line in text.splitlines() if "This plugin does not support" not in line]


def test_nothing_heavy_is_loaded_before_the_window_is_on_screen(tmp_path: Path) -> None:
    answer = start(
        tmp_path,
        """
def close():
    print("ready", studio.window.isVisible(), "torch" in sys.modules)
    studio.window.close()
studio.worker.ready.connect(lambda: QTimer.singleShot(200, close))
""",
    )

    assert said(answer.stderr) == []
    assert answer.returncode == 0
    assert answer.stdout.splitlines() == ["before", "ready True True"]
    assert (tmp_path / "home" / "settings" / "window.ini").is_file()
    assert list((tmp_path / "home" / "journal").iterdir()) == []


@pytest.mark.parametrize("where", ["here", "on a thread"])
def test_a_bug_anywhere_is_brought_to_the_window(tmp_path: Path, where: str) -> None:
    call = "QTimer.singleShot(0, fail)" if where == "here" else "threading.Thread(target=fail).start()"
    answer = start(
        tmp_path,
        f"""
import threading
def fail():
    raise ZeroDivisionError("out of the blue")
def look():
    print("told", [toast.text()[:40] for toast in studio.window.notices.toasts.toasts()])
    studio.window.close()
{call}
studio.worker.ready.connect(lambda: QTimer.singleShot(300, look))
""",
    )

    assert answer.returncode == 0, answer.stderr
    assert "told ['Something in Layerloom went wrong (ZeroD']" in answer.stdout
    assert "out of the blue" in answer.stderr  # for who reads the log


def test_a_home_that_cannot_be_written_is_said_and_the_window_works(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    answer = start(
        tmp_path,
        """
def look():
    told = [toast.text() for toast in studio.window.notices.toasts.toasts()]
    if not told:
        QTimer.singleShot(100, look)
        return
    print("told", *told)
    print(studio.window.statusbar._kept.text())
    studio.window.close()
QTimer.singleShot(0, look)
""",
    )

    assert answer.returncode == 0, answer.stderr
    assert "LAYERLOOM_HOME" in answer.stdout
