"""Statements as Python: the body of `forward` or of a computation, with the line of every node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graph_engine.blocks import Layer
from graph_engine.blocks.tensor import TensorSpec
from graph_engine.compile.naming import Names
from graph_engine.compile.render import WIDTH, render, wrap
from graph_engine.compile.statements import Repeat, Statement

COUNTER = "turn"
"""What counts the turns of a loop that calls many lists of modules."""


@dataclass(slots=True)
class Text:
    """Lines of source, and which nodes each of them (counted from 0) stands for."""

    lines: list[str] = field(default_factory=list)
    nodes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, line: str, indent: int = 0, nodes: tuple[str, ...] = (), comment: str = "") -> None:
        for part in wrap(line, indent) if line else [""]:
            if nodes:
                self.nodes[len(self.lines)] = nodes
            self.lines.append(part)
        if comment and len(self.lines[-1]) + len(comment) + 4 <= WIDTH:
            self.lines[-1] += f"  # {comment}"

    def extend(self, other: Text) -> None:
        shift = len(self.lines)
        self.nodes |= {line + shift: nodes for line, nodes in other.nodes.items()}
        self.lines += other.lines


@dataclass(slots=True)
class Body:
    """Writes statements. `values` maps (node, output) to the name of what is already computed.

    `modules` names what a layer of a node is called as: `self.conv2d_1`. With `as_tuple`, a single result is returned
    in a tuple as well.
    """

    statements: Sequence[Statement]
    repeats: Sequence[Repeat]
    values: dict[tuple[str, str], str]
    modules: Mapping[tuple[str, Layer], str]
    names: Names
    results: Sequence[tuple[str, str]]
    indent: int
    as_tuple: bool = False
    text: Text = field(default_factory=Text)
    _scratch: str = "x"
    _skip: str = "skip"
    _skip_until: int = -1
    _users: dict[str, list[int]] = field(default_factory=dict)
    _outputs: dict[str, dict[str, None]] = field(default_factory=dict)

    def write(self) -> Text:
        """All statements and the `return` of the results."""
        self._scratch, self._skip = self.names.take("x", "h"), self.names.take("skip")
        self._users = {statement.node: [] for statement in self.statements}
        for at, statement in enumerate(self.statements):
            for source in {source for source, _ in statement.operands.values()}:
                self._users.setdefault(source, []).append(at)
        for node, _ in self.results:
            self._users.setdefault(node, []).append(len(self.statements))
        used = [*(source for statement in self.statements for source in statement.operands.values()), *self.results]
        for node, output in used:
            self._outputs.setdefault(node, {})[output] = None
        shape: TensorSpec | None = None
        at = 0
        loops = {repeat.start: repeat for repeat in self.repeats}
        while at < len(self.statements):
            if at in loops:
                self._loop(loops[at])
                at = loops[at].stop
            else:
                self._one(at, shape)
                at += 1
            shape = self.statements[at - 1].spec
        if not self._returned_directly():
            values = ", ".join(self.values[result] for result in self.results)
            self.text.add(
                f"return ({values},)" if self.as_tuple and len(self.results) == 1 else f"return {values}", self.indent
            )
        return self.text

    def _one(self, at: int, before: TensorSpec | None) -> None:
        statement = self.statements[at]
        loop = next((repeat for repeat in self.repeats if repeat.start == at + 1), None)
        comment = shape_comment(statement.spec) if statement.spec != before else ""
        if at == len(self.statements) - 1 and self._returned_directly():
            self.text.add(f"return {self._render(statement)}", self.indent, (statement.node,), comment)
            return
        name = self._carried(loop) if loop else self._name(at)
        self.text.add(f"{name} = {self._render(statement)}", self.indent, (statement.node,), comment)
        self._bind(statement, name)

    def _loop(self, repeat: Repeat) -> None:
        """`for conv, norm in zip(self.conv2d_2, self.batch_norm_2):` around one turn; by number where too many."""
        turn = self.statements[repeat.start : repeat.start + repeat.period]
        carried = self.values[(self.statements[repeat.start - 1].node, self._output(repeat.start - 1))]
        layers = [(statement, layer) for statement in turn for layer in statement.layers]
        lists = [self.modules[statement.node, layer].rpartition("[")[0] for statement, layer in layers]
        wishes = [name.rpartition(".")[2] for name in lists]
        nodes = tuple(self.statements[at].node for at in range(repeat.start, repeat.stop))
        if not lists:
            head, loop_names = f"for _ in range({repeat.times}):", []
        elif self.indent + len(f"for {', '.join(wishes)} in zip(") > WIDTH:
            number = self.names.take(COUNTER)
            head, loop_names = f"for {number} in range({repeat.times}):", [f"{name}[{number}]" for name in lists]
        else:
            loop_names = [self.names.take(wish) for wish in wishes]
            zipped = lists[0] if len(lists) == 1 else f"zip({', '.join(lists)})"
            head = f"for {', '.join(loop_names)} in {zipped}:"
        self.text.add(head, self.indent, nodes)
        self.indent += 4
        in_loop = {(statement.node, layer): name for (statement, layer), name in zip(layers, loop_names, strict=True)}
        shape = self.statements[repeat.start - 1].spec
        for offset, statement in enumerate(turn):
            at = repeat.start + offset
            last = offset == repeat.period - 1
            name = carried if last else self._name(at)
            every = tuple(self.statements[each].node for each in range(at, repeat.stop, repeat.period))
            comment = shape_comment(statement.spec) if statement.spec != shape else ""
            self.text.add(f"{name} = {self._render(statement, in_loop)}", self.indent, every, comment)
            self._bind(statement, name)
            shape = statement.spec
        self.indent -= 4
        self._bind(self.statements[repeat.stop - 1], carried)

    def _render(self, statement: Statement, in_loop: Mapping[tuple[str, Layer], str] | None = None) -> str:
        operands = {port: self.values[source] for port, source in statement.operands.items()}
        modules = in_loop or self.modules
        return render(statement.expression, operands, lambda layer: modules[statement.node, layer])

    def _name(self, at: int) -> str:
        """`x` for a value that only the next statement needs, `skip` for one needed later, or else the node's id."""
        node = self.statements[at].node
        return self._scratch if self._users[node] == [at + 1] else self._kept(at, node)

    def _kept(self, at: int, node: str) -> str:
        """The name of a value of `node` that lives on from statement `at`: `skip` when what was called so is not needed
        any more, so that its memory is free again, as when a person writes it."""
        if at < self._skip_until:
            return self.names.take(node)
        self._skip_until = max(self._users[node])
        return self._skip

    def _carried(self, loop: Repeat) -> str:
        """The name of what goes round in a loop, and in those that follow it at once: `x` if each turn uses it at once,
        and so does what follows."""
        chain = [loop]
        while following := [repeat for repeat in self.repeats if repeat.start == chain[-1].stop]:
            chain += following
        borders = {border for repeat in chain for border in (repeat.start, repeat.stop)}
        if all(self._users[self.statements[border - 1].node] == [border] for border in borders):
            return self._scratch
        return self._kept(loop.start - 1, self.statements[chain[-1].stop - 1].node)

    def _bind(self, statement: Statement, name: str) -> None:
        for output in self._outputs.get(statement.node, ()):
            self.values[statement.node, output] = name

    def _output(self, at: int) -> str:
        return next(iter(self._outputs[self.statements[at].node]))

    def _returned_directly(self) -> bool:
        """Whether the last statement computes the only result and stands in no loop."""
        if self.as_tuple or not self.statements or [node for node, _ in self.results] != [self.statements[-1].node]:
            return False
        return all(repeat.stop != len(self.statements) for repeat in self.repeats)


def shape_comment(spec: TensorSpec | None) -> str:
    """`(N, 6, 28, 28)`; nothing for a scalar."""
    return f"({', '.join(str(dim) for dim in spec.shape)})" if spec is not None and spec.shape else ""
