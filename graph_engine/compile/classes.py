"""The classes that composites become: what differs between their uses becomes arguments of the constructor.

All uses of a composite that compute alike, but for plain values, share one class. A value that is the same in all of
them is written down; one that follows an exposed parameter, or the channels that arrive, is written in terms of these;
any other that differs becomes an argument. To tell values that only happen to be equal from those that follow each
other, the composite is checked again with other values (nothing is run for that).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from graph_engine.blocks import Expression, Layer, Ref, TensorSpec
from graph_engine.blocks.call import Apply, Code, Run, Stepwise
from graph_engine.blocks.custom import CustomBlock
from graph_engine.blocks.library.borders import Input as InputBlock
from graph_engine.blocks.named import NamedInt, plain
from graph_engine.blocks.tensor import Kind
from graph_engine.check.checker import Checker
from graph_engine.check.composites import state_names
from graph_engine.check.report import GraphReport, NodeReport
from graph_engine.check.values import evaluated
from graph_engine.compile.arguments import Argument, Columns
from graph_engine.compile.custom import Customs
from graph_engine.compile.leaves import (
    ArgumentNames,
    Leaf,
    each_layer,
    leaves_of,
    optional_layers,
    replaced,
    skeleton_of,
    torch_names,
    without_optional,
)
from graph_engine.compile.naming import Names, class_name
from graph_engine.compile.statements import EachTurn, OverTime, Result, Statement, statements_for, unbypassed
from graph_engine.document.composite import IN_CHANNELS, TURN, Composite, borders, formulas, port_name, reached
from graph_engine.document.document import MAIN, Document
from graph_engine.document.graph import Graph, Node

_LEAST_STEPWISE = 3


@dataclass(slots=True)
class CompositeClass:
    """One class: its statements with arguments in place of what differs between the uses in `reports`."""

    graph: str
    name: str
    arguments: list[Argument]
    statements: list[Statement]
    inputs: Mapping[str, Result]
    outputs: Mapping[str, Result]
    shapes: Mapping[str, str]
    stored: list[str]
    """Arguments that `forward` uses, and so are kept as attributes."""
    places: Mapping[str, tuple[int, int]]
    """Where an argument that no exposed parameter explains stands: which statement, and which of its plain values."""
    params: int | None
    reports: list[GraphReport] = field(default_factory=list)
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def call(self, report: GraphReport, given: Mapping[str, Any]) -> Layer:
        """The constructor call of one use; `given` are its values as its node has them, formulas and all."""
        at = next(index for index, each in enumerate(self.reports) if each is report)
        positional, options = [], []
        for argument in self.arguments:
            value = self.columns[argument.name][at]
            if argument.exposed in given and plain(given[argument.exposed]) == value:
                value = given[argument.exposed]
            if argument.default is None:
                positional.append(value)
            else:  # also what equals the default, so that uses of other values look alike; `trimmed` leaves it out
                options.append((argument.name, value))
        return Layer(self.name, tuple(positional), tuple(options))


class Classes:
    """The classes of all composites that a document's program uses, used before user."""

    def __init__(self, document: Document, main: GraphReport, targets: Iterable[str], names: Names, checker: Checker):
        self.document = document
        self.made: list[CompositeClass] = []
        self.customs = Customs(names)
        self._names = names
        self._checker = checker
        self._by_report: dict[int, CompositeClass] = {}
        found: dict[str, dict[int, GraphReport]] = {}
        self._gather(document.main, main, targets, found)
        for name in reached(document.graphs, [MAIN]):
            if name in found:
                self._make(name, list(found[name].values()))

    def use(self, node: Node, report: NodeReport) -> tuple[Expression, EachTurn | OverTime | None]:
        """What a node of a composite is written as."""
        block = report.block
        assert isinstance(block, Composite)  # noqa: S101  a caller's mistake, not a user's
        calls = [self._by_report[id(turn)].call(turn, block.values) for turn in report.inside]
        taken = {*report.inputs, *(state_names(block) if node.over_time else ())}
        operands = tuple(Ref(port.name) for port in block.inputs if port.name in taken)
        if node.over_time:
            return Apply(calls[0], operands), _over_time(block, report)
        if node.repeat == 1:
            return Apply(calls[0], operands), None
        times = NamedInt.of(len(calls), node.repeat) if isinstance(node.repeat, str) else len(calls)
        parts = _series(calls, self.argument_names, times)
        if len(block.inputs) == 1:
            return Apply(Layer("nn.Sequential", parts), operands), None
        carried = tuple(port.name for port, _ in zip(block.inputs, block.outputs, strict=False))
        return Apply(Layer("nn.ModuleList", (parts,)), operands), EachTurn(carried)

    def custom(self, block: CustomBlock, expression: Expression) -> Expression:
        """What a node of a custom block is written as."""
        return self.customs.use(block, expression)

    def of(self, report: GraphReport) -> CompositeClass:
        """The class of a composite's use."""
        return self._by_report[id(report)]

    def argument_names(self, target: str) -> Sequence[str]:
        made = next((each for each in self.made if each.name == target), None)
        return [argument.name for argument in made.arguments] if made is not None else torch_names(target)

    def trimmed(self, statement: Statement) -> Statement:
        """`statement` without arguments that are the defaults of a composite's class."""
        defaults = {made.name: {each.name: each.default for each in made.arguments} for made in self.made}

        def without(layer: Layer) -> Layer:
            known = defaults.get(layer.target, {})
            kept = tuple((name, value) for name, value in layer.options if name not in known or value != known[name])
            return self.customs.trimmed(replace(layer, options=kept))

        return replace(statement, expression=each_layer(statement.expression, without))

    # --- inside

    def _gather(
        self, graph: Graph, report: GraphReport, targets: Iterable[str], found: dict[str, dict[int, GraphReport]]
    ) -> None:
        """Note every distinct use of a composite that `targets` need, and those inside it."""
        for name in sorted(graph.needed_by(targets)):
            if graph.passing(name) is not None:
                continue
            for turn in report.nodes[name].inside:
                seen = found.setdefault(turn.graph, {})
                if id(turn) not in seen:
                    seen[id(turn)] = turn
                    inner = self.document.graphs[turn.graph]
                    self._gather(inner, turn, [node for node, _ in results_of(inner).values()], found)

    def _make(self, name: str, reports: list[GraphReport]) -> None:
        """One class for each way in which the uses of a composite compute."""
        graph = self.document.graphs[name]
        bodies = [(report, self._statements(graph, report)) for report in reports]
        groups: dict[Any, list[tuple[GraphReport, list[Statement]]]] = {}
        for report, body in bodies:
            groups.setdefault(self._skeleton(body), []).append((report, body))
        for skeleton, group in groups.items():
            probes = self._probes(graph, group[0][0], skeleton)
            made = self._class(name, graph, group, probes)
            self.made.append(made)
            self._by_report |= {id(report): made for report, _ in group}

    def _statements(self, graph: Graph, report: GraphReport) -> list[Statement]:
        return statements_for(graph, report.nodes, [node for node, _ in results_of(graph).values()], self)

    def _skeleton(self, body: Sequence[Statement]) -> Any:
        return tuple(
            (
                each.node,
                skeleton_of(without_optional(each.expression), self.argument_names),
                tuple(each.operands.items()),
                each.owner,
                _shape_of_loop(each.loop),
            )
            for each in body
        )

    def _probes(self, graph: Graph, report: GraphReport, skeleton: Any) -> list[tuple[GraphReport, list[Statement]]]:
        """The first use again with one value changed at a time, where it still computes alike."""
        values = {name: plain(value) for name, value in report.values.items() if name not in (TURN, IN_CHANNELS)}
        numbers = {name: value for name, value in values.items() if _whole([value])}
        inputs: Mapping[str, TensorSpec] = {
            port: spec for port, spec in report.inputs.items() if not _follows(graph, port, report)
        }
        wider = {port: _widened(spec) for port, spec in inputs.items()}
        channels = plain(report.values.get(IN_CHANNELS))
        as_wide = {**values, **{name: 2 * value for name, value in numbers.items() if value == channels}}
        tries: list[list[tuple[dict[str, Any], Mapping[str, TensorSpec]]]] = [
            [
                *(({**values, name: other}, inputs) for other in (2 * value, value + 2, value + 1)),
                ({**values, name: 2 * value}, wider),  # where a skip needs as many channels as come out
            ]
            for name, value in numbers.items()
        ]
        if inputs:
            first = next(iter(inputs))
            tries.append([(values, {**inputs, first: wider[first]}), (values, wider), (as_wide, wider)])
        found = []
        for options in tries:
            for changed, inputs in options:
                probe = self._checker.graph(report.graph, changed, plain(report.values.get(TURN, 0)), inputs)
                if probe.errors or len(probe.outputs) < len(report.outputs) or not self._knows(graph, probe):
                    continue
                body = self._statements(graph, probe)
                if self._skeleton(body) == skeleton:
                    found.append((probe, body))
                    break
        return found

    def _knows(self, graph: Graph, probe: GraphReport) -> bool:
        """Whether the composites inside a probe can be called: as classes there are."""
        for name in graph.needed_by(node for node, _ in results_of(graph).values()):
            for turn in probe.nodes[name].inside if graph.passing(name) is None else ():
                if id(turn) not in self._by_report and not self._adopt(turn):
                    return False
        return True

    def _adopt(self, report: GraphReport) -> bool:
        """Let a use that is only tried out be called like those there are; False when it computes otherwise."""
        graph = self.document.graphs[report.graph]
        if not self._knows(graph, report):
            return False
        body = self._statements(graph, report)
        skeleton = self._skeleton(body)
        for made in self.made:
            if made.graph == report.graph and self._skeleton(self._statements(graph, made.reports[0])) == skeleton:
                values: dict[str, Any] = {}
                for argument in made.arguments:
                    if argument.exposed in report.values:
                        values[argument.name] = plain(report.values[argument.exposed])
                    elif argument.name in made.places:
                        at, place = made.places[argument.name]
                        leaf = self._leaves_in(made.statements[at], body[at])[place]
                        values[argument.name] = plain(leaf.value) if leaf is not None else None
                if len(values) < len(made.arguments):
                    return False
                made.reports.append(report)
                made.columns = {name: [*column, values[name]] for name, column in made.columns.items()}
                self._by_report[id(report)] = made
                return True
        return False

    def _leaves_in(self, whole: Statement, statement: Statement) -> list[Leaf | None]:
        """The plain values of a statement at the places that they have in `whole`; None for those it does without."""
        found = leaves_of_statement(whole, self.argument_names)
        if len(optional_layers(whole.expression)) == len(optional_layers(statement.expression)):
            return [*leaves_of_statement(statement, self.argument_names)]
        bare = replace(statement, expression=without_optional(statement.expression))
        rest = iter(leaves_of_statement(bare, self.argument_names))
        return [None if leaf.optional else next(rest) for leaf in found]

    def _conditional(self, expression: Expression, columns: Columns, needed: Sequence[bool]) -> Any:
        """`expression` with its optional layers made only in uses that need them."""
        layers = optional_layers(expression)
        if not layers:
            return expression
        condition = columns.condition(layers[0], self.argument_names(layers[0].target), needed)
        return each_layer(expression, lambda each: replace(each, condition=condition if each.optional else ""))

    def _other_names(self, title: str) -> list[str]:
        """What the class of uses that compute otherwise is called: `BasicBlock2`."""
        return [f"{class_name(title.title() if title.islower() else title)}{at}" for at in range(2, 100)]

    def _class(
        self,
        name: str,
        graph: Graph,
        group: list[tuple[GraphReport, list[Statement]]],
        probes: list[tuple[GraphReport, list[Statement]]],
    ) -> CompositeClass:
        every = [*group, *probes]
        columns = Columns(graph.declaration, [report.values for report, _ in every], len(group))
        statements: list[Statement] = []
        places: dict[str, tuple[int, int]] = {}
        for rows in zip(*(body for _, body in every), strict=True):
            statement, needed = _whole_of(rows, len(group))
            table = [self._leaves_in(statement, each) for each in rows]
            written = [columns.code(leaves) for leaves in zip(*table, strict=True)]
            for place, code in enumerate(written):
                if isinstance(code, Code):
                    places.setdefault(code.text.removeprefix("self."), (len(statements), place))
            codes = iter(written)
            expression = replaced(statement.expression, _one_after_another(codes), self.argument_names)
            if not all(needed[: len(group)]):
                expression = self._conditional(expression, columns, needed)
            loop = statement.loop
            if isinstance(loop, OverTime):
                loop = replace(
                    loop, states=tuple((state, tuple(next(codes) for _ in zeros)) for state, zeros in loop.states)
                )
            shapes = [report.nodes[statement.node].outputs for report, _ in every]
            shape = columns.shape([next(iter(each.values()), None) for each in shapes])
            statements.append(replace(statement, expression=expression, loop=loop, shape=shape))
        results = results_of(graph)
        inputs = {port_name(node): (node.id, "y") for node in borders(graph, "input")}
        ports = {port: [report.inputs.get(port) for report, _ in every] for port in inputs}
        ports |= {port: [report.outputs.get(port) for report, _ in every] for port in results}
        arguments = columns.arguments()
        title = graph.declaration.title or name.replace("_", " ")
        return CompositeClass(
            name,
            self._names.take(class_name(title.title() if title.islower() else title), *self._other_names(title)),
            arguments,
            statements,
            {port: inputs[port] for port in inputs if any(spec is not None for spec in ports[port])},
            results,
            {port: columns.shape(specs) for port, specs in ports.items()},
            columns.stored,
            places,
            group[0][0].cost.params if len(group) == 1 and not arguments else None,
            [report for report, _ in every],
            columns.values_of(arguments),
        )


