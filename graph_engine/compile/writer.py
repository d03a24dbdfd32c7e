"""Statements as Python: the body of `forward` or of a computation, with the line of every node."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graph_engine.blocks.block import Pattern, flat
from graph_engine.blocks.call import Code
from graph_engine.compile.naming import Names
from graph_engine.compile.render import WIDTH, render, wrap
from graph_engine.compile.statements import EachTurn, LayerKey, OverTime, Repeat, Result, Statement

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
    modules: Mapping[LayerKey, str]
    names: Names
    results: Sequence[tuple[str, str]]
    indent: int
    as_tuple: bool = False
    text: Text = field(default_factory=Text)
    _scratch: str = "x"
    _skip: str = "skip"
    _skip_until: int = -1
    _states: dict[str, list[str]] = field(default_factory=dict)
    _users: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """Where each value is used: the number of the statement, or their count for a result."""

    def write(self) -> Text:
        """All statements and the `return` of the results."""
        for statement in self.statements:
            if isinstance(
                statement.loop, OverTime
            ):  # first, since a person calls the state of a cell what the cell does
                self._states[statement.node] = [
                    self.names.take(name, f"{statement.node}_{name}") for name, _ in statement.loop.states
                ]
        self._scratch, self._skip = self.names.take("x", "h", "out"), self.names.take("skip")
        for at, statement in enumerate(self.statements):
            for source in dict.fromkeys(statement.operands.values()):
                self._users.setdefault(source, []).append(at)
        for result in self.results:
            self._users.setdefault(result, []).append(len(self.statements))
        shape = ""
        at = 0
        loops = {repeat.start: repeat for repeat in self.repeats}
        while at < len(self.statements):
            if at in loops:
                self._loop(loops[at])
                at = loops[at].stop
            else:
                self._one(at, shape)
                at += 1
            shape = self.statements[at - 1].shape
        if not self._returned_directly():
            values = ", ".join(self.values[result] for result in self.results)
            self.text.add(
                f"return ({values},)" if self.as_tuple and len(self.results) == 1 else f"return {values}", self.indent
            )
        return self.text

    def _one(self, at: int, before: str) -> None:
        statement = self.statements[at]
        loop = next((repeat for repeat in self.repeats if repeat.start == at + 1), None)
        comment = statement.shape if statement.shape != before else ""
        if at == len(self.statements) - 1 and self._returned_directly():
            self.text.add(f"return {self._render(statement)}", self.indent, (statement.node,), comment)
            return
        if isinstance(statement.loop, EachTurn):
            self._each_turn(at, statement, statement.loop, comment)
            return
        if isinstance(statement.loop, OverTime):
            self._over_time(at, statement, statement.loop, comment)
            return
        value = self._render(statement)
        name = self._carried(loop) if loop else ""
        self.text.add(f"{self._bind(at, name)} = {value}", self.indent, (statement.node,), comment)

    def _loop(self, repeat: Repeat) -> None:
        """`for conv, norm in zip(self.conv2d_2, self.batch_norm_2):` around one turn; by number where too many."""
        turn = self.statements[repeat.start : repeat.start + repeat.period]
        carried = self.values[self._only(repeat.start - 1)]
        layers = [(statement, layer) for statement in turn for layer in statement.layers]
        lists = [self.modules[statement.key(layer)].rpartition("[")[0] for statement, layer in layers]
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
        in_loop = {each.key(layer): name for (each, layer), name in zip(layers, loop_names, strict=True)}
        shape = self.statements[repeat.start - 1].shape
        for offset, statement in enumerate(turn):
            at = repeat.start + offset
            last = offset == repeat.period - 1
            every = tuple(self.statements[each].node for each in range(at, repeat.stop, repeat.period))
            comment = statement.shape if statement.shape != shape else ""
            value = self._render(statement, in_loop)
            self.text.add(f"{self._bind(at, carried if last else '')} = {value}", self.indent, every, comment)
            shape = statement.shape
        self.indent -= 4
        self.values[self._only(repeat.stop - 1)] = carried

    def _each_turn(self, at: int, statement: Statement, loop: EachTurn, comment: str) -> None:
        """`for layer in self.decoder_1:` around the call of one turn on what the one before gave."""
        (layer,) = statement.layers
        operands = {port: self.values[source] for port, source in statement.operands.items()}
        bound = zip(loop.carried, self._bind(at).split(", "), strict=True)
        carried = {
            port: self.names.take(port, f"{statement.node}_{port}") if name == "_" else name for port, name in bound
        }
        target = ", ".join(carried.values())
        for port, name in carried.items():
            if operands[port] != name:
                self.text.add(f"{name} = {operands[port]}", self.indent, (statement.node,))
        called = self.names.take("layer", "turn_layer")
        self.text.add(f"for {called} in {self.modules[statement.key(layer)]}:", self.indent, (statement.node,))
        value = render(statement.expression, {**operands, **carried}, lambda _: called)
        self.text.add(f"{target} = {value}", self.indent + 4, (statement.node,), comment)

    def _over_time(self, at: int, statement: Statement, loop: OverTime, comment: str) -> None:
        """The loop over the steps of a sequence: `for step in x.unbind(1):`, states from zeros on, steps stacked."""
        operands = {port: self.values[source] for port, source in statement.operands.items()}
        sequences = {port: operands[port] for port in loop.steps}
        first = next(iter(sequences.values()))
        lines: list[str] = []
        states = dict(zip((name for name, _ in loop.states), self._states[statement.node], strict=True))
        for state, zeros in loop.states:
            lengths = ", ".join(str(each.text if isinstance(each, Code) else each) for each in zeros)
            start = operands.get(state) or f"{first}.new_zeros({first}.shape[0], {lengths})"
            lines.append(f"{states[state]} = {start}")
        outputs = [name for name in flat(statement.pattern) if name not in states]
        used = {name: (statement.node, name) in self._users for name in outputs}
        now = {port: self.names.take(f"{port}_t", f"{statement.node}_{port}") for port in sequences}
        given = {
            name: self.names.take(f"{name}_t", f"{statement.node}_{name}") if used[name] else "_" for name in outputs
        }
        lists = {name: self.names.take("steps", f"{name}_steps") for name in outputs if used[name]}
        lines += [f"{name} = []" for name in lists.values()]
        unbound = [f"{name}.unbind(1)" for name in sequences.values()]
        over = unbound[0] if len(unbound) == 1 else f"zip({', '.join(unbound)}, strict=True)"
        lines.append(f"for {', '.join(now.values())} in {over}:")
        called = render(
            statement.expression, {**operands, **states, **now}, lambda layer: self.modules[statement.key(layer)]
        )
        targets = [states.get(name) or given[name] for name in flat(statement.pattern)]
        lines.append(f"    {', '.join(targets)} = {called}")
        lines += [f"    {lists[name]}.append({given[name]})" for name in lists]
        for line in lines:
            self.text.add(line.lstrip(), self.indent + len(line) - len(line.lstrip()), (statement.node,))
        self.values |= {(statement.node, name): state for name, state in states.items()}
        for name, kept in lists.items():
            result: Result = (statement.node, name)
            self.values[result] = self._name(at, result, statement.node)
            stacked = f"{self.values[result]} = torch.stack({kept}, 1)"
            self.text.add(stacked, self.indent, (statement.node,), comment)

    def _render(self, statement: Statement, in_loop: Mapping[LayerKey, str] | None = None) -> str:
        operands = {port: self.values[source] for port, source in statement.operands.items()}
        modules = in_loop or self.modules
        return render(statement.expression, operands, lambda layer: modules[statement.key(layer)])

    def _bind(self, at: int, name: str = "") -> str:
        """Name what statement `at` computes, `name` if given; what stands left of its `=`: `x`, or `x, (h, _)`."""
        statement = self.statements[at]
        own = re.sub(r"\W", "_", statement.node)  # a node inside a composite is called by its way there

        def target(pattern: Pattern) -> str:
            if isinstance(pattern, str):
                result = (statement.node, pattern)
                if result not in self._users:
                    return "_"
                wish = own if pattern == first else f"{own}_{pattern}"
                self.values[result] = name or self._name(at, result, wish)
                return self.values[result]
            parts = [target(part) for part in pattern]
            if pattern is not statement.pattern:
                return "_" if set(parts) == {"_"} else f"({', '.join(parts)})"
            return ", ".join(parts)

        first = next(iter(flat(statement.pattern)))
        return target(statement.pattern)

    def _name(self, at: int, result: tuple[str, str], wish: str) -> str:
        """`x` for a value that only the next statement needs, `skip` for one needed later, or else `wish`."""
        only_one = sum((result[0], output) in self._users for output in flat(self.statements[at].pattern)) == 1
        if self._users[result] == [at + 1] and (only_one or result[1] == next(flat(self.statements[at].pattern))):
            return self._scratch
        return self._kept(at, result, wish)

    def _kept(self, at: int, result: tuple[str, str], wish: str) -> str:
        """The name of a value that lives on from statement `at`: `skip` when what was called so is not needed
        any more, so that its memory is free again, as when a person writes it."""
        if at < self._skip_until or not isinstance(self.statements[at].pattern, str):
            return self.names.take(wish)
        self._skip_until = max(self._users[result])
        return self._skip

    def _carried(self, loop: Repeat) -> str:
        """The name of what goes round in a loop, and in those that follow it at once: `x` if each turn uses it at once,
        and so does what follows."""
        chain = [loop]
        while following := [repeat for repeat in self.repeats if repeat.start == chain[-1].stop]:
            chain += following
        borders = {border for repeat in chain for border in (repeat.start, repeat.stop)}
        if all(self._users[self._only(border - 1)] == [border] for border in borders):
            return self._scratch
        last = self._only(chain[-1].stop - 1)
        return self._kept(loop.start - 1, last, last[0])

    def _only(self, at: int) -> tuple[str, str]:
        """The one value that statement `at` computes."""
        statement = self.statements[at]
        return statement.node, next(flat(statement.pattern))

    def _returned_directly(self) -> bool:
        """Whether the last statement computes the only result and stands in no loop."""
        if self.as_tuple or not self.statements or list(self.results) != [self._only(len(self.statements) - 1)]:
            return False
        if not isinstance(self.statements[-1].pattern, str) or self.statements[-1].loop is not None:
            return False
        return all(repeat.stop != len(self.statements) for repeat in self.repeats)
