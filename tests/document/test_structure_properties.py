"""Random changes of structure: the document stays sound, every edit survives as JSON, undoing all gives the first."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.canvas.changes import add_fragment, fragment_of
from app.canvas.clipboard import from_text, to_text
from graph_engine.check.checker import Checker
from graph_engine.document import AddNodes, AnyEdit, Document, EditRefused, Exposed, Graph, Node, RemoveNodes, Wire
from graph_engine.document.annotating import Annotate, BendWire
from graph_engine.document.annotation import (
    Annotation,
    AnnotationKind,
    around,
    fresh_annotation_id,
    node_boxes,
)
from graph_engine.document.builder import Builder
from graph_engine.document.codec import edit_from_json, edit_to_json
from graph_engine.document.composite import borders, composites_in, port_name
from graph_engine.document.edits import Batch, Connect, Declare, Disconnect, SetNode, SetParameter
from graph_engine.document.file import dumps, loads
from graph_engine.document.folding import find_folds, fold
from graph_engine.document.grouping import make_composite
from graph_engine.document.porting import (
    delete_nodes,
    remove_exposed,
    rename_exposed,
    rename_port,
    reorder_ports,
    uses_of,
)
from graph_engine.document.unpacking import unpack
from graph_engine.document.updating import update_composite
from tests.document.drawings import lint

Choose = Callable[[Sequence[Any]], Any]
NAMES = ("unit", "cell", "x", "y", "h", "width", "depth")


def start() -> Document:
    """Two composites, one inside the other, one exposed parameter, a repeat, a chain, a skip, shared weights."""
    net = Builder("Start")
    inner = net.composite("inner", "Inner")
    width = inner.expose("width", 4, least=1)
    x, extra = inner.input("x", 4, 8, 8), inner.input("extra", 4, 8, 8)
    y = inner.add("relu", inner.add("conv2d", x, channels=width))
    inner.output(inner.add("add", y, extra), "y")
    inner.output(y, "h")
    outer = net.composite("outer")
    base = outer.expose("base", 2)
    image = outer.input("x", 4, 8, 8)
    z = outer.add("@inner", image, image, width=f"{base} * 2")
    outer.output(outer.add("residual", image, outer.add("conv2d", z, channels="=in_channels + 0 * turn")), "y")
    image = net.input("image", 4, 8, 8)
    z = net.add("@outer", image, times=2)
    first = z
    for _ in range(3):
        z = net.add("relu", net.add("conv2d", z, channels=4))
    shared = net.add("@inner", z, first)
    net.add("@inner", shared, image, shares=shared)
    pooled = net.add("global_avg_pool", shared.other("h"))
    code = net.add("linear", pooled, features=3)
    net.output(code)
    net.output(net.add("linear", net.add("tanh", code), features=4, bias=False, shares=code), "back")
    step = net.composite("step", "Step")
    now, before = step.input("x", 4), step.input("h", 4)
    after = step.add("tanh", step.add("add", step.add("linear", now, features=4), before))
    step.output(after, "y")
    step.output(after, "h")
    net.output(net.add("@step", net.input("steps", 5, 4), over_time=True), "last")
    for edit in (SetNode("relu_1", "bypassed", value=True), SetNode("linear_1", "frozen", value=True)):
        net.document.apply(edit)
    return net.document


@dataclass(frozen=True)
class Hand:
    """Where a random edit takes place, and what chooses at random."""

    document: Document
    name: str
    choose: Choose

    @property
    def graph(self) -> Graph:
        return self.document.graphs[self.name]

    def node(self) -> str:
        return self.choose(sorted(self.graph.nodes))

    def nodes(self) -> set[str]:
        return {self.node() for _ in range(self.choose([1, 2, 3]))}

    def use(self) -> tuple[str, str]:
        """A node that uses a composite, with its graph, if there is one."""
        uses = [(where, each.id) for name in self.document.composites for where, each in uses_of(self.document, name)]
        return self.choose(uses or [(self.name, self.node())])

    def exposed(self) -> str:
        return self.choose([each.name for each in self.graph.declaration.exposes] or ["width"])

    def port(self) -> str:
        return self.choose([each.id for side in ("input", "output") for each in borders(self.graph, side)] or [""])


def make(hand: Hand) -> AnyEdit:
    some = hand.nodes()
    between = hand.graph.downstream(some) & hand.graph.upstream(some)
    return make_composite(hand.document, hand.name, between, hand.choose(NAMES))


def unpack_one(hand: Hand) -> AnyEdit:
    return unpack(hand.document, *hand.use(), [{"in_channels": 4}] * 9)


def fold_one(hand: Hand) -> AnyEdit:
    folds = find_folds(hand.graph, by_rule=hand.choose([True, False]))
    if not folds:
        raise EditRefused("no repeats")
    return fold(hand.document, hand.name, hand.choose(folds), hand.choose(NAMES))


def rename_one(hand: Hand) -> AnyEdit:
    return rename_port(hand.document, hand.name, hand.choose([hand.port(), hand.node()]), hand.choose(NAMES))


def reorder(hand: Hand) -> AnyEdit:
    names = [port_name(each) for each in borders(hand.graph, hand.choose(["input", "output"]))]
    return reorder_ports(hand.document, hand.name, names[::-1])


def expose(hand: Hand) -> AnyEdit:
    exposed = Exposed(hand.choose(NAMES), "int", hand.choose([1, 4]), least=1)
    declaration = hand.graph.declaration
    declare = Declare(replace(declaration, exposes=(*declaration.exposes, exposed)), hand.name)
    return Batch("Expose", (declare, SetParameter(hand.node(), "channels", f"={exposed.name} * 2", hand.name)))


def repeat(hand: Hand) -> AnyEdit:
    where, use = hand.use()
    return SetNode(use, "repeat", hand.choose([1, 2, 3, "=depth"]), where)


def flag(hand: Hand) -> AnyEdit:
    attribute = hand.choose(["bypassed", "frozen", "over_time", "collapsed"])
    return SetNode(hand.node(), attribute, hand.choose([True, False]), hand.name)


def value(hand: Hand) -> AnyEdit:
    name = hand.choose(["channels", "width", "base"])
    return SetParameter(hand.node(), name, hand.choose([None, 4, 5, "=width", "=turn + 1"]), hand.name)


def connect(hand: Hand) -> AnyEdit:
    graph, source, target = hand.graph, hand.node(), hand.node()
    one, other = graph.block(source), graph.block(target)
    if one is None or other is None or not one.outputs or not other.inputs:
        raise EditRefused("no ports")
    port = hand.choose(list(other.inputs))
    slot = graph.free_slot(target, port.name) if port.variadic else port.name
    return Connect(Wire(source, hand.choose(list(one.outputs)).name, target, slot), hand.name)


def disconnect(hand: Hand) -> AnyEdit:
    wires = sorted(hand.graph.wires, key=str)
    return Disconnect((hand.choose(wires),) if wires else (), hand.name)


def paste(hand: Hand) -> AnyEdit:
    text = to_text(fragment_of(hand.graph, hand.nodes()))
    goal = hand.choose(sorted(hand.document.graphs))
    return add_fragment(hand.document.graphs[goal], from_text(text), (10.0, 10.0), goal, with_incoming=True)[0]


def bend(hand: Hand) -> AnyEdit:
    wires = sorted(hand.graph.wires, key=str)
    if not wires:
        raise EditRefused("no wires")
    return BendWire(hand.choose(wires), hand.choose([(), ((1.0, 2.0),), ((1.0, 2.0), (5.5, -3.0))]), hand.name)


def annotate(hand: Hand) -> AnyEdit:
    """A frame around some nodes, a note beside, a colour, or one of them less."""
    graph = hand.graph
    there = sorted(graph.annotations)
    if there and hand.choose([True, False]):
        found = graph.annotations[hand.choose(there)]
        return Annotate(
            *hand.choose([((), (found.id,)), ((replace(found, color="blue", text="שלום"),), ())]), hand.name
        )
    kind: AnnotationKind = hand.choose(["frame", "note"])
    boxes = node_boxes(graph)
    rect = around(boxes[name] for name in hand.nodes())
    made = Annotation(fresh_annotation_id(graph, kind), kind, hand.choose(["", "Stem"])).with_rect(rect)
    return Annotate((made,), (), hand.name)


def update(hand: Hand) -> AnyEdit:
    """A composite becomes another, as when it is taken from the user's library anew."""
    other = start()
    return update_composite(hand.document, hand.name, other, hand.choose(sorted(other.composites)))


