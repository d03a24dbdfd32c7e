"""Every preset, interrupted within stages and where one ends: weights, curves and state as if it had not been."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graph_engine.document import Document
from graph_engine.train import RunState
from presets import Preset, catalog
from tests.train.conftest import make_trainer
from tests.train.resuming import assert_same, assert_same_state, interrupted

FIRST, NEXT = 6, 4
"""Steps of the first stage, and of each that follows: far from the end of an epoch."""


@pytest.mark.parametrize("preset", catalog().values(), ids=lambda preset: preset.name)
def test_interrupted_is_uninterrupted(preset: Preset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make() -> Document:
        document = preset.build()
        stages = [replace(stage, steps=NEXT if at else FIRST) for at, stage in enumerate(document.plan.stages)]
        batch = min(document.plan.batch_size, 4)
        document.plan = replace(document.plan, stages=tuple(stages), batch_size=batch, validation=0.02)
        return document

    whole = make_trainer(make())
    outcome = whole.run()
    assert outcome.progress.state is RunState.FINISHED, outcome.progress.message
    total = whole.stepper.position.step
    assert total == FIRST + NEXT * (len(make().plan.stages) - 1)

    resumed = interrupted(make, make_trainer, tmp_path, sorted({3, FIRST, total - 1} - {total}), monkeypatch)
    assert_same(resumed, whole)
    assert_same_state(resumed, whole)
