"""Questions that must be answered before something is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QMessageBox, QWidget


def ask_to_stop_training(window: QWidget, then: Callable[[], object]) -> None:
    """Asks whether the run that goes on may be ended, and calls `then` if so."""
    box = QMessageBox(window)
    box.setObjectName("training")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Training is going on")
    box.setText("Stop training and quit?")
    box.setInformativeText("What it has learnt is kept: the run can be resumed from where it stops.")
    stop = box.addButton("Stop and quit", QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(stop)
    box.finished.connect(box.deleteLater)
    box.buttonClicked.connect(lambda button: then() if button is stop else None)
    box.open()


def ask_to_leave_training(window: QWidget, leave: Callable[[], object], stop: Callable[[], object]) -> None:
    """Asks whether the run, which is in a process of its own, goes on without the window or is ended."""
    box = _goes_on_or_ends(window, leave, stop)
    box.setObjectName("training")
    box.setWindowTitle("Training is going on")
    box.setText("Let it go on without the window?")
    box.setInformativeText("It has a process of its own. The window finds it again when it is opened.")
    box.open()


def ask_to_leave_search(
    window: QWidget, names: Sequence[str], leave: Callable[[], object], stop: Callable[[], object]
) -> None:
    """Asks whether searches go on without the window or are ended."""
    box = _goes_on_or_ends(window, leave, stop)
    box.setObjectName("searching")
    box.setWindowTitle("A search is going on")
    box.setText(f"Let {' and '.join(names)} go on without the window?")
    box.setInformativeText("It has processes of its own. The window finds it again when it is opened.")
    box.open()


def _goes_on_or_ends(window: QWidget, leave: Callable[[], object], stop: Callable[[], object]) -> QMessageBox:
    """The buttons of what outlives the window; without words yet."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    go_on = box.addButton("Close, it goes on", QMessageBox.ButtonRole.AcceptRole)
    end = box.addButton("Stop and quit", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(go_on)
    box.finished.connect(box.deleteLater)
    box.buttonClicked.connect(lambda button: leave() if button is go_on else stop() if button is end else None)
    return box


def ask_to_overwrite(
    window: QWidget, name: str, overwrite: Callable[[], object], save_as: Callable[[], object]
) -> None:
    """Asks whether what another program wrote into the file called `name` is to be overwritten."""
    box = QMessageBox(window)
    box.setObjectName("changed-elsewhere")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("The file was changed")
    box.setText(f"{name} was changed by another program since it was opened or saved here. Overwrite it?")
    box.setInformativeText("What the other program wrote is lost then.")
    other = box.addButton("Save as…", QMessageBox.ButtonRole.AcceptRole)
    over = box.addButton("Overwrite", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(other)
    box.finished.connect(box.deleteLater)
    box.buttonClicked.connect(lambda button: overwrite() if button is over else save_as() if button is other else None)
    box.open()


def ask_to_save(window: QWidget, name: str, save: Callable[[], object], give_up: Callable[[], object]) -> None:
    """Asks whether the changes to the document called `name` are to be saved, or given up; or neither."""
    buttons = QMessageBox.StandardButton
    box = QMessageBox(window)
    box.setObjectName("unsaved")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Unsaved changes")
    box.setText(f"Save the changes to {name}?")
    box.setInformativeText("If you don't save, they are lost.")
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    box.button(buttons.Discard).setText("Don't save")

    def answered(result: int) -> None:
        box.deleteLater()
        if result == buttons.Save.value:
            save()
        elif result == buttons.Discard.value:
            give_up()

    box.finished.connect(answered)
    box.open()
