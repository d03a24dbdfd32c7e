"""The inspector's page about the document, shown when nothing is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from app.figures import digits, plural, short, size_of
from app.panels.inspector_details import Facts, shape_text
from app.panels.inspector_header import InspectorHeader
from app.theme import set_role, theme_manager
from app.widgets import Section
from graph_engine.blocks import Role
from graph_engine.document import Document, SetAbout

if TYPE_CHECKING:
    from app.session import Session

_NOTE_LINES = 8


class DocumentPage(QWidget):
    """Title, borders of the network, cost, data and notes."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.header = InspectorHeader()
        self.header.renamed.connect(self._rename)
        self.borders, self._border_facts = Section("Tensors"), Facts()
        self.cost, self._cost_facts = Section("Cost"), Facts()
        self.training, self._training_facts = Section("Training"), Facts()
        for section, facts in (
            (self.borders, self._border_facts),
            (self.cost, self._cost_facts),
            (self.training, self._training_facts),
        ):
            facts.setAccessibleName(section.header.text())
            section.add(facts)
        self.notes_section = Section("Notes")
        self.notes = NotesEdit()
        self.notes.committed.connect(self._write_notes)
        self.notes_section.add(self.notes)
        self._hint = QLabel("Select a node to see and change its parameters.")
        self._hint.setWordWrap(True)
        set_role(self._hint, "faint")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.header, self.borders, self.cost, self.training, self.notes_section, self._hint):
            self._column.addWidget(widget)
        session.check_changed.connect(self._show_check)
        session.file_changed.connect(self.refresh)
        theme_manager().changed.connect(self._space)
        self._space()

    def refresh(self) -> None:
        """Shows the document in front."""
        document, graph = self._session.document, self._session.graph
        summary = (
            f"{plural(len(graph), 'node')}, {plural(len(graph.wires), 'wire')}" if len(graph) else "Nothing drawn yet"
        )
        self.header.show_about(document.title, placeholder="Untitled", dot="accent", summary=summary)
        self._training_facts.show_lines(_training(document))
        self.notes.show_text(document.notes)
        self._show_check()

    def _show_check(self) -> None:
        check = self._session.check
        borders = self._borders() if check is not None else []
        self._border_facts.show_lines(borders)
        self.borders.setVisible(bool(borders))
        total = check.total if check is not None else None
        lines = []
        if total is not None and (total.params or total.macs):
            trained = "" if total.trainable == total.params else f"   {digits(total.trainable)} trained"
            lines = [f"{digits(total.params)} params   {size_of(total.parameter_bytes)}{trained}"]
            if total.macs:
                lines.append(f"{short(total.macs)} MACs, a sample")
            lines.append(f"{size_of(total.activation_bytes)} activations, a sample")
        self._cost_facts.show_lines(lines)
        self.cost.setVisible(bool(lines))

    def _borders(self) -> list[str]:
        rows: list[tuple[str, str]] = []
        for node in self._session.graph:
            block, report = self._session.graph.block(node), self._session.report(node.id)
            if block is None or report is None or block.role not in (Role.INPUT, Role.OUTPUT):
                continue
            specs = report.outputs if block.role is Role.INPUT else report.inputs
            name = str(node.parameters.get("name", block.parameters()[0].default))
            rows += [(name, shape_text(spec)) for spec in specs.values()]
        width = max((len(name) for name, _ in rows), default=0) + 2
        return [f"{name:<{width}}{shape}" for name, shape in rows]

    def _rename(self, title: str) -> None:
        document = self._session.document
        if title and title != document.title:
            self._session.attempt(SetAbout(title, document.notes), label="Rename the document")

    def _write_notes(self, notes: str) -> None:
        document = self._session.document
        if notes != document.notes:
            self._session.attempt(SetAbout(document.title, notes), label="Change the notes")

    def _space(self) -> None:
        self._column.setSpacing(theme_manager().spacing.px(10))


def _training(document: Document) -> list[str]:
    """Data, length and optimisers in a few words."""
    from graph_engine.train.words import length_in_words, optimiser_name

    plan = document.plan
    updates = [update for stage in plan.stages for update in stage.updates]
    told = [
        f"{optimiser_name(update.optimiser)}, learning rate {update.optimiser.learning_rate:g}" for update in updates
    ]
    length = f"{length_in_words(plan)} of batches of {plan.batch_size}"
    return [document.binding.dataset, length, *dict.fromkeys(told)]


class NotesEdit(QPlainTextEdit):
    """Some lines of text, entered as one step when the keyboard leaves them."""

    committed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entered = ""
        self.setPlaceholderText("What this network is for, what was tried …")
        self.setAccessibleName("Notes")
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().documentLayout().documentSizeChanged.connect(self.updateGeometry)

    def show_text(self, text: str) -> None:
        """Shows the document's notes; what is being typed is left alone."""
        if self.hasFocus() and self.toPlainText() != self._entered:
            return
        self._entered = text
        if text != self.toPlainText():
            self.setPlainText(text)

    def sizeHint(self) -> QSize:
        lines = min(max(self.document().blockCount(), 3), _NOTE_LINES)
        height = self.fontMetrics().lineSpacing() * lines + theme_manager().spacing.px(20)
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme_manager().spacing.px(80), self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def commit(self) -> None:
        """Enters what is written."""
        if self.toPlainText() != self._entered:
            self._entered = self.toPlainText()
            self.committed.emit(self._entered)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.commit()
