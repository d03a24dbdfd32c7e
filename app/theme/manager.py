"""The theme of the running application: which look is on, and how it gets onto every widget at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, cast

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QIcon, QPalette
from PySide6.QtWidgets import QApplication, QToolTip

from app.theme.colors import PALETTES, Palette, qcolor
from app.theme.icons import IconStore
from app.theme.spacing import Spacing
from app.theme.stylesheet import stylesheet
from app.theme.typography import Typography, load_fonts, system_typography

Mode = Literal["system", "dark", "light"]

_PROPERTY = "layerloom_theme"
_SMALLEST, _LARGEST = 0.75, 3.0


class ThemeManager(QObject):
    """Holds the look and gives it to the application; there is one, `theme_manager()`.

    `changed` is emitted after every change of colours or sizes, when style sheet, palette and icons are in
    place: widgets that paint themselves repaint or measure anew on it.
    """

    changed = Signal()

    def __init__(self, app: QApplication, mode: Mode = "system") -> None:
        super().__init__(app)
        self._app = app
        self._mode: Mode = mode
        self._font_scale = 1.0
        self._assembling = False
        load_fonts()
        self._palette = self._chosen_palette()
        self._typography = system_typography()
        self._icons = IconStore(self._palette)
        app.setStyle("Fusion")
        self._apply()
        app.styleHints().colorSchemeChanged.connect(self._on_system_scheme)

    @property
    def mode(self) -> Mode:
        """What was asked for: follow the system, dark or light."""
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        """Changes the look at once."""
        if mode == self._mode:
            return
        self._mode = mode
        schemes = {
            "dark": Qt.ColorScheme.Dark,
            "light": Qt.ColorScheme.Light,
            "system": Qt.ColorScheme.Unknown,
        }
        self._app.styleHints().setColorScheme(schemes[mode])  # frames and native dialogs follow where they can
        self.refresh()

    @property
    def palette(self) -> Palette:
        """The colours of the moment."""
        return self._palette

    @property
    def spacing(self) -> Spacing:
        """The distances at the text size of the moment."""
        return Spacing(self._typography.scale)

    @property
    def typography(self) -> Typography:
        """The fonts at the text size of the moment."""
        return self._typography

    @property
    def font_scale(self) -> float:
        """The user's factor on the system's text size."""
        return self._font_scale

    def set_font_scale(self, scale: float) -> None:
        """Makes all text `scale` times the system's size, between 0.75 and 3."""
        self._font_scale = min(max(scale, _SMALLEST), _LARGEST)
        self.refresh()

    @contextmanager
    def assembling(self) -> Iterator[None]:
        """Keeps the style sheet off while a window is put together, and puts it on, once, when that is done.

        With a style sheet on, each widget that gets a parent is styled anew with all its children, so that what lies
        deep is styled as often as it lies deep: half of what a window takes to appear.
        """
        if self._assembling:
            yield
            return
        self._assembling = True
        self._app.setStyleSheet("")
        try:
            yield
        finally:
            self._assembling = False
            self._app.setStyleSheet(self._sheet)

    def icon(self, name: str, role: str = "text_dim") -> QIcon:
        """The icon `name` in a colour role; it follows the theme by itself.

        Raises: UnknownIcon; KeyError when there is no such role.
        """
        return self._icons.icon(name, role)

    def refresh(self) -> None:
        """Looks again at the system's scheme and text size, and changes what they changed.

        For a window to call on `QEvent.Type.ThemeChange`.
        """
        palette, typography = self._chosen_palette(), system_typography(self._font_scale)
        if palette == self._palette and typography == self._typography:
            return
        self._palette, self._typography = palette, typography
        self._apply()
        self.changed.emit()

    def _system_scheme(self) -> Qt.ColorScheme:
        return self._app.styleHints().colorScheme()

    def _chosen_palette(self) -> Palette:
        if self._mode != "system":
            return PALETTES[self._mode]
        return PALETTES["light" if self._system_scheme() == Qt.ColorScheme.Light else "dark"]

    def _on_system_scheme(self) -> None:
        if self._mode == "system":
            self.refresh()

    def _apply(self) -> None:
        self._sheet = stylesheet(self._palette, self._typography, self.spacing)
        self._icons.recolor(self._palette)
        self._icons.provide(self._sheet)
        colors = qt_palette(self._palette)
        self._app.setPalette(colors)
        QToolTip.setPalette(colors)
        font = self._typography.font()
        if self._app.font() != font:
            self._app.setFont(font)
        QToolTip.setFont(self._typography.font("small"))
        if not self._assembling:
            self._app.setStyleSheet(self._sheet)


def theme_manager() -> ThemeManager:
    """The theme of the running application, made on first use.

    Raises: RuntimeError when there is no QApplication yet.
    """
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("A theme needs a QApplication: make one first.")
    found = app.property(_PROPERTY)
    if found is None:
        found = ThemeManager(app)
        app.setProperty(_PROPERTY, found)
    return cast("ThemeManager", found)


def icon(name: str, role: str = "text_dim") -> QIcon:
    """The icon `name` of the running theme in a colour role; see `ThemeManager.icon`."""
    return theme_manager().icon(name, role)


def category_icon(category: str) -> QIcon:
    """The icon of a block category, by its title, in the category's colour."""
    word = category.lower().split()[0]
    name = f"category-{word}" if word in theme_manager().palette.categories else "category-neutral"
    return icon(name, f"category:{category}")


def qt_palette(colors: Palette) -> QPalette:
    """The colours for what Qt draws without a style sheet."""
    made = QPalette()
    group, role = QPalette.ColorGroup, QPalette.ColorRole
    for target, color in {
        role.Window: colors.panel,
        role.WindowText: colors.text,
        role.Base: colors.field,
        role.AlternateBase: colors.raised,
        role.Text: colors.text,
        role.PlaceholderText: colors.text_faint,
        role.Button: colors.raised,
        role.ButtonText: colors.text,
        role.BrightText: colors.danger,
        role.ToolTipBase: colors.raised,
        role.ToolTipText: colors.text,
        role.Highlight: colors.accent_fill,
        role.HighlightedText: colors.accent_text,
        role.Accent: colors.accent_fill,
        role.Link: colors.accent,
        role.LinkVisited: colors.accent,
        role.Light: colors.hover,
        role.Midlight: colors.hover,
        role.Mid: colors.line,
        role.Dark: colors.line_strong,
        role.Shadow: colors.shadow,
    }.items():
        made.setColor(target, qcolor(color))
    for target in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText, role.PlaceholderText):
        made.setColor(group.Disabled, target, qcolor(colors.text_disabled))
    for target in (role.Highlight, role.Accent):
        made.setColor(group.Disabled, target, qcolor(colors.line))
    return made
