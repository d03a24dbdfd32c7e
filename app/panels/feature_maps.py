"""What nodes make of a sample, in training and without: the maps of the selected node, and of those pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QActionGroup, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from app.theme import icon, set_surface, theme_manager
from app.widgets import EmptyState

if TYPE_CHECKING:
    from app.panels.feature_maps_color import ColorMap
    from app.panels.feature_maps_node import NodeMaps
    from app.panels.feature_maps_samples import SamplePicker
    from app.panels.feature_maps_tiles import Scaling
    from app.session import Session
    from graph_engine.data import Sample

_MOST = 4
"""How many nodes are shown side by side at most."""

_SELECT = "Select a node on the canvas to see what it makes of a sample."
_COLORS: tuple[tuple[ColorMap, str], ...] = (
    ("viridis", "Viridis"),
    ("grey", "Grey"),
    ("signed", "Blue – orange, around zero"),
)
_SCALINGS: tuple[tuple[Scaling, str], ...] = (("each", "Each channel by itself"), ("shared", "All channels together"))


class FeatureMapsView(QWidget):
    """The maps alone, as they stand beside the charts: of the node selected last, or of up to four with `several`."""

    def __init__(self, session: Session, *, several: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._seen = session.runs.activations
        self._several = several
        self._pinned: list[str] = []
        self._maps: list[NodeMaps] = []
        self._look: tuple[Scaling, ColorMap] = ("each", "viridis")
        set_surface(self, "panel")
        self._empty = EmptyState("image", _SELECT)
        side_by_side = QWidget(self)
        self._row = QHBoxLayout(side_by_side)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(side_by_side)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._choose_nodes)
        moments = (session.opened, session.level_changed, session.selection_changed)
        for signal in (*moments, session.program_changed, session.check_changed):
            signal.connect(self._soon.start)
        self._seen.changed.connect(self._show)
        theme_manager().changed.connect(self._space)
        self._space()

    def nodes(self) -> tuple[str, ...]:
        """The nodes whose maps are shown, pinned ones first."""
        return tuple(view.node for view in self._maps if not view.isHidden())

    def views(self) -> tuple[NodeMaps, ...]:
        """What is shown of each node."""
        return tuple(view for view in self._maps if not view.isHidden())

    def set_look(self, scaling: Scaling, colors: ColorMap) -> None:
        """How values become colours."""
        self._look = (scaling, colors)
        for view in self._maps:
            view.set_look(scaling, colors)

    def look(self) -> tuple[Scaling, ColorMap]:
        return self._look

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._choose_nodes()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._seen.want(self, ())

    # Inside.

    def _wanted(self) -> list[str]:
        graph = self._session.graph
        self._pinned = [node for node in self._pinned if node in graph]
        selected = [node for node in self._session.selection.nodes if node not in self._pinned]
        room = _MOST - len(self._pinned) if self._several else 1
        chosen = selected[-room:] if room > 0 else []
        if not self._several:
            return chosen or self._pinned[-1:] or self._before()
        return self._pinned + chosen or self._before()

    def _before(self) -> list[str]:
        """What was shown, when nothing is selected any more: a click on empty canvas takes nothing away."""
        return [node for node in self.nodes() if node in self._session.graph]

    def _choose_nodes(self) -> None:
        if not self.isVisible():
            return
        from app.panels.feature_maps_node import NodeMaps

        wanted = self._wanted()
        while len(self._maps) < len(wanted):
            view = NodeMaps(pinnable=self._several, parent=self)
            view.set_look(*self._look)
            view.pinned.connect(lambda on, view=view: self._pin(view.node, on=on))
            self._maps.append(view)
            self._row.addWidget(view, 1)
        for place, view in enumerate(self._maps):
            view.setVisible(place < len(wanted))
        for view, node in zip(self._maps, wanted, strict=False):
            view.node = node
            view.pin.setChecked(node in self._pinned)
        self._stack.setCurrentIndex(1 if wanted else 0)
        self._seen.want(self, tuple(wanted))
        self._show()

    def _show(self) -> None:
        """Shows the newest values."""
        if not self.isVisible():
            return
        for view in self.views():
            if view.node not in self._session.graph:
                continue
            found = self._seen.get(view.node)
            name = self._name(view.node)
            if found is not None:
                view.show_values(name, found)
            else:
                view.show_sentence(view.node, name, self._seen.why_not(view.node))

    def _name(self, node: str) -> str:
        title = self._session.graph[node].title
        return f"{title} ({node})" if title else node

    def _pin(self, node: str, *, on: bool) -> None:
        if on and node not in self._pinned:
            self._pinned.append(node)
        elif not on and node in self._pinned:
            self._pinned.remove(node)
        self._choose_nodes()

    def _space(self) -> None:
        self._row.setSpacing(theme_manager().spacing.l)


class FeatureMapsPanel(QWidget):
    """Maps of up to four nodes, how they are coloured, and which sample they are of."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._seen = session.runs.activations
        self._picker: SamplePicker | None = None
        set_surface(self, "panel")
        self.setAccessibleName("Feature maps")
        self.view = FeatureMapsView(session, several=True, parent=self)
        self._choose_look = QToolButton(self)
        self._choose_look.setIcon(icon("palette"))
        self._choose_look.setToolTip("How values become colours")
        self._choose_look.setAccessibleName("How values become colours")
        self._choose_look.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._choose_look.setMenu(self._look_menu())
        self._foot = QHBoxLayout()
        self._foot.addStretch(1)
        self._foot.addWidget(self._choose_look)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.view, 1)
        self._column.addLayout(self._foot)
        self._seen.samples.changed.connect(self._show_data)
        self._seen.sample_changed.connect(self._show_sample)
        theme_manager().changed.connect(self._space)
        self._space()

    def picker(self) -> SamplePicker | None:
        """Where the sample is chosen; None before the panel was first shown."""
        return self._picker

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._picker is None:
            from app.panels.feature_maps_samples import SamplePicker

            self._picker = SamplePicker(self._ask_pictures, self)
            self._picker.chosen.connect(self._seen.set_sample)
            self._foot.takeAt(0)
            self._foot.insertWidget(0, self._picker, 1)
            self._show_data()
        self._seen.samples.read()

    # Inside.

    def _show_data(self) -> None:
        """Offers the samples of the data that the document is bound to."""
        if self._picker is not None:
            self._picker.set_count(self._seen.samples.count)
            self._show_sample()

    def _show_sample(self) -> None:
        if self._picker is not None:
            self._picker.set_current(self._seen.sample)

    def _ask_pictures(self, indices: list[int]) -> None:
        self._seen.samples.ask(indices, self._take_pictures)

    def _take_pictures(self, found: list[Sample]) -> None:
        if self._picker is not None:
            self._picker.add(found)

    def _look_menu(self) -> QMenu:
        menu = QMenu(self._choose_look)
        scaling, colors = self.view.look()
        for heading, choices, now in (("Scale", _SCALINGS, scaling), ("Colours", _COLORS, colors)):
            menu.addSection(heading)
            group = QActionGroup(menu)
            for value, text in choices:
                action = QAction(text, group)
                action.setCheckable(True)
                action.setChecked(value == now)
                action.setData(value)
                menu.addAction(action)
            group.triggered.connect(self._set_look)
        return menu

    def _set_look(self, action: QAction) -> None:
        scaling, colors = self.view.look()
        if action.data() in dict(_SCALINGS):
            scaling = cast("Scaling", action.data())
        else:
            colors = cast("ColorMap", action.data())
        self.view.set_look(scaling, colors)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setContentsMargins(spacing.l, spacing.s, spacing.l, spacing.s)
        self._column.setSpacing(spacing.s)
        self._foot.setSpacing(spacing.s)
