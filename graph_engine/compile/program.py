"""A document as a program: readable Python source, and the very module that this source defines.

Training, probing and export all run this source. A traceback through it leads back to the node on the canvas.
"""

from __future__ import annotations

import hashlib
import linecache
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from types import CodeType, TracebackType
from typing import Any, cast

import torch
from torch import Tensor, nn

from graph_engine.blocks import Role
from graph_engine.blocks.library.borders import Input as InputBlock
from graph_engine.blocks.library.borders import Output as OutputBlock
from graph_engine.blocks.tensor import TensorSpec
from graph_engine.check.checker import Checker
from graph_engine.check.report import CheckResult, Code, GraphReport, NodeReport, Problem, Severity
from graph_engine.check.values import evaluated
from graph_engine.compile.classes import Classes, CompositeClass
from graph_engine.compile.expand import INTO, Expansion, full_turns, ways_to
from graph_engine.compile.naming import Names, class_name
from graph_engine.compile.network import Blueprint, access, attributes_of, write_file
from graph_engine.compile.own import definitions
from graph_engine.compile.places import Places, Text
from graph_engine.compile.randomness import RANDOM
from graph_engine.compile.render import targets_of
from graph_engine.compile.statements import (
    LayerKey,
    Result,
    Statement,
    find_repeats,
    shape_comment,
    statements_for,
    unbypassed,
)
from graph_engine.compile.writer import COUNTER, Body
from graph_engine.document.composite import borders, graph_of
from graph_engine.document.document import Document
from graph_engine.document.graph import Graph, Node

torch.backends.mha.set_fastpath_enabled(False)  # it rounds otherwise than training does, and gave NaN for masked rows


