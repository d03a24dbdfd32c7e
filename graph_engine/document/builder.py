"""Write a document as code, with the very blocks and edits that a user has. Presets read like their papers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graph_engine.blocks import Block, get_block
from graph_engine.document.document import Document
from graph_engine.document.edits import AddNodes, Connect
from graph_engine.document.graph import Node, Wire
from graph_engine.document.plan import Binding, Plan


@dataclass(frozen=True, slots=True)
class Port:
    """An output port of a node in a builder."""

    node: str
    output: str


class Builder:
    """Adds nodes one after another: `x = net.add("conv2d", x, channels=6)`."""

    def __init__(
        self, title: str, *, plan: Plan | None = None, binding: Binding | None = None, notes: str = ""
    ) -> None:
        self.document = Document(title=title, notes=notes, plan=plan, binding=binding)

    def input(self, name: str, *shape: int | str, classes: int = 0, label: bool = False) -> Port:
        """Where a field of the data enters; `label=True` for whole numbers of `classes` values."""
        parameters: dict[str, Any] = {"name": name, "shape": list(shape)}
        if label:
            parameters |= {"dtype": "int64", "classes": classes}
        return self._place(get_block("input"), parameters, "")

    def output(self, x: Port, name: str = "logits") -> None:
        """What the network gives back."""
        node = self._place(get_block("output"), {"name": name}, "").node
        self._wire(x, node, "x")

    def add(self, block: str, *inputs: Port, title: str = "", **parameters: Any) -> Port:
        """Place a block and wire `inputs` to its ports in order, the rest to its variadic port.

        Raises: UnknownBlock, ParameterError, EditRefused when block, parameters or wires are wrong.
        """
        found = get_block(block)
        for name in parameters:
            if found.parameter(name) is None:
                raise TypeError(f"{block} has no parameter {name!r}")
        if len(inputs) > len(found.inputs) and not (found.inputs and found.inputs[-1].variadic):
            raise TypeError(f"{block} takes {len(found.inputs)} inputs, not {len(inputs)}")
        found.make(parameters)
        port = self._place(found, parameters, title)
        ports = list(found.inputs)
        for at, source in enumerate(inputs):
            declared = ports[min(at, len(ports) - 1)]
            name = f"{declared.name}.{at - len(ports) + 1}" if declared.variadic else declared.name
            self._wire(source, port.node, name)
        return port

    def classify(self, logits: Port, label: Port) -> None:
        """The ends of a classifier: an output, cross entropy and accuracy."""
        self.output(logits)
        self.add("cross_entropy", logits, label)
        self.add("accuracy", logits, label)

    def _place(self, block: type[Block], parameters: dict[str, Any], title: str) -> Port:
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in parameters.items()}
        node = Node(self.document.main.fresh_id(block.key()), block.key(), values, title=title)
        self.document.apply(AddNodes((node,)))
        return Port(node.id, block.outputs[0].name if block.outputs else "")

    def _wire(self, source: Port, node: str, port: str) -> None:
        self.document.apply(Connect(Wire(source.node, source.output, node, port)))
