"""Kinds of data at ports: memories, and what the ports of a composite are declared to carry."""

from __future__ import annotations

import pytest

from graph_engine.blocks import Kind, Specs, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check import Checker
from graph_engine.check.report import CheckResult
from graph_engine.check.shapes import run_block
from graph_engine.document import Document, SetNode, SetParameter, Wire, why_not_wire
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps, loads
from graph_engine.document.grouping import make_composite

STORY, QUESTION = TensorSpec((N, 3, 4), "int64", classes=7), TensorSpec((N, 4), "int64", classes=7)


def check(document: Document) -> CheckResult:
    return Checker().check(document)


def test_sentences_are_a_memory_and_one_sentence_is_a_vector() -> None:
    encoder = get_block("sentence_encoder").make({"features": 5})
    story, question = (run_block(encoder, Specs({"x": spec})).outputs for spec in (STORY, QUESTION))
    assert (story["y"].kind, story["words"].kind) == (Kind.MEMORY, Kind.MEMORY)
    assert question["y"].kind is Kind.VECTOR


@pytest.mark.parametrize(
    ("block", "port"),
    [
        ("memory_hop", "m"),
        ("memory_hop", "c"),
        ("key_value_memory", "keys"),
        ("word_scores", "words"),
        ("sentence_encoder", "shared"),
        ("dot_attention", "memory"),
        ("multi_head_attention", "memory"),
        ("transformer_decoder_layer", "memory"),
    ],
)
def test_a_memory_takes_sequences_and_refuses_anything_else(block: str, port: str) -> None:
    declared = get_block(block).input(port)
    assert declared is not None
    assert declared.kinds == (Kind.MEMORY,)
    assert [kind for kind in Kind if declared.takes(kind)] == [Kind.SEQUENCE, Kind.MEMORY, Kind.ANY]
    sequence = get_block("lstm").input("x")
    assert sequence is not None
    assert sequence.takes(Kind.MEMORY), "the places of a memory can be gone through one by one"


def test_a_refusal_says_what_is_taken_what_it_is_for_and_what_came() -> None:
    net = Builder("Hop")
    vector = net.input("question", 5)
    net.add("memory_hop")
    wire = Wire(vector.node, vector.output, "memory_hop_1", "m")
    assert why_not_wire(net.graph, wire, Kind.VECTOR) == (
        "Memory hop takes memory (N×S×E) here (what each place of the memory is compared by), not vector (N×C)."
    )


def cell(kind: str = "image", gives: str = "vector") -> Document:
    net = Builder("Net")
    pooled = net.composite("pooled", "Pooled")
    x = pooled.input("x", 3, 8, 8)
    pooled.output(pooled.add("global_avg_pool", x), "y")
    document = net.document
    for node, name, value in (
        ("input_1", "kind", kind),
        ("input_1", "help", "the picture"),
        ("output_1", "kind", gives),
        ("output_1", "help", "what it shows"),
    ):
        document.apply(SetParameter(node, name, value, "pooled"))
    net.output(net.add("@pooled", net.input("image", 3, 8, 8)))
    return loads(dumps(document))


def test_ports_of_a_composite_say_kind_and_purpose() -> None:
    document = cell()
    block = document.find_block("@pooled")
    assert block is not None
    (taken,), (given,) = block.inputs, block.outputs
    assert (taken.kinds, taken.help) == ((Kind.IMAGE,), "the picture")
    assert (given.kind, given.help) == (Kind.VECTOR, "what it shows")
    assert check(document).errors == []


def test_another_kind_is_refused_at_the_use() -> None:
    document = cell()
    document.apply(SetParameter("input_1", "shape", [12]))
    (problem,) = check(document).errors
    assert (problem.graph, problem.node, problem.port) == ("main", "pooled_1", "x")
    assert problem.message == "Pooled expects N×C×H×W (image), got N×12 (vector)."
    wire = document.main.wires_into("pooled_1")["x"]
    reason = why_not_wire(document.main, wire, Kind.VECTOR)
    assert reason == "Pooled takes image (N×C×H×W) here (the picture), not vector (N×C)."


@pytest.mark.parametrize(
    ("graph", "node", "kind", "words"),
    [
        ("main", "input_1", "sequence", "declared to carry sequence (N×T×E), and N×3×8×8 (image) enters"),
        ("pooled", "output_1", "image", "declared to carry image (N×C×H×W), and N×3 (vector) leaves"),
    ],
)
def test_a_declaration_that_contradicts_the_drawing_is_a_problem_with_a_fix(
    graph: str, node: str, kind: str, words: str
) -> None:
    document = cell()
    document.apply(SetParameter(node, "kind", kind, graph))
    (problem,) = check(document).errors[:1]
    assert (problem.graph, problem.node, problem.parameter) == (graph, node, "kind")
    assert words in problem.message
    document.apply(problem.fixes[0].edit)
    assert check(document).errors == []


def test_a_cell_over_time_takes_sequences_of_what_its_ports_declare() -> None:
    net = Builder("Net")
    step = net.composite("step", "Step")
    step.output(step.add("relu", step.input("x", 4)), "y")
    net.document.apply(SetParameter("input_1", "kind", "vector", "step"))
    use = net.add("@step", net.input("steps", "T", 4), over_time=True)
    net.output(use)
    assert check(net.document).errors == []
    wire = net.graph.wires_into(use.node)["x"]
    assert why_not_wire(net.graph, wire, Kind.SEQUENCE) is None
    net.document.apply(SetNode(use.node, "over_time", value=False))
    assert why_not_wire(net.graph, wire, Kind.SEQUENCE) is not None
    assert check(net.document).errors


def test_a_composite_made_of_a_hop_takes_a_memory() -> None:
    net = Builder("Hop")
    story = net.input("story", 3, 4, tokens=True, classes=7)
    question = net.input("question", 5)
    memory = net.add("sentence_encoder", story, features=5)
    hop = net.add("memory_hop", question, memory, memory)
    net.output(net.add("relu", hop))
    result = check(net.document)
    net.document.apply(make_composite(net.document, "main", ["memory_hop_1", "relu_1"], "hop", "Hop", result.nodes))
    block = net.document.find_block("@hop")
    assert block is not None
    assert Kind.MEMORY in {kind for port in block.inputs for kind in port.kinds}
    assert check(net.document).errors == []
