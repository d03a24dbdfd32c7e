"""How a node is used: bypassed, with whose weights, and of composites how often and on what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.formulas import may_hold_formulas, meaning
from app.widgets import Choice, ChoiceField, FormRow, NumberField, Section, Toggle
from app.widgets.field import InvalidText
from graph_engine.blocks.named import is_formula, plain
from graph_engine.document import MAIN, SetNode, title_of
from graph_engine.document.composite import is_composite

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.document.edit_checks import NodeAttribute


class UseSection(Section):
    """Bypass, repeat, over time. Each change is one step of the history."""

    def __init__(self, session: Session) -> None:
        super().__init__("Use")
        self._session = session
        self._node, self._graph = "", MAIN
        self.repeat = NumberField(1, whole=True, minimum=1, check=_why_no_repeat)
        self.over_time = Toggle()
        self.bypass = Toggle()
        self.repeat_row = FormRow(
            "Repeat ×",
            self.repeat,
            default=1,
            help_text="How many of these follow one another, each with weights of its own. What one gives, the next "
            "takes. A number, or inside a composite a formula such as =depth.",
        )
        self.over_time_row = FormRow(
            "Over time",
            self.over_time,
            default=False,
            help_text="Computed once for each step of a sequence, with the same weights. An input named as an output "
            "is a state: what a step gives there, the next one takes.",
        )
        bypass_row = FormRow(
            "Bypass", self.bypass, default=False, help_text="What enters at the first input leaves as it came."
        )
        for row in (self.repeat_row, self.over_time_row, bypass_row):
            self.add(row)
        self.repeat.edited.connect(lambda _: self.show_given())
        self.repeat.committed.connect(lambda times: self._set("repeat", times))
        self.over_time.committed.connect(lambda on: self._set("over_time", bool(on)))
        self.bypass.committed.connect(lambda on: self._set("bypassed", bool(on)))

    def show_node(self, name: str) -> None:
        """Shows how a node of the graph is used."""
        if (name, self._session.graph_name) != (self._node, self._graph) and self.repeat.hasFocus():
            self.repeat.commit()
        self._node, self._graph = name, self._session.graph_name
        node = self._session.graph[name]
        block = self._session.graph.block(node)
        for row in (self.repeat_row, self.over_time_row):
            row.setVisible(is_composite(node.block))
        may = may_hold_formulas(self._session)
        self.repeat.set_formulas((lambda text: meaning(self._session, text)) if may else None)
        self.repeat.set_value(node.repeat)
        self.over_time.set_value(node.over_time)
        self.bypass.set_value(node.bypassed)
        self.show_given()
        passes = block is None or bool(block.inputs and block.outputs)
        self.setVisible(passes or is_composite(node.block) or node.bypassed)

    def show_given(self) -> None:
        """Says what a formula gives in the use that is shown."""
        times, given = self.repeat.value(), None
        if is_formula(times):
            try:
                given = meaning(self._session, times)
            except InvalidText:
                given = None
        self.repeat_row.set_note(f"gives {plain(given)} here" if given is not None else "")

    def _set(self, attribute: NodeAttribute, value: Any) -> None:
        graph = self._session.document.graphs.get(self._graph)
        if graph is None or self._node not in graph or getattr(graph[self._node], attribute) == value:
            return
        taken = self._session.attempt(SetNode(self._node, attribute, value, self._graph))
        if not taken and self._graph == self._session.graph_name:
            self.show_node(self._node)


class ShareRow(FormRow):
    """Which node of the same block a node shares the weights of."""

    def __init__(self, session: Session) -> None:
        choice = ChoiceField([Choice("", "its own")], "")
        super().__init__(
            "Weights of",
            choice,
            default="",
            help_text="Nodes that share weights are trained as one: Siamese nets. A layer that turns the shapes of "
            "another back uses its weights the other way round: tied decoders.",
        )
        self._session = session
        self._node = ""
        self.choice = choice
        self.choice.committed.connect(self._share)

    def show_node(self, name: str) -> bool:
        """Offers the nodes that could be shared with; False when there is none."""
        self._node = name
        graph = self._session.graph
        node = graph[name]
        block = graph.block(node)
        kinds = {node.block, *(block.ties if block is not None else ())}
        others = [each for each in graph if each.block in kinds and each.id != name and not each.shares]
        if any(each.shares == name for each in graph):
            others = []  # others take its weights, so it needs its own
        choices = [Choice(each.id, f"{title_of(each, graph)} ({each.id})") for each in others]
        if node.shares and all(each.value != node.shares for each in choices):
            choices.append(Choice(node.shares, node.shares))
        self.choice.set_choices([Choice("", "its own"), *choices])
        self.choice.set_value(node.shares)
        self.setVisible(bool(choices))
        return bool(choices)

    def _share(self, other: object) -> None:
        if self._node in self._session.graph and self._session.graph[self._node].shares != other:
            self._session.attempt(SetNode(self._node, "shares", str(other), self._session.graph_name))
            self.show_node(self._node)


def _why_no_repeat(times: Any) -> str | None:
    if isinstance(times, int) and not isinstance(times, bool) and times >= 1:
        return None
    return f"It gives {plain(times)}; a repeat is a whole number from 1."
