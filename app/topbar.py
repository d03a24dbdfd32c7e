"""The bar at the top: menu, where one is, undo and redo, search, device, training, export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from app.actions import Menu
from app.device_chip import DeviceChip
from app.theme import icon, set_role, set_surface, theme_manager
from app.trail import Trail
from app.widgets import ActionButton, ActionToolButton, KeyHint

if TYPE_CHECKING:
    from app.actions.book import ActionBook
    from app.session import Session

_NARROW, _NARROWEST, _LEAST = 1150, 710, 420
"""Widths (px at the base size) below which the bar says less, below which it leaves undo, steps and exporting to menu
and keys, and the least that it can do with.
"""

SearchWords = Literal["long", "short", "sign"]


class TopBar(QWidget):
    """Everything that is at hand whatever is being done."""

    def __init__(self, session: Session, book: ActionBook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._book = book
        self._at_welcome = False
        set_surface(self, "panel")
        self.setObjectName("topbar")
        self.menu_button = QToolButton()
        self.menu_button.setText("Layerloom")
        self.menu_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setAccessibleName("Menu")
        self.menu_button.setToolTip("Menu (F10)")
        self.menu_button.setObjectName("menu")
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu_button.setMenu(self._main_menu())
        self.trail = Trail(session)
        self.undo, self.redo = self._tool("edit.undo"), self._tool("edit.redo")
        self.search = SearchButton()
        self.search.clicked.connect(lambda: book.run("help.palette"))
        self.device = DeviceChip(session)
        self.train = ActionButton(book.qaction("run.train"))
        set_role(self.train, "primary")
        self.pause, self.stop, self.step = (self._tool(f"run.{name}") for name in ("pause", "stop", "step"))
        self.export = QToolButton()
        self.export.setText("Export")
        self.export.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.export.setAccessibleName("Export")
        self.export.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_role(self.export, "framed")
        self.export.setMenu(self._export_menu())
        self._row = QHBoxLayout(self)
        left = (self.menu_button, self.trail, self.undo, self.redo, self.search)
        right = (self.device, self.train, self.pause, self.stop, self.step, self.export)
        for at, widget in enumerate((*left, *right)):
            if at == len(left):
                self._row.addStretch(1)
            self._row.addWidget(widget)
        self._soon = QTimer(self, singleShot=True, interval=0)  # by then the trail knows its size
        self._soon.timeout.connect(self._share_room)
        for signal in (session.file_changed, session.opened, session.level_changed):
            signal.connect(self._share_room_soon)
        theme_manager().changed.connect(self._space)
        self._space()

    def set_at_welcome(self, *, at_welcome: bool) -> None:
        """Leaves out what means nothing while no document is shown."""
        self._at_welcome = at_welcome
        self._share_room()

    def open_menu(self) -> None:
        """Opens the menu, for the keyboard."""
        self.menu_button.showMenu()

    def minimumSizeHint(self) -> QSize:
        """What is left out where it is narrow holds no window open."""
        return QSize(theme_manager().spacing.px(_LEAST), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _share_room_soon(self) -> None:
        self._soon.start()

    def _share_room(self) -> None:
        """Leaves the room there is to where one is, and to what is used most."""
        px = theme_manager().spacing.px
        narrow, narrowest = (self.width() < px(each) for each in (_NARROW, _NARROWEST))
        self.device.set_room(room=not narrow)
        self.trail.setVisible(not self._at_welcome)
        for button in (self.undo, self.redo):
            button.setVisible(not (self._at_welcome or narrowest))
        self.step.setVisible(not narrowest)
        self.export.setVisible(not narrowest)
        room = self.width() - (self._row.sizeHint().width() - self.search.sizeHint().width())
        fitting = (each for each in SearchButton.WORDS[1 if narrow else 0 :] if SearchButton.width_of(each) <= room)
        self.search.set_words(next(fitting, SearchButton.WORDS[-1]))

    def _main_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAccessibleName("Menu")
        for which in Menu:
            self._book.fill(menu.addMenu(f"&{which}"), which)
        return menu

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        for name in ("python", "onnx", "pt2", "safetensors"):
            menu.addAction(self._book.qaction(f"export.{name}"))
        menu.addSeparator()
        for name in ("svg", "pdf", "png", "html"):
            menu.addAction(self._book.qaction(f"export.{name}"))
        return menu

    def _tool(self, name: str) -> ActionToolButton:
        button = ActionToolButton(self._book.qaction(name), self._book.action(name).plain_title)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self.setFixedHeight(spacing.px(46))
        self._row.setContentsMargins(spacing.m, 0, spacing.l, 0)
        self._row.setSpacing(spacing.m)


class SearchButton(QWidget):
    """Looks like a search line and opens the palette."""

    clicked = Signal()

    WORDS: tuple[SearchWords, ...] = ("long", "short", "sign")
    """How much it can say."""
    _LONG, _SHORT = "Search blocks, actions, presets…", "Search…"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: SearchWords = "long"
        set_surface(self, "field")
        self.setObjectName("search")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setAccessibleName("Search blocks, actions, presets and nodes")
        self.setToolTip("Search everything (Ctrl+K)")
        self._sign = QLabel()
        self._label = QLabel(self._LONG)
        set_role(self._label, "faint")
        self._hint = KeyHint("Ctrl+K")
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._sign)
        self._row.addWidget(self._label, 1)
        self._row.addWidget(self._hint)
        for child in (self._sign, self._label):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme_manager().changed.connect(self._space)
        self._space()

    def set_words(self, words: SearchWords) -> None:
        """Says less where there is little room; the tooltip says all."""
        if words == self._words:
            return
        self._words = words
        self._label.setText(self._LONG if words == "long" else self._SHORT)
        self._label.setVisible(words != "sign")
        self._hint.setVisible(words == "long")
        self.updateGeometry()

    @staticmethod
    def width_of(words: SearchWords) -> int:
        """How wide it is (px) when it says so much."""
        return theme_manager().spacing.px({"long": 300, "short": 170, "sign": 34}[words])

    def sizeHint(self) -> QSize:
        return QSize(self.width_of(self._words), theme_manager().spacing.px(30))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._sign.setPixmap(icon("search", "text_faint").pixmap(spacing.px(14), spacing.px(14)))
        self._row.setContentsMargins(spacing.m, 0, spacing.s, 0)
        self._row.setSpacing(spacing.px(6))
        self.updateGeometry()
