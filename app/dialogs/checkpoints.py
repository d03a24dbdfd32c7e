"""The checkpoints of a run: gone back to, or branched from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from app.dialogs.dialog import Dialog
from app.panels.charts_ticks import value_label
from app.theme import set_role, theme_manager
from app.widgets import dress_table

if TYPE_CHECKING:
    from app.runs.follower import RunFollower
    from graph_engine.runs import RunFolder
    from graph_engine.train.changes import DatedChange

_SHOWN = (("val_loss", "Val loss"), ("val_accuracy", "Val accuracy"), ("train_loss", "Train loss"))


_ALL = (
    "Rewinding forgets what came after the checkpoint, changes made there as well. A branch is a new run; this one "
    "stays as it is."
)
_BEST = (
    "Of the best epoch the weights alone were kept, so that it can't be gone on from. Training anew is a new run by "
    "the same plan from its first step: with these weights, and a new optimiser and schedule."
)
_NONE = "This run has kept no checkpoint yet."


class CheckpointsDialog(Dialog):
    """A table of what was kept. `rewind`, `branch` and `anew` are handed the step chosen."""

    def __init__(
        self,
        called: str,
        folder: RunFolder,
        rewind: Callable[[int], object],
        branch: Callable[[int], object],
        anew: Callable[[int], object],
        window: QWidget,
    ) -> None:
        super().__init__(f"Checkpoints of {called}", window, buttons=QDialogButtonBox.StandardButton.Cancel)
        self._rewind, self._branch, self._anew = rewind, branch, anew
        spacing = theme_manager().spacing
        self.resize(spacing.px(660), spacing.px(420))
        found, best = folder.checkpoints.summaries(), folder.checkpoints.best_summary()
        changes = {each.step: each.words for each in _changes(folder)}
        self._weights_alone = best.step if best is not None and all(each.step != best.step for each in found) else None
        if best is not None:
            changes[best.step] = ", ".join(filter(None, ("the best", changes.get(best.step, ""))))
            if self._weights_alone is not None:
                changes[best.step] += ": its weights alone"
                found = sorted([*found, best], key=lambda each: -each.step)
        self.table = QTableWidget(len(found), 6)
        self.table.setHorizontalHeaderLabels(["Step", "Epoch", *(title for _, title in _SHOWN), "What was then"])
        self.table.setAccessibleName("Checkpoints")
        dress_table(self.table)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        for row, each in enumerate(found):
            cells = [str(each.step), str(each.epoch)]
            for name, _ in _SHOWN:
                value = each.metrics.get(name)
                share = name.endswith("accuracy")
                cells.append("" if value is None else f"{value * 100:.2f} %" if share else value_label(value))
            for column, text in enumerate([*cells, changes.get(each.step, "")]):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column < 5:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        self._steps = [each.step for each in found]
        heads = self.table.horizontalHeader()
        heads.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        heads.setStretchLastSection(True)
        self.note = QLabel()
        self.note.setWordWrap(True)
        set_role(self.note, "faint")
        self.column.addWidget(self.note)
        self.column.addWidget(self.table, 1)
        self.rewind = QPushButton("Rewind to it")
        self.branch = QPushButton("Branch from it")
        self.anew = QPushButton("Train anew from it")
        set_role(self.rewind, "primary")
        for button, act in ((self.rewind, self._rewind), (self.branch, self._branch), (self.anew, self._anew)):
            self.buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
            button.clicked.connect(lambda _=False, act=act: self._do(act))
        self.table.itemSelectionChanged.connect(self._follow)
        whole = [row for row, step in enumerate(self._steps) if step != self._weights_alone]
        if found:
            self.table.selectRow(whole[0] if whole else 0)
        self._follow()
        self.finish()

    def chosen(self) -> int | None:
        """The step of the checkpoint chosen."""
        rows = self.table.selectionModel().selectedRows()
        return self._steps[rows[0].row()] if rows else None

    def _follow(self) -> None:
        step = self.chosen()
        alone = step is not None and step == self._weights_alone
        for button in (self.rewind, self.branch):
            button.setEnabled(step is not None and not alone)
        self.anew.setVisible(self._weights_alone is not None)
        self.anew.setEnabled(alone)
        self.note.setText(_BEST if alone else _ALL if self._steps else _NONE)

    def _do(self, act: Callable[[int], object]) -> None:
        step = self.chosen()
        if step is not None:
            act(step)
            self.accept()


def _changes(folder: RunFolder) -> list[DatedChange]:
    from graph_engine.train.changes import read_changes

    return read_changes(folder.path)


def show_checkpoints(runs: RunFollower, run: str, window: QWidget) -> None:
    """Shows what a run can be rewound to, and branched from."""
    from graph_engine.runs import RunError

    try:
        stored = runs.library.store().get(run)
    except RunError as error:  # it was deleted meanwhile
        runs.refused.emit(error)
        return
    again = runs.again
    CheckpointsDialog(
        stored.name,
        stored.folder,
        lambda step: again.rewind(run, step),
        lambda step: again.branch(run, step),
        lambda step: again.train_anew(run, step),
        window,
    ).open()
