"""The stages and updates of a plan as a list: add, take away, put in order, and choose which one the form edits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.panels.plan_focus import Focus
from app.theme import icon, theme_manager
from app.widgets import dress_list
from graph_engine.document import Plan, SetPlan, Stage, Update

if TYPE_CHECKING:
    from app.session import Session

_LONGEST = 9
_ROOM = 4  # px below the last row
"""Rows that are seen at once."""


class _Rows(QListWidget):
    """Rows of text that wrap within its width, whatever that comes to be."""

    resized = Signal()
    """It has another width."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.resized.emit()


class PlanStages(QWidget):
    """Every stage and every update says in words what it does."""

    chosen = Signal()
    """`focus` is another."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.focus = Focus()
        self.list = _Rows()
        self.list.resized.connect(self._fit)
        self.list.setAccessibleName("Stages and updates")
        self.list.setWordWrap(True)
        dress_list(self.list)
        self.list.currentRowChanged.connect(self._choose)
        self._places: list[Focus] = []
        self.add_stage = self._button("Stage", "plus", "Train on another way after what is there")
        self.add_update = self._button("Update", "plus", "Another optimiser's step in every turn of this stage")
        self.earlier = self._button("", "chevron-up", "Earlier")
        self.later = self._button("", "chevron-down", "Later")
        self.remove = self._button("", "trash", "Take this update away; the last one takes its stage along")
        self.add_stage.clicked.connect(self._add_stage)
        self.add_update.clicked.connect(self._add_update)
        self.earlier.clicked.connect(lambda: self._move(-1))
        self.later.clicked.connect(lambda: self._move(1))
        self.remove.clicked.connect(self._remove)
        self._buttons = QHBoxLayout()
        for button in (self.add_stage, self.add_update, self.earlier, self.later, self.remove):
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        column.addLayout(self._buttons)
        theme_manager().changed.connect(self._space)
        self._space()

    def refresh(self) -> None:
        """Shows the plan of the document in front."""
        plan = self._session.document.plan
        self.focus = self.focus.within(plan)
        rows = self._rows(plan)
        if rows != [self.list.item(at).text() for at in range(self.list.count())]:
            blocked = self.list.blockSignals(True)  # noqa: FBT003  Qt's own
            self.list.clear()
            for text in rows:
                self.list.addItem(QListWidgetItem(text))
            self.list.blockSignals(blocked)
        blocked = self.list.blockSignals(True)  # noqa: FBT003
        self.list.setCurrentRow(self._places.index(self.focus))
        self.list.blockSignals(blocked)
        self._fit()
        updates = plan.stages[self.focus.stage].updates
        self.earlier.setEnabled(self._neighbour(-1) is not None)
        self.later.setEnabled(self._neighbour(1) is not None)
        self.remove.setEnabled(len(plan.stages) > 1 or len(updates) > 1)

    def _rows(self, plan: Plan) -> list[str]:
        """A row for each update; it begins with its stage where there are several."""
        from graph_engine.train import PlanError
        from graph_engine.train.words import says_of_stages, stage_in_words, updates_in_words

        document, check = self._session.document, self._session.check
        rows: list[str] = []
        self._places = []
        for number, stage in enumerate(plan.stages):
            try:
                told = updates_in_words(document, stage, check) if check is not None else []
            except PlanError as error:
                told = [str(error)] * len(stage.updates)
            for at, update in enumerate(stage.updates):
                heads = []
                if says_of_stages(plan):
                    heads.append(f"{_called(stage.name, 'Stage', number)}, {stage_in_words(plan, number)}")
                if len(stage.updates) > 1:
                    heads.append(_called(update.name, "Update", at))
                words = told[at] if told else "…"
                head = " · ".join(heads)
                rows.append(f"{head}: {words}" if head else words[:1].upper() + words[1:])
                self._places.append(Focus(number, at))
        return rows

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._places):
            self.focus = self._places[row]
            self.refresh()
            self.chosen.emit()

    def _add_stage(self) -> None:
        plan, at = self._session.document.plan, self.focus.stage
        stages = (*plan.stages[: at + 1], Stage(epochs=plan.stages[at].epochs), *plan.stages[at + 1 :])
        self._perform(replace(plan, stages=stages), Focus(at + 1, 0), "Add a stage to the plan")

    def _add_update(self) -> None:
        plan, at = self._session.document.plan, self.focus
        updates = plan.stages[at.stage].updates
        added = (*updates[: at.update + 1], Update(), *updates[at.update + 1 :])
        changed = self._with_updates(plan, at.stage, added)
        self._perform(changed, Focus(at.stage, at.update + 1), "Add an update to the plan")

    def _remove(self) -> None:
        plan, at = self._session.document.plan, self.focus
        updates = plan.stages[at.stage].updates
        if len(updates) > 1:
            left = (*updates[: at.update], *updates[at.update + 1 :])
            self._perform(self._with_updates(plan, at.stage, left), at, "Take an update out of the plan")
        elif len(plan.stages) > 1:
            stages = (*plan.stages[: at.stage], *plan.stages[at.stage + 1 :])
            self._perform(replace(plan, stages=stages), at, "Take a stage out of the plan")

    def _neighbour(self, by: int) -> Focus | None:
        """Where the update goes, or, if it is alone in its stage, the stage; None when it can't."""
        plan, at = self._session.document.plan, self.focus
        count = len(plan.stages[at.stage].updates)
        if count > 1:
            goal = at.update + by
            return Focus(at.stage, goal) if 0 <= goal < count else None
        goal = at.stage + by
        return Focus(goal, 0) if 0 <= goal < len(plan.stages) else None

    def _move(self, by: int) -> None:
        plan, at, goal = self._session.document.plan, self.focus, self._neighbour(by)
        if goal is None:
            return
        if goal.stage == at.stage:
            updates = list(plan.stages[at.stage].updates)
            updates[at.update], updates[goal.update] = updates[goal.update], updates[at.update]
            changed, what = self._with_updates(plan, at.stage, tuple(updates)), "update"
        else:
            stages = list(plan.stages)
            stages[at.stage], stages[goal.stage] = stages[goal.stage], stages[at.stage]
            changed, what = replace(plan, stages=tuple(stages)), "stage"
        self._perform(changed, goal, f"Move {'an' if what == 'update' else 'a'} {what} of the plan")

    @staticmethod
    def _with_updates(plan: Plan, stage: int, updates: tuple[Update, ...]) -> Plan:
        stages = list(plan.stages)
        stages[stage] = replace(stages[stage], updates=updates)
        return replace(plan, stages=tuple(stages))

    def _perform(self, plan: Plan, focus: Focus, label: str) -> None:
        self.focus = focus.within(plan)
        self._session.attempt(SetPlan(plan), label=label)
        self.refresh()
        self.chosen.emit()

    def _button(self, text: str, name: str, tip: str) -> QPushButton | QToolButton:
        button = QPushButton(text) if text else QToolButton()
        button.setIcon(icon(name))
        button.setToolTip(tip)
        button.setAccessibleName(f"Add {text.lower()}" if text else tip)
        return button

    def _fit(self) -> None:
        """As high as its rows, within bounds."""
        policy = Qt.ScrollBarPolicy
        few = self.list.count() <= _LONGEST  # then all are seen, and a scroll bar would take width from them
        self.list.setVerticalScrollBarPolicy(policy.ScrollBarAlwaysOff if few else policy.ScrollBarAsNeeded)
        self.list.doItemsLayout()  # rows wrap anew
        rows = [self.list.visualItemRect(self.list.item(at)) for at in range(min(self.list.count(), _LONGEST))]
        height = (rows[-1].bottom() - rows[0].top() if rows else 0) + 2 * self.list.frameWidth() + _ROOM
        self.list.setFixedHeight(max(height, theme_manager().spacing.px(40)))

    def _space(self) -> None:
        self._buttons.setSpacing(theme_manager().spacing.s)


def _called(name: str, kind: str, number: int) -> str:
    return f"{kind} {number + 1} “{name}”" if name else f"{kind} {number + 1}"
