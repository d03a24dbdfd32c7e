"""The ports of the composite that is shown: their names, and their order, changed by dragging or with keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.theme import icon, theme_manager
from app.widgets import FormRow, TextField

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class PortRows(QWidget):
    """Ports of one side, top to bottom. A row is dragged by its grip; Alt+Up and Alt+Down move the one being typed in.

    While a row is dragged it goes along; only letting go tells of it, and Esc puts it back.
    """

    reordered = Signal(list)
    """The ids of the nodes, in their new order."""

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label
        self._before: list[str] = []
        self._shown: tuple[str, dict[str, str]] = ("", {})
        self.order: list[str] = []
        self.rows: dict[str, FormRow] = {}
        self.grips: dict[str, Grip] = {}
        self._holders: dict[str, QWidget] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        theme_manager().changed.connect(self._space)
        self._space()

    def show_ports(self, graph: str, names: dict[str, str], rename: Callable[[str, str], object]) -> None:
        """Shows the ports of `graph` by the ids of their nodes; `rename` is told (node, name)."""
        if (graph, names) == self._shown:  # in another order, perhaps: what is being typed stays
            for at, node in enumerate(names):
                self._put(node, at)
            return
        self._shown = (graph, names)
        for holder in self._holders.values():
            holder.hide()
            holder.deleteLater()
        self.rows, self.grips, self._holders = {}, {}, {}
        self.order = list(names)
        for node, name in names.items():
            self._add(node, name, rename)
        for grip in self.grips.values():
            grip.setVisible(len(names) > 1)
        self.setVisible(bool(names))

    def forget(self) -> None:
        """What is shown next is shown anew, whatever was typed."""
        self._shown = ("", {})

    def shift(self, node: str, steps: int) -> None:
        """Moves a port by `steps` places and tells of it; past the ends nothing happens."""
        at = self.order.index(node)
        if 0 <= at + steps < len(self.order):
            self._put(node, at + steps)
            self.reordered.emit(list(self.order))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            steps = _STEPS.get(Qt.Key(event.key()))
            node = next((node for node, row in self.rows.items() if row.widget is watched), None)
            if steps and node is not None and event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if steps and node is not None and event.type() == QEvent.Type.KeyPress:
                self.shift(node, steps)
                return True
        return super().eventFilter(watched, event)

    def _add(self, node: str, name: str, rename: Callable[[str, str], object]) -> None:
        field = TextField(name, required=True)
        row = FormRow(self._label, field, help_text="The name of the port at every use. Alt+Up and Alt+Down move it.")
        field.setAccessibleName(f"{self._label} {name}")
        field.installEventFilter(self)
        field.committed.connect(lambda new: rename(node, str(new)))
        grip = Grip(f"Move {self._label.lower()} {name}")
        grip.pressed.connect(self._begin)
        grip.dragged.connect(lambda at: self._drag(node, at))
        grip.released.connect(self._end)
        grip.cancelled.connect(self._cancel)
        grip.stepped.connect(lambda steps: self.shift(node, steps))
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme_manager().spacing.xs)
        line.addWidget(grip, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(row, 1)
        self.rows[node], self.grips[node], self._holders[node] = row, grip, holder
        self._column.addWidget(holder)

    def _begin(self) -> None:
        self._before = list(self.order)

    def _drag(self, node: str, at: QPoint) -> None:
        """The row goes where the pointer is among the others."""
        y = self.mapFromGlobal(at).y()
        others = [each for each in self.order if each != node]
        place = sum(1 for each in others if self._holders[each].geometry().center().y() < y)
        if self.order.index(node) != place:
            self._put(node, place)

    def _end(self) -> None:
        if self.order != self._before:
            self.reordered.emit(list(self.order))

    def _cancel(self) -> None:
        for at, node in enumerate(self._before):
            self._put(node, at)

    def _put(self, node: str, place: int) -> None:
        self.order.remove(node)
        self.order.insert(place, node)
        self._column.removeWidget(self._holders[node])
        self._column.insertWidget(place, self._holders[node])
        self._column.activate()

    def _space(self) -> None:
        self._column.setSpacing(theme_manager().spacing.px(5))


class Grip(QWidget):
    """What a row is taken by."""

    pressed = Signal()
    dragged = Signal(QPoint)
    """Where on the screen the pointer is."""
    released = Signal()
    cancelled = Signal()
    stepped = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._held = False
        self.setAccessibleName(name)
        self.setToolTip("Drag to another place, or Alt+Up and Alt+Down")
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        spacing = theme_manager().spacing
        self.setFixedSize(spacing.px(14), spacing.px(26))
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that a port alone on its side stands in line with the others
        self.setSizePolicy(policy)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = True
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.pressed.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self.dragged.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held and event.button() == Qt.MouseButton.LeftButton:
            self._held = False
            self.released.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = _STEPS.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape and self._held:
            self._held = False
            self.cancelled.emit()
        elif steps and not self._held:
            self.stepped.emit(steps)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        edge = theme_manager().spacing.px(12)
        icon("grip", "text_faint").paint(painter, 0, (self.height() - edge) // 2, edge, edge)
