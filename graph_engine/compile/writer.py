"""Statements as Python: the body of `forward` or of a computation, with the line of every node."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from graph_engine.blocks.block import Pattern, flat
from graph_engine.blocks.call import Code
from graph_engine.compile.locals import Locals
from graph_engine.compile.naming import Names
from graph_engine.compile.nesting import nested
from graph_engine.compile.places import Part, Text
from graph_engine.compile.render import WIDTH, render
from graph_engine.compile.statements import EachTurn, LayerKey, OverTime, Repeat, Result, Statement

COUNTER = "turn"
"""What counts the turns of a loop that calls many lists of modules."""
_ROOM = 12
"""Letters that the name of a value and its ` = ` may have on a line that holds several statements."""
_FIRST, _CLOSE = 0xF0000, "\ue000"
"""Letters for private use, which mark where the text of a statement begins (its number says which) and ends."""


@dataclass(slots=True)
class Body:
    """Writes statements. `values` maps (node, output) to the name of what is already computed.

    `modules` names what a layer of a node is called as: `self.conv2d_1`. `wishes` are names for some of the results.
    With `as_tuple`, a single result is returned in a tuple as well.
    """

    statements: Sequence[Statement]
    repeats: Sequence[Repeat]
    values: dict[Result, str]
    modules: Mapping[LayerKey, str]
    names: Names
    results: Sequence[Result]
    indent: int
    wishes: Mapping[Result, str] = field(default_factory=dict)
    as_tuple: bool = False
    text: Text = field(default_factory=Text)
    _states: dict[str, list[str]] = field(default_factory=dict)
    _users: dict[Result, list[int]] = field(default_factory=dict)
    """Where each value is used: the number of the statement, or their count for a result."""
    _inside: list[tuple[int, ...]] = field(default_factory=list)
    """For each statement, those written inside it."""
    _taken: set[int] = field(default_factory=set)
    """All of these."""
    _repeat: Repeat | None = None
    _in_loop: Mapping[LayerKey, str] = field(default_factory=dict)
    """What the layers of the loop that is being written are called as."""
    _in_steps: list[str] = field(default_factory=list)
    """Names that only the last loop over the steps of a sequence needed."""
    _locals: Locals = field(init=False)
    _shape: str = ""
    """That of the value before."""

    def write(self) -> Text:
        """All statements and the `return` of the results."""
        for statement in self.statements:
            if isinstance(
                statement.loop, OverTime
            ):  # first, since a person calls the state of a cell what the cell does
                self._states[statement.node] = [
                    self.names.take(name, f"{statement.node}_{name}") for name, _ in statement.loop.states
                ]
        for at, statement in enumerate(self.statements):
            for source in dict.fromkeys(statement.operands.values()):
                self._users.setdefault(source, []).append(at)
        for result in self.results:
            self._users.setdefault(result, []).append(len(self.statements))
        self._inside = nested(self.statements, self.repeats, self._users)
        self._taken = {inner for each in self._inside for inner in each}
        lines = [*accumulate((at not in self._taken for at in range(len(self.statements))), initial=0)]
        self._locals = Locals(self.names, self.statements, self._users, lines, self.wishes)
        for result, name in self.values.items():
            self._locals.hold(name, result)
        loops = {repeat.start: repeat for repeat in self.repeats}
        at = 0
        while at < len(self.statements):
            if at in loops:
                self._loop(loops[at])
                at = loops[at].stop
            else:
                if at not in self._taken:
                    self._one(at)
                at += 1
        if not self._returned_directly():
            values = ", ".join(self.values[result] for result in self.results)
            self.text.add(
                f"return ({values},)" if self.as_tuple and len(self.results) == 1 else f"return {values}", self.indent
            )
        return self.text

    def _one(self, at: int) -> None:
        statement = self.statements[at]
        if isinstance(statement.loop, EachTurn):
            self._each_turn(at, statement, statement.loop)
        elif isinstance(statement.loop, OverTime):
            self._over_time(at, statement, statement.loop)
        else:
            self._line(at)

    def _line(self, at: int, name: str = "") -> None:
        """`x = …` for statement `at`, or `return …`.

        Those inside it get lines of their own, before it, where it would be too long with its shape behind it.
        """
        statement, inside = self.statements[at], self._inside[at]
        returns = at == len(self.statements) - 1 and self._returned_directly()
        text = self._render(at, inside)
        if inside:
            room = WIDTH - self.indent - _ROOM - (len(statement.shape) + 4 if statement.shape != self._shape else 0)
            if len(_unmarked(text, self._nodes_of, 0)[0]) > room:
                for each in inside:
                    self._line(each)
                text = self._render(at, ())
        head = "return " if returns else f"{self._left(at, name)} = "
        text, parts = _unmarked(text, self._nodes_of, self.indent + len(head.encode()))
        nodes = tuple(dict.fromkeys(node for part in parts for node in part.nodes)) + self._nodes_of(at)
        if parts and self.indent + len(head + text) <= WIDTH:
            whole = Part(self.indent, self.indent + len((head + text).encode()), self._nodes_of(at))
            self.text.parts[len(self.text.lines)] = (*parts, whole)
        self.text.add(head + text, self.indent, nodes, self._comment(statement))

    def _nodes_of(self, at: int) -> tuple[str, ...]:
        """The nodes of statement `at`: in a loop, those of all its turns."""
        turns = range(at, self._repeat.stop, self._repeat.period) if self._repeat else [at]
        return tuple(self.statements[turn].node for turn in turns)

    def _comment(self, statement: Statement) -> str:
        """The shape of its value, if it is another one than that before."""
        before, self._shape = self._shape, statement.shape
        return statement.shape if statement.shape != before else ""

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
        self._repeat = repeat
        self._in_loop = {each.key(layer): name for (each, layer), name in zip(layers, loop_names, strict=True)}
        last = repeat.start + repeat.period - 1
        for at in range(repeat.start, last + 1):
            if at not in self._taken:
                self._line(at, carried if at == last else "")
        self.indent -= 4
        self._repeat, self._in_loop = None, {}
        self.values[self._only(repeat.stop - 1)] = carried
        self._locals.hold(carried, self._only(repeat.stop - 1))

    def _each_turn(self, at: int, statement: Statement, loop: EachTurn) -> None:
        """`for layer in self.decoder_1:` around the call of one turn on what the one before gave."""
        (layer,) = statement.layers
        operands = {port: self.values[source] for port, source in statement.operands.items()}
        outputs = list(flat(statement.pattern))
        carried: dict[str, str] = {}
        for port, output in zip(loop.carried, outputs, strict=False):
            name = operands[port]  # goes on under its name if nothing else needs what it stood for
            others = [each for other, each in operands.items() if other != port]
            if self._users[statement.operands[port]][-1] > at or name in others:
                name = self._bound(at, output, after=True) or self.names.take(port, f"{statement.node}_{port}")
                self.text.add(f"{name} = {operands[port]}", self.indent, (statement.node,))
            elif (statement.node, output) in self._users:
                self.values[statement.node, output] = name
                self._locals.hold(name, (statement.node, output))
            carried[port] = name
        rest = [self._bound(at, output, after=True) or "_" for output in outputs[len(carried) :]]
        called = self.names.take("layer", "turn_layer")
        self.text.add(f"for {called} in {self.modules[statement.key(layer)]}:", self.indent, (statement.node,))
        value = render(statement.expression, {**operands, **carried}, lambda _: called)
        target = ", ".join([*carried.values(), *rest])
        self.text.add(f"{target} = {value}", self.indent + 4, (statement.node,), self._comment(statement))

    def _over_time(self, at: int, statement: Statement, loop: OverTime) -> None:
        """The loop over the steps of a sequence: `for step in x.unbind(1):`, states from zeros on, steps stacked."""
        operands = {port: self.values[source] for port, source in statement.operands.items()}
        sequences = {port: operands[port] for port in loop.steps}
        first = next(iter(sequences.values()))
        lines: list[str] = []
        states = dict(zip((name for name, _ in loop.states), self._states[statement.node], strict=True))
        for state, zeros in loop.states:
            lengths = ", ".join(str(each.text if isinstance(each, Code) else each) for each in zeros)
            like = operands.get(loop.like)
            zeros_like = (
                f"{like}.new_zeros({like}.shape[0], {lengths})"
                if like
                else f"torch.zeros({first}.shape[0], {lengths}, device={first}.device)"
            )
            start = operands.get(state) or zeros_like
            lines.append(f"{states[state]} = {start}")
        outputs = [name for name in flat(statement.pattern) if name not in states]
        used = {name: (statement.node, name) in self._users for name in outputs}
        free, self._in_steps = [*self._in_steps], []  # of loops before this one
        now = {port: self._step_name(free, f"{port}_t", f"{statement.node}_{port}") for port in sequences}
        given = {
            name: self._step_name(free, f"{name}_t", f"{statement.node}_{name}") if used[name] else "_"
            for name in outputs
        }
        lists = {name: self._step_name(free, "steps", f"{name}_steps") for name in outputs if used[name]}
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
        comment = self._comment(statement)  # of its first output
        for name, kept in lists.items():
            stacked = f"{self._bound(at, name)} = torch.stack({kept}, 1)"
            self.text.add(stacked, self.indent, (statement.node,), comment if name == outputs[0] else "")

    def _step_name(self, free: list[str], *wishes: str) -> str:
        """The first of `wishes` that is one of the `free` names or new."""
        name = next((wish for wish in wishes if wish in free or self.names.is_free(wish)), "")
        if name in free:
            free.remove(name)
        else:
            name = self.names.take(*wishes)
        self._in_steps.append(name)
        return name

    def _render(self, at: int, inside: Sequence[int]) -> str:
        """Statement `at` as text in which those `inside` it, and what they hold, stand between marks."""
        statement = self.statements[at]
        operands = {port: self.values[source] for port, source in statement.operands.items() if source in self.values}
        for each in inside:
            text = chr(_FIRST + each) + self._render(each, self._inside[each]) + _CLOSE
            sources = {source: port for port, source in statement.operands.items()}
            operands[sources[self._only(each)]] = text
        modules = self._in_loop or self.modules
        return render(statement.expression, operands, lambda layer: modules[statement.key(layer)])

    def _left(self, at: int, name: str) -> str:
        """Name what statement `at` computes, `name` if given; what stands left of its `=`: `x`, or `x, (h, _)`."""
        statement = self.statements[at]

        def target(pattern: Pattern) -> str:
            if isinstance(pattern, str):
                if name:
                    self.values[statement.node, pattern] = name
                    return name
                return self._bound(at, pattern) or "_"
            parts = [target(part) for part in pattern]
            if pattern is not statement.pattern:
                return "_" if set(parts) == {"_"} else f"({', '.join(parts)})"
            return ", ".join(parts)

        return target(statement.pattern)

    def _bound(self, at: int, output: str, *, after: bool = False) -> str:
        """The name of an output of statement `at`, new; nothing where it is not used."""
        statement = self.statements[at]
        result = (statement.node, output)
        if result not in self._users:
            return ""
        own = re.sub(r"\W", "_", statement.node)  # a node inside a composite is called by its way there
        own = own if output == next(flat(statement.pattern)) else f"{own}_{output}"
        self.values[result] = self._locals.name(at, result, own, after=after)
        return self.values[result]

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


def _unmarked(text: str, nodes: Callable[[int], tuple[str, ...]], shift: int) -> tuple[str, tuple[Part, ...]]:
    """`text` without marks, and what stood between them, inner ones first, if it begins `shift` bytes into a line."""
    plain = ""
    opened: list[tuple[int, int]] = []
    parts: list[Part] = []
    for letter in text:
        if letter == _CLOSE:
            at, start = opened.pop()
            parts.append(Part(start, shift + len(plain.encode()), nodes(at)))
        elif ord(letter) >= _FIRST:
            opened.append((ord(letter) - _FIRST, shift + len(plain.encode())))
        else:
            plain += letter
    return plain, tuple(parts)