CHANGES: tuple[Callable[[Hand], AnyEdit], ...] = (
    make,
    make,
    unpack_one,
    unpack_one,
    fold_one,
    rename_one,
    reorder,
    expose,
    repeat,
    flag,
    value,
    connect,
    disconnect,
    paste,
    paste,
    update,
    bend,
    annotate,
    annotate,
    lambda hand: delete_nodes(hand.document, hand.name, hand.nodes()),
    lambda hand: RemoveNodes((hand.node(),), hand.name),
    lambda hand: rename_exposed(hand.document, hand.name, hand.exposed(), hand.choose(NAMES)),
    lambda hand: remove_exposed(hand.document, hand.name, hand.exposed()),
    lambda hand: SetNode(hand.node(), "shares", hand.choose(["", *sorted(hand.graph.nodes)]), hand.name),
)


def random_edit(document: Document, choose: Choose) -> AnyEdit:
    """One change of structure of some graph. Raises: EditRefused, as for a user."""
    hand = Hand(document, choose(sorted(document.graphs)), choose)
    if not len(hand.graph):
        return AddNodes((Node("relu_1", "relu"),), (), hand.name)
    return choose(CHANGES)(hand)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.integers(3, 14))
def test_undoing_all_gives_the_first_document_and_every_edit_survives_as_json(data: st.DataObject, count: int) -> None:
    document = start()
    first = dumps(document)
    inverses: list[AnyEdit] = []
    states = [first]
    for _ in range(count):
        before = dumps(document)
        try:
            edit = random_edit(document, lambda items: data.draw(st.sampled_from(items)))
            again = edit_from_json(json.loads(json.dumps(edit_to_json(edit))))
            twin = loads(before)
            inverse = document.apply(edit)
        except EditRefused:
            assert dumps(document) == before, "a refused edit changed something"
            continue
        lint(document)
        twin.apply(again)
        assert dumps(twin) == dumps(document), "the edit means something else as JSON"
        inverses.append(inverse)  # type: ignore[arg-type]
        states.append(dumps(document))
    Checker().check(document)  # whatever came about, it is told, never raised
    redo: list[Any] = []
    for inverse in reversed(inverses):
        assert dumps(document) == states.pop()
        back = edit_from_json(json.loads(json.dumps(edit_to_json(inverse))))
        twin = document.snapshot()
        redo.append(document.apply(inverse))
        twin.apply(back)
        assert dumps(twin) == dumps(document)
    assert dumps(document) == first
    for edit in reversed(redo):
        document.apply(edit)
    for edit, _ in zip(reversed(inverses), inverses, strict=True):
        document.apply(edit)
    assert dumps(document) == first


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.integers(0, 8))
def test_copying_a_drawing_to_another_document_loses_nothing(data: st.DataObject, count: int) -> None:
    document = start()
    for _ in range(count):
        try:
            document.apply(random_edit(document, lambda items: data.draw(st.sampled_from(items))))
        except EditRefused:
            continue
    here = Document()
    copied = from_text(to_text(fragment_of(document.main, document.main.nodes)))
    edit, names = add_fragment(here.main, copied, (0.0, 0.0), "main")
    if any(_leads_nowhere(graph, wire) for graph in document.graphs.values() for wire in graph.wires):
        return  # a wire whose port was taken away can't be drawn anew
    here.apply(edit)
    lint(here)

    used = {name for name in document.graphs if name != "main" and name in _used(document)}
    assert set(here.graphs) == {"main", *used}
    for name in used:
        assert here.graphs[name].declaration == document.graphs[name].declaration
        assert dict(here.graphs[name].nodes) == dict(document.graphs[name].nodes)
        assert set(here.graphs[name].wires) == set(document.graphs[name].wires)
    assert {
        names[node.id]: node.with_(id=names[node.id], shares=names.get(node.shares, "")) for node in document.main
    } == dict(here.main.nodes)
    assert {replace(wire, source=names[wire.source], target=names[wire.target]) for wire in document.main.wires} == set(
        here.main.wires
    )


