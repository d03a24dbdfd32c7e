"""Files, exports, autosave and recovery: nothing is lost, and what goes wrong is said in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.dialogs.export import FORMATS, ExportChoice, ExportDialog
from app.open_document import OpenDocument
from app.session import Session
from app.settings import Settings
from app.start import RenderError, Studio, render
from app.window import MainWindow
from graph_engine.document import AddNodes, Document, Node, SetParameter
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps, load, save
from graph_engine.document.journal import Journal, recoverable
from graph_engine.home import journal_folder
from presets import open_preset
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]


@pytest.fixture(autouse=True)
def _own_dialogs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Qt's file dialog rather than the desktop's, which no test could reach."""
    made = QFileDialog.open

    def open_qts(dialog: QFileDialog) -> None:
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        made(dialog)

    monkeypatch.setattr(QFileDialog, "open", open_qts)


def told(window: MainWindow) -> list[str]:
    return [toast.text() for toast in window.notices.toasts.toasts()]


def change(window: MainWindow) -> None:
    window.session.perform(SetParameter("conv2d_1", "channels", 9))


def box(window: MainWindow, name: str) -> QMessageBox:
    found = window.findChild(QMessageBox, name)
    assert found is not None
    return found


def choose(window: MainWindow, file: Path) -> None:
    """Answers the file dialog that is open."""
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    assert line is not None
    line.setText(str(file))
    dialog.accept()
    window.activateWindow()


def press(dialog: QMessageBox, button: QMessageBox.StandardButton) -> None:
    dialog.button(button).click()
    settle()


# --- opening and saving


def test_saving_asks_for_a_name_once(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("lenet5")
    change(window)
    window.settings.last_folder = str(tmp_path)

    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.selectedFiles() == [str(tmp_path / "lenet-5.loom")]
    choose(window, tmp_path / "mine.loom")
    qtbot.waitUntil(lambda: not window.session.dirty, timeout=10_000)
    assert load(tmp_path / "mine.loom").main["conv2d_1"].parameters["channels"] == 9

    window.session.perform(SetParameter("conv2d_1", "channels", 10))
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.session.dirty, timeout=10_000)
    assert load(tmp_path / "mine.loom").main["conv2d_1"].parameters["channels"] == 10
    assert window.statusbar._kept.text() == "saved"


def test_what_is_typed_is_entered_before_it_is_saved(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("lenet5")
    file = tmp_path / "net.loom"
    window.files.save_to(file)
    qtbot.waitUntil(lambda: window.session.path == file, timeout=10_000)
    window.session.select(["conv2d_1"])
    line = window.panes.inspector.node_page.form.rows["channels"].field  # type: ignore[union-attr]
    line.setFocus()  # type: ignore[attr-defined]
    line.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(line, "11")  # type: ignore[arg-type]

    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.session.jobs.titles, timeout=10_000)

    assert load(file).main["conv2d_1"].parameters["channels"] == 11
    assert not window.session.dirty


def test_opening_puts_the_file_among_the_recent(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("lenet5")
    file = tmp_path / "a.loom"
    save(open_preset("mlp"), file)

    window.files.open()
    choose(window, file)
    qtbot.waitUntil(lambda: window.session.path == file, timeout=10_000)

    assert window.settings.recent_files == [file]
    assert window.session.document.title == "Multi-layer perceptron"


def test_a_file_that_a_program_wrote_is_laid_out(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("lenet5")
    net = Builder("By a program")
    net.output(net.add("relu", net.input("x", 4)))
    save(net.document, tmp_path / "a.loom")
    window.files.open_path(tmp_path / "a.loom")
    qtbot.waitUntil(lambda: window.session.path is not None, timeout=10_000)

    assert len({node.position for node in window.session.document.main}) == 3
    assert not window.session.dirty


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a Layerloom document"),
        (json.dumps({"format": "layerloom", "version": 99}), "newer Layerloom"),
        ("\0\0", "JSON"),
    ],
)
def test_a_bad_file_is_said_in_a_sentence_and_what_was_open_stays(
    open_in: OpenIn, qtbot: QtBot, tmp_path: Path, text: str, words: str
) -> None:
    window = open_in("lenet5")
    before = window.session.document
    file = tmp_path / "bad.loom"
    file.write_text(text)

    window.files.open_path(file)
    qtbot.waitUntil(lambda: bool(told(window)), timeout=10_000)

    assert words in told(window)[0]
    assert "bad.loom" in told(window)[0]
    assert window.session.document is before