class CompileError(Exception):
    """A document that can't become a program; `problems` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        where = f"{first.node}: " if first.node else ""
        more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{where}{first.message}{more}")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Computation:
    """A function over a network that computes some values of the graph and runs only what these need.

    `inputs` names the arguments beside the network.
    """

    source: str
    inputs: tuple[str, ...]
    lines: Mapping[int, tuple[str, ...]]
    file: str
    _function: Callable[..., tuple[Tensor, ...]]

    def __call__(self, network: nn.Module, **inputs: Tensor) -> tuple[Tensor, ...]:
        """The values of the targets, in order."""
        return self._function(network, **inputs)

    def compiled(self, *, cuda_graphs: bool = False) -> Computation:
        """The same by `torch.compile`, which takes its time at the first call and for every new shape. As CUDA graphs,
        whose next replay writes over what the last one gave, it gives copies.
        """
        made = torch.compile(self._function, mode="reduce-overhead" if cuda_graphs else None)
        if not cuda_graphs:
            return replace(self, _function=made)

        def copied(network: nn.Module, **inputs: Tensor) -> tuple[Tensor, ...]:
            return tuple(value.clone() for value in made(network, **inputs))

        return replace(self, _function=copied)


@dataclass(slots=True)
class Program:
    """What a document compiles to.

    `lines` maps a line of `source` (from 1) to the nodes it stands for; `inputs` and `outputs` are the names of
    forward's arguments and results; `input_nodes` maps every Input node to its argument's name, labels as well;
    `attributes` maps a node to the dotted paths of its modules below the network, the main one first.
    """

    class_name: str
    source: str
    lines: Mapping[int, tuple[str, ...]]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    specs: Mapping[str, TensorSpec]
    input_nodes: Mapping[str, str]
    attributes: Mapping[str, tuple[str, ...]]
    file: str
    _document: Document
    _result: CheckResult
    _paths: Mapping[LayerKey, str]
    _classes: Classes
    _namespace: dict[str, Any] = field(default_factory=dict)
    _files: dict[str, Places] = field(default_factory=dict)
    _computations: dict[tuple[tuple[Result, ...], tuple[Result, ...], str], Computation] = field(default_factory=dict)

    @property
    def _graph(self) -> Graph:
        return self._document.main

    def make(self, seed: int | None = None) -> nn.Module:
        """A new network of this source; with `seed`, of that seed's weights, leaving the global RNG alone."""
        if not self._namespace:
            self._namespace.update(_run(self.source, self.file))
        network_class = self._namespace[self.class_name]
        if seed is None:
            network = network_class()
        else:
            with RANDOM, torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                network = network_class()
        return cast("nn.Module", network)

    def function(
        self, targets: Sequence[Result], *, given: Sequence[Result] = (), name: str = "compute"
    ) -> Computation:
        """A function that computes `targets`, (node, output port) of any nodes, losses and metrics included.

        Where they need all that `forward` computes, it calls the network; else it runs its modules one by one. The
        values `given` are arguments `given_1`, `given_2` …: what lies before them is not computed.

        Raises: LookupError for a node of whose weights the network has none, since nothing that it gives needs them.
        """
        targets = [full_turns(self._document, target) for target in targets]
        cut = tuple(full_turns(self._document, each) for each in given)
        key = (tuple(targets), cut, name)
        if key not in self._computations:
            self._computations[key] = self._write_function(tuple(targets), name, cut)
        return self._computations[key]

    def result(self, address: str) -> Result:
        """The value of an address: of a node (`conv2d_1`, `stage_1/conv2d_2`) its first output, or `node.port`."""
        *ways, last = address.split(INTO)
        graph = self._document.main
        for way in ways:
            graph = self._document.graphs[graph_of(graph[way.partition(".")[0]].block)]
        name, _, port = last.partition(".")
        block = graph.block(name) if name in graph else None
        return INTO.join([*ways, name]), port or (block.outputs[0].name if block is not None and block.outputs else "y")

    def paths_of(self, address: str) -> tuple[str, ...]:
        """The dotted paths, below the network, of the modules of the node of an address."""
        node, port = self.result(address)
        if INTO not in node:
            return self.attributes.get(node, ())
        target = full_turns(self._document, (node, port))
        opened = self._opened([target])
        return tuple(path for (owner, _), path in opened.modules.items() if owner == target[0])

    @property
    def paths_read(self) -> list[str]:
        """The dotted paths, below the network, of modules whose weights are also used without calling them."""
        read = set(re.findall(r"\bself\.([\w.]+)\.weight\b", self.source))
        return [
            path
            for path in [*(path for each in self.attributes.values() for path in each), *self._inner_names()]
            if any(path == each or path.endswith(f".{each}") for each in read)
        ]

    def _inner_names(self) -> Iterator[str]:
        return (path for path, _ in self._inner_paths())

    def node_at(self, error: BaseException) -> str | None:
        """The node that an exception went through last; None when it never did."""
        found: str | None = None
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            places = self._files.get(trace.tb_frame.f_code.co_filename)
            nodes = places.at(trace.tb_lineno, *_columns(trace)) if places is not None else ()
            if nodes:
                found = nodes[self._turn(trace, nodes)]
            trace = trace.tb_next
        return found

    def nodes_at(self, line: int, column: int) -> tuple[str, ...]:
        """The nodes that what stands at a letter of the source stands for; a line counts from 1, a column from 0."""
        at = len(self.source.splitlines()[line - 1][:column].encode()) if line in self.lines else 0
        return self._files[self.file].at(line, at, at)

    def _turn(self, trace: TracebackType, nodes: tuple[str, ...]) -> int:
        """Which of the nodes that one line stands for it stood for: which turn of their loop the frame is in."""
        if len(nodes) == 1:
            return 0
        frame = trace.tb_frame.f_locals
        loop = max((each for each in self.lines.values() if set(nodes) <= set(each)), key=len, default=())
        paths = (path for node in loop for path in self.attributes.get(node, ()))
        lists = dict.fromkeys(name for name, dot, _ in (path.partition(".") for path in paths) if dot)
        held = {id(value) for value in frame.values() if isinstance(value, nn.Module)}
        for name in lists:
            for at, module in enumerate(getattr(frame.get("self"), name, ())):
                if id(module) in held and at < len(nodes):
                    return at
        # What loops over no modules, or makes them, counts; so does what loops over many.
        turn = frame.get(COUNTER if lists and "self" in frame else "_")
        return turn if isinstance(turn, int) and turn < len(nodes) else 0

    def _statements(self, targets: Sequence[str]) -> list[Statement]:
        return statements_for(self._graph, self._result.nodes, targets, self._classes)

    def _opened(self, targets: Sequence[Result]) -> Expansion:
        """The drawing's statements, with the composites open in which targets are.

        Raises: LookupError for a node of whose weights the network has none.
        """
        opened = Expansion(
            self._document, self._classes, self._paths_inside, {way for each in targets for way in ways_to(each)}
        )
        nodes = [node.partition(INTO)[0].partition(".")[0] for node, _ in targets]
        for statement in self._statements(nodes):
            if any(key not in self._paths for key in statement.keys):
                raise LookupError(f"{statement.node} is not part of the program: no output and no loss needs it.")
        opened.open(self._graph, self._result.nodes, nodes, self._paths)
        return opened

    def _paths_inside(self, report: GraphReport) -> Mapping[LayerKey, str]:
        made = self._classes.of(report)
        return attributes_of(_blueprint(made, self._classes, self._document))

    def paths_in(self, graph: str, node: str) -> list[str]:
        """The dotted paths, below the network, of the modules of a node of a composite, in all of its uses."""
        return [path for path, (name, id_) in self._inner_paths() if (name, id_) == (graph, node)]

    def _inner_paths(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Every module inside composites: its path, and (graph, node)."""
        for name, paths in self.attributes.items():
            yield from self._below(paths[0] if paths else "", self._graph[name], self._result.nodes[name])

    def _below(self, path: str, node: Node, report: NodeReport) -> Iterator[tuple[str, tuple[str, str]]]:
        if not path:
            return
        for turn, inside in enumerate(report.inside):
            below = f"{path}.{turn}" if node.repeat != 1 and not node.over_time else path
            inner = self._document.graphs[inside.graph]
            for (owner, _), attribute in self._paths_inside(inside).items():
                yield f"{below}.{attribute}", (inside.graph, owner)
                yield from self._below(f"{below}.{attribute}", inner[owner], inside.nodes[owner])

    def _write_function(self, targets: tuple[Result, ...], name: str, given: tuple[Result, ...] = ()) -> Computation:
        opened = self._opened([*targets, *given])
        targets = tuple(opened.value(target) for target in targets)
        cut = {opened.value(each): f"given_{at + 1}" for at, each in enumerate(given)}
        statements = opened.needed(targets, cut)
        outputs = list(_ends(self._graph).values())
        forward = {statement.node for statement in self._statements([node for node, _ in outputs])}
        wanted = {source for statement in statements for source in statement.operands.values()} | set(targets)
        rest = [statement for statement in statements if statement.node not in forward]
        inner = {source for source in wanted if source[0] in forward and source not in outputs}
        inner_of_rest = {source for statement in rest for source in statement.operands.values()} | set(targets)
        call = forward <= {statement.node for statement in statements} and not (inner & inner_of_rest) and bool(forward)
        call = call and not cut
        body = rest if call else statements
        needed = {node for node, _ in wanted - cut.keys()}
        taken = self.inputs if call else ()
        inputs = {node: name for node, name in self.input_nodes.items() if node in needed or name in taken}
        names = Names(frozenset([*inputs.values(), *cut.values()]))
        values = {(node, "y"): argument for node, argument in inputs.items()} | cut
        text = Text()
        text.add(f"def {name}({', '.join(['network', *inputs.values(), *cut.values()])}):")
        if call:
            results = [names.take(output) for output in self.outputs]
            text.add(f"{', '.join(results)} = network({', '.join(self.inputs)})", 4)  # its own lines tell the node
            values |= dict(zip(outputs, results, strict=True))
        modules = {key: access("network", path) for key, path in opened.modules.items()}
        text.extend(Body(body, [], values, modules, names, targets, 4, as_tuple=True).write())
        own = definitions(target for statement in body for target in targets_of(statement.expression, modules=False))
        source = "\n\n\n".join([*own, "\n".join(text.lines)]) + "\n"
        shift = source.count("\n") - len(text.lines) + 1
        places = Places.of(text, shift)
        file = _file_name(source, name)
        self._files[file] = places
        function = _run(_HEADER + source, file, shift=-1)[name]
        return Computation(source, (*inputs.values(), *cut.values()), places.nodes, file, function)


_ONE_LINE = 90  # letters that what a class does and its paper may have to stand on one line
_HEADER = "import torch, torch.nn.functional as F; from torch import Tensor, nn\n"


def compile_document(
    document: Document,
    result: CheckResult | None = None,
    *,
    for_export: bool = False,
    checker: Checker | None = None,
) -> Program:
    """The program of `document`; `result` is its check, if one is at hand, and `checker` who made it.

    With `for_export`, the class holds only what leads from inputs to outputs; else also what only losses need.

    Raises: CompileError when the check finds errors.
    """
    if result is None or result.revision != document.revision:
        checker = checker or Checker()
        result = checker.check(document)
    if result.errors:
        raise CompileError(result.errors)
    graph = document.main
    if not len(graph):
        nothing = "The drawing is empty, so there is no program. Place an Input, layers and an Output, and wire them."
        raise CompileError([Problem(Severity.ERROR, Code.EMPTY, nothing)])
    names, names_of_classes = Names(), Names()
    arguments = {node: names.take(_name_of(graph[node], InputBlock)) for node in _nodes(graph, Role.INPUT)}
    ends = _ends(graph)
    judges = [] if for_export else [*_nodes(graph, Role.LOSS), *_nodes(graph, Role.METRIC)]
    judged = [node for node in judges if not graph[node].bypassed]
    if checker is None:
        checker = Checker()
        if document.composites:
            checker.check(document)
    own_name = names_of_classes.take(class_name(document.title))
    if result.main is None:
        raise ValueError("the result is that of no check")
    sources = [source for source, _ in ends.values()]
    classes = Classes(document, result.main, [*sources, *judged], names_of_classes, checker)
    statements = statements_for(graph, result.nodes, sources, classes)
    needed = graph.needed_by(source for source, _ in ends.values())
    extra = [each for each in statements_for(graph, result.nodes, judged, classes) if each.node not in needed]
    outputs = {names.take(_name_of(graph[node], OutputBlock)): source for node, source in ends.items()}
    inputs = {argument: (node, "y") for node, argument in arguments.items() if node in needed}
    specs = {name: result.nodes[node].outputs[port] for name, (node, port) in (inputs | outputs).items()}
    blueprint = Blueprint(
        own_name,
        [classes.trimmed(each) for each in statements],
        [classes.trimmed(each) for each in extra if each.layers],
        find_repeats(statements, [node for node, _ in outputs.values()]),
        inputs,
        outputs,
        {name: shape_comment(spec) for name, spec in specs.items()},
        sum(result.nodes[statement.node].cost.params for statement in (*statements, *extra)),
    )
    paths = attributes_of(blueprint)
    composites = [_blueprint(each, classes, document) for each in classes.made]
    text = write_file(document, blueprint, paths, classes.customs, composites)
    source = "\n".join(text.lines) + "\n"
    file = _file_name(source, blueprint.class_name)
    places = Places.of(text, 1)
    attributes: dict[str, tuple[str, ...]] = {}
    for statement in (*statements, *extra):
        if statement.keys:
            attributes[statement.node] = tuple(paths[key] for key in statement.keys)
    return Program(
        blueprint.class_name,
        source,
        places.nodes,
        tuple(inputs),
        tuple(outputs),
        specs,
        arguments,
        attributes,
        file,
        document.snapshot(),
        result,
        paths,
        classes,
        _files={file: places},
    )


def _blueprint(made: CompositeClass, classes: Classes, document: Document) -> Blueprint:
    """What the class of a composite is written from."""
    declaration = document.graphs[made.graph].declaration
    title = declaration.title or made.graph.replace("_", " ").capitalize()
    summary = "\n\n".join(part for part in (declaration.help or f"{title}.", declaration.paper) if part)
    if len(summary) < _ONE_LINE and declaration.help.count("\n") == 0:
        summary = summary.replace("\n\n", " ")
    names = Names()
    arguments = {port: names.take(port) for port in made.inputs}
    return Blueprint(
        made.name,
        [classes.trimmed(each) for each in made.statements],
        [],
        find_repeats(made.statements, [node for node, _ in made.outputs.values()]),
        {arguments[port]: result for port, result in made.inputs.items()},
        made.outputs,
        {**made.shapes, **{arguments[port]: made.shapes[port] for port in made.inputs}},
        made.params,
        summary,
        made.arguments,
        made.stored,
        f"{made.graph}:",
    )


def _name_of(node: Node, block: type[InputBlock | OutputBlock]) -> str:
    """What an Input or Output of the drawing itself is called, where no formula can name anything."""
    return block.make(evaluated(node.parameters, {})).name


def _nodes(graph: Graph, role: Role) -> list[str]:
    return [name for name in graph.order() if (block := graph.block(name)) is not None and block.role is role]


def _ends(graph: Graph) -> dict[str, Result]:
    """Each Output and the value that is wired to it, in the order of their ids, whatever lies before them: who calls
    the network takes its results by their places."""
    found = {}
    for node in borders(graph, "output"):
        wire = next(iter(graph.wires_into(node.id).values()))
        found[node.id] = unbypassed(graph, (wire.source, wire.output))
    return found


def _columns(trace: TracebackType) -> tuple[int | None, int | None]:
    """From where to where on its line the call stands that went wrong, in bytes."""
    code = trace.tb_frame.f_code
    _, _, start, stop = next(islice(code.co_positions(), trace.tb_lasti // 2, None), (None, None, None, None))
    return start, stop


def _file_name(source: str, name: str) -> str:
    return f"<layerloom {name} {hashlib.sha256(source.encode()).hexdigest()[:12]}>"


def _run(source: str, file: str, shift: int = 0) -> dict[str, Any]:
    """Import generated source under the name `file`, so that tracebacks show its lines."""
    code: CodeType = compile("\n" * max(shift, 0) + source, file, "exec")
    if shift < 0:
        code = _moved(code, shift)
    namespace: dict[str, Any] = {"__name__": "layerloom_program", "__file__": file}
    exec(code, namespace)  # noqa: S102  our own generated text; a document is data and never reaches here as code
    del namespace["__name__"]  # classes have it; `torch.compile` would import what a scope calls itself
    lines = source.splitlines(keepends=True)[-shift if shift < 0 else 0 :]
    linecache.cache[file] = (len(source), None, lines, file)
    return namespace


def _moved(code: CodeType, shift: int) -> CodeType:
    """`code` with every line number moved by `shift`."""
    constants = tuple(_moved(each, shift) if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_firstlineno=max(code.co_firstlineno + shift, 1), co_consts=constants)
