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


@pytest.mark.parametrize("key_set", KEY_SETS)
def test_in_no_set_two_actions_have_one_key(open_in: OpenIn, key_set: KeySet) -> None:
    book = open_in("lenet5").book
    book.set_own_keys({}, key_set)
    assert book.clashes({}) == {}
    assert changed_by(key_set) <= {action.id for action in ALL}
    for action in book.actions:
        for key in book.usual(action.id):
            assert QKeySequence(key).toString(), f"{key} of {action.id} is no key"


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
