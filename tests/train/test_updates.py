"""What the parts of an update do, against torch's own and against sums written out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from graph_engine.document import (
    AddNodes,
    Average,
    Binding,
    Document,
    Goal,
    Judgement,
    Loading,
    Optimiser,
    Part,
    Penalty,
    Plan,
    SetNode,
    SetParameter,
    Stage,
    Update,
    WeightedLoss,
    WeightGroup,
)
from graph_engine.document.builder import Builder, Port
from graph_engine.train import PlanError, RunState, Trainer
from graph_engine.train.beginnings import remember
from graph_engine.train.penalties import _Overlap
from graph_engine.train.stepper import Stepper
from graph_engine.train.updates import ActiveUpdate
from tests.train.conftest import make_trainer
from tests.train.mechanisms import (
    ADAM,
    CRITIC,
    GENERATOR,
    SGD,
    SLOPE,
    classifier,
    gan,
    one,
    steep_in_half,
    tasks,
)

Start = Callable[..., Trainer]

WEIGHTS = (1.0, 0.5, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0, 0.2, 1.0)
FEW = (0.0, 0.0, 0.0, 2.0, 0.1, *[0.0] * 5)


def turns(stepper: Stepper, count: int) -> None:
    for turn, _ in list(stepper.turns_left())[:count]:
        stepper.step(turn)


def weights_of(stepper: Stepper) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in stepper.network.named_parameters()}


class Follower:
    """Repeats by hand, with torch's own functions, what an update does with the gradients it has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, act: Callable[[ActiveUpdate], None]) -> None:
        descend = ActiveUpdate.descend

        def watched(update: ActiveUpdate, step: int) -> None:
            act(update)
            descend(update, step)

        monkeypatch.setattr(ActiveUpdate, "descend", watched)


