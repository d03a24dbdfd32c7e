"""Every way of training from the window: the weights and curves of the command line, bit for bit.

The goals that the whole presets reach are in docs/training.md, and held at small size by tests/presets/test_regimes.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.__main__ import main
from app.start import Studio
from app.window import MainWindow
from graph_engine.document import SetPlan
from graph_engine.runs import RunState, RunStore, load_weights
from tests.presets.team_worker import REGIMES

FIRST, NEXT = 5, 3
"""Steps of the first stage, and of each that follows."""


def test_the_regimes_are_all_that_the_documentation_tells() -> None:
    assert len(REGIMES) >= 17
    assert {"distillation", "gan", "wgan", "date_translator"} <= set(REGIMES)


@pytest.mark.parametrize("preset", REGIMES)
def test_the_window_trains_what_the_command_line_does(
    preset: str,
    window: MainWindow,
    studio: Studio,
    qtbot: QtBot,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    session = window.session
    window.files.open_preset(preset)
    qtbot.waitUntil(lambda: len(session.document.main) > 0 and studio.settled, timeout=30_000)
    plan = session.document.plan
    stages = [replace(stage, steps=NEXT if at else FIRST) for at, stage in enumerate(plan.stages)]
    session.attempt(SetPlan(replace(plan, stages=tuple(stages), batch_size=min(plan.batch_size, 16), validation=0.02)))
    window.files.save_to(tmp_path / "net.loom")
    qtbot.waitUntil(lambda: studio.settled and not session.dirty, timeout=30_000)
    qtbot.waitUntil(window.topbar.train.isEnabled, timeout=5_000)

    QTest.mouseClick(window.topbar.train, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(session.runs.last) and not session.runs.live, timeout=60_000)
    capfd.readouterr()
    assert main(["train", str(tmp_path / "net.loom"), "--json"]) == 0

    by_hand, by_call = session.runs.last, json.loads(capfd.readouterr().out)["run"]
    assert by_hand != by_call
    store = RunStore()
    shown, called = store.get(by_hand), store.get(by_call)
    for each in (shown, called):
        assert each.record.state is RunState.FINISHED, each.record.message
        assert each.record.step == FIRST + NEXT * (len(stages) - 1)
    weights, expected = (load_weights(each, "last") for each in (shown, called))
    assert weights.keys() == expected.keys()
    assert [name for name, value in weights.items() if not torch.equal(value, expected[name])] == []
    assert shown.record.metrics == called.record.metrics
    curves, wanted = (each.folder.feed().since().points for each in (shown, called))
    assert curves.keys() == wanted.keys()
    for name, points in curves.items():
        assert points.step.tolist() == wanted[name].step.tolist()
        assert points.value.tobytes() == wanted[name].value.tobytes(), name
