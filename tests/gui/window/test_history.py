"""Steps by name, one click to any of them; versions of the file, compared and restored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidget
from pytestqt.qtbot import QtBot

from app.dialogs.compare import CompareDialog
from app.panels.history import HistoryPanel
from app.start import Studio
from app.window import MainWindow
from graph_engine.document import Document, RemoveNodes, SetParameter
from graph_engine.document.file import dumps, save
from presets import open_preset
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]


def _panel(window: MainWindow) -> HistoryPanel:
    window.show_panel("history")
    settle()
    panel = window.panes.bottom.panel("history")
    assert isinstance(panel, HistoryPanel)
    return panel


def _rows(view: QListWidget) -> list[str]:
    return [view.item(at).text() for at in range(view.count())]


def _click(view: QListWidget, row: int) -> None:
    place = view.visualItemRect(view.item(row)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    settle()


def test_one_click_goes_to_any_step(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    session = window.session
    before = dumps(session.document)
    for channels in range(7, 12):
        session.perform(SetParameter("conv2d_1", "channels", channels), label=f"Channels {channels}")
    panel = _panel(window)
    assert _rows(panel.steps) == ["Opened", *(f"Channels {each}" for each in range(7, 11)), "Channels 11   (now)"]

    _click(panel.steps, 0)
    assert dumps(session.document) == before
    assert _rows(panel.steps)[0] == "Opened   (now)"
    assert _rows(panel.steps)[-1] == "Channels 11   (taken back)"
    _click(panel.steps, 3)
    assert session.graph["conv2d_1"].parameters["channels"] == 9
    panel.steps.setFocus()
    QTest.keyClick(panel.steps, Qt.Key.Key_Down)
    QTest.keyClick(panel.steps, Qt.Key.Key_Return)
    settle()
    assert session.graph["conv2d_1"].parameters["channels"] == 10


def test_versions_are_kept_compared_and_restored(open_in: OpenIn, qtbot: QtBot, studio: Studio, tmp_path: Path) -> None:
    window = open_in("lenet5")
    session = window.session
    panel = _panel(window)
    assert panel.versions.count() == 0
    window.files.save_to(tmp_path / "net.loom")
    qtbot.waitUntil(lambda: panel.versions.count() == 1, timeout=10_000)
    saved = dumps(session.document)
    session.perform(SetParameter("conv2d_1", "channels", 12))
    session.perform(RemoveNodes(("accuracy_1",)))
    window.versions.keep_changed()
    qtbot.waitUntil(lambda: panel.versions.count() == 2, timeout=10_000)
    assert "while it was changed" in panel.versions.item(0).text()

    _click(panel.versions, 1)
    qtbot.waitUntil(lambda: "1 node removed" in panel._note.text(), timeout=10_000)
    assert "1 node changed" in panel._note.text()
    panel.compare.click()
    qtbot.waitUntil(lambda: window.findChild(CompareDialog) is not None, timeout=10_000)
    dialog = window.findChild(CompareDialog)
    assert isinstance(dialog, CompareDialog)
    qtbot.waitUntil(lambda: dialog.cost.text().startswith("Parameters"), timeout=10_000)
    items = dialog.tree.findItems("Conv 2d (conv2d_1)", Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
    assert [items[0].child(0).text(at) for at in range(3)] == ["Channels", "6", "12"]
    assert items[0].text(3) == "+156"  # six filters of 5×5 with their biases
    dialog.tree.itemActivated.emit(items[0], 0)
    assert session.selection.nodes == ("conv2d_1",)
    dialog.reject()
    settle()

    changed = dumps(session.document)
    _click(panel.versions, 1)
    panel.restore.click()
    qtbot.waitUntil(lambda: dumps(session.document) == saved, timeout=10_000)
    assert session.history.undo_label == "Restore a version"
    assert set(window.canvas.canvas_scene.nodes) == set(session.graph.nodes)
    session.undo()
    assert dumps(session.document) == changed


# --- files dropped on the window


def _drop(window: MainWindow, *paths: Path) -> None:
    """As a file manager does it: over the canvas, which takes only blocks."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at = QPoint(20, 20)
    enter = QDragEnterEvent(
        at, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    drop = QDropEvent(
        QPointF(at), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, drop)
    settle()


def _told(window: MainWindow) -> str:
    return " ".join(toast.text() for toast in window.notices.toasts.toasts())


def test_a_dropped_document_opens(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("lenet5")
    save(open_preset("xor"), tmp_path / "x.loom")
    _drop(window, tmp_path / "x.loom")
    qtbot.waitUntil(lambda: window.session.path == tmp_path / "x.loom", timeout=10_000)


def test_dropped_data_is_bound_and_can_be_undone(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("xor")
    file = tmp_path / "points.csv"
    file.write_text("a,b,label\n0,1,1\n1,1,0\n0,0,0\n1,0,1\n")
    _drop(window, file)
    qtbot.waitUntil(lambda: window.session.document.binding.dataset == str(file), timeout=10_000)
    assert window.session.history.undo_label == "Use data points"
    window.session.undo()
    assert window.session.document.binding.dataset == "xor"


def test_wrong_files_say_why(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_in("xor")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "bad.npz").write_text("hello")
    (tmp_path / "cat.png").write_bytes(b"x")
    before = dumps(window.session.document)
    _drop(window, tmp_path / "notes.txt")
    assert "notes.txt can't be used: drop a document (.loom)" in _told(window)
    _drop(window, tmp_path / "bad.npz")
    qtbot.waitUntil(lambda: "bad.npz is damaged" in _told(window), timeout=10_000)
    _drop(window, tmp_path / "cat.png")
    assert "this network takes no image" in _told(window)
    assert dumps(window.session.document) == before


def test_a_dropped_picture_is_looked_at(open_in: OpenIn, qtbot: QtBot, studio: Studio, tmp_path: Path) -> None:
    from PySide6.QtGui import QImage

    window = open_in("lenet5")
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    assert image.save(str(tmp_path / "white.png"))
    activations = window.session.runs.activations
    _drop(window, tmp_path / "white.png")
    window.session.select(["input_1"])
    activations.want(window, ("input_1",))

    def least() -> float | None:
        view = activations.view("input_1")
        return float(view.values.min()) if view is not None else None

    qtbot.waitUntil(lambda: least() == 1.0, timeout=30_000)
    assert activations.picture == tmp_path / "white.png"
    activations.set_sample(0)
    qtbot.waitUntil(lambda: least() == 0.0, timeout=30_000)
    assert activations.picture is None

    (tmp_path / "no.png").write_bytes(b"no picture")
    _drop(window, tmp_path / "no.png")
    qtbot.waitUntil(lambda: studio.settled, timeout=10_000)
    said = [toast.text() for toast in window.notices.toasts.toasts()]
    assert any("no.png" in each and "looked at" not in each for each in said)
    assert not any("no.png is looked at" in each for each in said)
    assert activations.picture is None
