"""What curves are called, and which of them are losses and which are shares."""

from __future__ import annotations

import pytest

from app.runs.curves import is_loss, is_share, measure_names, measure_title
from presets import open_preset


@pytest.mark.parametrize(
    ("preset", "measure", "title"),
    [
        ("gan", "loss", "Loss: critic"),
        ("gan", "loss_2", "Loss: generator"),
        ("distillation", "accuracy_2", "Student's accuracy"),
        ("distillation", "distillation_loss_1", "Distillation loss 1"),
        ("lenet5", "loss", "Loss"),
    ],
)
def test_measures_are_called_as_in_the_drawing(preset: str, measure: str, title: str) -> None:
    assert measure_title(measure, measure_names(open_preset(preset))) == title


def test_losses_and_shares_are_told_from_other_measures() -> None:
    assert [is_loss(name) for name in ("loss", "loss_2", "hinge_gan_loss_1", "accuracy", "r2")] == [1, 1, 1, 0, 0]
    assert [is_share(name) for name in ("accuracy", "bit_accuracy", "coverage", "loss", "r2")] == [1, 1, 1, 0, 0]
