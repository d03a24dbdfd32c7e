"""What the window offers when a run goes wrong: one click, and it goes on or is tried in smaller batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from graph_engine.compile import Program
from graph_engine.document import Document
from graph_engine.runs import RunState, RunStore
from presets import open_preset
from tests.runs.test_process import FAULTY

OpenIn = Callable[[Document | str], MainWindow]
LONG = 30_000  # ms


def offered(window: MainWindow, text: str) -> QAbstractButton | None:
    """The button of a notice that says `text`."""
    buttons = [each for toast in window.notices.toasts.toasts() for each in toast.findChildren(QAbstractButton)]
    return next((each for each in buttons if each.text() == text and each.isVisible()), None)


def click(qtbot: QtBot, window: MainWindow, text: str) -> None:
    qtbot.waitUntil(lambda: offered(window, text) is not None, timeout=LONG)
    button = offered(window, text)
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def ended(window: MainWindow) -> bool:
    return not window.session.runs.live


def small() -> Document:
    document = open_preset("lenet5")
    document.plan = replace(document.plan.with_first(stage=replace(document.plan.stages[0], epochs=1)), batch_size=64)
    return document


def test_too_little_memory_is_one_click_from_a_batch_that_fits(
    open_in: OpenIn, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = torch.nn.Conv2d.forward

    def refuse(module: torch.nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
        if module.training and x.device.type == "cpu" and len(x) > 30:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB.")
        return forward(module, x)

    window = open_in(small())
    monkeypatch.setattr(torch.nn.Conv2d, "forward", refuse)
    window.book.run("run.train")
    click(qtbot, window, "Train with a batch of 16")
    (failed,) = RunStore().records()
    assert (
        "there is not enough memory for a batch of 64 at Conv 2d (conv2d_1), which asks for 2.68 GB" in failed.message
    )
    qtbot.waitUntil(lambda: window.session.runs.last != failed.id and ended(window), timeout=LONG)
    second = RunStore().get(window.session.runs.last)
    assert second.record.state is RunState.FINISHED, second.record.message
    assert (second.document().plan.batch_size, second.record.parent) == (16, failed.id)
    assert window.session.document.plan.batch_size == 64


def test_a_network_that_memory_can_not_hold_is_no_bug(
    open_in: OpenIn, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_in(small())

    def make(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB.")

    monkeypatch.setattr(Program, "make", make)
    window.book.run("run.train")
    qtbot.waitUntil(lambda: bool(window.notices.toasts.toasts()), timeout=LONG)
    (toast,) = window.notices.toasts.toasts()
    assert toast.text() == (
        "There is not enough memory for this (2.68 GB were asked for). "
        "Use a smaller network or batch, or close other programs."
    )
    assert offered(window, "Copy report") is None
    assert ended(window)


def test_a_process_that_a_device_brings_down_is_one_click_from_going_on(
    open_in: OpenIn, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = small()
    document.plan = replace(document.plan, batch_size=16)
    window = open_in(document)
    (tmp_path / "sitecustomize.py").write_text(FAULTY.format(fault="os.abort()"), "utf-8")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        window.train(own_process=True)
        qtbot.waitUntil(lambda: window.session.runs.outlives or ended(window), timeout=LONG)
    qtbot.waitUntil(lambda: ended(window), timeout=LONG)
    run = window.session.runs.last
    assert RunStore().get(run).record.state is RunState.INTERRUPTED
    click(qtbot, window, "Go on")
    qtbot.waitUntil(lambda: window.session.runs.run == run, timeout=LONG)
    qtbot.waitUntil(lambda: ended(window), timeout=LONG)
    assert RunStore().get(run).record.state is RunState.FINISHED