def test_gradients_are_clipped_as_torch_clips_them(trainer: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    stepper = trainer(one(Update(optimiser=replace(SGD, momentum=0.0), clip_value=0.02, clip_norm=0.1))).stepper
    expected: list[Tensor] = []

    def by_hand(update: ActiveUpdate) -> None:
        copies = [nn.Parameter(weight.detach().clone()) for weight in update.parameters]
        for copy, weight in zip(copies, update.parameters, strict=True):
            assert weight.grad is not None
            copy.grad = weight.grad.clone()
        nn.utils.clip_grad_value_(copies, 0.02)
        before = nn.utils.clip_grad_norm_(copies, 0.1)
        assert before > 0.1  # else nothing was tried
        torch.optim.SGD(copies, lr=0.05).step()
        expected[:] = [copy.detach() for copy in copies]

    Follower(monkeypatch, by_hand)
    for _ in range(3):
        turns(stepper, 1)
        torch.testing.assert_close([w.detach() for w in stepper.updates[0].parameters], expected)


def test_weights_are_clipped_after_each_step(trainer: Start) -> None:
    stepper = trainer(gan(replace(CRITIC, clip_weights=0.01), GENERATOR)).stepper
    turns(stepper, 2)
    critic = dict(stepper.network.critic_1.named_parameters())

    assert max(float(weight.detach().abs().max()) for weight in critic.values()) == pytest.approx(0.01)
    assert float(stepper.network.linear_1.weight.detach().abs().max()) > 0.1


@pytest.mark.parametrize("decay", [0.5, 0.9])
def test_the_running_mean_is_that_of_torch(trainer: Start, decay: float) -> None:
    stepper = trainer(one(Update(optimiser=ADAM, average=Average(decay=decay)))).stepper
    theirs = AveragedModel(stepper.network, multi_avg_fn=get_ema_multi_avg_fn(decay))
    for _ in range(5):
        turns(stepper, 1)
        theirs.update_parameters(stepper.network)
    kept, live = stepper.weights(), weights_of(stepper)
    means = dict(theirs.module.named_parameters())

    torch.testing.assert_close(
        {name: kept[name] for name in means}, {name: mean.detach() for name, mean in means.items()}
    )
    assert not torch.equal(kept["linear_1.weight"], live["linear_1.weight"])
    with stepper.as_judged():
        assert torch.equal(stepper.network.linear_1.weight, kept["linear_1.weight"])
    assert torch.equal(stepper.network.linear_1.weight, live["linear_1.weight"])


def test_a_mean_that_is_not_used_is_kept_aside(trainer: Start) -> None:
    stepper = trainer(one(Update(optimiser=ADAM, average=Average(decay=0.5, used=False)))).stepper
    turns(stepper, 3)
    average = stepper.updates[0].average

    assert average is not None
    assert torch.equal(stepper.weights()["linear_1.weight"], stepper.network.linear_1.weight)
    assert not torch.equal(average.means[0], stepper.network.linear_1.weight)


@pytest.mark.parametrize("accumulate", [2, 4, 9])
@pytest.mark.parametrize("weights", [(), WEIGHTS, FEW], ids=["alike", "weighted", "two classes alone"])
def test_accumulated_gradients_are_those_of_one_large_batch(
    trainer: Start, weights: tuple[float, ...], accumulate: int
) -> None:
    """Also where classes weigh differently, beside a loss in which all samples count alike; and what is told is told of
    all.
    """

    def trained(batch_size: int, accumulate: int) -> tuple[dict[str, Tensor], list[float]]:
        first, second = (WeightedLoss(node=f"cross_entropy_{at}", weight=at / 3) for at in (1, 2))
        penalties = (Penalty(kind="l2", weight=0.1),)
        update = Update(losses=(first, second), optimiser=SGD, accumulate=accumulate, penalties=penalties)
        document = linear(Plan(stages=(Stage(updates=(update,), epochs=1),), batch_size=batch_size, seed=1))
        net = document.main
        document.apply(SetParameter("cross_entropy_1", "class_weights", weights))
        loss = net["cross_entropy_1"].with_(id="cross_entropy_2", parameters={"label_smoothing": 0.1})
        wires = tuple(replace(wire, target=loss.id) for wire in net.wires_into("cross_entropy_1").values())
        document.apply(AddNodes((loss,), wires))
        stepper = trainer(document).stepper
        told = [float(value) for turn, _ in stepper.turns_left() for value in stepper.step(turn)]
        return weights_of(stepper), told

    size = 36
    for found, wanted in zip(trained(size, accumulate), trained(size * accumulate, 1), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


def linear(plan: Plan) -> Document:
    net = Builder("Linear", plan=plan)
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    net.classify(net.add("linear", net.add("flatten", x), features=10), label)
    return net.document


def test_groups_have_paces_of_their_own_and_only_kernels_decay(trainer: Start) -> None:
    groups = (WeightGroup(of=("#head",), factor=0.1), WeightGroup(of=("linear_1",), factor=2.0, weight_decay=0.0))
    chosen = Optimiser(kind="sgd", learning_rate=0.5, weight_decay=0.3, decays="kernels", groups=groups)
    stepper = trainer(one(Update(optimiser=chosen))).stepper
    names = {weight: name for name, weight in stepper.network.named_parameters()}
    found = {
        tuple(names[weight] for weight in group["params"]): (group["lr"], group["weight_decay"])
        for group in stepper.updates[0].optimiser.param_groups
    }

    assert found == {
        ("linear_2.weight",): (0.05, 0.3),
        ("linear_2.bias",): (0.05, 0.0),
        ("linear_1.weight", "linear_1.bias"): (1.0, 0.0),
        ("batch_norm_1.weight", "batch_norm_1.bias"): (0.5, 0.0),
    }


def test_an_orthogonal_penalty_is_the_overlap_of_filters(trainer: Start) -> None:
    """‖W Wᵀ ⊙ (1 − I)‖² (Brock, Donahue, Simonyan, 2019), also where each of two workers has some of the filters."""
    stepper = trainer(one(Update(penalties=(Penalty(kind="orthogonal", weight=0.1, of=("#head",)),)))).stepper
    weight = stepper.network.get_parameter("linear_2.weight")
    gram = weight @ weight.T
    wanted = 0.1 * (gram * (1 - torch.eye(len(weight)))).square().sum()
    (found,) = stepper.updates[0].penalties.of({})
    torch.testing.assert_close(found, wanted)
    (slope,) = torch.autograd.grad(found, weight)
    torch.testing.assert_close(slope, torch.autograd.grad(wanted, weight)[0])

    whole = weight.detach()
    pieces = [piece.clone().requires_grad_() for piece in (whole[:2], whole[2:])]
    parts = [_Overlap._of_piece(piece, whole) for piece in pieces]
    torch.testing.assert_close(0.1 * (parts[0] + parts[1]), found.detach())
    slopes = [torch.autograd.grad(0.1 * part, piece)[0] for part, piece in zip(parts, pieces, strict=True)]
    torch.testing.assert_close(torch.cat(slopes), slope)


def test_penalties_on_weights_are_their_sums(trainer: Start) -> None:
    penalties = (Penalty(kind="l1", weight=0.1), Penalty(kind="l2", weight=0.2, of=("#head",)))
    stepper = trainer(one(Update(penalties=penalties))).stepper
    first, second = (stepper.network.get_parameter(f"linear_{at}.weight") for at in (1, 2))
    one_norm = 0.1 * (first.abs().sum() + second.abs().sum())
    two_norm = 0.1 * second.square().sum()

    torch.testing.assert_close(stepper.updates[0].penalties.of({}), [one_norm, two_norm])
    assert stepper.names == ["loss", "accuracy", "l1", "l2"]


@pytest.mark.parametrize("kind", ["gradient_penalty", "r1"])
def test_the_slope_of_a_critic_is_that_of_finite_differences(trainer: Start, kind: str) -> None:
    penalty = (
        SLOPE if kind == "gradient_penalty" else Penalty(kind="r1", weight=3.0, real="flatten_1", score="critic_1")
    )
    stepper = trainer(gan(replace(CRITIC, penalties=(penalty,)), GENERATOR)).stepper
    network = stepper.network.double()
    (batch, *_), _ = next(iter(stepper.turns_left()))
    batch = {name: value.double() for name, value in batch.items()}
    torch.manual_seed(4)
    (value,) = stepper.updates[0].penalties.of(batch)

    torch.manual_seed(4)
    points = batch["image"].flatten(1)
    if kind == "gradient_penalty":
        share = torch.rand(len(points), 1, dtype=torch.float64)
        fake = torch.sigmoid(network.linear_2(torch.relu(network.linear_1(batch["code"]))))
        points = share * points + (1 - share) * fake
    step = 1e-6
    with torch.no_grad():
        moved = torch.stack(
            [
                (network.critic_1(points + step * axis) - network.critic_1(points - step * axis)).squeeze(1)
                / (2 * step)
                for axis in torch.eye(64, dtype=torch.float64)
            ],
            1,
        )
    norms = torch.linalg.vector_norm(moved, dim=1)
    expected = 10 * ((norms - 1) ** 2).mean() if kind == "gradient_penalty" else 1.5 * (norms**2).mean()

    assert value.item() == pytest.approx(expected.item(), rel=1e-5)
    value.backward()
    assert network.critic_1.linear_1.weight.grad is not None


def test_consolidation_holds_weights_by_their_importance(trainer: Start) -> None:
    trained = trainer(tasks())
    stepper = trained.stepper
    while not stepper.stage_is_over:
        turns(stepper, 99)
        stepper.finish_epoch()
    before = weights_of(stepper)
    stepper.go_on()
    memory = stepper.memories["first"]
    (value,) = stepper.updates[0].penalties.of({})

    assert value.item() == 0
    assert all(bool((fisher >= 0).all()) for fisher in memory.fisher.values())
    assert max(float(fisher.max()) for fisher in memory.fisher.values()) > 0
    turns(stepper, 2)
    (value,) = stepper.updates[0].penalties.of({})
    now = weights_of(stepper)
    expected = 25 * sum((memory.fisher[name] * (now[name] - before[name]) ** 2).sum() for name in memory.fisher)
    assert value.item() == pytest.approx(float(expected), rel=1e-5)


def test_the_fisher_information_is_the_mean_square_of_gradients_of_single_samples(trainer: Start) -> None:
    """Against logistic regression, where the gradient of a sample is (p − y) x."""
    held = Update(penalties=(Penalty(kind="ewc", stage="first", samples=30),))
    plan = Plan(stages=(Stage(name="first", updates=(Update(),), steps=1), Stage(updates=(held,), steps=1)))
    stepper = trainer(linear(plan)).stepper
    turns(stepper, 1)
    stepper.go_on()
    found = stepper.memories["first"].fisher["linear_1.weight"]
    from graph_engine.data.seeds import FISHER, mix

    batches = stepper.courses[0].train
    rows = torch.randperm(batches.length, generator=torch.Generator().manual_seed(mix(0, FISHER)))[:30]
    images, labels = batches.columns["image"][rows].flatten(1), batches.columns["label"][rows]
    with torch.no_grad():
        errors = stepper.network(batches.columns["image"][rows]).softmax(1) - nn.functional.one_hot(labels, 10)
    expected = (errors[:, :, None] * images[:, None]).square().mean(0)

    torch.testing.assert_close(found, expected)


def test_all_updates_of_a_stage_are_remembered(trainer: Start) -> None:
    """The Fisher information of a weight is that of the losses by which it is trained."""
    updates = (Update(trains=("#body",), optimiser=SGD), Update(trains=("#head",), optimiser=ADAM))
    held = Update(penalties=(Penalty(kind="ewc", weight=50.0, stage="first", samples=20),))
    stepper = trainer(classifier(Stage(name="first", updates=updates, steps=1), Stage(updates=(held,)))).stepper
    turns(stepper, 1)
    memory = remember(stepper.updates, stepper.course, 20, 3)
    apart = [remember([update], stepper.course, 20, 3) for update in stepper.updates]

    assert set(memory.fisher) == {name for name, _ in stepper.network.named_parameters()}
    torch.testing.assert_close(memory.fisher, {**apart[0].fisher, **apart[1].fisher})
    stepper.go_on()
    assert set(stepper.memories["first"].fisher) == set(memory.fisher)


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_frozen_computes_as_in_use(trainer: Start, *, whole: bool) -> None:
    """A frozen composite drops nothing, whether or not a batch norm is in it, as do its nodes when it is unpacked."""
    net = Builder("Frozen", plan=Plan(stages=(Stage(steps=1),), batch_size=50), binding=Binding(dataset="digits"))
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    inner = net.composite("part")
    y = inner.add("dropout", inner.add("linear", inner.input("x", 64), features=16), probability=0.5)
    inner.output(y, "y")
    net.classify(net.add("linear", net.add("@part", net.add("flatten", x)), features=10), label)
    graph, nodes = ("main", ["part_1"]) if whole else ("part", ["linear_1", "dropout_1"])
    for node in nodes:
        net.document.apply(SetNode(node, "frozen", True, graph))
    stepper = trainer(net.document).stepper
    part = stepper.network.get_submodule("part_1")

    assert torch.equal(part(torch.ones(3, 64)), part(torch.ones(3, 64)))
    assert stepper.network.training


def test_each_update_runs_only_what_its_losses_need(trainer: Start) -> None:
    """The generator's update never computes the critic's score of real samples, the critic's gives the generator no
    gradient.
    """
    stepper = trainer(gan(CRITIC, GENERATOR)).stepper
    calls: list[str] = []
    for name, module in stepper.network.named_children():
        module.register_forward_hook(lambda *_, name=name: calls.append(name))
    (batch, *_), _ = next(iter(stepper.turns_left()))
    for update in stepper.updates:
        stepper.train_only(update)
        update.step((batch,), 0)
        calls.append("|")

    told = "".join(calls).split("|")
    assert told[0].count("critic_1") == 2
    assert told[1].count("critic_1") == 1
    assert "image" not in stepper.updates[1].measurement._compute.inputs


def test_repeats_take_fresh_batches_and_every_waits(trainer: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    stepper = trainer(gan(replace(CRITIC, repeat=3), replace(GENERATOR, every=2), steps=4)).stepper
    taken: list[tuple[str, int]] = []
    step = ActiveUpdate.step

    def watched(update: ActiveUpdate, batches: Any, at: int) -> list[Tensor]:
        taken.append((update.update.name, id(batches[0])))
        return step(update, batches, at)

    monkeypatch.setattr(ActiveUpdate, "step", watched)
    turns_taken = list(stepper.turns_left())[:4]
    values = [stepper.step(turn) for turn, _ in turns_taken]

    assert [name for name, _ in taken] == (["critic"] * 3 + ["critic"] * 3 + ["generator"]) * 2
    assert len({batch for _, batch in taken[:3]}) == 3
    assert [row[-1] is stepper.idle for row in values] == [True, False, True, False]
    assert stepper.course.steps_per_epoch == -(-stepper.course.train.steps_per_epoch // 3)


def test_what_was_not_computed_leaves_no_mark_in_the_curves(trainer: Start) -> None:
    outcome = (trained := trainer(gan(CRITIC, replace(GENERATOR, every=3), steps=9))).run()
    points = trained.feed.since().points

    assert outcome.progress.state is RunState.FINISHED
    assert points["train_loss"].step.tolist() == list(range(1, 10))
    assert points["train_loss_2"].step.tolist() == [3, 6, 9]
    assert "val_loss_2" in points


def test_a_stage_ends_at_its_goal(trainer: Start) -> None:
    stage = Stage(updates=(Update(optimiser=ADAM),), epochs=50, until=Goal(series="val_accuracy", value=0.5))
    trained = trainer(classifier(stage, Stage(updates=(Update(),), epochs=1)))
    trained.run()
    told = trained.feed.since().points["val_accuracy"].value

    assert told[-2] >= 0.5
    assert (told[:-2] < 0.5).all()
    assert trained.stepper.position.epoch == len(told) < 50


def test_a_stage_sees_its_part_of_the_data_alone(trainer: Start) -> None:
    stepper = trainer(tasks()).stepper
    first, second = stepper.courses

    for course, classes in ((first, {0, 1, 2, 3, 4}), (second, {5, 6, 7, 8, 9})):
        seen = {int(label) for turn, _ in course.turns(0, 0) for batch in turn for label in batch["label"]}
        assert seen == classes
        assert set(course.validation["label"].tolist()) == classes
    with pytest.raises(PlanError, match=r"No sample of .* is of class 11"):
        trainer(classifier(Stage(data=Part(values=(11,)))))


def test_epochs_are_judged_as_the_plan_says(trainer: Start) -> None:
    stage = Stage(updates=(Update(optimiser=replace(SGD, learning_rate=0.5)),), epochs=6)
    trained = trainer(classifier(stage, judge=Judgement(name="accuracy", better="greater")))
    outcome = trained.run()
    told = trained.feed.since().points["val_accuracy"].value

    assert outcome.best["val_accuracy"] == max(told)
    with pytest.raises(PlanError, match="judges by 'f1'; what is measured is loss, accuracy"):
        trainer(classifier(stage, judge=Judgement(name="f1")))


@pytest.mark.parametrize("held", [0.3, 0.0])
def test_a_stage_waits_only_for_what_its_epochs_tell(trainer: Start, held: float) -> None:
    """Not for figures of held-out samples where there are none, nor for the mean of what has none."""
    for series in ("val_accuracy", "train_f1"):
        document = classifier(Stage(steps=1, until=Goal(series=series, value=0.5)))
        document.plan = replace(document.plan, validation=held)
        net = Builder("", document=document)
        wires = document.main.wires_into("accuracy_1")
        net.add("f1", *(Port(wires[port].source, wires[port].output) for port in ("logits", "label")))
        if held and series == "val_accuracy":
            trainer(document)
            continue
        with pytest.raises(PlanError, match=f"goes on until '{series}' passes a value") as refused:
            trainer(document)
        assert ("Nothing is held out" in str(refused.value)) == (held == 0)
        if not held:
            document.plan = replace(document.plan, stages=(Stage(steps=1),), judge=Judgement(name="f1"))
            with pytest.raises(PlanError, match="The plan judges by 'f1'; what is measured is loss, accuracy"):
                trainer(document)


def test_what_a_stage_does_not_measure_does_not_end_it(trainer: Start) -> None:
    head = Update(trains=("#head",), optimiser=replace(SGD, learning_rate=1e-9))
    stages = (Stage(updates=(Update(optimiser=SGD),), epochs=5), Stage(updates=(head, head), epochs=9))
    document = classifier(*stages, judge=Judgement(name="loss_2"))
    document.plan = replace(document.plan, patience=2)
    trained = trainer(document)
    trained.run()

    assert trained.stepper.position.stage == 1
    assert 5 < trained.stepper.position.epoch < 14, "the second stage got no better"


def test_a_stage_begins_with_weights_of_a_file_and_tells_what_fitted(trainer: Start, tmp_path: Path) -> None:
    teacher = trainer(one(Update())).stepper
    turns(teacher, 3)
    given = teacher.weights()
    given["linear_2.weight"] = torch.zeros(5, 16)
    del given["linear_2.bias"]
    safetensors.torch.save_file(given, tmp_path / "teacher.safetensors")
    loading = Loading(source=str(tmp_path / "teacher.safetensors"))
    stage = Stage(updates=(Update(trains=("#head",)),), steps=1, loads=(loading,), resets=("batch_norm_1",))
    trained = trainer(classifier(stage))
    fresh = {name: value.clone() for name, value in trained.stepper.weights().items()}
    trained.begin()
    now = trained.stepper.weights()

    assert torch.equal(now["linear_1.weight"], given["linear_1.weight"])
    assert torch.equal(now["linear_2.weight"], fresh["linear_2.weight"])
    assert torch.equal(now["batch_norm_1.running_mean"], fresh["batch_norm_1.running_mean"])
    assert trained.notes == [
        (
            f"7 of 9 tensors taken from {tmp_path / 'teacher.safetensors'}; of another shape: linear_2.weight; "
            "not there: linear_2.bias."
        )
    ]
    later = trainer(classifier(replace(stage, loads=(), resets=()), stage))  # else nobody would hear of it
    later.run()
    assert later.feed.progress.notice == trained.notes[0]
    assert trainer(classifier(stage)).run().progress.notice == trained.notes[0]
    with pytest.raises(PlanError, match="can't be read as safetensors"):
        trainer(classifier(replace(stage, loads=(Loading(source="nowhere"),)))).begin()


@pytest.mark.parametrize(
    ("late", "message"),
    [
        ({"loads": (Loading(source="nowhere"),)}, "can't be read as safetensors"),
        ({"loads": (Loading(source="{file}", of=("#gone",)),)}, "loads weights for the tag 'gone'"),
        ({"loads": (Loading(source="{file}", of=("relu_1",)),)}, "loads weights for relu_1, which has none"),
        ({"loads": (Loading(source="{file}"),)}, "Nothing in .* fits this network"),
        ({"resets": ("gone_1",)}, "The plan resets the node 'gone_1'"),
    ],
)
def test_what_a_later_stage_lacks_is_told_before_the_first_step(
    trainer: Start, tmp_path: Path, late: dict[str, Any], message: str
) -> None:
    safetensors.torch.save_file({"other": torch.ones(2)}, tmp_path / "other.safetensors")
    if "loads" in late:
        (loading,) = late["loads"]
        late = {"loads": (replace(loading, source=loading.source.format(file=tmp_path / "other.safetensors")),)}
    trained = trainer(classifier(Stage(steps=1), replace(Stage(steps=1), **late)))
    with pytest.raises(PlanError, match=message):
        trained.begin()


def test_a_whole_network_becomes_a_composite(trainer: Start, tmp_path: Path) -> None:
    safetensors.torch.save_file(
        {"linear_1.weight": torch.ones(12, 64), "linear_2.weight": torch.ones(1, 12)}, tmp_path / "critic.safetensors"
    )
    document = gan(CRITIC, GENERATOR)
    loading = Loading(source=str(tmp_path / "critic.safetensors"), of=("@critic",))
    document.plan = replace(document.plan, stages=(replace(document.plan.stages[0], loads=(loading,)),))
    trained = trainer(document)
    trained.begin()

    assert torch.equal(trained.stepper.weights()["critic_1.linear_2.weight"], torch.ones(1, 12))


def test_resets_make_weights_anew(trainer: Start) -> None:
    stages = (Stage(steps=2), Stage(steps=1, resets=("#head",)))
    stepper = trainer(classifier(*stages)).stepper
    start = weights_of(stepper)
    turns(stepper, 2)
    trained = weights_of(stepper)
    stepper.go_on()
    now = weights_of(stepper)

    assert torch.equal(now["linear_1.weight"], trained["linear_1.weight"])
    assert not torch.equal(now["linear_2.weight"], trained["linear_2.weight"])
    assert not torch.equal(now["linear_2.weight"], start["linear_2.weight"])
    assert not now["linear_2.weight"].abs().max() > 0.25 + 1e-6  # uniform within 1/√16, as linear layers begin


def test_what_all_updates_freeze_keeps_its_running_averages(trainer: Start) -> None:
    stepper = trainer(one(Update(freezes=("#body",)))).stepper
    before = {name: value.clone() for name, value in stepper.weights().items()}
    turns(stepper, 3)
    moved = {name for name, value in stepper.weights().items() if not torch.equal(value, before[name])}

    assert moved == {"linear_2.weight", "linear_2.bias"}


def test_a_node_inside_a_composite_is_trained_alone(trainer: Start) -> None:
    stepper = trainer(gan(replace(CRITIC, trains=("critic:linear_2",)), GENERATOR)).stepper
    before = weights_of(stepper)
    turns(stepper, 1)
    moved = {name for name, weight in weights_of(stepper).items() if not torch.equal(weight, before[name])}

    assert {name for name in moved if name.startswith("critic")} == {"critic_1.linear_2.weight"}  # biases cancel out


def test_codes_are_drawn_anew_in_each_epoch_and_never_for_judging(trainer: Start) -> None:
    one_run, other = (trainer(gan(CRITIC, GENERATOR)).stepper for _ in range(2))
    (first, *_), _ = next(iter(one_run.course.turns(0, 0)))
    (again, *_), _ = next(iter(other.course.turns(0, 0)))
    (later, *_), _ = next(iter(one_run.course.turns(1, 0)))

    assert torch.equal(first["code"], again["code"])
    assert not torch.equal(first["code"], later["code"])
    assert torch.equal(one_run.course.validation["code"], other.course.validation["code"])
    everything = torch.cat([batch["code"] for turn, _ in one_run.course.turns(0, 0) for batch in turn])
    assert everything.mean().abs() < 0.1
    assert everything.std() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (replace(SLOPE, score="gone_1"), "names the value 'gone_1' as score"),
        (replace(SLOPE, real="sigmoid_1", score="critic_1"), "critic_1 is not computed from it"),
        (Penalty(kind="ewc", stage="before"), "remembers the stage 'before'; before it there is none with a name"),
        (Penalty(kind="l1", of=("flatten_1",)), "The l1 penalty has no weights to work on"),
    ],
)
def test_a_penalty_that_can_not_be_is_refused(trainer: Start, penalty: Penalty, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        trainer(gan(replace(CRITIC, penalties=(penalty,)), GENERATOR))


def test_first_steps_beyond_fp16_are_skipped_and_leave_no_trace() -> None:
    """Fused SGD would go on with a momentum of memory that nobody wrote."""
    trained = make_trainer(steep_in_half())
    stepper = trained.stepper
    before = [each.detach().clone() for each in stepper.updates[0].parameters]
    turns = [turn for turn, _ in stepper.turns_left()]
    stepper.step(turns[0])
    assert all(torch.equal(*pair) for pair in zip(before, stepper.updates[0].parameters, strict=True)), "not skipped"

    progress = trained.run().progress
    assert progress.state is RunState.FINISHED, progress.message
    assert stepper.updates[0].state_dict()["scaler"]["scale"] < 65536.0


@pytest.mark.parametrize("kept", ["all", "as an older version kept it"])
def test_with_momentum_a_first_gradient_may_come_late(trainer: Start, kept: str) -> None:
    chosen = replace(SGD, momentum=0.9, nesterov=True)
    update = trainer(one(Update(optimiser=chosen))).stepper.updates[0]
    copies = [weight.detach().clone().requires_grad_() for weight in update.parameters]
    theirs = torch.optim.SGD(copies, lr=chosen.learning_rate, momentum=0.9, nesterov=True, foreach=False)
    assert len(copies) > 1
    for step in range(3):
        for number, (weight, copy) in enumerate(zip(update.parameters, copies, strict=True)):
            weight.grad = None if step == 0 and number % 2 else torch.randn_like(weight)
            copy.grad = weight.grad
        update.optimiser.step()
        theirs.step()
        if kept != "all":
            state = update.state_dict()
            late = [key for key, value in state["optimiser"]["state"].items() if not value["momentum_buffer"].any()]
            assert bool(late) == (step == 0)
            state["optimiser"]["state"] = {k: v for k, v in state["optimiser"]["state"].items() if k not in late}
            update.load_state_dict(state)
    for weight, copy in zip(update.parameters, copies, strict=True):
        torch.testing.assert_close(weight, copy)
