"""Every regime of training at small size: fewer steps than the preset has, and what it is there to show.

The figures of the whole presets are in docs/training.md; that each goes on as if uninterrupted, in test_resuming.py.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from graph_engine.check import Checker
from graph_engine.data.ring import centres
from graph_engine.train import Trainer
from presets import open_preset
from tests.presets.training import trained


def metrics(preset: str, *lengths: int, seed: int = 0) -> Mapping[str, float]:
    return trained(preset, *lengths, seed=seed).feed.progress.metrics


def made(run: Trainer, count: int = 2000) -> Tensor:
    """What the generator as it is judged makes of `count` codes."""
    network = run.stepper.network.eval()
    with run.stepper.as_judged(), torch.no_grad():
        samples: Tensor = network(torch.randn(count, 16, generator=torch.Generator().manual_seed(0)))
    return samples


def weights(run: Trainer, part: str) -> list[Tensor]:
    return [value.detach() for name, value in run.stepper.network.named_parameters() if name.startswith(part)]


def distance(points: Tensor) -> float:
    """How far a point is from the nearest cloud of the ring, in the median."""
    middles = torch.tensor(centres(), dtype=torch.float32)
    return float(torch.cdist(points, middles).min(dim=1).values.median())


@pytest.mark.parametrize("preset", ["gan", "gan:loss=minimax", "lsgan", "sngan", "wgan_gp"])
def test_a_critic_learns_to_tell_real_from_made(preset: str) -> None:
    before, after = metrics(preset, 1), metrics(preset, 40)

    assert after["val_loss"] < before["val_loss"]
    assert "train_coverage" not in after


def test_what_is_made_comes_nearer_to_what_is_imitated() -> None:
    faster = "wgan:data=gaussian_ring,clip=0.05,learning_rate=1e-3,hidden=128"

    assert distance(made(trained(faster, 300))) < 0.8 * distance(made(trained(faster, 1)))


def test_wgan_makes_digits_by_the_numbers_of_the_paper() -> None:
    """Arjovsky, Chintala, Bottou (2017), algorithm 1: α = 0.00005, c = 0.01, m = 64, n critic = 5, RMSprop."""
    plan = open_preset("wgan").plan
    critic, generator = plan.stages[0].updates
    assert {each.optimiser.kind for each in (critic, generator)} == {"rmsprop"}
    assert {each.optimiser.learning_rate for each in (critic, generator)} == {0.00005}
    assert (critic.clip_weights, critic.repeat, generator.repeat, plan.batch_size) == (0.01, 5, 1, 64)

    before, after = metrics("wgan", 1), metrics("wgan", 300)
    assert before["val_fidelity"] == 0.0
    assert after["val_fidelity"] > 0.9
    assert after["val_coverage"] > 0.05


def test_digits_are_imitated() -> None:
    """Of 359 held-out digits almost none lies near to what is made at first."""
    before, after = metrics("dcgan", 1), metrics("dcgan", 250)

    assert before["val_coverage"] < 0.05
    assert after["val_coverage"] > 0.12


def test_the_weights_of_wgans_critic_are_clipped_and_no_others() -> None:
    run = trained("wgan", 20)

    assert max(float(weight.abs().max()) for weight in weights(run, "critic")) <= 0.01
    assert max(float(weight.abs().max()) for weight in weights(run, "generator")) > 0.1


def test_the_critics_slope_comes_to_one() -> None:
    run = trained("wgan_gp", 60)
    penalty = run.feed.since().points["train_gradient_penalty"].value

    assert penalty[-10:].mean() < 0.3 * penalty[:1].mean()


@pytest.mark.parametrize(("part", "params"), [("generator", 3_576_704), ("critic", 2_765_568)])
def test_dcgan_has_the_size_of_pytorchs_tutorial(part: str, params: int) -> None:
    """3 576 704 and 2 765 568: pytorch/examples, dcgan, nz = 100, ngf = ndf = 64, nc = 3."""
    checker = Checker()
    document = open_preset("dcgan:size=64,width=64,colour=true")
    result = checker.check(document)
    report = result.nodes[f"{part}_1"]

    assert not result.errors
    assert report.cost.params == params


def test_a_plain_autoencoder_keeps_more_than_as_many_principal_components() -> None:
    from graph_engine.data.builtin import load_digits

    images = torch.tensor(load_digits()["image"]).flatten(1).double() / 16
    images = images - images.mean(dim=0)
    _, values, axes = torch.linalg.svd(images, full_matrices=False)
    assert len(values) == 64
    lost = images - images @ axes[:8].T @ axes[:8]

    assert metrics("autoencoder", 700)["val_loss"] < float((lost**2).mean())


def test_the_elbo_of_the_vae_rises_and_drawn_codes_become_images() -> None:
    first, run = metrics("vae", 1), trained("vae", 200)
    decode = run.stepper.program.function([("sigmoid_1", "y")], given=[run.stepper.program.result("gaussian_sample_1")])
    codes = torch.randn(200, 20, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        (images,) = decode(run.stepper.network.eval(), given_1=codes)

    assert run.feed.progress.metrics["val_loss"] < 0.75 * first["val_loss"]
    assert images.shape == (200, 784)
    assert 0 <= images.min() < 0.1
    assert 0.6 < images.max() <= 1
    assert images.std(dim=0).max() > 0.15, "all codes become the same image"


def test_the_latent_grid_has_drawn_codes_in_its_corners_and_disturbs_no_training() -> None:
    plain, run = trained("vae", 40), trained("vae:grid=true", 40)
    corners = torch.randn(2, 20, 2, 2, generator=torch.Generator().manual_seed(0))
    program = run.stepper.program
    decode = program.function([("sigmoid_1", "y")], given=[program.result("gaussian_sample_1")])
    network = run.stepper.network.eval()
    with torch.no_grad():
        _, grid = network(torch.zeros(2, 1, 28, 28), corners)
        for row, column in ((0, 0), (0, 7), (7, 0), (7, 7)):
            (image,) = decode(network, given_1=corners[:, :, row // 7, column // 7])
            tile = grid[:, 0, 28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
            torch.testing.assert_close(tile.flatten(1), image)

    assert grid.shape == (2, 1, 224, 224)
    assert not Checker().check(open_preset("vae:grid=true")).problems
    assert run.feed.progress.metrics["val_loss"] == plain.feed.progress.metrics["val_loss"]


@pytest.mark.parametrize("preset", ["siamese", "triplet"])
def test_digits_never_seen_are_told_apart_from_one_example_each(preset: str) -> None:
    """Chance is 1/3; the nearest in pixels is right in 0.72."""
    assert metrics(preset, 126)["val_accuracy"] > 0.68


def test_a_curve_is_fitted() -> None:
    """The variance of y is some 25, that of the noise 1."""
    found = metrics("regression", 300)

    assert found["val_r2"] > 0.6


def test_three_tasks_are_learned_at_once() -> None:
    found = metrics("multi_task", 200)

    assert found["val_accuracy_1"] > 0.9
    assert found["val_accuracy_2"] > 0.9
    assert found["val_r2"] > 0


def test_what_is_transferred_is_better_than_what_is_drawn() -> None:
    assert metrics("transfer", 150, 150)["val_accuracy"] > metrics("transfer:pretrained=false", 150)["val_accuracy"]


def test_elastic_weights_forget_less() -> None:
    plain, elastic = metrics("continual:elastic=false", 300, 300), metrics("continual", 300, 300)

    assert elastic["val_accuracy_1"] > plain["val_accuracy_1"] + 0.1
    assert min(elastic["val_accuracy_2"], plain["val_accuracy_2"]) > 0.8


def test_dates_are_translated_without_being_told() -> None:
    """Saying one date always is right in some 0.45 of the letters."""
    found = metrics("date_translator", 150)

    assert found["val_sequence_accuracy"] > 0.5


def test_a_hint_is_followed_and_then_the_teacher() -> None:
    run = trained("fitnet", 90, 60, 20)
    hint = run.feed.since().points["train_loss"].value[90:150]

    assert hint[-10:].mean() < 0.8 * hint[0]
    assert run.feed.progress.metrics["val_accuracy_1"] > 0.9, "the teacher was unlearned"


def test_soft_targets_are_better_than_labels_alone() -> None:
    soft, hard = metrics("distillation", 300, 500), metrics("distillation:soft=false", 300, 500)

    assert soft["val_accuracy_2"] > hard["val_accuracy_2"]
