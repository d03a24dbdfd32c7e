"""What every test has: a home of its own, no screen, one torch thread, and nothing left behind."""

from __future__ import annotations

import gc
import os
import re
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtCore import QMessageLogContext, QThread, QTimer, QtMsgType
    from PySide6.QtWidgets import QWidget

# Before Qt or torch is imported. Set LAYERLOOM_TEST_DISPLAY to see the tests on a real display.
if not os.environ.get("LAYERLOOM_TEST_DISPLAY"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
# On the CPU, GPU or none, but for tests/gpu, which compute on this device.
if not os.environ.get("LAYERLOOM_TEST_DEVICE"):
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
# The same sums on every machine, and test workers that do not fight over its cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples each time, so that a failure is of the change at hand.
# `--hypothesis-profile=explore` looks further.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("steady")

_PATIENCE = 5.0  # s, for a thread that was told to stop
_TQDM_OWN = "tqdm_monitor"  # the thread that tqdm, which onnxscript uses, keeps for the whole process
_QT_OWN = {"QTipLabel"}  # windows that Qt keeps and reuses


@pytest.fixture(scope="session", autouse=True)
def _session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For fixtures that live longer than a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAYERLOOM_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(autouse=True)
def layerloom_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of user data of this test: empty, its own."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("LAYERLOOM_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """Fails a test that leaves a thread, a window or a running timer behind."""
    threads = set(threading.enumerate())
    windows = {_address(window) for window in _windows()}
    with _Started() as started:
        yield
        left = [
            *(f"thread {thread.name}" for thread in _running(threads)),
            *(f"QThread {thread.objectName() or thread}" for thread in started.running_threads()),
            *(f"window {window}" for window in _close_new(windows)),
            *(f"timer of {timer.parent()!r}, {timer.interval()} ms" for timer in started.active_timers()),
        ]
    if left:
        pytest.fail("left behind:\n  " + "\n  ".join(left), pytrace=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fails a test during whose taking down Qt warns.

    pytest-qt's `qt_log_level_fail` looks at the test itself only.
    """
    from PySide6.QtCore import QtMsgType, qInstallMessageHandler

    wrong = (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
    ignored = [
        *item.config.getini("qt_log_ignore"),
        *(pattern for mark in item.iter_markers("qt_log_ignore") for pattern in mark.args),
    ]
    said: list[str] = []

    def handle(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
        if kind in wrong and not any(re.search(pattern, message) for pattern in ignored):
            said.append(message)

    before = qInstallMessageHandler(handle)
    try:
        yield
    finally:
        qInstallMessageHandler(before)
    if said:
        pytest.fail("Qt warned while the test was taken down:\n  " + "\n  ".join(said), pytrace=False)


class _Started:
    """Notes every QTimer and QThread that Python starts, as long as the context lasts."""

    def __init__(self) -> None:
        self._timers: WeakSet[QTimer] = WeakSet()
        self._threads: WeakSet[QThread] = WeakSet()
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        from PySide6.QtCore import QThread, QTimer

        start_timer, start_thread = QTimer.start, QThread.start

        def timer_started(timer: QTimer, *args: Any) -> None:
            self._timers.add(timer)
            start_timer(timer, *args)

        def thread_started(thread: QThread, *args: Any) -> None:
            self._threads.add(thread)
            start_thread(thread, *args)

        self._patch.setattr(QTimer, "start", timer_started)
        self._patch.setattr(QThread, "start", thread_started)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._patch.undo()

    def active_timers(self) -> list[QTimer]:
        from shiboken6 import isValid

        left = [timer for timer in list(self._timers) if isValid(timer) and timer.isActive()]
        for timer in left:
            timer.stop()
        return left

    def running_threads(self) -> list[QThread]:
        from shiboken6 import isValid

        alive = [thread for thread in list(self._threads) if isValid(thread) and thread.isRunning()]
        return [thread for thread in alive if not thread.wait(int(_PATIENCE * 1000))]


def _running(before: set[threading.Thread]) -> list[threading.Thread]:
    """The threads started since `before` that do not end; what each is doing goes to stderr."""
    new = [thread for thread in threading.enumerate() if thread not in before]
    # Threads that Python did not start, such as those of torch and Qt, are dummies and cannot be joined.
    new = [thread for thread in new if not isinstance(thread, threading._DummyThread)]
    new = [thread for thread in new if thread.name != _TQDM_OWN]
    for thread in new:
        thread.join(_PATIENCE)
    left = [thread for thread in new if thread.is_alive()]
    frames = sys._current_frames()
    for thread in left:
        if thread.ident in frames:
            traceback.print_stack(frames[thread.ident])
    return left


def _windows() -> list[QWidget]:
    from PySide6.QtWidgets import QApplication

    if not isinstance(QApplication.instance(), QApplication):
        return []
    return [
        window
        for window in QApplication.topLevelWidgets()
        if window.parent() is None and type(window).__name__ not in _QT_OWN
    ]


def _close_new(before: set[int]) -> list[str]:
    """Names the windows made since `before` that are still there, and deletes them for the next test."""
    if all(_address(window) in before for window in _windows()):
        return []
    _delete_posted()
    gc.collect()
    left = [window for window in _windows() if _address(window) not in before]
    names = [repr(window) for window in left]
    for window in left:
        window.close()
        window.deleteLater()
    _delete_posted()
    return names


def _delete_posted() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _address(window: QWidget) -> int:
    from shiboken6 import getCppPointer

    return int(getCppPointer(window)[0])
