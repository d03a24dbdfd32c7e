"""The long form of the plan: stages and updates by mouse and keys, each a step of the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from app.panels import plan_texts as texts
from app.panels.inspector_node import NodePage
from app.panels.plan import PlanPanel
from app.session import Session
from app.widgets import InvalidText
from graph_engine.document import (
    Document,
    Goal,
    Loading,
    Optimiser,
    Part,
    Penalty,
    Plan,
    SetPlan,
    Stage,
    Update,
    WeightedLoss,
    WeightGroup,
)
from presets import open_preset
from tests.train.mechanisms import MECHANISMS

Show = Callable[..., object]
Present = Callable[[PlanPanel], PlanPanel]


def click(button: QPushButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def type_into(widget: QWidget, text: str) -> None:
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(widget, text)
    QTest.keyClick(widget, Qt.Key.Key_Return)


def test_a_simple_plan_shows_little_and_more_on_request(session: Session, show: Show, present: Present) -> None:
    show("lenet5")
    panel = present(PlanPanel(session))

    assert panel.rows["learning_rate"].isVisible()
    assert not panel.rows["update_trains"].isVisible()
    assert not panel.stages.isVisible()
    click(panel.more)
    assert panel.rows["update_trains"].isVisible()
    assert panel.stages.isVisible()
    click(panel.more)
    assert not panel.stages.isVisible()


def test_the_short_form_shows_five_settings_and_what_is_not_as_usual(
    session: Session, show: Show, present: Present
) -> None:
    show("xor")
    panel = present(PlanPanel(session))
    plan = Plan(stages=(Stage(updates=(Update(optimiser=Optimiser(kind="sgd", learning_rate=0.1)),)),))
    session.perform(SetPlan(plan))
    session.opened.emit()

    def shown() -> set[str]:
        return {name for name, row in panel.rows.items() if row.isVisible()}

    five = {"dataset", "epochs", "batch_size", "kind", "learning_rate"}
    assert shown() == five
    assert any(each.text().endswith(" small by SGD with momentum 0.9 at 0.1.") for each in panel.findChildren(QLabel))
    session.perform(SetPlan(replace(plan, patience=3)))
    assert shown() == five | {"patience"}
    session.undo()
    assert shown() == five | {"patience"}, "a row does not vanish under the hand"
    session.opened.emit()
    assert shown() == five
    click(panel.more)
    assert shown() > five | {"patience", "schedule_kind", "device", "momentum", "update_trains"}


def test_cuda_graphs_are_offered_where_something_is_compiled(session: Session, show: Show, present: Present) -> None:
    show("lenet5")
    panel = present(PlanPanel(session))
    click(panel.more)
    assert not panel.rows["cuda_graphs"].isVisible()
    for name in ("compiled", "cuda_graphs"):
        QTest.mouseClick(panel.rows[name].widget, Qt.MouseButton.LeftButton)

    assert (session.document.plan.compiled, session.document.plan.cuda_graphs) == (True, True)
    session.undo()
    assert (session.document.plan.compiled, session.document.plan.cuda_graphs) == (True, False)


def test_stages_and_updates_come_go_and_change_places(session: Session, show: Show, present: Present) -> None:
    show("lenet5")
    panel = present(PlanPanel(session))
    before = session.document.plan
    click(panel.more)

    click(panel.stages.add_stage)
    type_into(panel.rows["name"].widget, "second")
    type_into(panel.rows["learning_rate"].widget, "0.5")
    assert [stage.name for stage in session.document.plan.stages] == ["", "second"]
    assert session.document.plan.stages[1].updates[0].optimiser.learning_rate == 0.5
    assert session.document.plan.stages[0] == before.stages[0]
    click(panel.stages.earlier)
    assert [stage.name for stage in session.document.plan.stages] == ["second", ""]
    click(panel.stages.add_update)
    type_into(panel.rows["update_trains"].widget, "conv2d_1")
    assert [update.trains for update in session.document.plan.stages[0].updates] == [(), ("conv2d_1",)]
    assert panel.stages.list.count() == 3
    click(panel.stages.remove)
    click(panel.stages.remove)
    assert session.document.plan == before
    assert session.history.labels[0] == "Add a stage to the plan"
    while session.history.labels:
        session.undo()
    assert session.document.plan == before


def test_the_form_follows_the_row_that_is_chosen(session: Session, show: Show, present: Present) -> None:
    show(MECHANISMS["critic steps and clipped weights"]())
    panel = present(PlanPanel(session))

    assert panel.stages.isVisible()
    assert panel.rows["update_name"].field.value() == "critic"
    panel.stages.list.setFocus()
    QTest.keyClick(panel.stages.list, Qt.Key.Key_Down)
    assert panel.rows["update_name"].field.value() == "generator"
    type_into(panel.rows["update_every"].widget, "4")
    critic, generator = session.document.plan.stages[0].updates
    assert (critic.every, generator.every) == (1, 4)


def test_a_penalty_follows_the_stage_that_it_remembers_to_another_name(
    session: Session, show: Show, present: Present
) -> None:
    show("continual")
    panel = present(PlanPanel(session))
    before = session.document.plan
    (old,) = {each.stage for update in before.stages[1].updates for each in update.penalties}
    panel.stages.list.setCurrentRow(0)
    type_into(panel.rows["name"].widget, "earlier")

    plan = session.document.plan
    assert (old, plan.stages[0].name) == (before.stages[0].name, "earlier")
    assert {each.stage for update in plan.stages[1].updates for each in update.penalties} == {"earlier"}
    session.undo()
    assert session.document.plan == before


def test_nodes_are_tagged_in_the_inspector(session: Session, show: Show, present: Callable[[QWidget], QWidget]) -> None:
    show("lenet5")
    page = NodePage(session)
    present(page)
    page.show_node("conv2d_1")

    type_into(page.tags, "#body, first")
    assert session.document.main["conv2d_1"].tags == ("body", "first")
    page.show_node("conv2d_1")
    assert page.tags.text() == "body, first"
    session.undo()
    assert session.document.main["conv2d_1"].tags == ()


def test_what_is_wrong_is_said_and_nothing_is_lost(session: Session, show: Show, present: Present) -> None:
    show(Document())
    panel = present(PlanPanel(session))
    click(panel.more)
    before = session.document.plan

    type_into(panel.rows["update_penalties"].widget, "l3 1")
    assert "Type penalties such as" in (panel.rows["update_penalties"].field.error() or "")
    assert session.document.plan == before


@pytest.mark.parametrize(
    ("read", "write", "text", "value"),
    [
        (texts.read_names, texts.write_names, "conv2d_1, #head, @encoder, encoder:linear_1", None),
        (
            texts.read_losses,
            texts.write_losses,
            "a_1, 0.5 × b_1",
            (WeightedLoss(node="a_1"), WeightedLoss(node="b_1", weight=0.5)),
        ),
        (
            texts.read_penalties,
            texts.write_penalties,
            "l1 0.001; gradient penalty 10 on critic_1 between input_1 and tanh_1.y; ewc 50 from first; orthogonal 1",
            (
                Penalty(kind="l1", weight=0.001),
                Penalty(kind="gradient_penalty", weight=10.0, score="critic_1", real="input_1", fake="tanh_1.y"),
                Penalty(kind="ewc", weight=50.0, stage="first"),
                Penalty(kind="orthogonal", weight=1.0),
            ),
        ),
        (texts.read_penalties, texts.write_penalties, "l2 0.1 of #head; r1 0.5 on d_1 at input_1", None),
        (texts.read_goal, texts.write_goal, "val_accuracy > 0.95", Goal(series="val_accuracy", value=0.95)),
        (texts.read_part, texts.write_part, "0–4, 7, 8", Part(values=(0, 1, 2, 3, 4, 7, 8))),
        (
            texts.read_loads,
            texts.write_loads,
            "lenet5-1; t.safetensors for @teacher",
            (Loading(source="lenet5-1"), Loading(source="t.safetensors", of=("@teacher",))),
        ),
        (
            texts.read_groups,
            texts.write_groups,
            "0.1 × #body; 10 × a_1, b_1",
            (WeightGroup(of=("#body",), factor=0.1), WeightGroup(of=("a_1", "b_1"), factor=10.0)),
        ),
        (texts.read_counts, texts.write_counts, "30, 60", (30, 60)),
        (texts.read_judgement, texts.write_judgement, "accuracy, greater", None),
    ],
)
def test_texts_are_read_as_they_are_written(
    read: Callable[[str], object], write: Callable[[object], str], text: str, value: object
) -> None:
    found = read(text)

    assert value is None or found == value
    assert write(found) == text


@pytest.mark.parametrize(
    ("read", "write", "value"),
    [
        (texts.read_part, texts.write_part, Part(values=(1,), field="few")),
        (texts.read_penalties, texts.write_penalties, (Penalty(kind="ewc", weight=2e3, stage="first", samples=500),)),
        (
            texts.read_penalties,
            texts.write_penalties,
            (Penalty(kind="gradient_penalty", score="c_1", real="a_1", fake="b_1", target=0.0),),
        ),
        (
            texts.read_groups,
            texts.write_groups,
            (WeightGroup(of=("a_1", "#b"), factor=1 / 3, weight_decay=0.0), WeightGroup(of=("@c",), factor=2.0)),
        ),
        (texts.read_losses, texts.write_losses, (WeightedLoss(node="a_1", weight=1e-7 / 3), WeightedLoss(node="b_1"))),
        (texts.read_losses, texts.write_losses, (WeightedLoss(node="a_1", weight=1e20),)),
        (texts.read_goal, texts.write_goal, Goal(series="val_loss", value=0.12345678, direction="below")),
    ],
)
def test_nothing_of_a_value_is_lost_by_being_typed_over(
    read: Callable[[str], object], write: Callable[[object], str], value: object
) -> None:
    assert read(write(value)) == value


@pytest.mark.parametrize("name", ["distillation", "continual", "wgan_gp"])
def test_what_a_preset_says_can_be_typed_as_it_is_shown(name: str) -> None:
    for stage in open_preset(name).plan.stages:
        assert stage.data is None or texts.read_part(texts.write_part(stage.data)) == stage.data
        for update in stage.updates:
            assert texts.read_penalties(texts.write_penalties(update.penalties)) == update.penalties
            assert texts.read_losses(texts.write_losses(update.losses)) == update.losses


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (texts.read_names, "a b! c"),
        (texts.read_losses, "0.5 × "),
        (texts.read_goal, "val_accuracy"),
        (texts.read_part, "4–1"),
        (texts.read_part, "a"),
        (texts.read_groups, "#body"),
        (texts.read_groups, "-1 × #body"),
        (texts.read_groups, "1 × #body decay much"),
        (texts.read_part, ": 1"),
        (texts.read_penalties, "l1 -1"),
        (texts.read_penalties, "ewc 1 from first by 0 samples"),
        (texts.read_counts, "0"),
    ],
)
def test_what_can_not_be_read_is_told(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(InvalidText):
        read(text)


def test_the_plan_is_shown_inside_a_composite_as_well(session: Session, show: Show, present: Present) -> None:
    """Losses are named as they are called in the main drawing, whichever graph is shown."""
    show("gan")
    assert session.show_graph("generator")
    panel = present(PlanPanel(session))
    said = " ".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())
    losses = [node for node in session.document.main if node.block == "non_saturating_loss"]
    assert losses
    assert all(node.title in said for node in losses if node.title)
    session.perform(SetPlan(replace(session.document.plan, batch_size=17)))
    assert panel.rows["batch_size"].field.value() == 17
