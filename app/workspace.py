"""How the window is divided: library left, canvas in the middle, inspector right, bottom panels below the canvas."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QSplitter, QVBoxLayout, QWidget

from app.theme import theme_manager

if TYPE_CHECKING:
    from app.settings import Settings


class Side(StrEnum):
    """What can be folded away around the canvas."""

    LEFT = "left"
    BOTTOM = "bottom"
    RIGHT = "right"


_WIDTHS = {Side.LEFT: 236, Side.RIGHT: 316, Side.BOTTOM: 310}  # px at the base size
_NEVER = False  # the canvas is never folded away
_LEAST = {Side.LEFT: 168, Side.RIGHT: 220, Side.BOTTOM: 150}
_NARROWEST = 420  # px at the base size
_GLANCE = 90  # px at the base size: what is left of the canvas while the bottom is enlarged
_SHARE = 4  # of the window's width: a side takes no more where the text is large


class Workspace(QWidget):
    """Two splitters, one inside the other. Dragged to nothing, a side folds away; sizes and sides are remembered."""

    sides_changed = Signal()

    def __init__(
        self,
        left: QWidget,
        centre: QWidget,
        bottom: QWidget,
        right: QWidget,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._sides = {Side.LEFT: left, Side.BOTTOM: bottom, Side.RIGHT: right}
        self._centre = centre
        self._sizes = dict(_WIDTHS)
        self._down = QSplitter(Qt.Orientation.Vertical)
        self._down.setObjectName("workspace-down")
        self._down.addWidget(centre)
        self._down.addWidget(bottom)
        self._across = QSplitter(Qt.Orientation.Horizontal)
        self._across.setObjectName("workspace-across")
        self._across.addWidget(left)
        self._across.addWidget(self._down)
        self._across.addWidget(right)
        for splitter, stretched in ((self._down, 0), (self._across, 1)):
            splitter.setHandleWidth(1)
            splitter.setStretchFactor(stretched, 1)
            splitter.splitterMoved.connect(self._on_moved)
        self._laid_out = False
        self._smaller: list[int] | None = None
        self._down.setCollapsible(0, _NEVER)
        self._across.setCollapsible(1, _NEVER)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._across)
        theme_manager().changed.connect(self._limit)
        self._limit()

    def is_shown(self, side: Side) -> bool:
        """Whether a side is there."""
        return not self._sides[side].isHidden()

    def show_side(self, side: Side, *, shown: bool) -> None:
        """Folds a side away or brings it back as large as it was."""
        if shown == self.is_shown(side):
            return
        if not shown:
            self._sizes[side] = self._size(side) or self._sizes[side]
            self._leave(side)
        self._sides[side].setVisible(shown)
        if shown and self._size(side) < theme_manager().spacing.px(40):
            self._give(side, self._sizes[side])
        self.sides_changed.emit()

    def _leave(self, side: Side) -> None:
        """The keyboard does not stay in what is folded away: else it would go to whatever comes next in the window."""
        focused = QApplication.focusWidget()
        if focused is not None and self._sides[side].isAncestorOf(focused):
            self._centre.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def is_enlarged(self) -> bool:
        """Whether the bottom has nearly all the height."""
        return self._smaller is not None and self.is_shown(Side.BOTTOM)

    def enlarge_bottom(self, *, on: bool) -> None:
        """Gives the bottom nearly all the height, or what it had before."""
        if on == self.is_enlarged:
            return
        if on:
            self.show_side(Side.BOTTOM, shown=True)
            self._smaller = self._down.sizes()
            glance = theme_manager().spacing.px(_GLANCE)
            self._down.setSizes([glance, max(1, sum(self._smaller) - glance)])
        else:
            sizes, self._smaller = self._smaller, None
            self._down.setSizes(sizes or self._down.sizes())
        self.sides_changed.emit()

    def restore(self) -> None:
        """Shows the sides that were shown the last time; how large they were is known when there is room to lay out."""
        for side in Side:
            self._sides[side].setVisible(self._settings.text(f"{side}-hidden") != "yes")
        self._laid_out = False
        if self.isVisible():
            self._lay_out_once()
        self.sides_changed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._lay_out_once()

    def _lay_out_once(self) -> None:
        if self._laid_out:
            return
        self._laid_out = True
        for splitter in (self._across, self._down):
            state = self._settings.layout(splitter.objectName())
            if state.isEmpty() or not splitter.restoreState(state):
                self._lay_out(splitter)

    def keep(self) -> None:
        """Remembers the layout."""
        if not self._laid_out:
            return
        self.enlarge_bottom(on=False)
        for splitter in (self._down, self._across):
            self._settings.keep_layout(splitter.objectName(), splitter.saveState())
        for side in Side:
            self._settings.keep_text(f"{side}-hidden", "no" if self.is_shown(side) else "yes")

    def _lay_out(self, splitter: QSplitter) -> None:
        spacing = theme_manager().spacing
        room = self.width() if splitter is self._across else self.height()
        if splitter is self._across:
            left, right = (min(spacing.px(_WIDTHS[side]), room // 4) for side in (Side.LEFT, Side.RIGHT))
            splitter.setSizes([left, max(1, room - left - right), right])
        else:
            bottom = min(spacing.px(_WIDTHS[Side.BOTTOM]), room * 2 // 5)
            splitter.setSizes([max(1, room - bottom), bottom])

    def _size(self, side: Side) -> int:
        if side is Side.BOTTOM:
            return self._down.sizes()[1]
        return self._across.sizes()[0 if side is Side.LEFT else 2]

    def _give(self, side: Side, size: int) -> None:
        splitter = self._down if side is Side.BOTTOM else self._across
        sizes = splitter.sizes()
        at, centre = {Side.BOTTOM: (1, 0), Side.LEFT: (0, 1), Side.RIGHT: (2, 1)}[side]
        sizes[centre] = max(1, sizes[centre] + sizes[at] - size)
        sizes[at] = size
        splitter.setSizes(sizes)

    def _on_moved(self) -> None:
        """A side that was dragged to nothing counts as folded away, so that its action can bring it back."""
        if self._smaller is not None and self.sender() is self._down:
            self._smaller = None
            self.sides_changed.emit()
        for side, widget in self._sides.items():
            if not widget.isHidden() and self._size(side) == 0:
                self._leave(side)
                widget.hide()
                self.sides_changed.emit()
            elif not widget.isHidden():
                self._sizes[side] = self._size(side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._limit()

    def minimumSizeHint(self) -> QSize:
        """In a narrow window the sides give way, so that it fits a small screen with large text as well."""
        return QSize(theme_manager().spacing.px(_NARROWEST), super().minimumSizeHint().height())

    def _limit(self) -> None:
        spacing = theme_manager().spacing
        for side, widget in self._sides.items():
            if side is Side.BOTTOM:
                widget.setMinimumHeight(spacing.px(_LEAST[side]))
            else:
                widget.setMinimumWidth(max(1, min(spacing.px(_LEAST[side]), self.width() // _SHARE)))
