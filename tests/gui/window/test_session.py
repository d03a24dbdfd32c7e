"""The session: edits, undo, what is tried out, checks that come late, selection, saving."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.open_document import OpenDocument
from app.session import Session
from graph_engine.blocks import Kind
from graph_engine.document import (
    AddNodes,
    Binding,
    Document,
    EditRefused,
    Move,
    Node,
    RemoveNodes,
    SetBinding,
    SetParameter,
    Wire,
)
from graph_engine.document.file import dumps
from tests.gui.window.conftest import ImmediateWorker, settle

Show = Callable[[Document | str], Document]


def test_an_edit_changes_the_document_and_is_checked(session: Session, show: Show) -> None:
    show("lenet5")
    before = session.check

    session.perform(SetParameter("conv2d_1", "channels", 12))
    settle()

    assert session.check is not before
    assert session.report("conv2d_1").outputs["y"].shape[1] == 12  # type: ignore[union-attr]
    assert session.history.undo_label == "Change channels of conv2d_1"
    assert session.dirty


def test_undo_and_redo_go_back_and_forth(session: Session, show: Show) -> None:
    document = show("lenet5")
    first = dumps(document)
    session.perform(SetParameter("conv2d_1", "channels", 12))
    second = dumps(document)

    session.undo()
    assert dumps(document) == first
    assert not session.dirty
    session.redo()
    assert dumps(document) == second


def test_what_is_refused_is_told_and_changes_nothing(session: Session, show: Show) -> None:
    document = show("lenet5")
    first, told = dumps(document), []
    session.refused.connect(told.append)

    assert not session.attempt(AddNodes((), (Wire("conv2d_1", "y", "nowhere", "x"),)))
    with pytest.raises(EditRefused):
        session.perform(RemoveNodes(("nowhere",)))

    assert "nowhere" in told[0]
    assert dumps(document) == first
    assert session.history.undo_label is None


def test_trying_out_shows_shapes_and_leaves_the_document_alone(session: Session, show: Show) -> None:
    document = show("lenet5")
    first, total = dumps(document), session.check.total.params  # type: ignore[union-attr]

    session.try_out(SetParameter("linear_1", "features", 500))
    settle()

    assert session.report("linear_1").outputs["y"].shape[1] == 500  # type: ignore[union-attr]
    assert session.check.total.params > total  # type: ignore[union-attr]
    assert dumps(document) == first
    assert not session.dirty


def test_ending_a_trial_brings_the_shapes_back(session: Session, show: Show) -> None:
    show("lenet5")
    session.try_out(SetParameter("linear_1", "features", 500))
    settle()

    session.try_out(None)
    settle()

    assert session.report("linear_1").outputs["y"].shape[1] == 120  # type: ignore[union-attr]


def test_an_edit_ends_what_was_tried_out(session: Session, show: Show) -> None:
    show("lenet5")
    session.try_out(SetParameter("linear_1", "features", 500))

    session.perform(SetParameter("linear_1", "features", 400))
    settle()

    assert session.preview is None
    assert session.report("linear_1").outputs["y"].shape[1] == 400  # type: ignore[union-attr]


def test_edits_in_one_go_are_checked_once(session: Session, show: Show, worker: ImmediateWorker) -> None:
    show("lenet5")
    before = len(worker.requests)

    for channels in range(7, 20):
        session.perform(SetParameter("conv2d_1", "channels", channels), merge="typing")
    settle()

    assert len(worker.requests) == before + 1
    assert session.history.labels == ["Change channels of conv2d_1"]


def test_moving_asks_for_no_check_and_does_not_lose_one_under_way(
    session: Session, show: Show, worker: ImmediateWorker
) -> None:
    show("lenet5")
    worker.hold = True
    session.perform(SetParameter("conv2d_1", "channels", 9))
    settle()
    asked = len(worker.requests)

    session.perform(Move((("conv2d_1", (5.0, 5.0)),)))
    settle()
    worker.answer()

    assert len(worker.requests) == asked
    assert session.report("conv2d_1").outputs["y"].shape[1] == 9  # type: ignore[union-attr]


def test_a_stale_answer_is_dropped(session: Session, show: Show, worker: ImmediateWorker) -> None:
    show("lenet5")
    shown = session.check
    worker.hold = True
    session.perform(SetParameter("conv2d_1", "channels", 9))
    settle()
    session.perform(SetParameter("conv2d_1", "channels", 10))

    worker.answer()  # to the first, after the second was made

    assert session.check is shown
    settle()
    worker.answer()
    assert session.report("conv2d_1").outputs["y"].shape[1] == 10  # type: ignore[union-attr]


def test_while_a_value_is_dragged_answers_just_passed_are_shown(
    session: Session, show: Show, worker: ImmediateWorker
) -> None:
    show("lenet5")
    worker.hold = True
    session.try_out(SetParameter("conv2d_1", "channels", 9))
    settle()
    session.try_out(SetParameter("conv2d_1", "channels", 10))
    settle()

    worker.answer(-2)
    assert session.report("conv2d_1").outputs["y"].shape[1] == 9  # type: ignore[union-attr]
    worker.answer(-1)
    worker.answer(-2)  # an older one that comes last changes nothing
    assert session.report("conv2d_1").outputs["y"].shape[1] == 10  # type: ignore[union-attr]


def test_an_answer_about_another_document_is_dropped(session: Session, show: Show, worker: ImmediateWorker) -> None:
    show("lenet5")
    worker.hold = True
    session.perform(SetParameter("conv2d_1", "channels", 9))
    settle()

    session.show(OpenDocument(Document()))
    worker.answer()

    assert session.check is None


def test_the_selection_follows_what_is_there(session: Session, show: Show) -> None:
    document = show("lenet5")
    wire = document.main.wires_into("tanh_1")["x"]
    session.select(["conv2d_1", "tanh_1", "conv2d_1", "nowhere"], [wire, Wire("a", "y", "b", "x")])
    assert session.selection.nodes == ("conv2d_1", "tanh_1")
    assert session.selection.wires == (wire,)
    assert session.selection.current == "tanh_1"

    session.perform(RemoveNodes(("tanh_1",)))

    assert session.selection.nodes == ("conv2d_1",)
    assert session.selection.wires == ()


def test_revealing_selects_and_asks_the_canvas(session: Session, show: Show) -> None:
    show("lenet5")
    asked: list[tuple[str, ...]] = []
    session.reveal_requested.connect(asked.append)

    session.reveal("conv2d_2")
    session.reveal("nowhere")

    assert session.selection.nodes == ()
    assert asked == [("conv2d_2",)]


def test_a_kind_is_known_from_the_check_and_before_it_from_the_block(session: Session, worker: ImmediateWorker) -> None:
    worker.hold = True
    document = Document()
    document.apply(AddNodes((Node("conv2d_1", "conv2d"), Node("cross_entropy_1", "cross_entropy"))))
    session.show(OpenDocument(document))

    assert session.kind("conv2d_1", "y") is Kind.ANY
    assert session.kind("cross_entropy_1", "loss") is Kind.SCALAR
    assert session.kind("nowhere", "y") is Kind.ANY


def test_what_is_changed_while_it_is_saved_is_still_unsaved(session: Session, show: Show, tmp_path: Path) -> None:
    show("lenet5")
    session.perform(SetParameter("conv2d_1", "channels", 9))
    mark = session.history.mark()
    session.perform(SetParameter("conv2d_1", "channels", 10), merge="typing")

    session.mark_saved(tmp_path / "a.loom", mark)

    assert session.dirty
    assert session.path == tmp_path / "a.loom"
    session.undo()
    assert not session.dirty


def test_data_that_does_not_fit_is_a_problem(session: Session, show: Show) -> None:
    show("lenet5")
    assert not session.problems

    session.perform(SetBinding(Binding(dataset="nowhere/at/all")))
    settle()

    assert session.check is not None
    assert session.check.ok
    assert "nowhere" in session.errors[0].message
    assert session.program is not None  # the drawing itself is right


def test_a_name_is_the_files_else_the_given_one_else_the_title(session: Session, qapp: QApplication) -> None:
    document = Document(title="My net")
    assert OpenDocument(document).name == "My net"
    assert OpenDocument(document, name="Untitled").name == "Untitled"
    assert OpenDocument(document, Path("/x/net.loom"), name="Untitled").name == "net.loom"
