"""Start-up: from the start of a cold process to the window's first painted frame, off screen.

The process is the one that `layerloom` is; an event filter notes when the first frame of the window is done, and the
process ends. Python may keep what it compiled, as it does for everyone who starts the program a second time, whatever
`PYTHONDONTWRITEBYTECODE` says here.

A start keeps one core busy all the time and waits for nothing, so what it takes of the processor, from the start of the
interpreter on, is what passes on the clock where nothing else runs; where other work wants the same cores, the clock
measures that work too. Hence CPU time is judged. Ours and an empty Qt window's take turns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.figure import Figure

_DRIVER = """
import gc, json, os, sys, time, types
from app.__main__ import main

def open_window(path):
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QWidget

    class Marker(QObject):
        painted = False

        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Paint and not self.painted and isinstance(watched, QWidget):
                self.painted = True
                QTimer.singleShot(0, self.tell)  # after the frame, whose other widgets are painted in this turn
            return False

        def tell(self):
            heavy = {"torch", "numpy", "pyqtgraph", "pydantic"} & set(sys.modules)
            print(json.dumps({"at": time.time(), "cpu": time.process_time(), "heavy": sorted(heavy)}))
            sys.stdout.flush()
            os._exit(0)  # as it stands: how long it takes to close is not measured

    marker = Marker()
    run = QApplication.exec

    def execute(*arguments):
        QApplication.instance().installEventFilter(marker)
        return run()

    QApplication.exec = execute
    gc.disable()
    del sys.modules["app.start"]
    from app.start import open_window as open_ours
    return open_ours(path)

# Stands in for the real one until it is wanted: what is loaded before Qt stays so.
sys.modules["app.start"] = types.SimpleNamespace(open_window=open_window)
sys.exit(main([]))
"""

_QT_ALONE = """
import json, time
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.show()
application.processEvents()
print(json.dumps({"at": time.time(), "cpu": time.process_time(), "heavy": []}))
"""

_SCREEN = {
    "name": "HD",
    "x": 0,
    "y": 0,
    "width": 1920,
    "height": 1080,
    "logicalDpi": 96,
    "logicalBaseDpi": 96,
    "dpr": 1,
}
"""The window opens at its good size, as on most desks."""


def run(quick: bool) -> dict[str, Figure]:
    """Medians in s, after one start that fills the disk's cache."""
    rounds = 3 if quick else 11
    with tempfile.TemporaryDirectory() as home:
        screens = Path(home, "screens.json")
        screens.write_text(json.dumps({"screens": [_SCREEN]}), "utf-8")
        platform = f"offscreen:configfile={screens}"
        environment = {**os.environ, "QT_QPA_PLATFORM": platform, "LAYERLOOM_HOME": home}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        _start(_DRIVER, environment)
        pairs = [_pair(environment, ours_first=at % 2 == 0) for at in range(rounds)]
    heavy = sorted({name for ours, _ in pairs for name in ours.heavy})
    named = f" ({', '.join(heavy)})" if heavy else ""
    return {
        "process start to first frame, CPU time": Figure(median(ours.cpu for ours, _ in pairs), "s", 0.5),
        "process start to first frame, by the clock": Figure(median(ours.wall for ours, _ in pairs), "s"),
        "an empty Qt window, CPU time": Figure(median(bare.cpu for _, bare in pairs), "s"),
        "an empty Qt window, by the clock": Figure(median(bare.wall for _, bare in pairs), "s"),
        "first frame, of an empty Qt window's CPU time": Figure(
            median(ours.cpu / bare.cpu for ours, bare in pairs), "×"
        ),
        f"heavy packages loaded before the first frame{named}": Figure(len(heavy), "", 0),
    }


class _Start(NamedTuple):
    """s of the clock and of the processor until a process has painted, and what it had loaded by then."""

    wall: float
    cpu: float
    heavy: list[str]


def _pair(environment: dict[str, str], *, ours_first: bool) -> tuple[_Start, _Start]:
    """One start of ours and one of an empty window, the first of a pair changing each time."""
    if ours_first:
        ours = _start(_DRIVER, environment)
        return ours, _start(_QT_ALONE, environment)
    bare = _start(_QT_ALONE, environment)
    return _start(_DRIVER, environment), bare


def _start(script: str, environment: dict[str, str]) -> _Start:
    begin = time.time()
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    if not done.stdout.strip():
        raise RuntimeError(f"the window did not appear:\n{done.stderr}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return _Start(said["at"] - begin, said["cpu"], said["heavy"])
