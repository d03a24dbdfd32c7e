"""Start-up: from the start of a cold process to the window's first painted frame, off screen.

The process is the one that `layerloom` is; an event filter notes when the first frame of the window is done, and the
process ends. Times are of the wall clock, so that the interpreter's own start counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from statistics import median

from benchmarks.figure import Figure

_DRIVER = """
import json, os, sys, time
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
        print(json.dumps({"at": time.time(), "heavy": sorted(heavy)}))
        sys.stdout.flush()
        os._exit(0)  # as it stands: how long it takes to close is not measured

marker = Marker()
run = QApplication.exec

def execute(*arguments):
    QApplication.instance().installEventFilter(marker)
    return run()

QApplication.exec = execute
from app.__main__ import main
sys.exit(main([]))
"""

_QT_ALONE = """
import json, time
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.show()
application.processEvents()
print(json.dumps({"at": time.time(), "heavy": []}))
"""


def run(quick: bool) -> dict[str, Figure]:
    """Medians in s, after one start that fills the disk's cache."""
    rounds = 3 if quick else 11
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "LAYERLOOM_HOME": home}
        _start(_DRIVER, environment)
        starts = [_start(_DRIVER, environment) for _ in range(rounds)]
        bare = [_start(_QT_ALONE, environment) for _ in range(rounds)]
    heavy = sorted({name for _, names in starts for name in names})
    named = f" ({', '.join(heavy)})" if heavy else ""
    return {
        "process start to first frame": Figure(median(seconds for seconds, _ in starts), "s", 0.5),
        "an empty Qt window, for comparison": Figure(median(seconds for seconds, _ in bare), "s"),
        f"heavy packages loaded before the first frame{named}": Figure(len(heavy), "", 0),
    }


def _start(script: str, environment: dict[str, str]) -> tuple[float, list[str]]:
    """s from before the process starts until it says that it has painted, and what it had loaded by then."""
    begin = time.time()
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    if not done.stdout.strip():
        raise RuntimeError(f"the window did not appear:\n{done.stderr}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return said["at"] - begin, said["heavy"]
