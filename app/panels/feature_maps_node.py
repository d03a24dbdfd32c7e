"""The feature maps of one node, under a line that says what they are.

Loaded with the first feature map (numpy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from app.panels.feature_maps_bars import BarsView
from app.panels.feature_maps_view import TileView
from app.theme import icon, set_role, set_surface, theme_manager
from app.widgets import ElidedLabel, EmptyState

if TYPE_CHECKING:
    from app.panels.feature_maps_color import ColorMap
    from app.panels.feature_maps_tiles import Scaling
    from app.runs.activation import Activation


class NodeMaps(QWidget):
    """Tiles, bars, a number, or a sentence why there is nothing to see."""

    pinned = Signal(bool)
    """The user pinned the node, so that it stays, or let it go."""

    def __init__(self, *, pinnable: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_surface(self, "panel")
        self.node = ""
        self.title = ElidedLabel(parent=self)
        set_role(self.title, "dim")
        self.back = QToolButton(self)
        self.back.setIcon(icon("grid"))
        self.back.setToolTip("All channels (Esc)")
        self.back.setAccessibleName("Show all channels")
        self.back.hide()
        self.pin = QToolButton(self)
        self.pin.setIcon(icon("pin"))
        self.pin.setCheckable(True)
        self.pin.setToolTip("Keep this node here whatever is selected")
        self.pin.setAccessibleName("Pin this node")
        self.pin.setVisible(pinnable)
        self.tiles = TileView(self)
        self.bars = BarsView(self)
        self.empty = EmptyState("image", "", parent=self)
        self._pages = QWidget(self)
        self._stack = QStackedLayout(self._pages)
        for page in (self.empty, self.tiles, self.bars):
            self._stack.addWidget(page)
        self._head = QHBoxLayout()
        self._head.addWidget(self.title, 1)
        self._head.addWidget(self.back)
        self._head.addWidget(self.pin)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._head)
        self._column.addWidget(self._pages, 1)
        self.pin.clicked.connect(self.pinned)
        self.back.clicked.connect(self.tiles.show_all)
        self.tiles.channel_changed.connect(lambda channel: self.back.setVisible(channel is not None))
        theme_manager().changed.connect(self._space)
        self._space()

    def show_values(self, name: str, shown: Activation) -> None:
        """Shows what left the node, which is called `name`."""
        self.node = shown.node
        self.title.setText(shown.describe(name))
        if shown.form in ("bars", "number"):
            self.bars.show_values(shown)
            self._stack.setCurrentWidget(self.bars)
        else:
            self.tiles.show_values(shown)
            self._stack.setCurrentWidget(self.tiles)

    def show_sentence(self, node: str, name: str, sentence: str) -> None:
        """Says why there is nothing to see of the node, or what to do."""
        self.node = node
        self.title.setText(name)
        self.empty.set_sentence(sentence)
        self._stack.setCurrentWidget(self.empty)

    def sentence(self) -> str:
        """What is said in place of maps; empty while there are some."""
        return self.empty.sentence() if self._stack.currentWidget() is self.empty else ""

    def set_look(self, scaling: Scaling, colors: ColorMap) -> None:
        """How values become colours."""
        self.tiles.set_scaling(scaling)
        self.tiles.set_colors(colors)

    def minimumSizeHint(self) -> QSize:
        px = theme_manager().spacing.px
        return QSize(px(140), px(90))

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._head.setSpacing(spacing.xs)
        self._head.setContentsMargins(0, 0, 0, 0)
        self.title.setMinimumHeight(spacing.px(24))
        self._column.setSpacing(spacing.xs)
