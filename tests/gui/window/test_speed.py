"""The speed test in the window: asked for, looked at, used, undone, stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.panels.plan import PlanPanel
from app.session import Session
from graph_engine.document import Document
from graph_engine.runs import RunError, speeding
from graph_engine.train.speed import Timed, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

Show = Callable[..., object]
Present = Callable[[PlanPanel], PlanPanel]


def timed(way: Way, seconds: float) -> Timed:
    return Timed(way=way, low=0.9 * seconds, seconds=seconds, high=1.1 * seconds, rate=64 / seconds, loss=2.3)


FOUND = [
    timed(Way(), 0.02),
    timed(Way(precision="bf16"), 0.01),
    Timed(way=Way(precision="fp16"), trouble="not enough memory"),
    timed(Way(), 0.021),
]


class Told:
    """Stands for the process: says at once what it is told to."""

    found: list[Timed] = FOUND
    error: RunError | None = None

    def __init__(self, document: Document, *, compiled: bool = False) -> None:
        self.compiled = compiled

    def __iter__(self) -> Iterator[Timed]:
        yield from self.found
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        pass


def press(qtbot: QtBot, panel: PlanPanel, session: Session) -> None:
    QTest.mouseClick(panel.speed.ask, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not session.speed_tests.going_on, timeout=60_000)


def test_the_fastest_way_is_found_used_and_undone(
    qtbot: QtBot, session: Session, show: Show, present: Present, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speeding, "SpeedTest", Told)
    show("lenet5")
    panel = present(PlanPanel(session))
    section = panel.speed
    assert section.rows() == []
    before = session.document.plan
    press(qtbot, panel, session)

    assert section.rows() == [
        "fp32  20\u202fms",
        "bf16  10\u202fms",
        "fp16  –",
        "fp32, again  21\u202fms",
    ]
    assert "6\u202f400 samples a second" in section.uses[1].accessibleDescription()
    assert section.uses[2].accessibleDescription() == "not enough memory"
    assert section.note.text() == "bf16: 2.00 times as fast. The plan, tried twice, differed by 5\u202f% from itself."
    assert [use.text() for use in section.uses] == ["Used", "Use", "Use", "Used"]
    assert [use.isEnabled() for use in section.uses] == [False, True, False, False]
    QTest.mouseClick(section.uses[1], Qt.MouseButton.LeftButton)
    assert session.document.plan.precision == "bf16"
    assert [use.text() for use in section.uses] == ["Use", "Used", "Use", "Use"]
    assert session.history.labels[0] == "Train with bf16"
    session.undo()
    assert session.document.plan == before


def test_a_second_try_of_the_plan_that_failed_is_told(
    qtbot: QtBot, session: Session, show: Show, present: Present, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speeding, "SpeedTest", Told)
    monkeypatch.setattr(Told, "found", [*FOUND[:-1], Timed(way=Way(), trouble="not enough memory")])
    show("lenet5")
    panel = present(PlanPanel(session))
    press(qtbot, panel, session)
    said = "bf16: 2.00 times as fast. The plan could not be tried a second time: not enough memory."
    assert panel.speed.note.text() == said


def test_what_goes_wrong_is_told(
    qtbot: QtBot, session: Session, show: Show, present: Present, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speeding, "SpeedTest", Told)
    monkeypatch.setattr(Told, "error", RunError("The process of the speed test ended early: CUDA error"))
    show("lenet5")
    panel = present(PlanPanel(session))
    press(qtbot, panel, session)
    assert panel.speed.note.text() == "The process of the speed test ended early: CUDA error"


def test_a_real_one_is_stopped_by_the_same_button(qtbot: QtBot, session: Session, show: Show, present: Present) -> None:
    show("lenet5")
    panel = present(PlanPanel(session))
    QTest.mouseClick(panel.speed.ask, Qt.MouseButton.LeftButton)
    assert panel.speed.ask.text() == "Stop"
    qtbot.waitUntil(lambda: bool(panel.speed.rows()), timeout=60_000)
    QTest.mouseClick(panel.speed.ask, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not session.speed_tests.going_on, timeout=60_000)
    assert panel.speed.rows()[0].startswith("fp32  ")
    assert panel.speed.note.text() == ""
    assert panel.speed.ask.text() == "Test what is fastest"
