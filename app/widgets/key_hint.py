"""Keys drawn as key caps."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.theme import theme_manager


class KeyHint(QWidget):
    """A shortcut such as `Ctrl+K`, one cap a key."""

    def __init__(self, keys: str | QKeySequence = "", parent: QWidget | None = None) -> None:
        """`keys` as Qt writes them: `Ctrl+Shift+P`."""
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        self._caps: list[QLabel] = []
        theme_manager().changed.connect(self._space)
        self._space()
        self.set_keys(keys)

    def set_keys(self, keys: str | QKeySequence) -> None:
        """Shows other keys; empty ones show nothing."""
        text = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
        for cap in self._caps:
            self._row.removeWidget(cap)
            cap.deleteLater()
        # a + at the end is the key of that name
        names = [name or "+" for name in text.removesuffix("+").split("+")] if text != "+" else ["+"]
        self._caps = [self._cap(name) for name in names] if text else []
        self.setAccessibleName(text)

    def keys(self) -> tuple[str, ...]:
        """What the caps say."""
        return tuple(cap.text() for cap in self._caps)

    def _cap(self, name: str) -> QLabel:
        cap = QLabel(name, self)
        cap.setProperty("part", "key")
        cap.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._row.addWidget(cap)
        return cap

    def _space(self) -> None:
        self._row.setSpacing(theme_manager().spacing.px(3))
