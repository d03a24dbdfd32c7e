"""The panels of a window: made when they are first shown, found by name, walked through by F6."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.panels.inspector import InspectorPanel
from app.panels.library import LibraryPanel
from app.panels.library_menu import LibraryMenu
from app.panels.tabs import LazyTabs, Tab
from app.placing import place_input
from app.theme import set_role
from app.workspace import Side, Workspace
from graph_engine.check.report import Severity

if TYPE_CHECKING:
    from app.canvas import CanvasView
    from app.files import Files
    from app.notices import Notices
    from app.own_blocks import OwnBlocks
    from app.preset_shelf import PresetShelf
    from app.session import Session
    from app.settings import Settings
    from app.version_keeper import VersionKeeper
    from graph_engine.document import Document


class Panes(QObject):
    """Left, bottom and right of the canvas, with what is in them."""

    def __init__(
        self,
        session: Session,
        canvas: CanvasView,
        shelf: PresetShelf,
        settings: Settings,
        files: Files,
        notices: Notices,
        own: OwnBlocks,
        place_block: Callable[[str], object],
        versions: VersionKeeper,
        compare: Callable[[Document, str], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._shelf = shelf
        self._settings = settings
        self._files = files
        self._notices = notices
        self._own = own
        self._place_block = place_block
        self._versions = versions
        self._compare = compare
        self._restored = False
        self.left = LazyTabs(
            [
                Tab("blocks", "Blocks", self._blocks),
                Tab("presets", "Presets", self._presets),
                Tab("data", "Data", self._data),
            ],
            label="Library",
        )
        self.bottom = LazyTabs(
            [
                Tab("charts", "Charts", self._charts),
                Tab("feature_maps", "Feature maps", self._feature_maps),
                Tab("code", "Code", self._code),
                Tab("problems", "Problems", self._problems),
                Tab("outline", "Outline", self._outline),
                Tab("runs", "Runs", self._runs),
                Tab("plan", "Training plan", self._plan),
                Tab("history", "History", self._history),
            ],
            label="Panels",
        )
        self.inspector = InspectorPanel(session)
        self.workspace = Workspace(self.left, canvas, self.bottom, self.inspector, settings)
        workspace = self.workspace
        self.bottom.bar.tabBarDoubleClicked.connect(lambda _: workspace.enlarge_bottom(on=not workspace.is_enlarged))
        session.check_changed.connect(self._count_problems)
        session.opened.connect(self._count_problems)
        session.runs.library.changed.connect(self._count_runs)
        self._count_problems()

    def show(self, name: str) -> None:
        """Brings a panel to the front, its side with it, and puts the keyboard into it."""
        if name in ("inspector", "help"):
            self.workspace.show_side(Side.RIGHT, shown=True)
            if name == "help":
                self.inspector.show_help()
            else:
                self.inspector.focus_form()
            return
        tabs, side = (self.left, Side.LEFT) if name in self.left.names else (self.bottom, Side.BOTTOM)
        self.workspace.show_side(side, shown=True)
        tabs.show_panel(name)
        focus_into(tabs.panel(name))

    def restore(self) -> None:
        """Shows the panels that were in front the last time; only the first time it is asked."""
        if self._restored:
            return
        self._restored = True
        self.workspace.restore()
        for tabs, key in ((self.left, "left-tab"), (self.bottom, "bottom-tab")):
            name = self._settings.text(key, tabs.names[0])
            tabs.show_panel(name if name in tabs.names else tabs.names[0])

    def keep(self) -> None:
        """Remembers what is in front, and the sizes."""
        if not self._restored:
            return
        self.workspace.keep()
        self._settings.keep_text("left-tab", self.left.current)
        self._settings.keep_text("bottom-tab", self.bottom.current)

    def cycle(self, steps: int) -> None:
        """Puts the keyboard into the next pane that is shown, or the one before."""
        panes = [
            pane
            for pane, shown in (
                (self.left, self.workspace.is_shown(Side.LEFT)),
                (self._canvas, True),
                (self.inspector, self.workspace.is_shown(Side.RIGHT)),
                (self.bottom, self.workspace.is_shown(Side.BOTTOM)),
            )
            if shown
        ]
        focused = QApplication.focusWidget()
        now = next(
            (at for at, pane in enumerate(panes) if focused is pane or (focused and pane.isAncestorOf(focused))), -1
        )
        start = now if now >= 0 else (-1 if steps > 0 else 0)
        focus_into(panes[(start + steps) % len(panes)])

    # --- what is in them

    def _blocks(self) -> QWidget:
        stock = self._canvas.stock
        menu = LibraryMenu(self._session, stock, self._own, self._files, self._place_block)
        panel = LibraryPanel(self._session, stock, menu)
        self._own.changed.connect(panel.show_own)
        panel.block_chosen.connect(self._place_block)
        return panel

    def _presets(self) -> QWidget:
        from app.panels.presets import PresetsPanel

        panel = PresetsPanel(self._shelf)
        panel.chosen.connect(self._files.open_preset)
        return panel

    def _data(self) -> QWidget:
        from app.panels.data import DataPanel

        panel = DataPanel(self._session)
        panel.input_wanted.connect(lambda field: place_input(self._session, self._canvas, field))
        return panel

    def _charts(self) -> QWidget:
        from app.panels.charts import ChartsPanel
        from app.panels.feature_maps import FeatureMapsView

        panel = ChartsPanel(self._session)
        panel.set_side(FeatureMapsView(self._session))
        return panel

    def _feature_maps(self) -> QWidget:
        from app.panels.feature_maps import FeatureMapsPanel

        return FeatureMapsPanel(self._session)

    def _code(self) -> QWidget:
        from app.panels.code import CodePanel

        return CodePanel(self._session)

    def _problems(self) -> QWidget:
        from app.panels.problems import ProblemsPanel

        return ProblemsPanel(self._session)

    def _outline(self) -> QWidget:
        from app.panels.outline import OutlinePanel

        panel = OutlinePanel(self._session)
        panel.edit_requested.connect(lambda _: self.show("inspector"))
        panel.delete_requested.connect(self._canvas.editing.delete)
        panel.join_requested.connect(self._canvas.editing.join)
        panel.add_requested.connect(self._canvas.add_block)
        return panel

    def _runs(self) -> QWidget:
        from app.panels.runs import RunsPanel

        panel = RunsPanel(self._session)
        if chosen := self._settings.text("runs/metrics"):
            panel.show_metrics(chosen.split())
        panel.metrics_changed.connect(lambda names: self._settings.keep_text("runs/metrics", " ".join(names)))
        panel.document_requested.connect(self._files.open_document)
        panel.said.connect(self._notices.say)
        panel.failed.connect(self._notices.tell)
        return panel

    def _plan(self) -> QWidget:
        from app.panels.plan import PlanPanel

        return PlanPanel(self._session)

    def _history(self) -> QWidget:
        from app.panels.history import HistoryPanel

        panel = HistoryPanel(self._session, self._versions)
        panel.compare_requested.connect(self._compare)
        return panel

    # --- counts on the tabs

    def _count_problems(self) -> None:
        problems = self._session.problems
        errors = sum(1 for problem in problems if problem.severity is Severity.ERROR)
        warnings = sum(1 for problem in problems if problem.severity is Severity.WARNING)
        self._mark("problems", errors or warnings, "danger" if errors else "warning")

    def _count_runs(self) -> None:
        self._mark("runs", len(self._session.runs.library.records or ()), "faint")

    def _mark(self, name: str, count: int, role: str) -> None:
        mark = None
        if count:
            mark = QLabel(str(count))
            set_role(mark, role)  # type: ignore[arg-type]  # one of the three above
            mark.setProperty("part", "count")
            mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.bottom.set_mark(name, mark)


def focus_into(widget: QWidget) -> None:
    """Puts the keyboard into a widget, or into the first of its children that takes it."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return
    for child in widget.findChildren(QWidget):
        if child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isVisibleTo(widget) and child.isEnabled():
            child.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
