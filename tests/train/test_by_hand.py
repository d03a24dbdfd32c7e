"""Plans with much at once against the same training written by hand: see `by_hand`."""

from __future__ import annotations

import pytest
import torch

from graph_engine.document import (
    Average,
    Document,
    Goal,
    Optimiser,
    Penalty,
    Schedule,
    Stage,
    Update,
    WeightedLoss,
    WeightGroup,
)
from graph_engine.train import RunState
from tests.train.by_hand import by_hand, odd
from tests.train.conftest import make_trainer

SGD = Optimiser(kind="sgd", learning_rate=0.05, momentum=0.9, nesterov=True)
ADAM = Optimiser(learning_rate=0.01, amsgrad=True)
FIRST, SECOND = WeightedLoss(node="cross_entropy_1", weight=2.0), WeightedLoss(node="cross_entropy_2", weight=0.3)


def two(first: Update, second: Update, *, frozen: tuple[str, ...] = (), epochs: int = 2) -> Document:
    return odd(Stage(updates=(first, second), epochs=epochs), frozen=frozen)


DOCUMENTS: dict[str, Document] = {
    "insides frozen, last batches short, one cycle after a warm-up": odd(
        Stage(updates=(Update(optimiser=SGD, accumulate=3, schedule=Schedule(kind="one_cycle", warm_up=2)),), epochs=3),
        frozen=("cell:conv2d_1", "cell:batch_norm_1"),
    ),
    "paces, decays and penalties of parts": odd(
        Stage(
            updates=(
                Update(
                    optimiser=Optimiser(
                        kind="adamw",
                        learning_rate=0.01,
                        weight_decay=0.3,
                        decays="kernels",
                        groups=(
                            WeightGroup(of=("#inner", "linear_3"), factor=0.1),
                            WeightGroup(of=("#stem",), factor=2.0, weight_decay=1.0),
                        ),
                    ),
                    schedule=Schedule(kind="exponential", factor=0.5),
                    penalties=(Penalty(kind="l1", weight=1e-3), Penalty(kind="l2", weight=0.1, of=("@cell",))),
                ),
            ),
            epochs=2,
        )
    ),
    "updates that share weights, each with a mean": two(
        Update(losses=(FIRST, SECOND), optimiser=ADAM, average=Average(decay=0.8), clip_norm=0.5),
        Update(losses=(FIRST,), trains=("#body", "linear_3"), optimiser=SGD, every=2, average=Average(decay=0.9)),
    ),
    "some steps more, a stop gradient, penalties and clipped weights": two(
        Update(losses=(SECOND,), optimiser=SGD, repeat=2, penalties=(Penalty(kind="l2", weight=1.0),)),
        Update(losses=(FIRST,), freezes=("#stem",), optimiser=ADAM, clip_weights=0.1, clip_value=0.01),
    ),
    "frozen by both, a plateau and an early end": odd(
        Stage(
            updates=(
                Update(
                    losses=(FIRST,),
                    freezes=("cell:conv2d_1", "cell:batch_norm_1", "dropout_1"),
                    optimiser=SGD,
                    schedule=Schedule(kind="plateau", patience=1, threshold=0.5, factor=0.5, floor=0.2),
                ),
            ),
            epochs=8,
        ),
        patience=6,
    ),
    "stages until a value, with what they leave and take up": odd(
        Stage(updates=(Update(optimiser=ADAM),), epochs=9, until=Goal(series="val_loss", value=4.0, direction="below")),
        Stage(
            updates=(
                Update(trains=("#head", "#aux"), optimiser=ADAM, schedule=Schedule(kind="polynomial", power=2.0)),
            ),
            steps=9,
        ),
        frozen=("linear_3",),
    ),
    "a stage with a mean, then one that begins with it": odd(
        Stage(
            updates=(
                Update(losses=(FIRST,), optimiser=SGD, average=Average(decay=0.9)),
                Update(losses=(SECOND,), optimiser=ADAM, average=Average(decay=0.5, used=False)),
            ),
            steps=11,
        ),
        Stage(updates=(Update(optimiser=ADAM),), epochs=1),
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_weights_and_judgements_are_those_of_a_loop_by_hand(name: str) -> None:
    document = DOCUMENTS[name]
    trained = make_trainer(document)
    progress = trained.run().progress
    assert progress.state is RunState.FINISHED, progress.message
    wanted = by_hand(document)

    found = trained.stepper.weights()
    torch.testing.assert_close(found, wanted.weights, rtol=2e-3, atol=2e-5)
    told = trained.feed.since().points["val_loss"].value.tolist()
    assert told == pytest.approx(wanted.losses, rel=1e-4)
