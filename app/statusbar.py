"""The bar at the foot: how training goes on the left, what the network costs and what is kept on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from app.figures import ago, plural, short
from app.forecasts import brief
from app.theme import set_role, set_surface, theme_manager

if TYPE_CHECKING:
    from app.autosave import Autosave
    from app.session import Session

_EVERY = 1000  # ms; what is said of time is at most this old


class StatusBar(QWidget):
    """`run` (a widget that follows training) on the left, then what goes on, totals, and the crash journal's state."""

    def __init__(self, session: Session, autosave: Autosave, run: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._autosave = autosave
        set_surface(self, "window")
        self.setObjectName("statusbar")
        self.setAccessibleName("Status")
        self._jobs, self._check, self._totals, self._kept = (QLabel() for _ in range(4))
        self._row = QHBoxLayout(self)
        self._row.addWidget(run, 1)
        self.search = QToolButton()
        set_role(self.search, "small")
        self.search.setToolTip("A search for better settings goes on: show it")
        self.search.clicked.connect(lambda: session.search_requested.emit(""))
        self._row.addWidget(self.search)
        session.searches.changed.connect(self._show_search)
        for label in (self._jobs, self._check, self._totals, self._kept):
            set_role(label, "small")
            self._row.addWidget(label)
        session.jobs.changed.connect(self._show_jobs)
        session.check_changed.connect(self._show_check)
        session.preview_changed.connect(self._show_check)
        session.history_changed.connect(self._show_kept)
        session.file_changed.connect(self._show_kept)
        session.forecasts.changed.connect(self._show_check)
        autosave.changed.connect(self._show_kept)
        self._clock = QTimer(self, interval=_EVERY)
        self._clock.timeout.connect(self._show_kept)
        theme_manager().changed.connect(self._space)
        self._space()
        self._show_jobs()
        self._show_search()
        self._show_check()
        self._show_kept()

    def start(self) -> None:
        """Begins to say how long ago the last change was kept."""
        self._clock.start()

    def stop(self) -> None:
        """Says no more."""
        self._clock.stop()

    @property
    def totals(self) -> str:
        """What is said of the network's cost."""
        return self._totals.text()

    def _show_jobs(self) -> None:
        titles = self._session.jobs.titles
        self._jobs.setText(f"{titles[0]} …" if titles else "")
        self._jobs.setVisible(bool(titles))

    def _show_search(self) -> None:
        searches = self._session.searches
        self.search.setText(" · ".join(map(searches.progress, searches.live)))
        self.search.setVisible(bool(searches.live))

    def _show_check(self) -> None:
        check = self._session.check
        if check is None:
            self._check.setText("loading torch …")
        else:
            count = len(self._session.errors)
            self._check.setText(plural(count, "error") if count else "")
        set_role(self._check, "danger" if check is not None else "small")
        self._check.setVisible(bool(self._check.text()))
        total = check.total if check is not None else None
        parts = []
        if total is not None and total.params:
            parts.append(f"{short(total.params)} params")
        if total is not None and total.macs:
            parts.append(f"{short(total.macs)} MACs")
        text = " · ".join(parts)
        found = self._session.forecasts.current
        if found is not None:
            text = f"{text} · {brief(found)}"
        if self._session.preview is not None and text:
            text = f"{text} (not entered)"
        self._totals.setText(text)
        self._totals.setVisible(bool(text))

    def _show_kept(self) -> None:
        trouble, seconds = self._autosave.trouble, self._autosave.seconds_ago
        if trouble:
            text, role = "not autosaved", "warning"
        elif not self._session.dirty:
            text, role = ("saved" if self._session.path is not None else ""), "small"
        else:
            text, role = (f"autosaved {ago(seconds)}" if seconds is not None else "unsaved"), "small"
        if self._kept.text() != text:
            self._kept.setText(text)
        set_role(self._kept, role)  # type: ignore[arg-type]  # one of the two above
        self._kept.setToolTip(trouble or "Every change is kept in a journal, so that a crash loses nothing.")
        self._kept.setVisible(bool(text))

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self.setFixedHeight(spacing.px(25))
        self._row.setContentsMargins(spacing.l, 0, spacing.l, 0)
        self._row.setSpacing(spacing.xl)
