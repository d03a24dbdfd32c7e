"""The inspector: what is typed is seen before Enter, entered as one step, and given up with Esc."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.panels.inspector import InspectorPanel
from app.panels.inspector_details import Facts, broken, help_paragraphs, snippet
from app.panels.parameter_field import field_for
from app.panels.problem_row import ProblemRow
from app.session import Session
from app.widgets import Field
from graph_engine.blocks import all_blocks, get_block
from graph_engine.document import AddNodes, Document, Node, SetParameter
from tests.gui.window.conftest import settle

Show = Callable[[Document | str], Document]


@pytest.fixture
def inspector(session: Session, show: Show, qtbot: QtBot) -> Iterator[InspectorPanel]:
    panel = InspectorPanel(session)
    panel.resize(320, 1400)
    show("lenet5")
    panel.show()
    qtbot.waitExposed(panel)
    yield panel
    panel.close()
    panel.deleteLater()
    settle()


def field(inspector: InspectorPanel, name: str) -> QLineEdit:
    form = inspector.node_page.form
    assert form is not None
    widget = form.rows[name].field
    assert isinstance(widget, QLineEdit)
    return widget


def facts(inspector: InspectorPanel, section: str) -> str:
    found = getattr(inspector.node_page, section).findChild(Facts)
    assert isinstance(found, Facts)
    return found.text()


def type_into(line: QLineEdit, text: str) -> None:
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    settle()


def test_what_is_typed_is_seen_before_enter_and_is_one_step_after(session: Session, inspector: InspectorPanel) -> None:
    session.select(["conv2d_1"])
    line = field(inspector, "channels")

    type_into(line, "64")

    assert "N × 64 × 28 × 28" in facts(inspector, "tensors")
    assert "1\u202f664 params" in facts(inspector, "cost")
    assert session.history.undo_label is None
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert session.history.labels == ["Change channels of conv2d_1"]
    assert session.graph["conv2d_1"].parameters["channels"] == 64


def test_esc_gives_up_what_was_typed(session: Session, inspector: InspectorPanel) -> None:
    session.select(["conv2d_1"])
    line = field(inspector, "channels")
    type_into(line, "64")

    QTest.keyClick(line, Qt.Key.Key_Escape)
    settle()

    assert line.text() == "6"
    assert "N × 6 × 28 × 28" in facts(inspector, "tensors")
    assert session.preview is None
    assert session.history.undo_label is None


def test_selecting_another_node_enters_what_was_typed_for_the_first(
    session: Session, inspector: InspectorPanel
) -> None:
    session.select(["conv2d_1"])
    type_into(field(inspector, "channels"), "9")

    session.select(["conv2d_2"])

    assert session.graph["conv2d_1"].parameters["channels"] == 9
    assert field(inspector, "channels").text() == "16"
    assert session.graph["conv2d_2"].parameters["channels"] == 16


def test_a_default_is_kept_out_of_the_document(session: Session, inspector: InspectorPanel) -> None:
    session.select(["conv2d_1"])
    line = field(inspector, "channels")

    type_into(line, "32")
    QTest.keyClick(line, Qt.Key.Key_Return)

    assert "channels" not in session.graph["conv2d_1"].parameters


def test_what_cannot_be_taken_is_said_below_the_field_and_not_tried(
    session: Session, inspector: InspectorPanel
) -> None:
    session.select(["conv2d_1"])
    line = field(inspector, "channels")

    type_into(line, "0")
    QTest.keyClick(line, Qt.Key.Key_Return)

    assert session.preview is None
    assert session.graph["conv2d_1"].parameters["channels"] == 6
    row = inspector.node_page.form.rows["channels"]  # type: ignore[union-attr]
    assert "at least 1" in (row.field.error() or "")


def test_class_weights_are_typed_as_a_list_and_judged_by_their_count(
    session: Session, inspector: InspectorPanel
) -> None:
    session.select(["cross_entropy_1"])
    line = field(inspector, "class_weights")
    assert line.text() == "none"

    type_into(line, "1, 2.5")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert session.graph["cross_entropy_1"].parameters["class_weights"] == [1, 2.5]
    row = inspector.node_page.form.rows["class_weights"]  # type: ignore[union-attr]
    assert "there are 10 scores, and 2 weights" in (row.field.error() or "")

    type_into(line, "1; 2,5; 1; 1; 1; 1; 1; 1; 1; 1")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert row.field.error() is None
    assert line.text() == "1, 2.5, 1, 1, 1, 1, 1, 1, 1, 1"
    assert session.program is not None
    assert "WeightedCrossEntropy(" in snippet(session.program, "cross_entropy_1")

    type_into(line, "none")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert "class_weights" not in session.graph["cross_entropy_1"].parameters


def test_undo_shows_in_the_field(session: Session, inspector: InspectorPanel) -> None:
    session.select(["conv2d_1"])
    session.perform(SetParameter("conv2d_1", "channels", 9))
    assert field(inspector, "channels").text() == "9"

    session.undo()

    assert field(inspector, "channels").text() == "6"


def test_a_value_that_a_file_brought_in_is_shown_and_marked(
    session: Session, inspector: InspectorPanel, show: Show
) -> None:
    document = show("lenet5")
    document.apply(SetParameter("conv2d_1", "channels", "many"))
    document.apply(SetParameter("input_1", "shape", 7))
    settle()

    session.select(["conv2d_1"])
    assert field(inspector, "channels").text() == "many"
    assert "whole number" in (inspector.node_page.form.rows["channels"].field.error() or "")  # type: ignore[union-attr]
    session.select(["input_1"])
    assert field(inspector, "shape").text() == "7"


def test_an_unknown_block_is_said_to_be_unknown(session: Session, inspector: InspectorPanel, show: Show) -> None:
    document = Document()
    document.apply(AddNodes((Node("gizmo_1", "gizmo", {"size": 3}),)))
    show(document)

    session.select(["gizmo_1"])

    assert inspector.node_page.header.title.text() == "gizmo"
    assert inspector.node_page.form is None
    assert not inspector.node_page.parameters.isVisible()


def test_the_problem_of_the_node_is_there_with_its_fix(session: Session, inspector: InspectorPanel, show: Show) -> None:
    show("lenet5")
    session.perform(SetParameter("linear_3", "features", 7))
    settle()
    session.select(["cross_entropy_1"])
    settle()

    row = inspector.node_page.findChild(ProblemRow)
    assert row is not None
    assert "10 classes" in row.problem.message
    row.buttons[0].click()
    settle()
    assert session.check is not None
    assert session.check.ok


@pytest.mark.parametrize("words", [20, 30, 45])
def test_a_long_message_is_shown_to_its_last_line(
    session: Session, inspector: InspectorPanel, qtbot: QtBot, words: int
) -> None:
    session.perform(SetParameter("cross_entropy_1", "class_weights", [1, 2]))
    settle()
    place = QWidget()
    qtbot.addWidget(place)
    column = QVBoxLayout(place)
    row = ProblemRow(replace(session.problems[0], message="lengthy " * words), stacked=True)
    column.addWidget(row)
    column.addStretch(1)
    place.resize(inspector.width(), 600)
    place.show()
    settle()

    message = row.findChildren(QLabel)[-1]
    lines = message.heightForWidth(message.width())
    assert lines > 2 * message.fontMetrics().height()
    assert lines <= message.height() < lines + message.fontMetrics().height(), "cut, or taller than what it says"


def test_the_source_of_the_node_is_shown(session: Session, inspector: InspectorPanel) -> None:
    session.select(["conv2d_2"])

    assert session.program is not None
    assert snippet(session.program, "conv2d_2").splitlines()[0] == "self.conv2d_2 = nn.Conv2d(6, 16, 5)"
    assert inspector.node_page.code.isVisible()
    session.select(["input_2"])  # a label leads to no line of the network
    assert not inspector.node_page.code.isVisible()


def test_renaming_and_freezing_are_steps(session: Session, inspector: InspectorPanel) -> None:
    session.select(["conv2d_2"])
    title = inspector.node_page.header.title
    QTest.mouseDClick(title, Qt.MouseButton.LeftButton)
    line = title.findChild(QLineEdit)
    assert line is not None
    type_into(line, "Stem")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert session.graph["conv2d_2"].title == "Stem"

    inspector.node_page.freeze.click()
    settle()

    assert session.graph["conv2d_2"].frozen
    assert session.report("conv2d_2").cost.trainable == 0  # type: ignore[union-attr]
    assert session.history.labels == ["Rename conv2d_2", "Freeze conv2d_2"]


def test_several_nodes_are_summed_up_frozen_and_wrapped_together(session: Session, inspector: InspectorPanel) -> None:
    session.select(["tanh_3", "linear_2"])
    page = inspector.several_page
    assert page.isVisible()
    assert "10\u202f164 params" in page.cost.findChild(Facts).text()  # type: ignore[union-attr]

    page.freeze.click()
    assert session.graph["linear_2"].frozen
    assert session.graph["tanh_3"].frozen
    page.wrap.click()
    settle()

    assert "residual_1" in session.graph
    assert session.history.labels[-1] == "Wrap in residual"


def test_why_several_nodes_cannot_be_wrapped_is_said(session: Session, inspector: InspectorPanel) -> None:
    session.select(["conv2d_1", "linear_2"])

    assert not inspector.several_page.wrap.isEnabled()


def test_without_a_selection_the_document_is_described(session: Session, inspector: InspectorPanel) -> None:
    page = inspector.document_page
    assert page.isVisible()
    assert "61\u202f706 params" in page.cost.findChild(Facts).text()  # type: ignore[union-attr]
    assert "image" in page.borders.findChild(Facts).text()  # type: ignore[union-attr]

    page.notes.setFocus()
    QTest.keyClicks(page.notes, "Tried tanh.")
    page.header.setFocus()
    inspector.setFocus()
    page.notes.clearFocus()
    page.header.renamed.emit("My LeNet")

    assert session.document.notes == "Tried tanh."
    assert session.document.title == "My LeNet"
    session.undo()
    assert session.document.title == "LeNet-5"


@pytest.mark.parametrize("key", all_blocks())
def test_every_block_has_a_form_and_help(key: str, session: Session, inspector: InspectorPanel, show: Show) -> None:
    document = Document()
    document.apply(AddNodes((Node(f"{key}_1", key),)))
    show(document)

    session.select([f"{key}_1"])

    block = get_block(key)
    form = inspector.node_page.form
    assert set(form.rows if form is not None else ()) == {spec.name for spec in block.parameters()}
    for spec in block.parameters():
        made = field_for(spec)
        assert isinstance(made, Field)
        assert made.value() == spec.default
        assert made.error() is None
        made.deleteLater()
    assert inspector.node_page.help.isVisible()
    assert all("`" not in paragraph for paragraph in help_paragraphs(block))
    assert all(paragraph.endswith((".", ";")) for paragraph in help_paragraphs(block)), "a sentence is broken off"


def test_long_source_is_broken_where_a_person_would() -> None:
    line = "self.conv2d_2 = nn.Conv2d(6, 16, 5, stride=2, bias=False)"

    assert broken(line, 80) == [line]
    assert broken(line, 26) == ["self.conv2d_2 = nn.Conv2d(", "  6, 16, 5, stride=2,", "  bias=False)"]
    assert broken("x = f(x)  # (N, 3)", 10) == ["x = f(x)", "# (N, 3)"]
    assert broken("x = F.relu(self.norm_1(self.conv2d_1(x)))", 24) == [
        "x = F.relu(",
        "  self.norm_1(",
        "    self.conv2d_1(x)))",
    ]
