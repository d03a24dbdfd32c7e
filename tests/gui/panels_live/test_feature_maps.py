"""The panel shows what nodes make of a sample: untrained, in training, trained; and says why where it can't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from app.panels.feature_maps import FeatureMapsPanel, FeatureMapsView
from app.panels.feature_maps_glances import Glances
from app.session import Session
from graph_engine.document import MAIN, AddNodes, Document, Node, SetBinding, SetParameter, SetPlan, Wire
from graph_engine.document.grouping import make_composite
from tests.gui.panels_live.making import PATIENCE, open_in, small_network, train

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

Show = Callable[..., FeatureMapsPanel]


@pytest.fixture
def panel(session: Session, show: Show) -> FeatureMapsPanel:
    return show(FeatureMapsPanel(session))


def title(panel: FeatureMapsPanel) -> str:
    return panel.view.views()[0].title.text()


def wait_for(qtbot: QtBot, panel: FeatureMapsPanel, words: str) -> None:
    qtbot.waitUntil(lambda: bool(panel.view.views()) and words in title(panel), timeout=PATIENCE)


def test_with_nothing_selected_the_panel_says_what_to_do(panel: FeatureMapsPanel) -> None:
    assert panel.view.views() == ()
    assert "Select a node" in panel.view._empty.sentence()


def test_the_selected_node_is_shown_untrained(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    session.select(["conv2d_1"])
    wait_for(qtbot, panel, "“0”")

    assert title(panel) == "conv2d_1 · 4 channels 8×8 · sample 0 “0” · untrained"
    session.select(["max_pool2d_1"])
    wait_for(qtbot, panel, "max_pool2d_1 · 4 channels 4×4")


def test_what_is_shown_is_what_the_network_computes(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    import torch

    session.select(["linear_1"])
    wait_for(qtbot, panel, "“0”")
    found = session.runs.activations.get("linear_1")

    assert found is not None
    assert session.program is not None
    network = session.program.make(session.document.plan.seed).eval()
    from graph_engine.data import open_dataset

    image = open_dataset("digits").serve("image", (1, 8, 8), indices=[0])
    with torch.inference_mode():
        expected = network(image)[0].numpy()
    assert np.allclose(found.value, expected, atol=1e-6)
    assert found.names == tuple("0123456789")


def test_another_sample_gives_other_values(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    session.select(["conv2d_1"])
    wait_for(qtbot, panel, "sample 0")
    picker = panel.picker()
    assert picker is not None
    qtbot.waitUntil(lambda: session.runs.activations.samples.count == 1797, timeout=PATIENCE)

    qtbot.mouseClick(picker.forth, Qt.MouseButton.LeftButton)
    wait_for(qtbot, panel, "sample 1 “1”")
    picker.number.enter(17)
    wait_for(qtbot, panel, "sample 17 “7”")
    assert picker.strip.current() == 17
    qtbot.mouseClick(picker.random, Qt.MouseButton.LeftButton)
    assert picker.strip.current() == session.runs.activations.sample
    picker.number.enter(5000)
    wait_for(qtbot, panel, "sample 1796")
    assert not picker.forth.isEnabled()


def test_pictures_of_samples_come_as_they_are_seen(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    picker = panel.picker()
    assert picker is not None
    qtbot.waitUntil(lambda: picker.strip.loaded() > 10, timeout=PATIENCE)
    assert picker.strip.loaded() < 200

    cell = picker.strip.cell(3)
    qtbot.mouseClick(picker.strip.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())
    assert session.runs.activations.sample == 3


def test_pinned_nodes_stay_beside_the_selected_ones(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    session.select(["conv2d_1"])
    wait_for(qtbot, panel, "conv2d_1")
    panel.view.views()[0].pin.click()
    session.select(["relu_1", "linear_1"])
    qtbot.waitUntil(lambda: panel.view.nodes() == ("conv2d_1", "relu_1", "linear_1"), timeout=PATIENCE)

    panel.view.views()[0].pin.click()
    assert panel.view.nodes() == ("relu_1", "linear_1")
    session.select([])
    qtbot.wait(50)
    assert panel.view.nodes() == ("relu_1", "linear_1")


@pytest.mark.parametrize(
    ("node", "words"),
    [("cross_entropy_1", "whole batch"), ("accuracy_1", "whole batch")],
)
def test_what_has_no_maps_says_so(
    panel: FeatureMapsPanel, session: Session, qtbot: QtBot, node: str, words: str
) -> None:
    session.select([node])
    qtbot.waitUntil(lambda: panel.view.nodes() == (node,), timeout=PATIENCE)

    assert words in panel.view.views()[0].sentence()


def test_an_output_shows_what_arrives_there(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    session.select(["output_1"])
    wait_for(qtbot, panel, "output_1 · 10 values")


def test_a_drawing_with_errors_says_what_to_mend(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    session.select(["linear_1"])
    wait_for(qtbot, panel, "10 values")
    session.perform(AddNodes((Node("conv2d_9", "conv2d"),), (Wire("flatten_1", "y", "conv2d_9", "x"),)))
    session.select(["conv2d_9"])
    qtbot.waitUntil(lambda: panel.view.nodes() == ("conv2d_9",), timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(session.errors), timeout=PATIENCE)
    report = session.report("conv2d_9")
    assert report is not None

    qtbot.waitUntil(lambda: panel.view.views()[0].sentence() == report.message, timeout=PATIENCE)


def test_data_that_cannot_be_opened_is_told(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    session.select(["conv2d_1"])
    wait_for(qtbot, panel, "channels")
    session.perform(SetBinding(replace(session.document.binding, dataset="/not/there")))
    qtbot.waitUntil(lambda: "/not/there" in panel.view.views()[0].sentence(), timeout=PATIENCE)

    qtbot.waitUntil(lambda: session.runs.activations.samples.count == 0, timeout=PATIENCE)
    picker = panel.picker()
    assert picker is not None
    assert not picker.isEnabled()


def test_an_edit_is_seen_at_once(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    session.select(["conv2d_1"])
    wait_for(qtbot, panel, "4 channels")
    session.perform(SetParameter("conv2d_1", "channels", 9))

    wait_for(qtbot, panel, "9 channels")


def test_maps_move_while_a_run_goes_on_and_stay_when_it_ends(
    panel: FeatureMapsPanel, session: Session, qtbot: QtBot
) -> None:
    seen = session.runs.activations
    session.perform(SetPlan(replace(session.document.plan, stages=small_network(400).plan.stages)))
    session.select(["conv2d_1"])
    wait_for(qtbot, panel, "untrained")
    before = seen.get("conv2d_1")
    session.runs.start()
    qtbot.waitUntil(lambda: seen.is_live and "untrained" not in title(panel), timeout=PATIENCE)
    qtbot.waitUntil(lambda: session.runs.progress is not None and session.runs.progress.step > 40, timeout=PATIENCE)
    qtbot.wait(300)
    during = seen.get("conv2d_1")
    session.runs.stop()
    qtbot.waitUntil(lambda: not session.runs.live, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not session.runs.background.titles and not seen._busy, timeout=PATIENCE)
    qtbot.wait(100)
    after = seen.get("conv2d_1")

    assert before is not None
    assert during is not None
    assert after is not None
    assert not np.allclose(before.value, during.value)
    assert not np.allclose(during.value, after.value, atol=1e-7)
    assert title(panel) == "conv2d_1 · 4 channels 8×8 · sample 0 “0”"


def test_after_an_edit_only_what_fits_is_trained(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    session.select(["conv2d_1"])
    train(qtbot, session)
    qtbot.waitUntil(lambda: title(panel).endswith("sample 0 “0”"), timeout=PATIENCE)
    session.perform(SetParameter("conv2d_1", "channels", 6))

    wait_for(qtbot, panel, "partly trained")


def test_nothing_is_computed_for_a_panel_that_nobody_sees(
    panel: FeatureMapsPanel, session: Session, qtbot: QtBot
) -> None:
    session.select(["conv2d_1"])
    wait_for(qtbot, panel, "channels")
    panel.hide()

    assert session.runs.activations.wanted() == ()


def test_beside_the_charts_one_node_is_shown(
    session: Session, show: Callable[..., FeatureMapsView], qtbot: QtBot
) -> None:
    view = show(FeatureMapsView(session), (260, 200))
    session.select(["conv2d_1", "relu_1"])
    qtbot.waitUntil(lambda: view.nodes() == ("relu_1",), timeout=PATIENCE)
    assert not view.views()[0].pin.isVisible()


def test_colours_can_be_chosen(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    session.select(["conv2d_1"])
    wait_for(qtbot, panel, "channels")
    before = panel.view.views()[0].tiles.image()
    actions = {action.data(): action for action in panel._choose_look.menu().actions() if action.data()}
    actions["grey"].trigger()
    actions["shared"].trigger()
    after = panel.view.views()[0].tiles.image()

    assert panel.view.look() == ("shared", "grey")
    assert before is not None
    assert after is not None
    assert before != after
    color = after.pixelColor(3, 3)
    assert color.red() == color.green() == color.blue()


def test_an_empty_document_shows_nothing(panel: FeatureMapsPanel, session: Session, qtbot: QtBot) -> None:
    session.select(["conv2d_1"])
    wait_for(qtbot, panel, "channels")
    open_in(qtbot, session, Document())

    qtbot.waitUntil(lambda: panel.view.nodes() == (), timeout=PATIENCE)


def test_strips_and_figures_come_with_a_run(session: Session, qtbot: QtBot) -> None:
    glances = Glances(session)
    strips: dict[str, QImage | None] = {}
    figures: dict[str, list[str]] = {}
    glances.thumbnail.connect(lambda node, image: strips.update({node: image}))
    glances.figures.connect(lambda node, lines: figures.update({node: lines}))
    session.select(["conv2d_1"])
    qtbot.wait(100)
    assert not strips

    train(qtbot, session)
    qtbot.waitUntil(lambda: strips.keys() >= {"conv2d_1", "relu_1", "max_pool2d_1", "input_1"}, timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(figures["conv2d_1"]), timeout=PATIENCE)
    assert "linear_1" not in strips
    assert figures["conv2d_1"][0].startswith("activation μ ")
    image = strips["conv2d_1"]
    assert image is not None
    assert not image.isNull()

    session.perform(SetParameter("conv2d_1", "channels", 6))
    qtbot.waitUntil(lambda: strips["conv2d_1"] is None, timeout=PATIENCE)
    glances.deleteLater()


def test_what_was_trained_is_seen_again_when_its_tab_or_level_is(session: Session, qtbot: QtBot) -> None:
    first, glances = session.front, Glances(session)
    strips: dict[str, QImage | None] = {}
    glances.thumbnail.connect(lambda node, image: strips.update({node: image}))

    def shown() -> bool:
        return strips.get("conv2d_1") is not None

    run = train(qtbot, session)
    qtbot.waitUntil(shown, timeout=PATIENCE)
    assert first.trained is not None
    assert first.trained[0] == run
    open_in(qtbot, session, small_network(1, "Other"))
    assert not shown()
    train(qtbot, session)
    qtbot.waitUntil(shown, timeout=PATIENCE)
    session.show(first)
    assert not shown()
    qtbot.waitUntil(shown, timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(session.runs.shown.runs), timeout=PATIENCE)
    qtbot.waitUntil(lambda: session.runs.shown.runs[0].run == run, timeout=PATIENCE)
    assert session.runs.shown.runs[0].current

    with qtbot.waitSignal(session.runs.library.deleted, timeout=PATIENCE):
        session.runs.library.delete(run, run)
    assert first.trained is None
    glances.deleteLater()


def test_what_was_trained_is_seen_again_after_a_look_inside(session: Session, qtbot: QtBot) -> None:
    document = small_network()
    names = ("relu_1", "max_pool2d_1")
    document.apply(make_composite(document, MAIN, names, "part", "Part"))
    open_in(qtbot, session, document)
    glances = Glances(session)
    strips: dict[str, QImage | None] = {}
    glances.thumbnail.connect(lambda node, image: strips.update({node: image}))
    train(qtbot, session)
    qtbot.waitUntil(lambda: strips.get("conv2d_1") is not None, timeout=PATIENCE)
    use = next(node.id for node in session.graph if node.block == "@part")
    assert session.enter(use)
    assert strips["conv2d_1"] is None
    qtbot.waitUntil(lambda: strips.get("relu_1") is not None, timeout=PATIENCE)
    assert session.leave()
    qtbot.waitUntil(lambda: strips.get("conv2d_1") is not None, timeout=PATIENCE)
    glances.deleteLater()
