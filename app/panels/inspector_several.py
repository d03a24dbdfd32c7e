"""The inspector's page about several nodes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.figures import plural
from app.panels.inspector_details import Facts, cost_lines
from app.panels.inspector_header import InspectorHeader
from app.theme import set_role, theme_manager
from app.widgets import FormRow, Section, Toggle
from graph_engine.check.report import Cost
from graph_engine.document import Batch, EditRefused, SetNode
from graph_engine.document.surgery import wrap_in_residual

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.document.edit_checks import NodeAttribute


class SeveralPage(QWidget):
    """What they are, what they cost together, and what can be done with all of them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.header = InspectorHeader()
        self._list = QLabel()
        self._list.setWordWrap(True)
        set_role(self._list, "dim")
        self.cost = Section("Cost")
        self._cost_facts = Facts()
        self.cost.add(self._cost_facts)
        self.weights = Section("Weights")
        self.freeze = Toggle()
        self.weights.add(FormRow("Freeze all", self.freeze))
        self.freeze.committed.connect(self._freeze)
        self.together = Section("Together")
        self.wrap = QPushButton("Wrap in residual")
        self.wrap.clicked.connect(self._wrap)
        self.together.add(self.wrap)
        self.bypass = Toggle()
        self.together.add(
            FormRow("Bypass all", self.bypass, help_text="What enters each at its first input leaves as it came.")
        )
        self.bypass.committed.connect(self._bypass)
        self._why_not = QLabel()
        self._why_not.setWordWrap(True)
        set_role(self._why_not, "faint")
        self.together.add(self._why_not)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.header, self._list, self.together, self.cost, self.weights):
            self._column.addWidget(widget)
        session.check_changed.connect(self.refresh)
        theme_manager().changed.connect(self._space)
        self._space()

    def refresh(self) -> None:
        """Shows what is selected."""
        nodes = self._session.selection.nodes
        if len(nodes) < 2:
            return
        self.header.show_about(plural(len(nodes), "node"), dot="text_faint", editable=False)
        counts = Counter(self._session.title(node) for node in nodes)
        self._list.setText(" · ".join(title if count == 1 else f"{count} × {title}" for title, count in counts.items()))
        check = self._session.check
        reports = [report for node in nodes if (report := self._session.report(node)) is not None]
        cost = sum((report.cost for report in reports), Cost())
        lines = cost_lines(cost, check.total) if check is not None else []
        self._cost_facts.show_lines(lines)
        self.cost.setVisible(bool(lines))
        self.weights.setVisible(cost.params > 0)
        self.freeze.set_value(all(self._session.graph[node].frozen for node in nodes))
        self.bypass.set_value(all(self._session.graph[node].bypassed for node in nodes))
        reason = self._refusal()
        self.wrap.setEnabled(reason == "")
        self._why_not.setText(reason)
        self._why_not.setVisible(bool(reason))

    def _refusal(self) -> str:
        try:
            wrap_in_residual(self._session.graph, self._session.selection.nodes, self._session.graph_name)
        except EditRefused as refusal:
            return str(refusal)
        return ""

    def _wrap(self) -> None:
        session = self._session
        session.attempt(wrap_in_residual(session.graph, session.selection.nodes, session.graph_name))

    def _freeze(self, frozen: object) -> None:
        self._set("frozen", "Freeze" if frozen else "Thaw", is_on=bool(frozen))

    def _bypass(self, bypassed: object) -> None:
        self._set("bypassed", "Bypass" if bypassed else "Use", is_on=bool(bypassed))

    def _set(self, flag: NodeAttribute, verb: str, *, is_on: bool) -> None:
        """Sets a flag of all as one step."""
        session = self._session
        edits = tuple(
            SetNode(node, flag, is_on, session.graph_name)
            for node in session.selection.nodes
            if getattr(session.graph[node], flag) != is_on
        )
        if edits:
            session.attempt(Batch(f"{verb} {plural(len(edits), 'node')}", edits))

    def _space(self) -> None:
        self._column.setSpacing(theme_manager().spacing.px(10))