def _leads_nowhere(graph: Graph, wire: Wire) -> bool:
    one, other = graph.block(wire.source), graph.block(wire.target)
    return one is None or other is None or one.output(wire.output) is None or other.input(wire.input) is None


def _used(document: Document) -> set[str]:
    """The composites that the main drawing uses, also inside one another."""
    found: set[str] = set()
    waiting = list(composites_in(document.main))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += composites_in(document.graphs[name])
    return found


SOUND = ("make", "unpack", "rename port", "rename exposed", "fold", "reorder")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.integers(1, 6))
def test_what_only_rearranges_a_drawing_changes_nothing_of_what_it_costs(data: st.DataObject, count: int) -> None:
    """Made, unpacked, folded, renamed: parameters, multiply-adds and the shape of the result stay."""
    document = start()
    checker = Checker()
    before = checker.check(document)
    assert before.errors == []
    assert before.main is not None
    for _ in range(count):
        kind = data.draw(st.sampled_from(SOUND))
        try:
            edit = _sound_edit(document, kind, lambda items: data.draw(st.sampled_from(items)), checker)
            document.apply(edit)
        except EditRefused:
            continue
        after = checker.check(document)
        assert after.errors == [], edit
        assert after.main is not None
        assert after.total == before.total, edit
        assert list(after.main.outputs.values()) == list(before.main.outputs.values()), edit


