"""The controls around the fields: rows, sections, messages, empty states, labels, keys, dressed views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAccessible, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTableWidget,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.theme import DARK, ThemeManager, theme_manager
from app.widgets import (
    Banner,
    ChoiceField,
    ElidedLabel,
    EmptyState,
    FormRow,
    KeyHint,
    MessageAction,
    NumberField,
    PairField,
    SearchField,
    Section,
    ShapeField,
    TextField,
    ToastStack,
    Toggle,
    dress_list,
    dress_table,
    dress_tree,
)

Show = Callable[[QWidget], QWidget]


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[ThemeManager]:
    manager = theme_manager()
    manager.set_mode("dark")
    manager.set_font_scale(1.0)
    yield manager
    manager.set_font_scale(1.0)


@pytest.fixture
def show(qtbot: QtBot, theme: ThemeManager) -> Show:
    """Puts a widget on top of an active panel, 300 px wide."""
    panels = []  # qtbot holds them weakly

    def on_panel(widget: QWidget) -> QWidget:
        panel = QWidget()
        panels.append(panel)
        qtbot.addWidget(panel)
        column = QVBoxLayout(panel)
        column.addWidget(widget)
        column.addStretch(1)
        panel.resize(300, 400)
        panel.show()
        panel.activateWindow()
        QApplication.processEvents()
        return panel

    return on_panel


def child(widget: QWidget, kind: type[Any], text: str) -> Any:
    """The visible child with that text, or that accessible name."""
    found = [
        item
        for item in widget.findChildren(kind)
        if item.isVisibleTo(widget) and text in (getattr(item, "text", str)(), item.accessibleName())
    ]
    assert len(found) == 1, f"{len(found)} of {text!r}"
    return found[0]


# ----------------------------------------------------------------------------------------------------- form rows


def test_a_row_names_its_field_for_screen_readers(show: Show) -> None:
    row = FormRow("Kernel", PairField(3), help_text="How many pixels it sees.")
    show(row)
    interface = QAccessible.queryAccessibleInterface(row.widget)
    assert interface.text(QAccessible.Text.Name) == "Kernel"
    assert row.widget.toolTip() == "How many pixels it sees."


def test_only_a_field_makes_a_row(qtbot: QtBot) -> None:
    label = QLabel("no field")
    qtbot.addWidget(label)
    with pytest.raises(TypeError, match="QLabel is not a field"):
        FormRow("Kernel", label)


def test_a_dot_marks_what_was_changed_and_takes_it_back(show: Show) -> None:
    row = FormRow("Kernel", PairField(3), default=3)
    show(row)
    heard: list[tuple[str, Any]] = []
    row.field.edited.connect(lambda value: heard.append(("edited", value)))
    row.field.committed.connect(lambda value: heard.append(("committed", value)))
    assert not row.is_changed()
    row.field.set_value((3, 5))
    assert row.is_changed()
    dot = child(row, QToolButton, "Reset Kernel to 3")
    assert dot.toolTip() == "Changed from 3. Click to reset."
    dot.click()
    assert row.field.value() == 3
    assert heard == [("edited", 3), ("committed", 3)]
    assert not dot.isVisible()
    row.set_default(5)
    assert row.is_changed()


def test_the_dot_keeps_its_place_so_that_nothing_jumps(show: Show) -> None:
    row = FormRow("Kernel", PairField(3), default=3)
    show(row)
    before = row.widget.geometry()
    row.field.set_value(5)
    QApplication.processEvents()
    assert row.widget.geometry() == before


def test_a_row_without_a_default_has_no_dot(show: Show) -> None:
    row = FormRow("Name", TextField("a"))
    show(row)
    row.field.set_value("b")
    assert not row.is_changed()
    row.reset()
    assert row.field.value() == "b"


def test_an_error_is_said_in_words_below_the_field_and_makes_room(show: Show) -> None:
    section = Section("Parameters")
    row, below = FormRow("Channels", NumberField(3, whole=True)), FormRow("Stride", NumberField(1, whole=True))
    section.add(row)
    section.add(below)
    show(section)
    row.field.set_error("Channels must divide by groups: 3 is not a multiple of 2, and this goes on for two lines.")
    QApplication.processEvents()
    error = child(row, QLabel, row.field.error() or "")
    assert error.palette().color(error.foregroundRole()).name() == DARK.danger
    assert error.height() >= error.heightForWidth(error.width())
    assert error.geometry().top() >= row.widget.geometry().bottom()
    assert row.geometry().bottom() < below.geometry().top()
    row.field.set_error(None)
    assert not error.isVisible()


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_row_with_little_room_puts_the_label_above(show: Show, theme: ThemeManager, scale: float) -> None:
    row = FormRow("Learning rate", NumberField(0.1))
    panel = show(row)
    theme.set_font_scale(scale)
    for width, above in ((int(420 * scale), False), (int(110 * scale), True), (int(420 * scale), False)):
        panel.resize(width, 300)
        QApplication.processEvents()
        label = child(row, QLabel, "Learning rate")
        assert (label.geometry().bottom() < row.widget.geometry().top()) is above
        assert row.widget.width() >= row.width() * (0.9 if above else 0.4)


def test_rows_and_sections_stay_close_when_there_is_room_to_spare(show: Show) -> None:
    holder = QWidget()
    column = QVBoxLayout(holder)
    row, section, last = FormRow("A", NumberField(1)), Section("More"), FormRow("B", NumberField(2))
    section.add(FormRow("C", NumberField(3)))
    for widget in (row, section, last, Banner("Something.")):
        column.addWidget(widget)
    column.addStretch(1)
    show(holder).resize(300, 900)
    QApplication.processEvents()
    assert row.height() == row.sizeHint().height()
    assert section.height() == section.sizeHint().height()
    assert last.geometry().bottom() < 200


def test_rows_align_whatever_their_labels(show: Show) -> None:
    section = Section("Parameters")
    rows = [
        FormRow("A", NumberField(1)),
        FormRow("A label that is far too long for its place", PairField(1)),
        FormRow("Choice", ChoiceField(["a very long choice that does not fit", "b"])),
        FormRow("Shape", ShapeField((1, 28, 28))),
    ]
    for row in rows:
        section.add(row)
    show(section)
    assert len({row.widget.geometry().left() for row in rows}) == 1
    assert len({row.widget.geometry().right() for row in rows}) == 1


def test_dragging_the_label_scrubs_the_number_and_commits_at_the_end(show: Show) -> None:
    row = FormRow("Channels", NumberField(8, whole=True))
    show(row)
    heard: list[tuple[str, Any]] = []
    row.field.edited.connect(lambda value: heard.append(("edited", value)))
    row.field.committed.connect(lambda value: heard.append(("committed", value)))
    label = child(row, QLabel, "Channels")
    assert label.cursor().shape() == Qt.CursorShape.SizeHorCursor
    QTest.mousePress(label, Qt.MouseButton.LeftButton, pos=QPoint(10, 5))
    QTest.mouseMove(label, QPoint(22, 5))
    QTest.mouseMove(label, QPoint(28, 5))
    assert heard == [("edited", 10), ("edited", 11)]
    QTest.mouseRelease(label, Qt.MouseButton.LeftButton, pos=QPoint(28, 5))
    assert heard[2:] == [("committed", 11)]
    assert row.widget.hasFocus()


def test_a_label_without_steps_is_not_for_dragging(show: Show) -> None:
    row = FormRow("Name", TextField("a"))
    show(row)
    assert child(row, QLabel, "Name").cursor().shape() == Qt.CursorShape.ArrowCursor


def test_tab_goes_down_the_form_through_what_can_be_reset(show: Show) -> None:
    section = Section("Parameters")
    rows = [FormRow("A", NumberField(1)), FormRow("B", NumberField(2), default=1), FormRow("C", Toggle(False))]
    for row in rows:
        section.add(row)
    panel = show(section)
    section.header.setFocus()
    visited = []
    for _ in range(4):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        visited.append(panel.focusWidget())
    dot = child(rows[1], QToolButton, "Reset B to 1")
    assert visited == [rows[0].widget, rows[1].widget, dot, rows[2].widget]


# ------------------------------------------------------------------------------------------------------ sections


def test_a_section_folds_by_click_and_keys(qtbot: QtBot, show: Show) -> None:
    section = Section("Parameters")
    body = QLabel("body")
    section.add(body)
    show(section)
    assert body.isVisible()
    with qtbot.waitSignal(section.unfolded) as heard:
        QTest.mouseClick(section.header, Qt.MouseButton.LeftButton)
    assert heard.args == [False]
    assert not body.isVisible()
    assert section.is_folded()
    for key, unfolded in (
        (Qt.Key.Key_Right, True),
        (Qt.Key.Key_Left, False),
        (Qt.Key.Key_Space, True),
        (Qt.Key.Key_Return, False),
    ):
        QTest.keyClick(section.header, key)
        assert body.isVisible() is unfolded
    assert section.header.accessibleDescription() == "folded"


def test_a_section_starts_folded_and_counts(show: Show) -> None:
    section = Section("Advanced", folded=True)
    body = QLabel("body")
    section.add(body)
    section.header.set_note("3")
    panel = show(section)
    assert not body.isVisible()
    assert section.header.accessibleName() == "Advanced 3"
    assert section.height() < panel.height() / 4


# ------------------------------------------------------------------------------------------------------ messages


def test_toasts_stack_in_the_lower_right_corner_and_stay_there(show: Show, theme: ThemeManager) -> None:
    panel = show(QLabel("content"))
    panel.resize(700, 500)
    stack = ToastStack(panel, bottom_margin=30)
    first = stack.show("Saved.")
    second = stack.show("Could not write the checkpoint: the disk is full. " * 3, severity="error")
    assert first.geometry().bottom() < second.geometry().top()
    assert second.geometry().bottom() <= 470
    assert second.geometry().right() < 700
    assert second.height() > first.height()
    panel.resize(900, 600)
    QApplication.processEvents()
    assert 800 < second.geometry().right() < 900
    theme.set_font_scale(2.0)
    assert second.geometry().bottom() <= 570
    assert first.geometry().bottom() < second.geometry().top()
    stack.clear()
    assert stack.toasts() == ()


@pytest.mark.parametrize("words", ["Undo", "Add label, cross entropy and accuracy"])
def test_a_toast_shows_its_action_whole_and_leaves_room_for_its_words(show: Show, words: str) -> None:
    panel = show(QWidget())
    panel.resize(1000, 600)
    said = "There is no loss node, so there is nothing to train. Wire a loss such as cross entropy."
    toast = ToastStack(panel).show(said, severity="warning", action=MessageAction(words, lambda: None))
    QApplication.processEvents()
    button = child(toast, QPushButton, words)
    assert button.text() == words
    assert button.width() >= button.sizeHint().width()
    label = next(each for each in toast.findChildren(QLabel) if each.text() == said)
    assert label.width() > toast.width() / 2
    assert label.height() >= label.heightForWidth(label.width())


def test_a_toast_never_takes_the_focus_and_goes_by_itself(
    qtbot: QtBot, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.widgets.toast._SHOWN_FOR", 30)
    field = QLineEdit()
    panel = show(field)
    field.setFocus()
    stack = ToastStack(panel)
    stack.show("Saved.")
    assert field.hasFocus()
    qtbot.waitUntil(lambda: stack.toasts() == (), timeout=3000)


def test_an_error_stays_until_it_is_dismissed(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.widgets.toast._SHOWN_FOR", 1)
    stack = ToastStack(show(QLabel("content")))
    toast = stack.show("The disk is full.", severity="error")
    QTest.qWait(30)
    assert stack.toasts() == (toast,)
    child(toast, QToolButton, "Dismiss").click()
    assert stack.toasts() == ()


def test_a_toast_waits_while_the_focus_is_in_it(qtbot: QtBot, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.widgets.toast._SHOWN_LONGER_FOR", 20)
    stack = ToastStack(show(QLabel("content")))
    toast = stack.show("Removed 3 nodes.", action=MessageAction("Undo", lambda: None))
    child(toast, QPushButton, "Undo").setFocus()
    QTest.qWait(80)
    assert stack.toasts() == (toast,)
    QTest.keyClick(child(toast, QPushButton, "Undo"), Qt.Key.Key_Escape)
    assert stack.toasts() == ()


def test_the_action_of_a_toast_runs_once_and_closes_it(show: Show) -> None:
    ran: list[None] = []
    stack = ToastStack(show(QLabel("content")))
    toast = stack.show("Removed 3 nodes.", action=MessageAction("Undo", lambda: ran.append(None)))
    child(toast, QPushButton, "Undo").click()
    assert len(ran) == 1
    assert stack.toasts() == ()


def test_the_oldest_toast_gives_way(show: Show) -> None:
    stack = ToastStack(show(QLabel("content")))
    for number in range(6):
        stack.show(f"Message {number}.", severity="error")
    assert [toast.text() for toast in stack.toasts()] == [f"Message {number}." for number in range(2, 6)]
    stack.clear()


def test_a_toast_is_announced_to_screen_readers(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        "app.widgets.message.QAccessible.updateAccessibility", lambda event: said.append(event.message())
    )
    stack = ToastStack(show(QLabel("content")))
    toast = stack.show("Saved.")
    assert said == ["Saved."]
    assert toast.accessibleName() == "Saved."
    stack.clear()


def test_a_banner_offers_actions_and_goes_when_answered(qtbot: QtBot, show: Show) -> None:
    done: list[str] = []
    banner = Banner(
        "“digits.loom” had unsaved changes when Layerloom closed unexpectedly.",
        severity="warning",
        actions=[
            MessageAction("Recover", lambda: done.append("recovered")),
            MessageAction("Discard", lambda: done.append("discarded")),
        ],
        closable=False,
    )
    show(banner)
    assert [tool for tool in banner.findChildren(QToolButton) if tool.isVisible()] == []
    assert banner.height() >= banner.heightForWidth(banner.width())
    with qtbot.waitSignal(banner.closed):
        child(banner, QPushButton, "Recover").click()
    assert done == ["recovered"]
    assert not banner.isVisible()


def test_a_banner_is_dismissed_with_its_cross(qtbot: QtBot, show: Show) -> None:
    banner = Banner("There is a newer file on disk.")
    show(banner)
    banner.set_text("There are two newer files on disk.")
    assert banner.accessibleName() == banner.text() == "There are two newer files on disk."
    with qtbot.waitSignal(banner.closed):
        child(banner, QToolButton, "Dismiss").click()


def test_an_empty_state_says_what_to_do_and_does_it(qtbot: QtBot, show: Show) -> None:
    empty = EmptyState("chart", "Press Train and loss appears here.", title="No run yet", action="Train")
    show(empty)
    with qtbot.waitSignal(empty.triggered):
        child(empty, QPushButton, "Train").click()
    empty.set_sentence("Nothing was found.")
    assert empty.sentence() == "Nothing was found."
    assert [button for button in empty.findChildren(QPushButton) if button.isVisible()] == []


# --------------------------------------------------------------------------------------------------- search, views


def test_down_leads_from_the_search_into_what_it_found(show: Show) -> None:
    holder = QWidget()
    column = QVBoxLayout(holder)
    field, view = SearchField("Filter blocks…"), QListWidget()
    column.addWidget(field)
    column.addWidget(view)
    show(holder)
    field.set_view(view)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert field.hasFocus(), "nothing to go to"
    view.addItems(["Conv 2d", "Linear"])
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert view.hasFocus()
    assert view.currentRow() == 0


def test_the_search_tells_every_letter_and_clears(show: Show) -> None:
    field = SearchField("Search", keys="Ctrl+K")
    show(field)
    field.setFocus()
    heard: list[str] = []
    field.edited.connect(heard.append)
    field.committed.connect(lambda text: heard.append(f"!{text}"))
    hint = field.findChild(KeyHint)
    assert hint is not None
    assert hint.isVisible()
    QTest.keyClicks(field, "co")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert heard == ["c", "co", "!co"]
    assert not hint.isVisible()
    child(field, QToolButton, "Clear").click()
    assert heard[-1] == ""
    QTest.keyClicks(field, "x")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    assert hint.isVisible()


def test_what_stands_in_the_search_line_never_covers_its_text(show: Show, theme: ThemeManager) -> None:
    field = SearchField("Search blocks, actions, presets…", keys="Ctrl+K")
    panel = show(field)
    hint = field.findChild(KeyHint)
    assert hint is not None
    for width in (150, 300, 500):
        panel.resize(width, 100)
        QApplication.processEvents()
        end = field.textMargins().left() + field.fontMetrics().horizontalAdvance(field.placeholderText())
        assert not hint.isVisible() or hint.geometry().left() > end


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_dressed_views_have_rows_as_high_as_their_text(show: Show, theme: ThemeManager, scale: float) -> None:
    holder = QWidget()
    column = QVBoxLayout(holder)
    rows, tree, table = QListWidget(), QTreeWidget(), QTableWidget(2, 2)
    for view in (rows, tree, table):
        column.addWidget(view)
    rows.addItems(["a", "b"])
    tree.addTopLevelItem(QTreeWidgetItem(["a"]))
    dress_list(rows)
    dress_tree(tree)
    dress_table(table)
    show(holder)
    theme.set_font_scale(scale)
    QApplication.processEvents()
    text = rows.fontMetrics().height()
    heights = (
        rows.visualItemRect(rows.item(0)).height(),
        tree.visualItemRect(tree.topLevelItem(0)).height(),
        table.rowHeight(0),
    )
    assert min(heights) >= 1.3 * text
    assert max(heights) <= 2 * text
    assert not table.tabKeyNavigation()


# -------------------------------------------------------------------------------------------------- labels and keys


def test_a_label_is_shortened_and_tells_the_rest(qtbot: QtBot, theme: ThemeManager) -> None:
    label = ElidedLabel("the name of a document that is too long to be read in full")
    qtbot.addWidget(label)
    label.resize(label.sizeHint())
    label.show()
    assert not label.is_elided()
    full = label.grab().toImage()
    label.resize(80, label.height())
    assert label.is_elided()
    assert label.grab().toImage() != full.copy(0, 0, 80, label.height())
    assert label.minimumSizeHint().width() < 60


@pytest.mark.parametrize(
    ("keys", "caps"),
    [
        ("Ctrl+K", ("Ctrl", "K")),
        ("Ctrl+Shift+P", ("Ctrl", "Shift", "P")),
        ("Ctrl++", ("Ctrl", "+")),
        ("F1", ("F1",)),
        ("+", ("+",)),
        ("", ()),
    ],
)
def test_keys_are_drawn_one_cap_each(qtbot: QtBot, theme: ThemeManager, keys: str, caps: tuple[str, ...]) -> None:
    hint = KeyHint(QKeySequence(keys))
    qtbot.addWidget(hint)
    assert hint.keys() == caps
    assert hint.accessibleName() == keys


# ----------------------------------------------------------------------------------------------------- text scale


def test_nothing_is_clipped_at_twice_the_text_size(show: Show, theme: ThemeManager) -> None:
    holder = QWidget()
    column = QVBoxLayout(holder)
    widgets: list[QWidget] = [
        *(NumberField(1.0, unit="ms"), PairField(3), ShapeField((1, 28)), ChoiceField(["adam"]), TextField("a")),
        *(Toggle(True), SearchField(), QPushButton("Train"), KeyHint("Ctrl+K"), ElidedLabel("label")),
        Section("Parameters"),
    ]
    for widget in widgets:
        column.addWidget(widget)
    panel = show(holder)
    theme.set_font_scale(2.0)
    panel.resize(QSize(600, panel.sizeHint().height()))
    QApplication.processEvents()
    for widget in widgets:
        asked = widget.sizeHint().height()
        assert widget.height() >= asked, type(widget).__name__
        assert asked >= widget.fontMetrics().height() * 0.9 or isinstance(widget, Section)
