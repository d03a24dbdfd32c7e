"""When a run is saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graph_engine.document import Document
from graph_engine.train import Checkpoints, RunState, Trainer, keeper

Make = Callable[..., Document]
Start = Callable[..., Trainer]


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every checkpoint that is written: kind and step."""
    found: list[tuple[str, int]] = []
    real = Checkpoints.save

    def save(self: Checkpoints, kind: str, *args: object, step: int, **options: object) -> None:
        found.append((kind, step))
        real(self, kind, *args, step=step, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Checkpoints, "save", save)
    return found


def test_short_epochs_share_a_checkpoint(
    small: Make, trainer: Start, tmp_path: Path, saved: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 3600.0)
    outcome = trainer(small(), tmp_path).run()

    assert saved == [("best", outcome.best["step"]), ("step", 39)]


def test_long_epochs_have_each_their_own(
    small: Make, trainer: Start, tmp_path: Path, saved: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 0.0)
    monkeypatch.setattr(keeper, "SAVE_SHARE", 0)
    trainer(small(), tmp_path).run()

    assert [step for kind, step in saved if kind == "step"] == [13, 26, 39, 39]


def test_within_a_very_long_epoch_time_decides(
    small: Make, trainer: Start, tmp_path: Path, saved: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from graph_engine.train import trainer as module

    monkeypatch.setattr(keeper, "LONGEST", 0.0)
    monkeypatch.setattr(module, "FLUSH", 0.0)
    trainer(small(epochs=1), tmp_path).run()

    assert [step for kind, step in saved if kind == "step"][:4] == [1, 2, 3, 4]


def test_without_a_folder_nothing_is_written(
    small: Make, trainer: Start, saved: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 0.0)

    assert trainer(small(epochs=1)).run().progress.state is RunState.FINISHED
    assert saved == []


def test_the_best_weights_are_those_of_the_best_epoch(small: Make, trainer: Start, tmp_path: Path) -> None:
    from graph_engine.document import Optimiser, Schedule

    document = small(epochs=6, optimiser=Optimiser(kind="sgd", learning_rate=0.8), schedule=Schedule())
    trained = trainer(document, tmp_path)
    outcome = trained.run()
    best = Checkpoints(tmp_path / "checkpoints").best()
    losses = trained.feed.since().points["val_loss"].value.tolist()

    assert best is not None
    assert best.step == outcome.best["step"] == 13 * (losses.index(min(losses)) + 1)
    assert outcome.best["val_loss"] == min(losses)
    assert best.metrics["val_loss"] == min(losses)
    assert 0 < losses.index(min(losses)) < 5, "the case is to have its best epoch in the middle"