def _follows(graph: Graph, port: str, report: GraphReport) -> bool:
    """Whether what arrives at a port is what its Input says in terms of exposed parameters, as a cell's state does."""
    node = next(each for each in borders(graph, "input") if port_name(each) == port)
    if not formulas(node):
        return False
    block = InputBlock.make(evaluated(node.parameters, report.values))
    return block.spec() == report.inputs[port]


def results_of(graph: Graph) -> dict[str, Result]:
    """The name of each output → the value that is wired to it."""
    found = {}
    for node in borders(graph, "output"):
        wire = graph.wire_at(node.id, "x")
        if wire is not None:
            found[port_name(node)] = unbypassed(graph, (wire.source, wire.output))
    return found


def _whole_of(rows: Sequence[Statement], real: int) -> tuple[Statement, list[bool]]:
    """What a statement is with all layers that any of the `real` uses needs, and which of the uses need them."""
    needed = [bool(optional_layers(row.expression)) for row in rows]
    if not any(needed[:real]):
        return replace(rows[0], expression=without_optional(rows[0].expression)), [True] * len(rows)
    return rows[needed.index(True)], needed


def leaves_of_statement(statement: Statement, names: ArgumentNames) -> list[Leaf]:
    """Every plain value of a statement, those of its loop as well."""
    found = leaves_of(statement.expression, names)
    if isinstance(statement.loop, OverTime):
        found += [
            Leaf(length, "forward", f"{state}_size") for state, zeros in statement.loop.states for length in zeros
        ]
    return found


