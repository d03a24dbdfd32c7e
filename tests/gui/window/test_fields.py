"""What the data has and nothing asks for yet is drawn as an input by one click."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton, QWidget

from app.panels.data import DataPanel
from graph_engine.document import Document
from tests.gui.window.hands import OpenIn

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

PATIENCE = 30_000  # ms


def offers(panel: QWidget) -> dict[str, QToolButton]:
    """The buttons that draw an input, by field."""
    lead = "Draw an Input for "
    buttons = {each.accessibleName(): each for each in panel.findChildren(QToolButton) if each.isVisible()}
    return {name.removeprefix(lead): button for name, button in buttons.items() if name.startswith(lead)}


def test_a_field_that_nothing_asks_for_is_drawn_as_an_input(open_in: OpenIn, qtbot: QtBot, tmp_path: Path) -> None:
    """Numbers, classes, and a field that Python could not call by its name, which the binding names."""
    window = open_in(Document(title="Mine"))
    session = window.session
    path = tmp_path / "mine.npz"
    fields = {"2nd view": np.zeros((40, 3), "f4"), "x": np.zeros((40, 6), "f4"), "label": np.arange(40) % 4}
    np.savez(path, **fields)  # type: ignore[arg-type]
    window.show_panel("data")
    panel = window.panes.left.panel("data")
    assert isinstance(panel, DataPanel)
    panel.use(str(path))
    for name in ("x", "label", "2nd view"):
        qtbot.waitUntil(lambda: set(offers(panel)) == set(fields), timeout=PATIENCE)
        QTest.mouseClick(offers(panel)[name], Qt.MouseButton.LeftButton)
        del fields[name]
    qtbot.waitUntil(lambda: not offers(panel), timeout=PATIENCE)

    drawn = {node.parameters["name"]: node for node in session.document.main}
    asked = {name: (node.parameters["shape"], node.parameters.get("classes")) for name, node in drawn.items()}
    assert asked == {"x": ([6], None), "label": ([], 4), "field_2nd_view": ([3], None)}
    assert dict(session.document.binding.fields) == {drawn["field_2nd_view"].id: "2nd view"}
    assert session.selection.nodes == (drawn["field_2nd_view"].id,)
    session.undo()
    assert len(session.document.main) == 2
    assert not session.document.binding.fields
    qtbot.waitUntil(lambda: set(offers(panel)) == {"2nd view"}, timeout=PATIENCE)


def test_a_network_that_asks_for_everything_is_offered_nothing(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in("lenet5")
    window.show_panel("data")
    panel = window.panes.left.panel("data")
    assert isinstance(panel, DataPanel)
    qtbot.waitUntil(lambda: panel.overview() is not None, timeout=PATIENCE)
    assert not offers(panel)
