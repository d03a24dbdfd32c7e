"""Every mechanism of a plan, interrupted: the same weights, curves and best epoch as of a run that was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_engine.train import RunState
from tests.train.mechanisms import MECHANISMS
from tests.train.resuming import Start, assert_same, assert_same_state, interrupted


@pytest.mark.parametrize("name", MECHANISMS)
def test_interrupted_is_uninterrupted(
    trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Stopped at three steps of one run: in the middle, at an end of an epoch or stage, and just before the end."""
    whole = trainer(MECHANISMS[name]())
    outcome = whole.run()
    assert outcome.progress.state is RunState.FINISHED, outcome.progress.message
    total = whole.stepper.position.step
    steps = sorted({2, whole.stepper.courses[0].steps_per_epoch, total // 2 + 1, total - 1} & set(range(1, total)))

    resumed = interrupted(MECHANISMS[name], trainer, tmp_path, steps, monkeypatch)
    assert_same(resumed, whole)
    assert_same_state(resumed, whole)
    again = trainer(MECHANISMS[name]())
    again.run()
    assert_same(again, whole)
