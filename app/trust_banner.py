"""Above the drawing while its document holds code that may not run yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.figures import plural
from app.widgets import Banner, MessageAction
from graph_engine.check.trust import untrusted

if TYPE_CHECKING:
    from app.session import Session


class TrustBanner(QWidget):
    """Says that there is code, and offers to read it. Closed by its cross, it comes back with the next document."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._closed = self._covered = False
        self._banner = Banner("", severity="warning", actions=[MessageAction("Read the code…", self._ask)])
        self._banner.closed.connect(self._on_closed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._banner)
        session.opened.connect(self._on_opened)
        session.changed.connect(self.refresh)
        session.trust_changed.connect(self.refresh)
        self.hide()

    def set_covered(self, *, covered: bool) -> None:
        """While the drawing is covered by another page, nothing is said of it."""
        self._covered = covered
        self.refresh()

    def refresh(self) -> None:
        """Looks again whether there is such code."""
        count = len(untrusted(self._session.document))
        if count and not self._closed:
            code = "code in a custom block" if count == 1 else f"code in {plural(count, 'custom block')}"
            self._banner.set_text(f"This file holds {code}, which runs only once you trust it.")
            self._banner.show()
        self.setVisible(bool(count) and not self._closed and not self._covered)

    def _on_opened(self) -> None:
        self._closed = False
        self.refresh()

    def _ask(self) -> None:
        self._closed = False  # an action closes a banner as well
        self.refresh()
        self._session.trust_requested.emit()

    def _on_closed(self) -> None:
        self._closed = True
        self.refresh()