def test_a_recent_file_that_is_gone_is_forgotten(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("lenet5")
    file = tmp_path / "gone.loom"
    window.settings.remember_file(file)

    window.files.open_path(file)
    qtbot.waitUntil(lambda: bool(told(window)), timeout=10_000)

    assert "gone.loom" in told(window)[0]
    assert window.settings.recent_files == []


def test_a_save_that_fails_loses_nothing(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("lenet5")
    change(window)

    window.files.save_to(tmp_path / "no" / "such" / "folder" / "a.loom")
    qtbot.waitUntil(lambda: bool(told(window)), timeout=10_000)

    assert "could not be saved" in told(window)[0]
    assert window.session.dirty
    assert window.session.path is None


# --- unsaved changes


def test_closing_unsaved_changes_asks(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("lenet5")
    window.settings.last_folder = str(tmp_path)
    change(window)
    buttons = QMessageBox.StandardButton

    window.book.run("file.close")
    press(box(window, "unsaved"), buttons.Cancel)
    assert "conv2d_1" in window.session.graph

    window.book.run("file.close")
    press(box(window, "unsaved"), buttons.Save)
    choose(window, tmp_path / "kept.loom")
    qtbot.waitUntil(lambda: len(window.session.graph) == 0, timeout=10_000)
    assert load(tmp_path / "kept.loom").main["conv2d_1"].parameters["channels"] == 9


def test_quitting_with_unsaved_changes_asks_and_may_be_called_off(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    change(window)
    buttons = QMessageBox.StandardButton

    window.close()
    press(box(window, "unsaved"), buttons.Cancel)
    assert window.isVisible()
    window.book.run("file.quit")
    press(box(window, "unsaved"), buttons.Discard)

    assert not window.isVisible()
    assert recoverable(journal_folder()) == []


def test_quitting_without_changes_asks_nothing(open_in: OpenIn) -> None:
    window = open_in("lenet5")

    window.book.run("file.quit")

    assert not window.isVisible()
    assert window.findChild(QMessageBox) is None


def test_a_preset_opens_beside_unsaved_work(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in("lenet5")
    change(window)

    window.files.open_preset("xor")

    qtbot.waitUntil(lambda: window.session.document.title == "XOR", timeout=10_000)
    assert not window.session.dirty
    assert [each.dirty for each in window.session.documents] == [True, False]


# --- the crash journal


def test_what_a_crash_left_is_offered_and_restored(studio: Studio, qtbot: QtBot) -> None:
    document = open_preset("lenet5")
    journal = Journal(journal_folder(), document)
    edit = SetParameter("conv2d_1", "channels", 77)
    document.apply(edit)
    journal.record(edit)
    _crash(journal)
    studio.begin()

    window = studio.window
    qtbot.waitUntil(lambda: len(window.welcome.recoveries) == 1, timeout=60_000)
    assert window.at_welcome
    banner = window.welcome.recoveries[0]
    next(button for button in banner.findChildren(QPushButton) if button.text() == "Restore").click()
    qtbot.waitUntil(lambda: "conv2d_1" in window.session.graph, timeout=10_000)

    assert dumps(window.session.document) == dumps(document)
    assert window.session.dirty
    assert not window.at_welcome
    # It is in a journal again at once, and no longer in the old one.
    (live,) = journal_folder().glob("*.journal")
    assert '"channels": 77' in live.read_text().replace("\\", "")


def test_what_is_given_up_is_gone(studio: Studio, qtbot: QtBot) -> None:
    document = open_preset("lenet5")
    journal = Journal(journal_folder(), document)
    journal.record(SetParameter("conv2d_1", "channels", 77))
    _crash(journal)
    studio.begin()
    window = studio.window
    qtbot.waitUntil(lambda: len(window.welcome.recoveries) == 1, timeout=60_000)

    banner = window.welcome.recoveries[0]
    next(button for button in banner.findChildren(QPushButton) if button.text() == "Discard").click()

    assert recoverable(journal_folder()) == []


def _crash(journal: Journal) -> None:
    """What is left of a journal when its process is killed."""
    content = journal._file.read_bytes()
    file = journal._file
    journal.close()
    file.write_bytes(content)


def test_every_edit_is_in_the_journal_at_once(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.session.perform(AddNodes((Node("relu_9", "relu"),)))
    window.session.undo()

    (file,) = journal_folder().glob("*.journal")
    lines = file.read_text().splitlines()[2:]
    assert [json.loads(line)["kind"] for line in lines] == ["add_nodes", "remove_nodes"]
    assert window.autosave.seconds_ago is not None


def test_after_a_save_the_journal_begins_anew(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("lenet5")
    change(window)
    window.files.save_to(tmp_path / "a.loom")
    qtbot.waitUntil(lambda: not window.session.dirty, timeout=10_000)

    (file,) = journal_folder().glob("*.journal")
    assert len(file.read_text().splitlines()) == 2
    assert "a.loom" in file.read_text().splitlines()[0]


def test_closing_leaves_no_journal(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    change(window)
    window.discard()

    assert list(journal_folder().glob("*.journal")) == []


# --- exporting


@pytest.mark.parametrize("target", [each.target for each in FORMATS])
def test_every_format_is_exported(open_in: OpenIn, qtbot: QtBot, tmp_path: Path, target: str) -> None:
    pytest.importorskip("onnx" if target == "onnx" else "torch")
    window = open_in("mlp")
    suffix = next(each.suffix for each in FORMATS if each.target == target)
    file = tmp_path / f"net{suffix}"

    window.exports.export(ExportChoice(target, file))
    qtbot.waitUntil(lambda: bool(told(window)), timeout=60_000)

    assert file.stat().st_size > 0, told(window)
    assert told(window)[0].startswith(file.name)


def test_the_dialog_follows_the_format_and_tells_what_is_in_the_way(
    open_in: OpenIn, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_in("mlp")
    window.settings.last_folder = str(tmp_path)
    window.book.run("export.onnx")
    dialog = window.findChild(ExportDialog)
    assert dialog is not None
    chosen: list[ExportChoice] = []
    dialog.chosen.disconnect()
    dialog.chosen.connect(chosen.append)

    assert dialog.file.value().endswith(".onnx")
    dialog.choose("svg")
    assert dialog.file.value().endswith(".svg")
    assert not dialog._weights_row.isVisible()
    Path(dialog.file.value()).touch()
    dialog._judge()
    assert "replaced" in dialog._note.text()
    qtbot.waitUntil(lambda: not window.session.jobs.titles, timeout=20_000)
    dialog.buttons.button(QDialogButtonBox.StandardButton.Save).click()

    assert chosen == [ExportChoice("svg", Path(dialog.file.value()))]


def test_with_errors_only_the_drawing_can_be_exported(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in("mlp")
    window.session.perform(SetParameter("linear_3", "features", 7))
    qtbot.waitUntil(lambda: window.session.program is None, timeout=10_000)
    window.book.refresh()
    assert not window.book.qaction("export.python").isEnabled()
    assert window.book.qaction("export.svg").isEnabled()

    window.exports.ask("python")
    dialog = window.findChild(ExportDialog)
    assert dialog is not None
    save_button = dialog.buttons.button(QDialogButtonBox.StandardButton.Save)
    assert not save_button.isEnabled()
    dialog.choose("svg")
    assert save_button.isEnabled()
    qtbot.waitUntil(lambda: not window.session.jobs.titles, timeout=20_000)
    dialog.close()


# --- settings


def test_settings_are_kept_and_nonsense_in_them_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "window.ini"
    settings = Settings(file)
    settings.theme, settings.text_scale, settings.menu_bar = "light", 1.25, True
    settings.shortcuts = {"file.save": ["Ctrl+U"], "file.new": []}
    settings.remember_file(tmp_path / "a, b.loom")
    settings.sync()

    again = Settings(file)
    assert (again.theme, again.text_scale, again.menu_bar) == ("light", 1.25, True)
    assert again.shortcuts == {"file.save": ["Ctrl+U"], "file.new": []}
    assert again.recent_files == [tmp_path / "a, b.loom"]

    file.write_text("[look]\ntheme=pink\ntext_scale=large\n[keys]\nown=[1]\n[files]\nrecent={\n")
    broken = Settings(file)
    assert (broken.theme, broken.text_scale, broken.shortcuts, broken.recent_files) == ("system", 1.0, {}, [])


def test_without_a_home_settings_last_as_long_as_the_window(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "file"))

    settings = Settings.of_user()
    settings.theme = "light"

    assert settings.theme == "light"
    assert "LAYERLOOM_HOME" in settings.problem


# --- a picture of the window


@pytest.mark.parametrize(("panel", "theme"), [("code", "dark"), ("inspector", "light")])
def test_a_picture_of_the_window(tmp_path: Path, panel: str, theme: str, qtbot: QtBot) -> None:
    from PySide6.QtGui import QImage

    file = tmp_path / "window.png"

    render(open_preset("lenet5"), (1280, 720), panel, theme, file, select="conv2d_1")  # type: ignore[arg-type]

    image = QImage(str(file))
    assert (image.width(), image.height()) == (1280, 720)
    assert (
        image.pixelColor(640, 700).lightness() < 128
        if theme == "dark"
        else image.pixelColor(640, 712).lightness() > 128
    )


def test_a_picture_of_what_there_is_not(tmp_path: Path, qtbot: QtBot) -> None:
    with pytest.raises(RenderError, match="no panel called 'nothing'"):
        render(open_preset("lenet5"), (800, 600), "nothing", "dark", tmp_path / "x.png")


def test_an_open_document_counts_as_unsaved_when_it_was_recovered(session: Session) -> None:
    opened = OpenDocument(Document())
    assert not opened.dirty
    opened.recovered = True
    assert opened.dirty
