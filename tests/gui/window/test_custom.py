"""Custom blocks in the window: written, placed, mended, undone, copied, trusted, by keys and mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.actions import ALL
from app.customs import all_code
from app.dialogs.custom_editor import CustomEditor
from app.dialogs.trust import TrustDialog
from app.panels.code_editor import CodeEditor
from app.panels.library import LibraryPanel
from app.panels.problem_row import ProblemRow
from app.start import Studio
from app.trust_banner import TrustBanner
from app.window import MainWindow
from graph_engine.check import State
from graph_engine.check.trust import is_trusted, untrusted
from graph_engine.document import Connect, CustomCode, Document, SetCustom, Wire
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps, save
from graph_engine.document.journal import Journal
from tests.customs import GATED, classifier, writing
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]
Key, Left = Qt.Key, Qt.MouseButton.LeftButton
CONTROL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
TYPED = """\
class Scale(nn.Module):
\"\"\"Times a learnt number.\"\"\"

def __init__(self, start: float = 2.0):
super().__init__()
self.factor = nn.Parameter(torch.tensor(start))
\b
def forward(self, x):
return x * self.factor"""


def key(widget: QWidget, name: Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(widget, name, modifier)


def rest(studio: Studio, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: studio.settled, timeout=30_000)


def small() -> Document:
    net = Builder("Small")
    net.output(net.add("relu", net.input("image", 3, 8, 8)))
    return net.document


def editor_of(qtbot: QtBot) -> CustomEditor:
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), CustomEditor))
    found = QApplication.activeModalWidget()
    assert isinstance(found, CustomEditor)
    return found


def type_code(editor: CodeEditor, text: str) -> None:
    """Types as a person does: the editor indents; a backspace (`\\b`) takes a step of it away."""
    for letter in text:
        if letter == "\n":
            key(editor, Key.Key_Return)
        elif letter == "\b":
            key(editor, Key.Key_Backspace)
        else:
            QTest.keyClicks(editor, letter)


def replace_all(dialog: CustomEditor, text: str) -> None:
    dialog.editor.selectAll()
    dialog.editor.insertPlainText(text)


def faults(dialog: CustomEditor) -> list[str]:
    return [dialog.faults.item(at).text() for at in range(dialog.faults.count())]


def write_scale(window: MainWindow, qtbot: QtBot, studio: Studio) -> None:
    """Types a block and applies it, with the keyboard alone."""
    session = window.session
    first = dumps(session.document)
    session.select(["relu_1"])
    window.book.run("custom.new")
    dialog = editor_of(qtbot)
    assert dialog.title.text() == "Gated conv", "what it begins with is a block"
    key(dialog.editor, Key.Key_A, CONTROL)
    type_code(dialog.editor, TYPED)
    qtbot.waitUntil(lambda: dialog.title.text() == "Scale")
    assert dialog.ports.text() == "→ x\ny →"
    assert dialog.parameters.text() == "start: float = 2.0"
    assert faults(dialog) == []
    assert dumps(session.document) == first, "nothing is taken before it is applied"
    assert not is_trusted(dialog.editor.toPlainText())

    key(dialog.editor, Key.Key_Return, CONTROL)
    rest(studio, qtbot)


def test_one_is_typed_and_placed(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(small())
    session = window.session
    write_scale(window, qtbot, studio)
    assert session.selection.nodes == ("scale_1",)
    assert session.graph["scale_1"].block == "custom:scale"
    report = session.report("scale_1")
    assert report is not None
    assert (report.state, report.cost.params, str(report.outputs["y"])) == (State.OK, 1, "N×3×8×8")
    assert session.graph.wire_at("scale_1", "x") is not None, "wired to what was selected"
    assert not window.findChildren(TrustBanner)[0].isVisible(), "what one types oneself is trusted"

    library = window.findChild(LibraryPanel)
    assert library is not None
    head = library.model.index(0, 0)
    assert (head.data(), library.model.index(0, 0, head).data()) == ("In this document", "Scale")


def test_one_is_mended_undone_and_used(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(small())
    session = window.session
    first = dumps(session.document)
    write_scale(window, qtbot, studio)
    window.canvas.setFocus()
    key(window.canvas, Key.Key_Return)  # opens the code of the selected node
    dialog = editor_of(qtbot)
    dialog.editor.setFocus()
    replace_all(dialog, dialog.editor.toPlainText().replace("return x * self.factor", "return x * self.facto"))
    key(dialog.editor, Key.Key_Return, CONTROL)
    rest(studio, qtbot)
    (problem,) = session.errors
    assert problem.node == "scale_1"
    assert problem.message == "Line 9: 'Scale' object has no attribute 'facto'."

    QTest.mouseClick(window.panes.inspector.node_page.edit_code, Left)
    dialog = editor_of(qtbot)
    assert faults(dialog) == [problem.message]
    assert dialog.editor.marked == [9]
    dialog.faults.setCurrentRow(0)
    key(dialog.faults, Key.Key_Return)
    assert dialog.isVisible(), "Enter goes to the line and does not apply"
    assert dialog.editor.textCursor().blockNumber() == 8
    key(dialog.editor, Key.Key_End)
    type_code(dialog.editor, "r")
    qtbot.waitUntil(lambda: faults(dialog) == [])
    QTest.mouseClick(dialog.buttons.button(dialog.buttons.StandardButton.Ok), Left)
    rest(studio, qtbot)
    assert session.errors == []
    assert session.history.undo_label == "Change the custom block scale"

    for _ in range(3):
        window.book.run("edit.undo")
    rest(studio, qtbot)
    assert dumps(session.document) == first
    for _ in range(3):
        window.book.run("edit.redo")
    rest(studio, qtbot)
    assert session.errors == []
    session.perform(Connect(Wire("scale_1", "y", "output_1", "x")))
    rest(studio, qtbot)
    assert session.program is not None
    assert "class Scale(nn.Module):" in session.program.source


def test_what_is_wrong_shows_while_typing_and_typed_code_is_not_given_up_unasked(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in(small())
    first = dumps(window.session.document)
    window.book.run("custom.new")
    dialog = editor_of(qtbot)
    replace_all(dialog, "class A(nn.Module):\n    def forward(self, *xs):\n        pass\n")
    qtbot.waitUntil(lambda: dialog.faults.count() == 2)
    assert faults(dialog)[0] == "Line 2: Name every input of forward: *xs says neither how many nor which."
    assert "2 things to mend" in dialog.verdict.text()
    assert dialog.editor.marked == [2]
    QTest.mouseClick(dialog.faults.viewport(), Left, NONE, dialog.faults.visualItemRect(dialog.faults.item(0)).center())
    assert dialog.editor.textCursor().blockNumber() == 1

    key(dialog.editor, Key.Key_Escape)
    box = dialog.findChild(QMessageBox, "typed")
    assert box is not None
    QTest.mouseClick(box.button(QMessageBox.StandardButton.Cancel), Left)
    assert dialog.isVisible()
    key(dialog.editor, Key.Key_Escape)
    box = dialog.findChildren(QMessageBox, "typed")[-1]
    QTest.mouseClick(box.button(QMessageBox.StandardButton.Discard), Left)
    settle()
    assert QApplication.activeModalWidget() is None
    assert dumps(window.session.document) == first


def test_another_user_is_asked_and_nothing_runs_before_the_answer(
    open_in: OpenIn, qtbot: QtBot, studio: Studio, tmp_path: Path
) -> None:
    sign = tmp_path / "sign"
    file = tmp_path / "net.loom"
    save(classifier(writing(sign), trusted=False), file)
    window = open_in(small())
    banner = window.findChildren(TrustBanner)[0]
    assert not banner.isVisible()
    window.files.open_path(file)
    qtbot.waitUntil(lambda: window.session.path == file)
    rest(studio, qtbot)
    session = window.session
    assert banner.isVisible()
    window.show_welcome()
    assert not banner.isVisible()
    window.show_drawing()
    assert banner.isVisible()
    assert [problem.node for problem in session.errors] == ["gated_conv_1", "gated_conv_2"]

    session.select(["gated_conv_1"])  # inspector, canvas, editor, library and code panel see it as well
    for panel in ("code", "problems", "outline", "plan", "blocks", "data"):
        window.show_panel(panel)
        settle()
    session.enter("gated_conv_1")
    window.book.run("custom.edit")
    dialog = editor_of(qtbot)
    replace_all(dialog, dialog.editor.toPlainText() + "\n# looked at\n")
    key(dialog.editor, Key.Key_Return, CONTROL)
    rest(studio, qtbot)
    assert untrusted(session.document) == ["gated_conv"], "typed in a document that is not trusted"
    for action in ("edit.undo", "canvas.copy", "canvas.paste", "run.train"):
        window.book.run(action)
    rest(studio, qtbot)
    assert not session.runs.live
    assert not sign.exists()


def test_trust_is_given_with_the_code_in_view(open_in: OpenIn, qtbot: QtBot, studio: Studio, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    window = open_in(classifier(writing(sign), trusted=False))
    session, banner = window.session, window.findChildren(TrustBanner)[0]
    window.show_panel("problems")
    settle()
    fix = next(
        button
        for row in window.findChildren(ProblemRow)
        for button in row.findChildren(QPushButton)
        if button.text() == "Trust this document" and button.isVisible()
    )
    QTest.mouseClick(fix, Left)
    asked = QApplication.activeModalWidget()
    assert isinstance(asked, TrustDialog)
    assert "write_text" in asked.view.toPlainText(), "the code is shown first"
    key(asked, Key.Key_Return)  # Enter says no
    settle()
    rest(studio, qtbot)
    assert not sign.exists()
    assert banner.isVisible()

    read = next(button for button in banner.findChildren(QPushButton))
    QTest.mouseClick(read, Left)
    asked = QApplication.activeModalWidget()
    assert isinstance(asked, TrustDialog)
    QTest.mouseClick(asked.trust, Left)
    rest(studio, qtbot)
    assert sign.read_text() == "ran"
    assert session.errors == []
    assert not banner.isVisible()
    assert not window.book.qaction("custom.trust").isEnabled()

    session.perform(SetCustom("gated_conv", CustomCode(GATED + "\n# from elsewhere\n")))
    rest(studio, qtbot)
    assert banner.isVisible(), "changed code asks again"


def test_what_a_crash_left_is_recovered_without_being_run(
    studio: Studio, qtbot: QtBot, tmp_path: Path, layerloom_home: Path
) -> None:
    from graph_engine.document.journal import Recovery

    sign = tmp_path / "sign"
    document = classifier(writing(sign), trusted=False)
    journal = Journal(tmp_path / "left", document)
    journal.record(SetCustom("gated_conv", CustomCode(writing(sign) + "\n# later\n")))
    (left,) = (tmp_path / "left").glob("*.journal")
    kept = tmp_path / "kept.journal"
    kept.write_bytes(left.read_bytes())
    journal.close()
    studio.begin()
    studio.window.files.recover(Recovery(kept, None, "Gated digits", 1, 0.0))
    qtbot.waitUntil(lambda: "gated_conv" in studio.session.document.customs, timeout=20_000)
    rest(studio, qtbot)
    assert studio.session.document.customs["gated_conv"].source.endswith("# later\n")
    assert studio.session.errors
    assert not sign.exists()


def test_the_library_s_menu_edits_and_deletes(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(classifier())
    library = window.findChild(LibraryPanel)
    assert library is not None

    def menu() -> dict[str, object]:
        library.tree.menu_requested.emit("custom:gated_conv", QPoint(10, 10))
        found = library.findChildren(QMenu)[-1]
        actions = {action.text(): action for action in found.actions() if action.text()}
        found.close()
        return actions  # type: ignore[return-value]

    actions = menu()
    assert list(actions) == ["Place", "Edit code…", "Delete (used 2 times)"]
    assert not actions["Delete (used 2 times)"].isEnabled()  # type: ignore[attr-defined]
    actions["Edit code…"].trigger()  # type: ignore[attr-defined]
    dialog = editor_of(qtbot)
    key(dialog.editor, Key.Key_Escape)
    settle()
    assert QApplication.activeModalWidget() is None, "nothing was typed, so nothing is asked"


def test_a_double_click_opens_the_code(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in(classifier())
    window.canvas.fit_all()
    card = window.canvas.canvas_scene.nodes["gated_conv_2"].card
    at = window.canvas.mapFromScene(QPointF(card.center().x(), card.bottom() - 6.0))
    QTest.mouseClick(window.canvas.viewport(), Left, NONE, at)
    QTest.mouseDClick(window.canvas.viewport(), Left, NONE, at)
    dialog = editor_of(qtbot)
    assert dialog.editor.toPlainText() == GATED
    key(dialog.editor, Key.Key_Escape)
    settle()


def test_letters_that_are_not_seen_are_shown_before_trust(open_in: OpenIn) -> None:
    window = open_in(classifier(f"# \u202e\u200b\x1b\n{GATED}", trusted=False))
    assert "# \\u202e\\u200b\\u001b\n" in all_code(window.session)


@pytest.mark.parametrize(
    ("before", "keys", "after"),
    [
        ("if x:", [(Key.Key_Return, NONE)], "if x:\n    "),
        ("    y", [(Key.Key_Return, NONE)], "    y\n    "),
        ("ab", [(Key.Key_Tab, NONE)], "ab  "),
        ("        ", [(Key.Key_Backspace, NONE)], "    "),
        ("     ", [(Key.Key_Backspace, NONE)], "    "),
        ("a\nb", [(Key.Key_A, CONTROL), (Key.Key_Tab, NONE)], "    a\n    b"),
        ("    a\n  b", [(Key.Key_A, CONTROL), (Key.Key_Backtab, SHIFT)], "a\nb"),
        ("a\nb", [(Key.Key_A, CONTROL), (Key.Key_Tab, NONE), (Key.Key_Z, CONTROL)], "a\nb"),
    ],
)
def test_the_editor_keeps_the_indentation(
    before: str, keys: list[tuple[Key, Qt.KeyboardModifier]], after: str, qtbot: QtBot
) -> None:
    editor = CodeEditor()
    qtbot.addWidget(editor)
    editor.setPlainText(before)
    editor.moveCursor(editor.textCursor().MoveOperation.End)
    for name, modifier in keys:
        key(editor, name, modifier)
    assert editor.toPlainText() == after


def test_ctrl_tab_leaves_the_editor(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in(small())
    window.book.run("custom.new")
    dialog = editor_of(qtbot)
    dialog.activateWindow()
    dialog.editor.setFocus()
    key(dialog.editor, Key.Key_Tab, CONTROL)
    assert not dialog.editor.hasFocus()
    dialog.reject()
    settle()


def test_the_actions_are_in_the_menu() -> None:
    assert {"custom.new", "custom.edit", "custom.trust"} <= {action.id for action in ALL}