def _sound_edit(document: Document, kind: str, choose: Choose, checker: Checker) -> AnyEdit:
    result = checker.check(document)
    name = choose(sorted(each for each in document.graphs if result.path_to(each) is not None))
    path = result.path_to(name) or ()
    report = result.inside(path)
    assert report is not None
    graph = document.graphs[name]
    nodes = sorted(graph.nodes)
    match kind:
        case "make":
            some = {choose(nodes) for _ in range(choose([1, 2, 3]))}
            return make_composite(
                document, name, graph.downstream(some) & graph.upstream(some), choose(NAMES), "", report.nodes
            )
        case "unpack":
            uses = [node.id for node in graph if node.block.startswith("@")]
            if not uses:
                raise EditRefused("no uses")
            use = choose(uses)
            return unpack(document, name, use, [each.values for each in report.nodes[use].inside])
        case "rename port":
            ports = [each.id for each in (*borders(graph, "input"), *borders(graph, "output"))]
            return rename_port(document, name, choose(ports), choose(["alpha", "beta"]))
        case "rename exposed":
            return rename_exposed(document, name, Hand(document, name, choose).exposed(), choose(["one", "two"]))
        case "fold":
            folds = find_folds(graph, by_rule=True)
            if not folds:
                raise EditRefused("no repeats")
            return fold(document, name, choose(folds), choose(NAMES), reports=report.nodes)
        case _:
            order = [port_name(each) for each in borders(graph, "output")]
            return reorder_ports(document, name, order)
