"""Write a document as code, with the very blocks and edits that a user has. Presets read like their papers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from graph_engine.blocks import Block, get_block
from graph_engine.blocks.named import FORMULA, has_formula
from graph_engine.document.composite import Declaration, Exposed, ExposedType
from graph_engine.document.document import MAIN, Document
from graph_engine.document.edits import AddGraph, AddNodes, Connect, Declare
from graph_engine.document.graph import Graph, Node, Wire
from graph_engine.document.gridded import Cell
from graph_engine.document.plan import Binding, Plan


@dataclass(frozen=True, slots=True)
class Port:
    """An output port of a node in a builder."""

    node: str
    output: str

    def other(self, output: str) -> Port:
        """Another output of the same node."""
        return Port(self.node, output)


class Builder:
    """Adds nodes one after another: `x = net.add("conv2d", x, channels=6)`.

    `net.composite("bottleneck")` builds a composite of the same document, used as `net.add("@bottleneck", x)`.
    """

    def __init__(
        self,
        title: str,
        *,
        plan: Plan | None = None,
        binding: Binding | None = None,
        notes: str = "",
        document: Document | None = None,
        graph: str = MAIN,
    ) -> None:
        self.document = document or Document(title=title, notes=notes, plan=plan, binding=binding)
        self.graph_name = graph
        self.cells: dict[str, Cell] = {}
        """Where nodes stand in a grid, for a drawing that reads better so than in one line; of all of them or none."""

    @property
    def graph(self) -> Graph:
        return self.document.graphs[self.graph_name]

    def composite(self, name: str, title: str = "", *, help: str = "", paper: str = "") -> Builder:  # noqa: A002
        """A builder of a new composite `name`, to be used as the block `@name`."""
        self.document.apply(AddGraph(name, Declaration(title, help, paper)))
        return Builder("", document=self.document, graph=name)

    def expose(
        self,
        name: str,
        default: Any,
        title: str = "",
        help: str = "",  # noqa: A002
        *,
        least: int | None = None,
        choices: tuple[str, ...] = (),
    ) -> str:
        """Expose a parameter that uses of this composite may set; returns the formula that stands for it, `=name`."""
        kinds: dict[type, ExposedType] = {bool: "bool", int: "int", float: "float", str: "choice"}
        exposed = Exposed(name, kinds[type(default)], default, title, help, least, choices)
        declaration = self.graph.declaration
        self.document.apply(
            Declare(replace(declaration, exposes=(*declaration.exposes, exposed)), graph=self.graph_name)
        )
        return FORMULA + name

    def input(
        self,
        name: str,
        *shape: int | str,
        classes: int = 0,
        label: bool = False,
        tokens: bool = False,
        whole: bool = False,
        drawn: Literal["data", "normal", "uniform"] = "data",
    ) -> Port:
        """Where a field of the data, or what a composite is given, enters.

        `label=True` and `tokens=True` for whole numbers of `classes` values. `whole`: a cell that runs over time takes
        all of it at each step. `drawn`: it is no data, but drawn anew for each sample, as the code of a GAN is.
        """
        parameters: dict[str, Any] = {"name": name, "shape": list(shape)}
        if label or tokens:
            parameters |= {"dtype": "int64", "classes": classes}
        if drawn != "data":
            parameters["drawn"] = drawn
        if whole:
            parameters["over_time"] = "whole"
        return self._place(get_block("input"), parameters, Node("", "input"))

    def output(self, x: Port, name: str = "logits") -> Port:
        """What the network, or a composite, gives back."""
        port = self._place(get_block("output"), {"name": name}, Node("", "output"))
        self._wire(x, port.node, "x")
        return port

    def add(
        self,
        block: str,
        *inputs: Port | None,
        title: str = "",
        times: int | str = 1,
        over_time: bool = False,
        shares: Port | None = None,
        tags: tuple[str, ...] = (),
        **parameters: Any,
    ) -> Port:
        """Place a block and wire `inputs` to its ports in order (None leaves one free), the rest to its variadic port.

        `times` repeats a composite, `over_time` runs it along a sequence; `shares` uses the weights of another node;
        `tags` are words by which the plan can name several nodes at once.

        Raises: UnknownBlock, ParameterError, EditRefused when block, parameters or wires are wrong.
        """
        known = self.document.find_block(block)
        found = (known or get_block(block)).specialised(parameters)
        for name in parameters:
            if found.parameter(name) is None:
                raise TypeError(f"{block} has no parameter {name!r}")
        if len(inputs) > len(found.inputs) and not (found.inputs and found.inputs[-1].variadic):
            raise TypeError(f"{block} takes {len(found.inputs)} inputs, not {len(inputs)}")
        found.make({name: value for name, value in parameters.items() if not has_formula(value)})
        flags = Node(
            "",
            block,
            title=title,
            repeat=times,
            over_time=over_time,
            shares=shares.node if shares else "",
            tags=tags,
        )
        port = self._place(found, parameters, flags)
        ports = list(found.inputs)
        for at, source in enumerate(inputs):
            declared = ports[min(at, len(ports) - 1)]
            name = f"{declared.name}.{at - len(ports) + 1}" if declared.variadic else declared.name
            if source is not None:
                self._wire(source, port.node, name)
        return port

    def stand(self, row: int, column: int, *ports: Port) -> None:
        """Let nodes stand side by side in a row of the grid, the first in `column`."""
        self.cells |= {port.node: (row, column + at) for at, port in enumerate(ports)}

    def classify(self, logits: Port, label: Port) -> None:
        """The ends of a classifier: an output, cross entropy and accuracy."""
        self.output(logits)
        self.add("cross_entropy", logits, label)
        self.add("accuracy", logits, label)

    def _place(self, block: type[Block], parameters: dict[str, Any], flags: Node) -> Port:
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in parameters.items()}
        node = flags.with_(id=self.graph.fresh_id(flags.block), parameters=values)
        self.document.apply(AddNodes((node,), graph=self.graph_name))
        return Port(node.id, block.outputs[0].name if block.outputs else "")

    def _wire(self, source: Port, node: str, port: str) -> None:
        self.document.apply(Connect(Wire(source.node, source.output, node, port), self.graph_name))
