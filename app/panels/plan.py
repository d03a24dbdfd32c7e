"""The training plan as a form: data, length, optimiser, schedule and machine. Every change is a step of the history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.dialogs.own_data import own_data_menu
from app.panels.forecast import ForecastSection
from app.panels.plan_settings import ADVANCED, SECTIONS, SHORT, Setting, is_shown
from app.panels.plan_stages import PlanStages
from app.panels.speed import SpeedSection
from app.runs.searches import SEARCH_OVER
from app.theme import icon, set_role, set_surface, theme_manager
from app.widgets import Choice, ChoiceField, FormRow, Section, scrolled
from graph_engine.blocks import Role
from graph_engine.document import Average, Binding, Plan, SetBinding, Stage, Update, title_of
from graph_engine.runs.searchable import plan_name
from graph_engine.train.words import optimiser_in_words

if TYPE_CHECKING:
    from app.session import Session

_WITH_ALL = Plan(stages=(Stage(updates=(Update(average=Average()),)),))
"""A plan that has every part in which something can be searched over."""
_COLUMN = 250  # px at the base size, the least that a form is comfortable in
_WIDE_COLUMN = 300  # px, for longer labels and lines of text


class PlanPanel(QWidget):
    """A form for data, epochs, batch size, optimiser and learning rate, which is all that training a classifier takes,
    and for what else is not as usual in the plan.

    *More…* opens all settings and the list of stages and updates, the form then edits the one that is chosen in it. A
    plan that uses any of that is shown so at once.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.rows: dict[str, FormRow] = {}
        self._settings: dict[str, Setting] = {}
        self._searches: dict[str, QAction] = {}
        self._unusual: set[str] = set()  # settings that stay in the short form once they were other than usual
        self._columns: list[QVBoxLayout] = []
        self._hidden: dict[Section, None] | None = None
        set_surface(self, "panel")
        self.setAccessibleName("Training plan")
        self._holder = QWidget()
        set_surface(self._holder, "panel")
        self._whole = QVBoxLayout(self._holder)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._row = QHBoxLayout()
        self.more = QPushButton("More…")
        self.more.setCheckable(True)
        self.more.setToolTip("Schedule, early stop, device, stages, several updates, clipping and what else there is")
        self.more.toggled.connect(self.refresh)
        self.stages = PlanStages(session)
        self.stages.chosen.connect(self._show_values)
        self._plan_section = Section("Stages and updates")
        self._plan_section.add(self.stages)
        self._by_title = {title: self._section(title, settings) for title, settings in SECTIONS.items()}
        self.forecast = ForecastSection(session)
        self.speed = SpeedSection(session)
        self._sections = [self._data_section(), *self._by_title.values(), self.forecast, self.speed]
        for section in self._sections:
            section.setParent(self._holder)
        self._whole.addWidget(self._plan_section)
        self._whole.addLayout(self._row, 1)
        scroll = scrolled(self._holder)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)
        session.opened.connect(self._begin_anew)
        session.changed.connect(self.refresh)
        session.check_changed.connect(self._show_words)
        theme_manager().changed.connect(self._arrange_anew)
        self.refresh()
        self._arrange_anew()

    def refresh(self) -> None:
        """Shows the plan and the data of the document in front."""
        self.more.setVisible(not self._needs_more())
        self._show_values()
        self._show_dataset()
        hidden = dict.fromkeys(self._sections_of_more()) if not self.is_more else {}
        if hidden != self._hidden:
            self._hidden = hidden
            for section in (self._plan_section, *self._sections):
                section.setVisible(section not in hidden)
            self._arrange_anew()
        self._show_words()

    def _begin_anew(self) -> None:
        """Another document is in front."""
        self._unusual.clear()
        self.refresh()

    def _sections_of_more(self) -> list[Section]:
        """Those that the short form has nothing in."""
        short = self._short
        empty = [title for title, settings in SECTIONS.items() if not any(each.name in short for each in settings)]
        return [self._plan_section, *(self._by_title[title] for title in empty)]

    @property
    def _short(self) -> frozenset[str]:
        """What the short form shows; of a schedule all, where there is one."""
        schedule = {each.name for each in SECTIONS["Schedule"]} - ADVANCED if "schedule_kind" in self._unusual else ()
        return SHORT.union(self._unusual, schedule)

    @property
    def is_more(self) -> bool:
        """Whether all there is to a plan is shown."""
        return self.more.isChecked() or self._needs_more()

    def _needs_more(self) -> bool:
        """Whether the plan says what the short form does not show."""
        plan = self._session.document.plan
        return not plan.is_simple or any(
            setting.get(plan) != setting.default for name, setting in self._settings.items() if name in ADVANCED
        )

    def _show_values(self) -> None:
        """Shows the stage and the update that are chosen."""
        plan = self._session.document.plan
        shown = self.stages.focus.within(plan).of(plan)
        self._unusual |= {
            name
            for name, setting in self._settings.items()
            if name not in ADVANCED and setting.get(shown) != setting.default
        }
        for name, setting in self._settings.items():
            row = self.rows[name]
            row.field.set_value(setting.get(shown))
            row.setVisible(is_shown(name, shown) and (self.is_more or name in self._short))
            if (search := self._searches.get(name)) is not None:
                possible = self._searched(setting) is not None
                search.setEnabled(possible)
                search.setText(SEARCH_OVER if possible else f"{SEARCH_OVER} (give it a value first)")

    def _show_words(self) -> None:
        if self.is_more:
            self.stages.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # --- data

    def _data_section(self) -> Section:
        section = Section("Data")
        self.dataset = ChoiceField(_choices(self._session.document.binding), "digits")
        row = FormRow("Data set", self.dataset, help_text="What the network is trained and judged on.")
        self.dataset.committed.connect(self._choose_dataset)
        self.rows["dataset"] = row
        section.add(row)
        self.own = QPushButton("Use a file or folder")
        self.own.setIcon(icon("folder"))
        self.own.setToolTip("A folder with a sub-folder of pictures for each class, an .npz or a .csv file")
        self.own.setMenu(own_data_menu(self.own, self._choose_dataset))
        section.add(self.own)
        self._objective = QLabel()
        self._objective.setWordWrap(True)
        set_role(self._objective, "faint")
        section.add(self._objective)
        section.add(self.more)
        return section

    def _show_dataset(self) -> None:
        document = self._session.document
        known = {choice.value for choice in self.dataset.choices}
        if document.binding.dataset not in known:
            self.dataset.set_choices(_choices(document.binding))
        self.dataset.set_value(document.binding.dataset)
        losses = [
            title_of(node, document.main)
            for node in document.main
            if (block := document.main.block(node)) is not None and block.role is Role.LOSS
        ]
        how = f" by {optimiser_in_words(document.plan.first_update)}" if document.plan.is_simple else ""
        self._objective.setText(
            f"Makes {' + '.join(losses)} small{how}."
            if losses
            else "Wire a loss, such as cross entropy, to have something to train."
        )

    def _choose_dataset(self, name: str) -> None:
        binding = self._session.document.binding
        if name != binding.dataset:
            self._session.attempt(SetBinding(replace(binding, dataset=name, fields=())))

    # --- the rest

    def _section(self, title: str, settings: tuple[Setting, ...]) -> Section:
        section = Section(title)
        for setting in settings:
            field = setting.field()
            row = FormRow(setting.title, field, help_text=setting.help, default=setting.default)
            row.field.committed.connect(lambda value, setting=setting: self._commit(setting, value))
            search = QAction(SEARCH_OVER, row)
            search.triggered.connect(lambda _=False, setting=setting: self._search_over(setting))
            if plan_name(_WITH_ALL, 1, 1, setting.searched) is not None:
                row.offer(search)
                self._searches[setting.name] = search
            self._settings[setting.name] = setting
            self.rows[setting.name] = row
            section.add(row)
        return section

    def _search_over(self, setting: Setting) -> None:
        name = self._searched(setting)
        if name is not None:
            self._session.search_requested.emit(name)

    def _searched(self, setting: Setting) -> str | None:
        """What a setting of the stage and update that are chosen is called in a search."""
        plan = self._session.document.plan
        focus = self.stages.focus.within(plan)
        return plan_name(plan, focus.stage + 1, focus.update + 1, setting.searched)

    def _commit(self, setting: Setting, value: Any) -> None:
        document = self._session.document
        focus = self.stages.focus.within(document.plan)
        plan = focus.into(document.plan, setting.put(focus.of(document.plan), value))
        if plan != document.plan:
            self._session.attempt(setting.edit(plan), label=f"Change {setting.title.lower()} of the plan")

    # --- how it lies

    def _arrange_anew(self) -> None:
        self._take_apart()
        self._arrange()

    def _take_apart(self) -> None:
        for column in self._columns:
            while column.takeAt(0) is not None:
                pass
            self._row.removeItem(column)
        self._columns = []

    def _arrange(self) -> None:
        """As many columns as there is room for; each section goes below the shortest."""
        spacing = theme_manager().spacing
        shown = [section for section in self._sections if section not in (self._hidden or {})]
        count = max(1, min(len(shown), self.width() // spacing.px(_WIDE_COLUMN if self.is_more else _COLUMN)))
        if count == len(self._columns):
            return
        self._take_apart()
        self._columns = [QVBoxLayout() for _ in range(count)]
        heights = [0] * count
        for section in shown:
            shortest = heights.index(min(heights))
            self._columns[shortest].addWidget(section)
            heights[shortest] += section.sizeHint().height()
        for column in self._columns:
            column.setSpacing(spacing.l)
            column.addStretch(1)
            self._row.addLayout(column, 1)
        self._plan_section.setContentsMargins(spacing.l, spacing.m, spacing.l, 0)
        self._row.setContentsMargins(spacing.l, spacing.m, spacing.l, spacing.l)
        self._row.setSpacing(spacing.xxl)


def _choices(binding: Binding) -> list[Choice]:
    """The built-in data sets, and the one in use where it is a path."""
    from graph_engine.data import list_datasets

    found = [Choice(each.name, each.title, each.summary) for each in list_datasets()]
    if binding.dataset not in {choice.value for choice in found}:
        found.append(Choice(binding.dataset, Path(binding.dataset).name, binding.dataset))
    return found
