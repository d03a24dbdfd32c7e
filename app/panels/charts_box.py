"""One chart with its heading and legend.

Loaded with the first chart (pyqtgraph).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from app.panels.charts_items import Line
from app.panels.charts_legend import Entry, Legend
from app.panels.charts_plot import PlotView
from app.panels.charts_ticks import value_label
from app.runs.curves import is_share, measure_title
from app.theme import set_role, set_surface, theme_manager
from app.widgets import ElidedLabel


class ChartBox(QWidget):
    """A heading that names the measure (a menu where there are several), the legend, the plot."""

    measure_chosen = Signal(str)

    def __init__(self, name: str, measure: str, parent: QWidget | None = None) -> None:
        """`name` is what a screen reader calls the chart; `measure` what it shows at first."""
        super().__init__(parent)
        set_surface(self, "panel")
        self.plot = PlotView(name, "percent" if is_share(measure) else "number", self)
        self.legend = Legend(self)
        self._measure = measure
        self._choices: dict[str, str] = {}
        self._title = ElidedLabel(measure_title(measure), parent=self)
        set_role(self._title, "dim")
        self._choose = QToolButton(self)
        self._choose.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._choose.setMenu(QMenu(self._choose))
        self._choose.setToolTip("Which measure is shown")
        self._choose.setMinimumWidth(1)  # a long title is cut short rather than widen its card
        titles = QWidget(self)
        self._titles = QStackedLayout(titles)
        self._titles.addWidget(self._title)
        self._titles.addWidget(self._choose)
        self._head = QHBoxLayout()
        self._head.addWidget(titles, 0, Qt.AlignmentFlag.AlignVCenter)
        self._head.addWidget(self.legend, 1)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._head)
        self._column.addWidget(self.plot, 1)
        theme_manager().changed.connect(self._space)
        self._space()

    @property
    def measure(self) -> str:
        return self._measure

    def set_measures(self, measures: Sequence[str], shown: str, names: Mapping[str, str]) -> None:
        """Offers these measures, and shows one of them; `names` is what the drawing calls them."""
        titles = {measure: measure_title(measure, names) for measure in measures}
        if titles != self._choices:
            self._choices = titles
            self._fill_menu()
        if shown != self._measure:
            self._measure = shown
            self.plot.set_scale("percent" if is_share(shown) else "number")
        title = measure_title(shown, names)
        self._title.setText(title)
        self._choose.setText(title)
        self._titles.setCurrentIndex(1 if len(self._choices) > 1 else 0)
        for action in self._choose.menu().actions():
            action.setChecked(action.data() == shown)

    def show_lines(
        self, lines: Sequence[Line], entries: Sequence[Entry], hidden: frozenset[str], sentence: str
    ) -> None:
        """Draws these curves; `sentence` is said while they have no point."""
        self.legend.set_hidden(hidden)
        self.legend.set_entries(entries)
        self.plot.set_sentence(sentence)
        self.plot.set_lines(lines)

    def describe(self) -> None:
        """Tells a screen reader the newest values."""
        percent = is_share(self._measure)
        words = [
            f"{line.name} {value_label(value, percent=percent)}"
            for line in reversed(self.plot.lines())
            if (value := line.curve.last()) is not None
        ]
        self.plot.setAccessibleDescription(", ".join(words))

    def minimumSizeHint(self) -> QSize:
        px = theme_manager().spacing.px
        return QSize(px(180), px(110))

    def _fill_menu(self) -> None:
        menu = self._choose.menu()
        menu.clear()
        group = QActionGroup(menu)
        for measure, title in self._choices.items():
            action = QAction(title, group)
            action.setData(measure)
            action.setCheckable(True)
            action.triggered.connect(self._choice(measure))
            menu.addAction(action)

    def _choice(self, measure: str) -> Callable[[], None]:
        return lambda: self.measure_chosen.emit(measure)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(spacing.xs)
        self._head.setSpacing(spacing.m)
