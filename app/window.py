"""The main window: assembles bars, canvas, panels and actions, and closes without losing anything."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout, QWidget

from app.actions import ALL
from app.actions.book import ActionBook
from app.autosave import Autosave
from app.canvas import CanvasView
from app.canvas.stock import Stock
from app.canvas_link import CanvasLink
from app.costs import CostOverlay
from app.desk_window import DeskWindow
from app.document_tabs import DocumentTabs
from app.exports import Exports
from app.file_drops import FileDrops
from app.files import Files
from app.notices import Notices
from app.on_disk import DiskWatch
from app.own_blocks import OwnBlocks
from app.panels.feature_maps_glances import Glances
from app.panels.run_status import RunStatus
from app.panels.welcome import WelcomePage
from app.panes import Panes
from app.preset_shelf import PresetShelf
from app.probes import Probes
from app.questions import ask_to_leave_search, ask_to_leave_training, ask_to_stop_training
from app.recent_menu import RecentMenu
from app.run_ends import RunEnds
from app.search_everything import SearchEverything
from app.session import Session
from app.statusbar import StatusBar
from app.theme import set_role, set_surface, theme_manager
from app.topbar import TopBar
from app.trust_banner import TrustBanner
from app.version_keeper import VersionKeeper
from app.widgets import MessageAction, commit_focused, lay_out_before
from graph_engine.blocks.custom import custom_of, is_custom

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.settings import Settings
    from graph_engine.document.journal import Recovery


class MainWindow(DeskWindow):
    """One window, with a tab for each open document."""

    painted = Signal()
    """It is on screen for the first time."""
    closing = Signal()
    """It is being closed, and nothing will be lost."""

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__()
        self._session = session
        self._settings = settings
        self._was_painted = False
        self._may_close = False
        self._at_end: list[Callable[[], object]] = []
        self._probes = Probes(session)
        self.notices = Notices(self)
        self.autosave = Autosave(session)
        self.versions = VersionKeeper(session)
        self.shelf = PresetShelf(session.jobs, self)
        self._files = Files(session, settings, self.notices, self)
        self._exports = Exports(session, settings, self.notices, self)
        self._disk = DiskWatch(session, self.notices, self)
        self._ends = RunEnds(session, self.notices, self._files, self.show_checkpoints)
        self._canvas = CanvasView()
        self._canvas.snap = settings.snap_to_grid
        self._own = OwnBlocks(session, self.notices, self)
        self._canvas.stock = Stock(self._own.blocks)
        self._stack = QStackedWidget()
        self.book = ActionBook(ALL, self, self, settings.shortcuts, settings.key_set)
        self.book.menus_after["file.open"] = lambda menu: RecentMenu(settings, self._files.open_path, menu)
        self.panes = Panes(
            session,
            self._canvas,
            self.shelf,
            settings,
            self._files,
            self.notices,
            self._own,
            self.place_block,
            self.versions,
            self.compare,
            self,
        )
        self.welcome = WelcomePage(self.shelf, settings)
        self.topbar = TopBar(session, self.book)
        self._trust = TrustBanner(session)
        self.tabs = DocumentTabs(session, self._files.close)
        self.statusbar = StatusBar(session, self.autosave, RunStatus(session))
        self._search = SearchEverything(
            self,
            self.topbar.search,
            session,
            settings,
            self.book,
            self.shelf,
            self._files,
            self.place_block,
            self._canvas.stock,
            self.show_preferences,
            self.show_node,
        )
        self.link = CanvasLink(session, self._canvas, self.notices, self.book, settings, self._open_node)
        self.glances = Glances(session, self)
        self.costs = CostOverlay(session, self._canvas)
        self.drops = FileDrops(session, self._files, self.notices, lambda: self.show_panel("feature_maps"), self)
        self._assemble()
        self._connect()
        self.book.attach(self._canvas)
        self.link.show_document()
        self.book.refresh()

    def restore(self) -> None:
        """Takes the size that it had, at first a good one, or all of a smaller screen; panels are made when the drawing
        is shown.
        """
        geometry = self._settings.layout("window")
        if not geometry.isEmpty() and self.restoreGeometry(geometry):
            return
        spacing = theme_manager().spacing
        good, frame = QSize(spacing.px(1440), spacing.px(900)), QSize(spacing.px(16), spacing.px(48))
        room = self.screen().availableSize() - frame
        self.resize(good.boundedTo(room))
        if good.boundedTo(room) != good:
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def discard(self) -> None:
        """Closes without asking."""
        self._close_now()

    def closeEvent(self, event: QCloseEvent) -> None:
        commit_focused()
        busy = self._session.runs.live or self._session.searches.live
        if self._may_close or not (busy or self._session.any_dirty):
            self._leave()
            event.accept()
            return
        event.ignore()  # what is asked now closes the window when it is answered
        self._at_end.clear()
        runs = self._session.runs
        if runs.all_outlive:
            ask_to_leave_training(self, self._close_unless_searching, self._stop_and_close)
        elif runs.live:
            ask_to_stop_training(self, self._close_unless_searching)
        else:
            self._close_unless_searching()

    def event(self, event: QEvent) -> bool:
        lay_out_before(event)
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ThemeChange:
            theme_manager().refresh()
        elif event.type() == QEvent.Type.ActivationChange and self._was_painted and self.isActiveWindow():
            self._own.refresh()  # another window may have kept one meanwhile
            self._disk.look()

    def _assemble(self) -> None:
        self.setObjectName("main")
        self.setAccessibleName("Layerloom")
        self._stack.addWidget(self.panes.workspace)
        self._stack.addWidget(self.welcome)
        line = QFrame()
        set_role(line, "line")
        body = QWidget()
        set_surface(body, "window")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.topbar, line, self.tabs):
            column.addWidget(widget)
        column.addWidget(self._trust)
        column.addWidget(self._stack, 1)
        column.addWidget(self.statusbar)
        self.setCentralWidget(body)
        self.notices.toasts.set_bottom_margin(self.statusbar.height())
        self.notices.toasts.keep_over(self._canvas)
        self._show_menu_bar()

    def _connect(self) -> None:
        session, book = self._session, self.book
        for signal in (session.history_changed, session.selection_changed, session.check_changed, session.opened):
            signal.connect(book.refresh_soon)
        for signal in (session.program_changed, session.runs.state_changed, self.panes.workspace.sides_changed):
            signal.connect(book.refresh_soon)
        self._canvas.canvas_scene.selection_changed.connect(book.refresh_soon)
        self.costs.changed.connect(book.refresh_soon)
        session.opened.connect(self.show_drawing)
        self._own.changed.connect(book.refresh_soon)
        self._stack.currentChanged.connect(lambda: self.topbar.set_at_welcome(at_welcome=self.at_welcome))
        self._stack.currentChanged.connect(lambda: self._trust.set_covered(covered=self.at_welcome))
        for signal in (session.file_changed, session.history_changed, session.opened):
            signal.connect(self._show_title)
        self.glances.thumbnail.connect(self._canvas.canvas_scene.set_thumbnail)
        self.glances.figures.connect(self.panes.inspector.show_live)
        session.leaving.connect(commit_focused)
        session.refused.connect(self.notices.refuse)
        session.code_requested.connect(self.edit_code)
        session.search_requested.connect(self.show_search)
        session.searches.ended.connect(self.tell_search)
        session.searches.said.connect(self.notices.refuse)
        session.trust_requested.connect(self.ask_for_trust)
        session.check_changed.connect(self.take_back_solved)
        book.refused.connect(self.notices.refuse)
        session.runs.refused.connect(self.notices.tell)
        session.runs.noticed.connect(self.notices.refuse)
        session.runs.ended.connect(self._ends.tell)
        session.runs.again.said.connect(self.notices.say)
        session.runs.again.left.connect(self._ends.offer_queue)
        session.runs.again.changed.connect(book.refresh_soon)
        session.runs.library.failed.connect(self.notices.refuse)
        session.jobs.failed.connect(lambda _, error: self.notices.tell(error))
        session.runs.background.failed.connect(lambda _, error: self.notices.tell(error))
        self.autosave.failed.connect(self.notices.refuse)
        self.versions.failed.connect(self.notices.refuse)
        self.autosave.found.connect(self._offer_recoveries)
        self._settings.changed.connect(self._follow_settings)
        self.welcome.new_chosen.connect(self._files.new)
        self.welcome.open_chosen.connect(self._files.open)
        self.welcome.file_chosen.connect(self._files.open_path)
        self.welcome.preset_chosen.connect(self._files.open_preset)
        self.welcome.recovery_chosen.connect(self._files.recover)
        self.welcome.recovery_given_up.connect(lambda recovery: recovery.discard())
        self._prefer_runs()
        self._show_title()

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self._session.front.name}[*] – Layerloom")
        self.setWindowModified(self._session.dirty)

    def _open_node(self, node: str) -> None:
        """Enters a composite, opens the code of a custom block; of any other node, shows the parameters."""
        block = self._session.graph[node].block
        if is_custom(block) and custom_of(block) in self._session.document.customs:
            self.edit_code(custom_of(block))
        elif not self._session.enter(node):
            self._session.select([node])
            self.panes.show("inspector")

    def _offer_recoveries(self, recoveries: list[Recovery]) -> None:
        self.welcome.offer_recoveries(recoveries)
        front = self._session.front
        if front.untouched and front.path is None and not len(front.graph) and not self._files.is_opening:
            self.show_welcome()
        else:
            name = recoveries[0].path.name if recoveries[0].path is not None else recoveries[0].title
            action = MessageAction("Show", self.show_welcome)
            self.notices.say(f"{name} has unsaved changes from a crash.", severity="warning", action=action)

    def _follow_settings(self, name: str) -> None:
        if name == "theme":
            theme_manager().set_mode(self._settings.theme)
        elif name == "text_scale":
            theme_manager().set_font_scale(self._settings.text_scale)
        elif name == "menu_bar":
            self._show_menu_bar()
        elif name in ("own_process", "runs_at_once"):
            self._prefer_runs()
        elif name == "snap_to_grid":
            self._canvas.snap = self._settings.snap_to_grid
        elif name == "shortcuts":
            self.book.set_own_keys(self._settings.shortcuts, self._settings.key_set)
        self.book.refresh_soon()

    def _prefer_runs(self) -> None:
        runs = self._session.runs
        runs.own_process, runs.again.at_once = self._settings.own_process, self._settings.runs_at_once

    def _show_menu_bar(self) -> None:
        bar = self.menuBar()
        if not bar.actions():
            self.book.fill_bar(bar)
        bar.setVisible(self._settings.menu_bar)

    def _close_unless_unsaved(self) -> None:
        self._files.unless_unsaved(self._close_now)

    def _stop_and_close(self) -> None:
        self._at_end.append(self._session.runs.stop)  # it hears of it, and ends without the window
        self._close_unless_searching()

    def _close_unless_searching(self) -> None:
        searches = self._session.searches

        def end() -> None:
            self._at_end += [partial(searches.stop, name) for name in searches.live]
            self._close_unless_unsaved()

        if searches.live:
            ask_to_leave_search(self, searches.live, self._close_unless_unsaved, end)
        else:
            self._close_unless_unsaved()

    def _close_now(self) -> None:
        for end in self._at_end:  # only now: nobody has changed his mind
            end()
        self._may_close = True
        self.close()

    def _leave(self) -> None:
        """Keeps what is to be kept; nothing goes on after this."""
        self.closing.emit()
        self._settings.keep_layout("window", self.saveGeometry())
        self.panes.keep()
        self.link.keep_places()
        self._settings.sync()
        self.statusbar.stop()
        self.versions.stop()
        self.hide()  # what follows may wait for a last checkpoint, or for a process that is just beginning
        self._session.runs.close()
        self._session.speed_tests.stop()
        self._session.searches.close()
        self._session.jobs.close()
        self.autosave.close()
        self._canvas.close_document()
