"""What nodes show of themselves outside the panels: a strip of maps on the canvas, figures in the inspector.

Once a second, and only while there is a run or there are its weights: a glance, not a film.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.runs.activations import seen_node
from graph_engine.blocks import Kind

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.probe import NodeView

_EVERY = 1000  # ms
_AT_ONCE = 24
"""How many strips are made in one go; of more nodes, those whose turn it is."""


class Glances(QObject):
    """Follows the session's run. Connect `thumbnail` with the canvas and `figures` with the inspector."""

    thumbnail = Signal(str, object)
    """(node, a QImage or None for no strip)."""
    figures = Signal(str, object)
    """(node, lines of text for the current node; none when nothing is known)."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runs = session.runs
        self._seen = session.runs.activations
        self._asked: tuple[str, ...] = ()
        self._pending = False  # what was shown or trained last has not been seen yet: its check may still come
        self._turn = 0
        self._with_strip: set[str] = set()
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self._ask)
        self._runs.state_changed.connect(self._on_state)
        self._seen.changed.connect(self._take)
        self._seen.sample_changed.connect(self._ask)
        self._seen.weights_changed.connect(self._on_weights)
        session.selection_changed.connect(self._on_selection)
        session.program_changed.connect(self._on_program)
        session.opened.connect(self._begin)
        session.level_changed.connect(self._begin)

    def _on_state(self) -> None:
        if self._runs.live and self._seen.is_live:
            if not self._timer.isActive():
                self._timer.start()
                self._ask()
        elif not self._runs.live:
            self._timer.stop()

    def _on_selection(self) -> None:
        current = self._session.selection.current
        if current is None:
            return
        self.figures.emit(current, [])
        if self._seen.is_trained:
            self._ask()

    def _on_program(self) -> None:
        """The drawing is another than what was trained: what was seen of it holds no more."""
        if self._seen.is_live:
            return
        self._clear()
        if self._pending:
            self._on_weights()

    def _begin(self) -> None:
        """Another graph is shown: if it was trained, that is seen at once."""
        self._clear()
        self._on_weights()

    def _on_weights(self) -> None:
        self._pending = True
        if self._seen.has_weights:
            self._look()

    def _clear(self) -> None:
        for node in self._with_strip:
            self.thumbnail.emit(node, None)
        self._with_strip.clear()
        self._seen.want(self, ())
        self._asked = ()

    def _ask(self) -> None:
        if self._seen.is_trained:
            self._look()

    def _look(self) -> None:
        nodes = self._image_nodes()
        self._turn %= max(len(nodes), 1)
        chosen = (nodes + nodes)[self._turn : self._turn + min(_AT_ONCE, len(nodes))]
        self._turn += len(chosen)
        current = self._session.selection.current
        if current is not None and self._can_be_seen(current):
            chosen = [*chosen, current]
        self._asked = tuple(dict.fromkeys(chosen))
        self._seen.want(self, self._asked, figures=True)

    def _image_nodes(self) -> list[str]:
        return [
            node
            for node, report in self._session.reports.items()
            if self._can_be_seen(node) and any(spec.kind is Kind.IMAGE for spec in report.outputs.values())
        ]

    def _can_be_seen(self, node: str) -> bool:
        return seen_node(self._session.graph, node) == node

    def _take(self) -> None:
        if not self._asked or not self._seen.answers(self._asked, figures=True):
            return
        from app.panels.feature_maps_strip import strip

        asked, self._asked, self._pending = self._asked, (), False
        self._seen.want(self, ())
        if not self._seen.is_trained:
            return  # it was drawn otherwise since
        for node in asked:
            shown = self._seen.get(node)
            made = strip(shown) if shown is not None else None
            if made is not None:
                self._with_strip.add(node)
                self.thumbnail.emit(node, made)
        current = self._session.selection.current
        view = self._seen.view(current) if current is not None else None
        if current is not None and view is not None:
            self.figures.emit(current, lines_of(view))


def lines_of(view: NodeView) -> list[str]:
    """The figures of a node as the inspector writes them."""
    lines = []
    if view.mean is not None and view.std is not None:
        dead = f" · {view.dead * 100:.0f} % dead" if view.dead else ""
        lines.append(f"activation μ {view.mean:.2g} σ {view.std:.2g}{dead}")
    if view.gradient is not None:
        lines.append(f"gradient |∇| {view.gradient:.1e}")
    return lines
