"""The legend of the charts: one button a curve, which hides and shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from app.panels.charts_overlay import draw_swatch
from app.theme import qcolor, set_role, theme_manager
from app.widgets.painting import draw_focus_ring

_WIDEST = 190
"""How wide an entry grows (px at the base text size) before its name is shortened."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A curve in the legend. `key` names it; `series` is its place among the chart colours."""

    key: str
    name: str
    series: int
    dashed: bool = False
    help: str = ""


class LegendButton(QAbstractButton):
    """A piece of the curve and its name; struck through and grey while the curve is hidden."""

    def __init__(self, entry: Entry, parent: QWidget) -> None:
        super().__init__(parent)
        self.entry = entry
        self.setCheckable(True)
        self.setChecked(True)
        self.setText(entry.name)
        self.setToolTip(entry.help or entry.name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.toggled.connect(self._describe)
        self._describe()

    def sizeHint(self) -> QSize:
        px, metrics = theme_manager().spacing.px, self._metrics()
        width = min(metrics.horizontalAdvance(self.text()), px(_WIDEST)) + px(14) + px(12) + 2
        return QSize(width, metrics.height() + px(6))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        theme = theme_manager()
        px, palette, metrics = theme.spacing.px, theme.palette, self._metrics()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor(palette.hover))
            painter.drawRoundedRect(QRectF(self.rect()), px(4), px(4))
        room = QRectF(self.rect()).adjusted(px(5), 0, -px(5), 0)
        shown = self.isChecked()
        color = palette.curve(self.entry.series) if shown else palette.text_disabled
        draw_swatch(painter, QRectF(room.left(), room.top(), px(11), room.height()), color, dashed=self.entry.dashed)
        font = theme.typography.font("small")
        font.setStrikeOut(not shown)
        painter.setFont(font)
        painter.setPen(qcolor(palette.text_dim if shown else palette.text_faint))
        text = room.adjusted(px(16), 0, 0, 0)
        name = metrics.elidedText(self.text(), Qt.TextElideMode.ElideMiddle, int(text.width()) + 1)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), name)
        if self.hasFocus():
            draw_focus_ring(painter, QRectF(self.rect()), px(4))

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(theme_manager().typography.font("small"))

    def _describe(self) -> None:
        self.setAccessibleName(f"{self.entry.name} curve")
        self.setAccessibleDescription("shown" if self.isChecked() else "hidden")


class Legend(QWidget):
    """The entries in a row, right-aligned; what finds no room is in a menu at the end."""

    toggled = Signal(str, bool)
    """(key, whether the curve is shown now)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[LegendButton] = []
        self._hidden: frozenset[str] = frozenset()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addStretch(1)
        self._more = QToolButton(self)
        set_role(self._more, "small")
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setMenu(QMenu(self._more))
        self._more.hide()
        self._row.addWidget(self._more)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme_manager().changed.connect(self._space)
        self._space()

    def buttons(self) -> tuple[LegendButton, ...]:
        return tuple(self._buttons)

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Lists these curves."""
        if [button.entry for button in self._buttons] == list(entries):
            return
        for button in self._buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = [LegendButton(entry, self) for entry in entries]
        for place, button in enumerate(self._buttons):
            button.setChecked(button.entry.key not in self._hidden)
            button.clicked.connect(lambda checked, key=button.entry.key: self.toggled.emit(key, checked))
            self._row.insertWidget(1 + place, button)
        self._fit()

    def set_hidden(self, hidden: frozenset[str]) -> None:
        """Says which curves are hidden."""
        self._hidden = hidden
        for button in self._buttons:
            button.setChecked(button.entry.key not in hidden)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        width = sum(button.sizeHint().width() for button in self._buttons)
        return QSize(width, theme_manager().spacing.px(22))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, theme_manager().spacing.px(22))

    def _fit(self) -> None:
        room = self.width()
        widths = [button.sizeHint().width() + self._row.spacing() for button in self._buttons]
        count = len(widths)
        if sum(widths) > room:
            room -= theme_manager().spacing.px(44)
            while count and sum(widths[:count]) > room:
                count -= 1
        for place, button in enumerate(self._buttons):
            button.setVisible(place < count)
        left_out = self._buttons[count:]
        self._more.setVisible(bool(left_out))
        if left_out:
            self._more.setText(f"+{len(left_out)}")
            self._more.setToolTip(", ".join(button.entry.name for button in left_out))
            self._more.setAccessibleName(f"{len(left_out)} more curves")
            self._fill_menu(left_out)

    def _fill_menu(self, buttons: Sequence[LegendButton]) -> None:
        menu = self._more.menu()
        menu.clear()
        for button in buttons:
            action = QAction(button.entry.name, menu)
            action.setCheckable(True)
            action.setChecked(button.isChecked())
            action.triggered.connect(lambda checked, key=button.entry.key: self.toggled.emit(key, checked))
            menu.addAction(action)

    def _space(self) -> None:
        self._row.setSpacing(theme_manager().spacing.xs)
        self._fit()