def _shape_of_loop(loop: EachTurn | OverTime | None) -> Any:
    """What two loops share that differ in values alone."""
    if isinstance(loop, OverTime):
        return loop.steps, loop.like, tuple((name, len(zeros)) for name, zeros in loop.states)
    return loop


def _over_time(block: Composite, report: NodeReport) -> OverTime:
    """How a cell goes along: which ports take steps, which carry a state."""
    states = state_names(block)
    inside = report.inside[0]
    steps = tuple(
        port for port, spec in report.inputs.items() if port not in states and inside.inputs.get(port) != spec
    )
    numbers = [port for port in (*steps, *report.inputs) if report.inputs[port].is_floating]
    zeros = tuple((state, tuple(inside.inputs[state].shape[1:])) for state in states)
    return OverTime(steps, zeros, next(iter(numbers), ""))


def _widened(spec: TensorSpec) -> TensorSpec:
    """`spec` with twice the channels or features."""
    axis = 1 if spec.kind in (Kind.IMAGE, Kind.VOLUME) else spec.rank - 1
    length = spec.shape[axis] if spec.rank > 1 and spec.is_floating else None
    if not isinstance(length, int):
        return spec
    return TensorSpec((*spec.shape[:axis], 2 * length, *spec.shape[axis + 1 :]), spec.dtype, classes=spec.classes)


