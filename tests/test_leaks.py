"""What the fixtures promise: a test that leaves something behind fails, one that cleans up passes."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
SETTINGS = """
    [pytest]
    qt_api = pyside6
    qt_log_level_fail = WARNING
    filterwarnings = error
"""

CLEAN = {
    "a thread that ends": """
        def test_it():
            threading.Thread(target=time.sleep, args=[0.05]).start()
    """,
    "a window given to qtbot": """
        def test_it(qtbot):
            window = QWidget()
            qtbot.addWidget(window)
            window.show()
    """,
    "a timer that stops": """
        def test_it(qtbot):
            timer = QTimer()
            timer.start(10)
            qtbot.wait(30)
            timer.stop()
    """,
}

LEAVING = {
    "a thread": (
        """
        stop = threading.Event()

        def test_it(monkeypatch):
            monkeypatch.setattr(sys.modules["conftest"], "_PATIENCE", 0.1)
            threading.Thread(target=stop.wait, name="forgotten", daemon=True).start()
        """,
        "thread forgotten",
    ),
    "a window": (
        """
        kept = []

        def test_it(qapp):
            kept.append(QWidget())
        """,
        "window <PySide6.QtWidgets.QWidget",
    ),
    "a running timer": (
        """
        kept = []

        def test_it(qapp):
            kept.append(QTimer())
            kept[0].start(1000)
        """,
        "timer of None, 1000 ms",
    ),
    "a Qt warning": (
        """
        def test_it(qapp):
            qWarning("something is off")
        """,
        "something is off",
    ),
    "a Qt warning at the end": (
        """
        @pytest.fixture
        def thing(qapp):
            yield
            qWarning("the end is off")

        def test_it(thing):
            pass
        """,
        "the end is off",
    ),
    "a Python warning": (
        """
        def test_it():
            warnings.warn("old habits", DeprecationWarning)
        """,
        "old habits",
    ),
}

IMPORTS = """
import sys
import threading
import time
import warnings

import pytest
from PySide6.QtCore import QTimer, qWarning
from PySide6.QtWidgets import QWidget
"""


def run(pytester: pytest.Pytester, bodies: list[str]) -> pytest.RunResult:
    """Runs each body as a file of its own, all in one process: what one leaves must not fail the next."""
    pytester.makeini(textwrap.dedent(SETTINGS))
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(**{f"test_{index}": IMPORTS + textwrap.dedent(body) for index, body in enumerate(bodies)})
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rfE")


def test_a_test_that_cleans_up_passes(pytester: pytest.Pytester) -> None:
    run(pytester, list(CLEAN.values())).assert_outcomes(passed=len(CLEAN))


def test_a_test_that_leaves_something_fails(pytester: pytest.Pytester) -> None:
    bodies = [body for body, _ in LEAVING.values()] + list(CLEAN.values())
    result = run(pytester, bodies)

    summary = [line for line in result.outlines if line.startswith(("FAILED ", "ERROR "))]
    blamed = {line.split()[1].split("::")[0] for line in summary}
    assert blamed == {f"test_{index}.py" for index in range(len(LEAVING))}
    for what, (_, said) in LEAVING.items():
        assert said in result.stdout.str(), what


def test_user_data_goes_to_a_folder_of_the_test(layerloom_home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    from graph_engine.home import home

    assert home() == layerloom_home
    assert home().is_relative_to(tmp_path_factory.getbasetemp())
    assert not any(home().iterdir())
