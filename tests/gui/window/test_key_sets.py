"""Keys of one's own: sets, what is taken from what, and that no key is ever that of two actions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from app.actions import ALL
from app.dialogs.key_table import KeyTable
from app.key_sets import KEY_SETS, KeySet, changed_by
from app.window import MainWindow
from tests.gui.window.conftest import settle

OpenIn = Callable[[str], MainWindow]


EXPECTED = {
    "canvas.zoom_in": ("Ctrl+=",),
    "canvas.zoom_out": ("Ctrl+-",),
    "canvas.zoom_reset": ("Ctrl+0",),
    "canvas.fit_all": ("Home",),
    "canvas.fit_selection": ("F", "."),
    "canvas.add_block": ("Tab", "Shift+A"),
    "canvas.select_all": ("Ctrl+A",),
    "canvas.select_none": ("Ctrl+Shift+A",),
    "canvas.select_upstream": ("L",),
    "canvas.select_downstream": ("Shift+L",),
    "canvas.delete": ("Del", "Backspace"),
    "canvas.dissolve": ("Ctrl+Del",),
    "canvas.cut": ("Ctrl+X",),
    "canvas.copy": ("Ctrl+C",),
    "canvas.paste": ("Ctrl+V",),
    "canvas.paste_with_wires": ("Ctrl+Shift+V",),
    "canvas.duplicate": ("Ctrl+D",),
    "canvas.connect": ("J",),
    "network.bypass": ("Ctrl+B",),
    "canvas.collapse": ("H",),
    "canvas.frame": ("C",),
    "composite.make": ("Ctrl+G", "Ctrl+Shift+E"),
    "composite.unpack": ("Ctrl+Shift+G",),
    "edit.undo": ("Ctrl+Z",),
    "edit.redo": ("Ctrl+Y", "Ctrl+Shift+Z"),
    "edit.find": ("Ctrl+F",),
    "help.palette": ("Ctrl+K", "Ctrl+Shift+P"),
    "edit.rename": ("F2",),
    "canvas.arrange": ("Ctrl+L",),
    "canvas.straighten": ("Q",),
    "canvas.nudge_left": ("Left",),
    "canvas.nudge_far_left": ("Shift+Left",),
    "view.minimap": ("Alt+M",),
    "network.check": ("F7",),
    "run.train": ("Ctrl+Return",),
    "run.stop": ("Ctrl+Alt+Return",),
    "run.probe": ("F9",),
    "run.recall_1": ("1",),
    "run.recall_9": ("9",),
    "view.next_pane": ("F6",),
    "view.previous_pane": ("Shift+F6",),
    "help.node": ("F1",),
    "help.shortcuts": ("Ctrl+Shift+/",),
    "file.new": ("Ctrl+N",),
    "file.open": ("Ctrl+O",),
    "file.save": ("Ctrl+S",),
    "file.save_as": ("Ctrl+Shift+S",),
}
"""What hands expect, whatever else has keys."""


def test_every_key_that_hands_expect_is_there() -> None:
    keys = {action.id: action.keys for action in ALL}
    missing = {name: set(expected) - set(keys[name]) for name, expected in EXPECTED.items()}
    assert {name: lost for name, lost in missing.items() if lost} == {}
    assert any("Ctrl+," in found for found in keys.values()), "settings"
    assert any("Ctrl+E" in found for found in keys.values()), "export"


@pytest.mark.parametrize("key_set", KEY_SETS)
def test_in_no_set_two_actions_have_one_key(open_in: OpenIn, key_set: KeySet) -> None:
    book = open_in("lenet5").book
    book.set_own_keys({}, key_set)
    assert book.clashes({}) == {}
    assert changed_by(key_set) <= {action.id for action in ALL}
    for action in book.actions:
        for key in book.usual(action.id):
            assert QKeySequence(key).toString(), f"{key} of {action.id} is no key"


@pytest.mark.parametrize(
    ("key_set", "says", "not_"),
    [
        ("layerloom", "Tab: add a block · A: add what follows ·", "Shift+A"),
        ("blender", "Shift+A: add a block · Alt+A: add what follows ·", "Tab"),
    ],
)
def test_the_canvas_names_the_keys_that_are_in_use(open_in: OpenIn, key_set: KeySet, says: str, not_: str) -> None:
    window = open_in("lenet5")
    window.book.set_own_keys({}, key_set)
    assert window.canvas.hint.startswith(says)
    assert not_ not in window.canvas.hint
    window.book.set_own_keys({"canvas.add_block": [], "canvas.fit_all": ["Ctrl+9"]}, key_set)
    assert window.canvas.hint.startswith("Double-click: add a block")
    assert window.canvas.hint.endswith("Ctrl+9: fit all")


def test_a_set_is_chosen_in_the_preferences_and_works_at_once(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    table = KeyTable(window.book, window.settings, window)
    table._choose_set("blender")
    settle()
    assert window.settings.key_set == "blender"
    window.session.select(["conv2d_1"])
    window.canvas.setFocus()
    settle()
    QTest.keyClick(window.canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    settle()
    assert window.session.history.undo_label == "Duplicate Conv 2d"


def test_a_key_that_the_user_gives_is_taken_from_the_action_that_had_it(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    table = KeyTable(window.book, window.settings, window)
    table.choose("canvas.arrange")
    table.editor.setKeySequence(QKeySequence("Q"))
    settle()
    assert "taken from Straighten" in table.note.text()
    assert [key.toString() for key in window.book.keys("canvas.arrange")] == ["Q"]
    assert window.book.keys("canvas.straighten") == []
    assert window.book.clashes(window.settings.shortcuts) == {}
    table.reset.click()
    settle()
    assert [key.toString() for key in window.book.keys("canvas.straighten")] == ["Q"]
