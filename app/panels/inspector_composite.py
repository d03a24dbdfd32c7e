"""The inspector's page about the composite that is shown, when nothing in it is selected: what it declares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.figures import plural
from app.panels.inspector_details import Facts, cost_lines, shape_text
from app.panels.inspector_document import NotesEdit
from app.panels.inspector_exposed import ExposedSection, form_key
from app.panels.inspector_header import InspectorHeader
from app.panels.inspector_ports import PortRows
from app.theme import set_role, theme_manager
from app.widgets import FormRow, Section, TextField
from graph_engine.check.report import Cost
from graph_engine.document import MAIN, Declare, Exposed
from graph_engine.document.composite import borders, port_name
from graph_engine.document.port_values import fresh_name
from graph_engine.document.porting import rename_port, reorder_ports, uses_of

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.document import Declaration


class CompositePage(QWidget):
    """Title, help, exposed parameters, ports and cost of a composite."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._graph = MAIN
        self._made_for: object = None
        self._ports_made_for: object = None
        self.header = InspectorHeader()
        self.header.renamed.connect(self._rename)
        self.exposed = Section("Parameters")
        self.sections: dict[str, ExposedSection] = {}
        self._exposed_rows = QVBoxLayout()
        holder = QWidget()
        holder.setLayout(self._exposed_rows)
        self._nothing = QLabel("What is exposed may be another value at each use; inside, formulas name it: =width * 4")
        self._nothing.setWordWrap(True)
        set_role(self._nothing, "faint")
        self.add = QPushButton("Expose a parameter")
        self.add.clicked.connect(self._add)
        for widget in (holder, self._nothing, self.add):
            self.exposed.add(widget)
        self.ports = Section("Ports")
        self.port_lists = {"input": PortRows("Input"), "output": PortRows("Output")}
        for rows in self.port_lists.values():
            rows.reordered.connect(self._reorder)
            self.ports.add(rows)
        self.cost, self._cost_facts = Section("Cost of this use"), Facts()
        self._cost_facts.setAccessibleName("Cost of this use")
        self.cost.add(self._cost_facts)
        self.help_section = Section("Help")
        self.help = NotesEdit()
        self.help.setAccessibleName("Help of the composite")
        self.help.setPlaceholderText("What it computes, and when to use it …")
        self.help.committed.connect(lambda text: self._say("Change the help", help=text))
        self.help_section.add(self.help)
        self.paper = TextField(placeholder="Authors (year). Title")
        self.paper.committed.connect(lambda text: self._say("Name the paper", paper=text))
        self.help_section.add(FormRow("Paper", self.paper, help_text="Where it was described first."))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for section in (self.header, self.exposed, self.ports, self.cost, self.help_section):
            self._column.addWidget(section)
        session.check_changed.connect(self._show_check)
        theme_manager().changed.connect(self._space)
        self._space()

    def refresh(self) -> None:
        """Shows the composite that is shown."""
        session = self._session
        if session.graph_name == MAIN:
            return
        if self._graph != session.graph_name and self.help.hasFocus():
            self.help.commit()  # what is typed is for the composite that was shown
            self.help.setPlainText(self._declared.help)
        self._graph = session.graph_name
        block = session.document.find_block(f"@{session.graph_name}")
        uses = sum(1 for _ in uses_of(session.document, session.graph_name))
        used = f"used {plural(uses, 'time')}" if uses else "not used yet"
        self.header.show_about(
            self._declared.title,
            placeholder=block.title if block is not None else session.graph_name,
            dot="category:Composites",
            id_=f"@{session.graph_name}",
            summary=f"Composite of {plural(len(session.graph), 'node')}, {used}",
        )
        self._show_exposed()
        self._show_ports()
        self.help.show_text(self._declared.help)
        self.paper.set_value(self._declared.paper)
        self._show_check()

    @property
    def _declared(self) -> Declaration:
        return self._session.graph.declaration

    # --- exposed parameters

    def _show_exposed(self) -> None:
        exposes = self._declared.exposes
        key = (self._session.graph_name, tuple(map(form_key, exposes)))
        if key == self._made_for:
            for each in exposes:
                self.sections[each.name].show_exposed(each)
            return
        same_graph = isinstance(self._made_for, tuple) and self._made_for[0] == self._session.graph_name
        open_before = {name for name, section in self.sections.items() if same_graph and not section.is_folded()}
        renamed = same_graph and len(exposes) == len(self.sections)
        unfolded = [name in open_before for name in self.sections]
        self._made_for = key
        for section in self.sections.values():
            section.hide()
            section.deleteLater()
        self.sections = {}
        for at, each in enumerate(exposes):
            is_open = each.name in open_before or (renamed and unfolded[at])
            section = ExposedSection(self._session, self._graph, each, folded=not is_open)
            self.sections[each.name] = section
            self._exposed_rows.addWidget(section)
        self._nothing.setVisible(not exposes)

    def _add(self) -> None:
        declared = self._declared
        name = fresh_name("width", lambda wish: declared.exposed(wish) is not None)
        exposed = Exposed(name, "int", 64, least=1)
        new = replace(declared, exposes=(*declared.exposes, exposed))
        if self._session.attempt(Declare(new, self._graph), label=f"Expose {name}"):
            self.refresh()
            self.sections[name].focus_name()

    # --- ports

    def _show_ports(self) -> None:
        graph = self._session.graph
        sides = {side: borders(graph, side) for side in ("input", "output")}
        key = (self._session.graph_name, tuple((node.id, port_name(node)) for side in sides.values() for node in side))
        if key == self._ports_made_for:
            return
        self._ports_made_for = key
        name = self._graph
        for side, nodes in sides.items():
            names = {node.id: port_name(node) for node in nodes}
            self.port_lists[side].show_ports(name, names, lambda node, new: self._rename_port(name, node, new))
        self.ports.setVisible(any(sides.values()))

    @property
    def port_rows(self) -> dict[str, FormRow]:
        """The rows of all ports, by the ids of their nodes."""
        return {node: row for rows in self.port_lists.values() for node, row in rows.rows.items()}

    def _reorder(self, nodes: list[str]) -> None:
        """The ports of one side in another order; those of the other stay as they are, unless they are called alike."""
        session = self._session
        graph = session.document.graphs.get(self._graph)
        if graph is None or any(node not in graph for node in nodes):
            return
        names = [port_name(graph[node]) for node in nodes]
        made = session.made(lambda: reorder_ports(session.document, self._graph, names))
        if made is not None:
            session.attempt(made)

    def _rename_port(self, graph: str, node: str, name: str) -> None:
        session = self._session
        if graph not in session.document.graphs or node not in session.document.graphs[graph]:
            return
        made = session.made(lambda: rename_port(session.document, graph, node, name))
        if (made is None or not session.attempt(made)) and graph == session.graph_name:
            self._ports_made_for = None
            for rows in self.port_lists.values():
                rows.forget()
            self._show_ports()

    # --- the rest

    def _show_check(self) -> None:
        session = self._session
        if session.graph_name == MAIN:
            return
        for name, row in self.port_rows.items():
            report = session.report(name)
            specs = {**report.inputs, **report.outputs} if report is not None else {}
            shape = "".join(f"{shape_text(spec)} · {spec.kind}" for spec in list(specs.values())[:1])
            about = session.graph[name].parameters.get("help") if name in session.graph else None
            row.set_note("\n".join(filter(None, (shape, str(about or "")))))
        total = sum((report.cost for report in session.reports.values()), Cost())
        lines = cost_lines(total, session.check.total) if session.check is not None else []
        self._cost_facts.show_lines(lines)
        self.cost.setVisible(bool(lines))

    def _rename(self, title: str) -> None:
        self._say(f"Rename the composite {title}", title=title)

    def _say(self, label: str, *, title: str | None = None, help: str | None = None, paper: str | None = None) -> None:  # noqa: A002
        """Other words for the composite that this page shows, also when another level comes to be seen meanwhile."""
        graph = self._session.document.graphs.get(self._graph)
        if graph is None or self._graph == MAIN:
            return
        old = graph.declaration
        new = replace(
            old,
            title=old.title if title is None else title,
            help=old.help if help is None else help,
            paper=old.paper if paper is None else paper,
        )
        if new != old:
            self._session.attempt(Declare(new, self._graph), label=label)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setSpacing(spacing.px(10))
        self._exposed_rows.setSpacing(spacing.s)
        self._exposed_rows.setContentsMargins(spacing.m, 0, 0, 0)
