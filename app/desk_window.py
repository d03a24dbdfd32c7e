"""The window as the desk that actions work on: what each of them does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QStackedWidget

from app.placing import place_block
from app.widgets import MessageAction
from app.workspace import Side
from graph_engine.check.borders import NO_LOSS
from graph_engine.check.report import Code
from graph_engine.document.surgery import wrap_in_residual

if TYPE_CHECKING:
    from pathlib import Path

    from app.actions.book import ActionBook
    from app.canvas import CanvasView
    from app.costs import CostOverlay
    from app.exports import Exports
    from app.files import Files
    from app.notices import Notices
    from app.own_blocks import OwnBlocks
    from app.palette import Palette
    from app.panels.welcome import WelcomePage
    from app.panes import Panes
    from app.preset_shelf import PresetShelf
    from app.probes import Probes
    from app.search_everything import SearchEverything
    from app.session import Session
    from app.settings import Settings, ThemeMode
    from app.topbar import TopBar
    from graph_engine.check.report import Problem
    from graph_engine.document import Document
    from graph_engine.train.changes import RunChange


class DeskWindow(QMainWindow):
    """A window that is an `app.actions.desk.Desk`; `MainWindow` makes its parts."""

    book: ActionBook
    notices: Notices
    panes: Panes
    shelf: PresetShelf
    topbar: TopBar
    welcome: WelcomePage
    costs: CostOverlay
    _canvas: CanvasView
    _exports: Exports
    _files: Files
    _own: OwnBlocks
    _search: SearchEverything
    _probes: Probes
    _session: Session
    _settings: Settings
    _stack: QStackedWidget

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
    def own(self) -> OwnBlocks:
        return self._own

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
        if self.isVisible():  # otherwise when it is: reading them would hold it up
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
        return self._search.palette

    def show_palette(self) -> None:
        self._search.open(drawing=not self.at_welcome)

    def show_node_search(self) -> None:
        self._search.open_nodes()

    def show_node(self, place: str) -> None:
        """Shows a node that was found, and puts the keyboard on the canvas, which acts on it."""
        self._session.show_place(place)
        self._canvas.setFocus()

    def show_panel(self, name: str) -> None:
        self.show_drawing()
        self.panes.show(name)

    def side_shown(self, side: Side) -> bool:
        return self.panes.workspace.is_shown(side)

    def toggle_side(self, side: Side) -> None:
        self.panes.workspace.show_side(side, shown=not self.side_shown(side))

    @property
    def bottom_enlarged(self) -> bool:
        return self.panes.workspace.is_enlarged

    def toggle_bottom_enlarged(self) -> None:
        self.panes.workspace.enlarge_bottom(on=not self.bottom_enlarged)

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
        if self._session.selection.current is not None or self._canvas.canvas_scene.selected_annotations:
            self._canvas.rename()
        else:
            self.panes.workspace.show_side(Side.RIGHT, shown=True)
            self.panes.inspector.rename()

    def place_block(self, key: str) -> None:
        """Adds what a key of the library stands for where it fits best."""
        self.show_drawing()
        place_block(self._session, self._canvas, key)

    def wrap_in_residual(self) -> None:
        session = self._session
        edit = wrap_in_residual(session.graph, session.selection.nodes, session.graph_name)
        if session.attempt(edit):
            session.select([edit.edits[0].nodes[0].id])  # type: ignore[union-attr]  # it begins with the new node

    def edit_code(self, name: str) -> None:
        """Opens the code of a custom block, or of a new one without a name."""
        from app.customs import TEMPLATE
        from app.dialogs.custom_editor import CustomEditor

        code = self._session.document.customs.get(name)
        told = [
            problem.message
            for problem in self._session.problems
            if problem.severity == "error" and (problem.graph, problem.node) in self._session.document.users_of(name)
        ]
        editor = CustomEditor(
            self._session,
            self,
            code.source if code is not None else TEMPLATE,
            new=code is None,
            told=list(dict.fromkeys(each for each in told if each.startswith("Line "))),
        )
        editor.applied.connect(lambda source: self._take_code(name if code is not None else "", source))
        editor.open()

    def _take_code(self, name: str, source: str) -> None:
        from app import customs

        try:
            if name:
                customs.change(self._session, name, source)
            else:
                customs.add(self._session, self._canvas, source)
        except OSError as error:
            self.notices.tell(error)
        self._canvas.setFocus()

    def ask_for_trust(self) -> None:
        """Shows the code of the document, and lets it run if the user says so."""
        from app.dialogs.trust import TrustDialog

        dialog = TrustDialog(self._session, self)
        dialog.accepted.connect(self._trust_all)
        dialog.open()

    def _trust_all(self) -> None:
        from app import customs

        try:
            customs.trust_all(self._session)
        except OSError as error:
            self.notices.tell(error)

    def check_now(self) -> None:
        self._session.recheck()
        self.show_panel("problems")

    def change_run(self) -> None:
        """Asks what is to be changed in the run that goes on."""
        from app.dialogs.run_change import RunChangeDialog
        from graph_engine.train.changes import read_changes, with_changes

        runs = self._session.runs
        document, folder, progress, run = runs.document, runs.folder, runs.progress, runs.run

        def change(wanted: RunChange) -> None:
            if runs.run != run:  # perhaps another goes on by now
                self.notices.refuse(f"{run} goes on no longer, so it was not changed.")
            elif runs.progress is None or runs.progress.stage != stage:
                self.notices.refuse(f"{run} has left stage {stage} meanwhile, so it was not changed.")
            else:
                runs.change(wanted)

        if document is not None and folder is not None and progress is not None:
            stage, now = progress.stage, with_changes(document, read_changes(folder.path))
            RunChangeDialog(now, stage - 1, change, self).open()

    def tell_search(self, name: str, how: str) -> None:
        """Says how a search ended, and offers a look at it."""
        self.notices.say(how, action=MessageAction("Show its trials", lambda: self.show_search(name=name)))

    def show_search(self, of: str = "", *, name: str = "") -> None:
        """Searches for better settings of the document, over `of` if given, or shows the search `name`; one window is
        enough.
        """
        from app.dialogs.search import SearchDialog

        dialog = self.findChild(SearchDialog)
        if dialog is None:
            dialog = SearchDialog(self._session, self._files.open_document, self)
            dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        if of:
            dialog.propose_range(of)
        if name:
            dialog.choose(name)

    def show_checkpoints(self, run: str) -> None:
        """Shows what a run can be rewound to, and branched from."""
        from app.dialogs.checkpoints import show_checkpoints

        show_checkpoints(self._session.runs, run, self)

    def follow_folder(self) -> None:
        """Asks for the folder of a run, and follows it."""
        from app.dialogs.run_folder import ask_run_folder
        from app.runs.finding import follow_folder

        def follow(path: Path) -> None:
            self.show_panel("charts")
            follow_folder(self._session.runs, path)

        ask_run_folder(self, follow)

    def probe(self) -> None:
        """Watches the selected node: its maps are shown, and a number brings them back."""
        node = self._session.selection.current
        if node is None:
            return
        number = self._probes.put(node)
        self.show_panel("feature_maps")
        self._canvas.setFocus()
        self._canvas.tell(f"Probe {number} is {self._session.title(node)}: {number} on the canvas shows it again.")

    def recall_probe(self, number: int) -> None:
        """Shows what the node with this number makes of a sample."""
        address = self._probes.at(number)
        if address is None:
            self._canvas.tell(f"There is no probe {number}: F9 gives the selected node a number.")
            return
        self._session.show_place(address)
        self.show_panel("feature_maps")
        self._canvas.setFocus()

    def train(self, *, own_process: bool | None = None) -> None:
        if self._lacks_loss():
            return
        self._session.runs.start(own_process=own_process)
        if self.side_shown(Side.BOTTOM) and self.panes.bottom.current not in ("charts", "feature_maps", "runs"):
            self.panes.bottom.show_panel("charts")

    def _lacks_loss(self) -> bool:
        """Whether there is nothing to train for; then the problem is shown, with what mends it."""
        problem = self._problem(Code.NO_LOSS)
        if problem is None:
            return False
        label = problem.fixes[0].label if problem.fixes else ""
        action = MessageAction(label, lambda: self._mend(Code.NO_LOSS)) if label else None
        self.notices.say(problem.message, severity="warning", action=action)
        if self.side_shown(Side.BOTTOM):
            self.panes.bottom.show_panel("problems")
        return True

    def take_back_solved(self) -> None:
        """Closes the offer of a loss once there is one."""
        if self._problem(Code.NO_LOSS) is None:
            self.notices.take_back(NO_LOSS)

    def _problem(self, code: Code) -> Problem | None:
        return next((each for each in self._session.problems if each.code is code), None)

    def _mend(self, code: Code) -> None:
        """Does what a problem offers first, unless it has been solved since it was told of."""
        problem = self._problem(code)
        if problem is not None and problem.fixes:
            self._session.apply_fix(problem.fixes[0])

    def compare(self, before: Document, name: str) -> None:
        """Shows what is different now from another document."""
        from app.dialogs.compare import CompareDialog

        front = self._session.front
        dialog = CompareDialog(self._session, before, front.document.snapshot(), (name, front.name), self)
        dialog.chosen.connect(self._session.show_place)
        dialog.open()

    def show_preferences(self, setting: str = "") -> None:
        """Opens the preferences, with the keyboard in `setting` if given."""
        from app.dialogs.preferences import PreferencesDialog

        dialog = PreferencesDialog(self._settings, self.book, self)
        dialog.open()
        dialog.show_setting(setting)

    def show_shortcuts(self) -> None:
        from app.dialogs.shortcuts import ShortcutSheet

        ShortcutSheet(self.book, self).open()

    def show_about(self) -> None:
        from app.dialogs.about import AboutDialog

        AboutDialog(self).open()

    def show_doctor(self) -> None:
        from app.dialogs.about import DoctorDialog

        DoctorDialog(self, self._session.jobs).open()
