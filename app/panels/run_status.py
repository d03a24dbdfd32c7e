"""The run in the status bar: state, how far it is, how fast, and its newest figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.figures import clock, digits
from app.panels.charts_ticks import value_label
from app.theme import Role, qcolor, set_role, theme_manager
from app.widgets import ElidedLabel

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.train.feed import Progress

STATES: dict[str, tuple[str, str]] = {
    "waiting": ("waiting", "text_faint"),
    "queued": ("starting", "warning"),
    "running": ("training", "success"),
    "paused": ("paused", "warning"),
    "stopped": ("stopped", "text_faint"),
    "finished": ("finished", "accent"),
    "failed": ("failed", "danger"),
    "interrupted": ("interrupted", "warning"),
}
"""What a `RunState` is called, and the colour role of its dot."""


_EVERY = 120  # ms; figures that change more often cannot be read

_WORDS: dict[str, Role] = {"success": "success", "warning": "warning", "danger": "danger", "accent": "accent"}
"""The role of a label in the colour of a dot; of any other dot it is as other text."""


def pieces(progress: Progress, *, unit: str = "samples") -> list[str]:
    """What the status bar says of a run beside its state; what is not known yet is left out."""
    place = []
    if progress.stages > 1:
        place.append(f"stage {progress.stage} / {progress.stages}")
    if progress.epochs:
        current = progress.epoch + 1 if progress.state.live else progress.epoch
        place.append(f"epoch {min(current, progress.epochs)} / {progress.epochs}")
    if progress.steps:
        place.append(_steps(progress))
    found = [" · ".join(place)] if place else []
    if progress.state == "running" and progress.rate:
        found.append(f"{_rate(progress.rate)} {unit}/s")
    if progress.state == "running" and progress.eta is not None:
        found.append(f"ETA {clock(progress.eta)}")
    elif progress.seconds and not progress.state.live:
        found.append(f"took {clock(progress.seconds)}")
    metrics = progress.metrics
    for name, words in (("train_loss", "loss"), ("val_loss", "val loss")):
        if name in metrics:
            found.append(f"{words} {value_label(metrics[name])}")
            break
    for name, words in (("val_accuracy", "val acc"), ("train_accuracy", "acc")):
        if name in metrics:
            found.append(f"{words} {metrics[name] * 100:.1f} %")
            break
    return found


def _steps(progress: Progress) -> str:
    """Steps within the epoch; of all where epochs are not of one length or not counted."""
    if progress.epochs and progress.steps % progress.epochs == 0:
        length = progress.steps // progress.epochs
        done = progress.step - min(progress.epoch, progress.epochs - 1) * length
        if 0 <= done <= length:
            return f"step {done} / {length}"
    return f"step {progress.step} / {progress.steps}"


def _rate(rate: float) -> str:
    """A rate with three digits at least: `18 420`, `42.5`."""
    return digits(round(rate)) if rate >= 100 else f"{rate:.3g}"


class RunStatus(QWidget):
    """A dot, the state, and the figures, in a row. Follows the session's run."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = session.runs
        self._labels: list[QLabel] = []
        self._found: list[str] = []
        self._dot = _Dot(self)
        self._state = QLabel(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._head = QHBoxLayout()
        self._head.addWidget(self._dot)
        self._head.addWidget(self._state)
        self._row.addLayout(self._head)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Run")
        self._message = ElidedLabel(parent=self)
        self._row.addWidget(self._message, 100)
        self._row.addStretch(1)
        self._runs.state_changed.connect(self.refresh)
        session.opened.connect(self.refresh)
        self._soon = QTimer(self, singleShot=True, interval=_EVERY)
        self._soon.timeout.connect(self.refresh)
        self._runs.ticked.connect(self._on_tick)
        theme_manager().changed.connect(self._space)
        self._space()
        self.refresh()

    def text(self) -> str:
        """All that is said, in one line."""
        return "  ".join(filter(None, [self._state.text(), *self._found, self._message.text()]))

    def _on_tick(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def refresh(self) -> None:
        """Says what holds now."""
        progress = self._runs.progress
        if progress is None:
            self._say("ready", "text_faint", [])
        else:
            words, role = STATES[progress.state]
            if self._runs.stopping:
                words = "stopping"
            if self._runs.of_another:
                words = f"{words} {self._runs.of_another}"
            self._say(words, role, pieces(progress, unit=self._runs.unit))
        self._message.setText(progress.message if progress is not None else "")
        self._message.setVisible(bool(self._message.text()))
        self.setAccessibleDescription(self.text())

    def _say(self, state: str, role: str, found: list[str]) -> None:
        self._dot.set_role(role)
        set_role(self._state, _WORDS.get(role, ""))
        if self._state.text() != state:
            self._state.setText(state)
        while len(self._labels) < len(found):
            label = QLabel(self)
            self._labels.append(label)
            self._row.insertWidget(len(self._labels), label)
            self._space()
        for label, text in zip(self._labels, found, strict=False):
            if label.text() != text:
                label.setText(text)
        self._found = found
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Figures that have no room are left out, the last first, rather than cut."""
        used = self._head.sizeHint().width()
        for place, label in enumerate(self._labels):
            used += self._row.spacing() + label.sizeHint().width()
            label.setVisible(place < len(self._found) and used <= self.width())

    def _space(self) -> None:
        theme = theme_manager()
        self._row.setSpacing(theme.spacing.xl)
        self._head.setSpacing(theme.spacing.s)
        for label in (self._state, *self._labels, self._message):
            label.setFont(theme.typography.tabular("small"))


class _Dot(QWidget):
    """The state as a colour; the word beside it says the same."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._role = "text_faint"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme_manager().changed.connect(self.updateGeometry)

    def set_role(self, role: str) -> None:
        if role != self._role:
            self._role = role
            self.update()

    def sizeHint(self) -> QSize:
        px = theme_manager().spacing.px
        return QSize(px(8) + px(2), px(8))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(qcolor(theme_manager().palette.color(self._role)))
        edge = theme_manager().spacing.px(8)
        painter.drawEllipse(QRectF(0, (self.height() - edge) / 2, edge, edge))
