"""The main window: assembles bars, canvas, panels and actions, and is the desk that actions work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from app.actions import ALL
from app.actions.book import ActionBook
from app.autosave import Autosave
from app.canvas import CanvasView
from app.canvas_link import CanvasLink
from app.exports import Exports
from app.figures import plural
from app.files import Files
from app.notices import Notices
from app.panels.feature_maps_glances import Glances
from app.panels.run_status import RunStatus
from app.panels.welcome import WelcomePage
from app.panes import Panes
from app.placing import place_block
from app.preset_shelf import PresetShelf
from app.recent_menu import RecentMenu
from app.session import Session
from app.statusbar import StatusBar
from app.theme import set_role, set_surface, theme_manager
from app.topbar import TopBar
from app.widgets import MessageAction
from app.workspace import Side
from graph_engine.document.surgery import wrap_in_residual

if TYPE_CHECKING:
    from app.palette import Offer, Palette
    from app.settings import Settings, ThemeMode
    from graph_engine.doctor.devices import Device
    from graph_engine.document import Plan
    from graph_engine.document.journal import Recovery


class MainWindow(QMainWindow):
    """One window with one document."""

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
        self._devices: tuple[Device, ...] = ()
        self.notices = Notices(self)
        self.autosave = Autosave(session)
        self.shelf = PresetShelf(session.jobs, self)
        self._files = Files(session, settings, self.notices, self)
        self._exports = Exports(session, settings, self.notices, self)
        self._canvas = CanvasView()
        self._canvas.snap = settings.snap_to_grid
        self._stack = QStackedWidget()
        self.book = ActionBook(ALL, self, self, settings.shortcuts)
        self.book.menus_after["file.open"] = lambda menu: RecentMenu(settings, self._files.open_path, menu)
        self.panes = Panes(
            session, self._canvas, self.shelf, settings, self._files, self.notices, self.place_block, self
        )
        self.welcome = WelcomePage(self.shelf, settings)
        self.topbar = TopBar(session, self.book)
        self.statusbar = StatusBar(session, self.autosave, RunStatus(session))
        self._palette: Palette | None = None
        self.link = CanvasLink(session, self._canvas, self.notices, self.book, self._edit_node)
        self.glances = Glances(session, self)
        self._assemble()
        self._connect()
        self.book.attach(self._canvas)
        self.link.show_document()
        self.book.refresh()

    # --- the desk

    @property
    def session(self) -> Session:
        return self._session

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def files(self) -> Files:
        return self._files

    @property
    def exports(self) -> Exports:
        return self._exports

    @property
    def canvas(self) -> CanvasView:
        return self._canvas

    @property
    def theme(self) -> ThemeMode:
        return self._settings.theme

    @property
    def at_welcome(self) -> bool:
        return self._stack.currentWidget() is self.welcome

    def set_theme(self, mode: ThemeMode) -> None:
        self._settings.theme = mode

    def show_welcome(self) -> None:
        """Covers the drawing with the page one begins with."""
        self._stack.setCurrentWidget(self.welcome)
        self.shelf.load()
        self.welcome.focus_first()
        self.book.refresh()

    def show_drawing(self) -> None:
        """Shows the drawing."""
        if self.at_welcome or self.focusWidget() is None:
            self._stack.setCurrentWidget(self.panes.workspace)
            self._canvas.setFocus()
        self.panes.restore()
        self.book.refresh_soon()

    @property
    def command_palette(self) -> Palette:
        """The palette, made when it is first asked for."""
        if self._palette is None:
            from app.palette import Palette

            self._palette = Palette(self)
        return self._palette

    def show_palette(self) -> None:
        from app.offers import action_offers, block_offers, file_offers, node_offers, preset_offers

        offers = [*action_offers(self.book), *preset_offers(self.shelf, self._files.open_preset)]
        offers += file_offers(self._settings.recent_files, self._files.open_path)
        if not self.at_welcome:
            offers += [*block_offers(self.place_block), *node_offers(self._session)]
        self.shelf.load()
        self._open_palette(offers, "Search blocks, actions, presets and nodes")

    def show_node_search(self) -> None:
        from app.offers import node_offers

        self._open_palette(node_offers(self._session), "Find a node")

    def show_panel(self, name: str) -> None:
        self.show_drawing()
        self.panes.show(name)

    def side_shown(self, side: Side) -> bool:
        return self.panes.workspace.is_shown(side)

    def toggle_side(self, side: Side) -> None:
        self.panes.workspace.show_side(side, shown=not self.side_shown(side))

    def cycle_panes(self, steps: int) -> None:
        self.panes.cycle(steps)

    def toggle_menu_bar(self) -> None:
        self._settings.menu_bar = not self._settings.menu_bar

    def open_menu(self) -> None:
        if self.menuBar().isVisible():
            self.menuBar().setFocus(Qt.FocusReason.MenuBarFocusReason)
            self.menuBar().setActiveAction(self.menuBar().actions()[0])
        else:
            self.topbar.open_menu()

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def rename(self) -> None:
        if self._session.selection.current is not None:
            self._canvas.rename()
        else:
            self.panes.workspace.show_side(Side.RIGHT, shown=True)
            self.panes.inspector.rename()

    def place_block(self, key: str) -> None:
        """Adds a block where it fits best."""
        self.show_drawing()
        place_block(self._session, self._canvas, key)

    def wrap_in_residual(self) -> None:
        session = self._session
        edit = wrap_in_residual(session.graph, session.selection.nodes, session.graph_name)
        if session.attempt(edit):
            session.select([edit.edits[0].nodes[0].id])  # type: ignore[union-attr]  # it begins with the new node

    def check_now(self) -> None:
        self._session.recheck()
        self.show_panel("problems")

    def train(self) -> None:
        self._session.runs.start()
        if self.side_shown(Side.BOTTOM) and self.panes.bottom.current not in ("charts", "feature_maps", "runs"):
            self.panes.bottom.show_panel("charts")

    def show_preferences(self) -> None:
        from app.dialogs.preferences import PreferencesDialog

        PreferencesDialog(self._settings, self.book, self).open()

    def show_shortcuts(self) -> None:
        from app.dialogs.shortcuts import ShortcutSheet

        ShortcutSheet(self.book, self).open()

    def show_about(self) -> None:
        from app.dialogs.about import AboutDialog

        AboutDialog(self).open()

    def show_doctor(self) -> None:
        from app.dialogs.about import DoctorDialog

        DoctorDialog(self, self._session.jobs).open()

    # --- the window

    def restore(self) -> None:
        """Takes the size that it had; panels are made when the drawing is shown."""
        spacing = theme_manager().spacing
        geometry = self._settings.layout("window")
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            self.resize(spacing.px(1440), spacing.px(900))

    def show_devices(self, devices: tuple[Device, ...]) -> None:
        """Says where training would go on."""
        self._devices = devices
        self._show_device()

    def discard(self) -> None:
        """Closes without asking."""
        self._close_now()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close or not (self._session.runs.live or self._session.dirty):
            self._leave()
            event.accept()
            return
        event.ignore()  # what is asked now closes the window when it is answered
        self._unless_training(lambda: self._files.unless_unsaved(self._close_now))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ThemeChange:
            theme_manager().refresh()

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
        for widget in (self.topbar, line):
            column.addWidget(widget)
        column.addWidget(self._stack, 1)
        column.addWidget(self.statusbar)
        self.setCentralWidget(body)
        self.notices.toasts.set_bottom_margin(self.statusbar.height())
        self._show_menu_bar()

    def _connect(self) -> None:
        session, book = self._session, self.book
        for signal in (session.history_changed, session.selection_changed, session.check_changed, session.opened):
            signal.connect(book.refresh_soon)
        for signal in (session.program_changed, session.runs.state_changed, self.panes.workspace.sides_changed):
            signal.connect(book.refresh_soon)
        session.opened.connect(self.show_drawing)
        self._stack.currentChanged.connect(lambda: self.topbar.set_at_welcome(at_welcome=self.at_welcome))
        for signal in (session.file_changed, session.history_changed, session.opened):
            signal.connect(self._show_title)
        for signal in (session.changed, session.opened):
            signal.connect(self._show_device)
        self.glances.thumbnail.connect(self._canvas.canvas_scene.set_thumbnail)
        self.glances.figures.connect(self.panes.inspector.show_live)
        session.refused.connect(self.notices.refuse)
        book.refused.connect(self.notices.refuse)
        session.runs.refused.connect(self.notices.tell)
        session.runs.library.failed.connect(self.notices.refuse)
        session.jobs.failed.connect(lambda _, error: self.notices.tell(error))
        session.runs.background.failed.connect(lambda _, error: self.notices.tell(error))
        self.autosave.failed.connect(self.notices.refuse)
        self.autosave.found.connect(self._offer_recoveries)
        self._settings.changed.connect(self._follow_settings)
        self.welcome.new_chosen.connect(self._files.new)
        self.welcome.open_chosen.connect(self._files.open)
        self.welcome.file_chosen.connect(self._files.open_path)
        self.welcome.preset_chosen.connect(self._files.open_preset)
        self.welcome.recovery_chosen.connect(self._files.recover)
        self.welcome.recovery_given_up.connect(lambda recovery: recovery.discard())
        self._show_title()

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self._session.front.name}[*] – Layerloom")
        self.setWindowModified(self._session.dirty)

    def _show_device(self) -> None:
        plan = self._session.document.plan
        device = device_of(plan, self._devices)
        if device is None:
            self.topbar.show_device("", "")
            return
        what = plural(device.threads, "thread") if device.threads else device.title.removeprefix("NVIDIA ")
        self.topbar.show_device(
            f"{device.name} · {what} · {plan.precision}", f"{device.title}: change it under Training plan"
        )

    def _edit_node(self, node: str) -> None:
        self._session.select([node])
        self.panes.show("inspector")

    def _open_palette(self, offers: list[Offer], placeholder: str) -> None:
        search = self.topbar.search
        at = search.rect().translated(search.mapTo(self, search.rect().topLeft()))
        self.command_palette.open(offers, placeholder=placeholder, at=at)

    def _offer_recoveries(self, recoveries: list[Recovery]) -> None:
        self.welcome.offer_recoveries(recoveries)
        front = self._session.front
        if front.untouched and front.path is None and not len(front.graph):
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
        elif name == "snap_to_grid":
            self._canvas.snap = self._settings.snap_to_grid
        elif name == "shortcuts":
            self.book.set_own_keys(self._settings.shortcuts)
        self.book.refresh_soon()

    def _show_menu_bar(self) -> None:
        bar = self.menuBar()
        if not bar.actions():
            self.book.fill_bar(bar)
        bar.setVisible(self._settings.menu_bar)

    def _unless_training(self, then: object) -> None:
        runs = self._session.runs
        if not runs.live:
            then()  # type: ignore[operator]
            return
        box = QMessageBox(self)
        box.setObjectName("training")
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Training is going on")
        box.setText("Stop training and quit?")
        box.setInformativeText("What it has learnt is kept: the run can be resumed from where it stops.")
        stop = box.addButton("Stop and quit", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.finished.connect(box.deleteLater)
        box.buttonClicked.connect(lambda button: then() if button is stop else None)  # type: ignore[operator]
        box.open()

    def _close_now(self) -> None:
        self._may_close = True
        self.close()

    def _leave(self) -> None:
        """Keeps what is to be kept; nothing goes on after this."""
        self.closing.emit()
        self._settings.keep_layout("window", self.saveGeometry())
        self.panes.keep()
        self._settings.sync()
        self.statusbar.stop()
        self._session.runs.close()
        self._session.jobs.close()
        self.autosave.close()
        self._canvas.close_document()


def device_of(plan: Plan, devices: tuple[Device, ...]) -> Device | None:
    """The device that a plan would be trained on; None while that is not known, or there is none of that kind."""
    gpus = [device for device in devices if device.name.startswith("cuda")]
    if plan.device != "cpu" and gpus:
        return gpus[0]
    return next((device for device in devices if device.name == "cpu"), None) if plan.device != "cuda" else None