def _series(calls: list[Layer], names: ArgumentNames, times: int) -> tuple[Any, ...]:
    """The modules of the turns, equal ones that follow each other as one `Run`, growing ones as well."""
    runs: list[tuple[Layer, int]] = []
    for call in calls:
        if runs and runs[-1][0] == call:
            runs[-1] = (call, runs[-1][1] + 1)
        else:
            runs.append((call, 1))
    if len(runs) == len(calls) and len(calls) >= _LEAST_STEPWISE and (growing := _growing(calls, names)) is not None:
        return (Run(growing, times),)
    if len(runs) == 1:
        return (Run(calls[0], times),)
    if len(runs) == 2 and runs[0][1] == 1:  # a formula says how many there are beside the first
        return (runs[0][0], Run(runs[1][0], times - 1))
    return tuple(call if count == 1 else Run(call, count) for call, count in runs)


def _growing(calls: list[Layer], names: ArgumentNames) -> Layer | None:
    """One call in which what grows by the same from turn to turn says so; None when they differ otherwise."""
    if len({skeleton_of(Apply(call, ()), names) for call in calls}) > 1:
        return None
    table = zip(*([leaf.value for leaf in leaves_of(Apply(call, ()), names)] for call in calls), strict=True)
    made: list[Any] = []
    for column in table:
        steps = {after - before for before, after in pairwise(column)} if _whole(column) else set()
        if all(value == column[0] for value in column):
            made.append(column[0])
        elif len(steps) == 1:
            made.append(Stepwise(column[0], plain(steps.pop())))
        else:
            return None
    values = iter(made)
    apply = replaced(Apply(calls[0], ()), _one_after_another(values), names)
    return apply.layer if isinstance(apply, Apply) else None


def _one_after_another(values: Iterator[Any]) -> Callable[[Leaf], Any]:
    return lambda _: next(values)


def _whole(column: Sequence[Any]) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in column)
