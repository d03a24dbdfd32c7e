"""Every row of the list of keys and gestures, by real mouse and key events in the window; and those of the sets."""

from __future__ import annotations

import traceback

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.key_sets import KeySet, changed_by
from app.open_document import OpenDocument
from app.start import Studio
from app.window import MainWindow
from app.workspace import Side
from graph_engine.document.file import dumps
from tests.gui.canvas.conftest import small_net
from tests.gui.window.conftest import settle
from tests.gui.window.key_rows import ROWS, Hands


@pytest.fixture
def hands(window: MainWindow, studio: Studio, qtbot: QtBot) -> Hands:
    window.resize(1680, 1050)
    document, _ = small_net()
    window.session.show(OpenDocument(document, name="Small"))
    for side in (Side.LEFT, Side.BOTTOM):
        window.panes.workspace.show_side(side, shown=False)
    made = Hands(window, lambda: qtbot.waitUntil(lambda: studio.settled, timeout=30_000))
    made.rest()
    return made


def test_every_row(hands: Hands) -> None:
    window, session = hands.window, hands.session
    first = dumps(session.document)
    failed = {}
    for action, drive in ROWS.items():
        for side in (Side.LEFT, Side.BOTTOM):
            window.panes.workspace.show_side(side, shown=False)
        window.canvas.setFocus()
        window.canvas.set_zoom(1.0)
        window.canvas.centerOn(window.canvas.canvas_scene.contents().center())
        hands.rest()
        settle()
        try:
            drive(hands)
        except Exception:  # noqa: BLE001 - all rows are tried, whatever is wrong with one
            failed[action] = traceback.format_exc()
        hands.rest()
        session.go_to(0)
        session.go_to_step(0)
        session.select([])
        settle()
        if dumps(session.document) != first:
            failed[action] = f"{failed.get(action, '')}Undoing all does not bring the first document back."
    assert not failed, "\n".join(f"— {action}\n{told}" for action, told in failed.items())


def test_the_table_is_whole() -> None:
    assert len(ROWS) == 30


@pytest.mark.parametrize("key_set", ["blender", "comfyui"])
def test_the_keys_of_other_sets_run_their_actions(hands: Hands, key_set: KeySet) -> None:
    book, canvas = hands.window.book, hands.window.canvas
    book.set_own_keys({}, key_set)
    ran: list[str] = []
    for action in book.actions:
        book.qaction(action.id).triggered.connect(lambda _=False, name=action.id: ran.append(name))
    silent = []
    for name in sorted(changed_by(key_set)):
        for key in book.usual(name):
            hands.session.go_to_step(0)
            settle()
            canvas.setFocus()
            hands.session.select(["conv2d_1", "relu_1"])
            settle()
            if name in ("composite.enter", "composite.unpack"):
                book.run("composite.make")
                canvas.setFocus()
                hands.session.select([node.id for node in hands.graph if node.block.startswith("@")])
            settle()
            book.refresh()
            ran.clear()
            combination = QKeySequence(key)[0]
            QTest.keyClick(canvas, combination.key(), combination.keyboardModifiers())
            settle()
            if name not in ran:
                silent.append(f"{name} by {key}: {ran}")
            canvas.adding.close()
            hands.window.command_palette.close_palette()
            hands.session.go_to(0)
    assert silent == []
