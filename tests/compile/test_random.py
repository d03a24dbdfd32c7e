"""Random drawings: the program computes what the drawing says, whatever was folded, named or left out."""

from __future__ import annotations

import ast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_engine.blocks import Role, get_block
from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.document import Document
from graph_engine.document.composite import borders
from tests.compile.direct import FIXED, compute, drawn, random_inputs

choices = st.lists(st.integers(0, 10_000), min_size=1, max_size=20)


@settings(max_examples=60)
@given(choices)
def test_a_program_computes_what_is_drawn(numbers: list[int]) -> None:
    the_program_computes_what_is_drawn(drawn(numbers))


@pytest.mark.parametrize("seed", range(len(FIXED)))
def test_a_fixed_drawing_is_computed(seed: int) -> None:
    the_program_computes_what_is_drawn(drawn(FIXED[seed]))


def the_program_computes_what_is_drawn(document: Document) -> None:
    result = Checker().check(document)
    assert result.ok, result.problems
    program = compile_document(document, result)
    ast.parse(program.source)
    network = program.make(seed=3).eval()
    inputs = random_inputs(program, document)
    with torch.no_grad():
        expected = compute(document, result, program, network, inputs)
        out = network(*(inputs[name] for name in program.inputs))
        outputs = out if isinstance(out, tuple) else (out,)

        ends = [node.id for node in borders(document.main, "output")]
        assert len(outputs) == len(ends) == len(program.outputs)
        for end, value in zip(ends, outputs, strict=True):
            wire = document.main.wires_into(end)["x"]
            assert torch.equal(value, expected[wire.source, wire.output]), end

        targets = list(expected)
        everything = program.function(targets)
        for target, value in zip(
            targets, everything(network, **{n: inputs[n] for n in everything.inputs}), strict=True
        ):
            assert torch.equal(value, expected[target]), target
        for target in targets[:: max(1, len(targets) // 6)]:
            single = program.function([target])
            (value,) = single(network, **{name: inputs[name] for name in single.inputs})
            assert torch.equal(value, expected[target]), target

    assert sum(p.numel() for p in network.parameters()) == result.total.params
    blocks = {name: get_block(document.main[name].block) for name in document.main.nodes}
    for nodes in program.lines.values():
        assert nodes
        assert all(node in document.main for node in nodes)
    in_forward = {node for nodes in program.lines.values() for node in nodes}
    needed = document.main.upstream(node for node, block in blocks.items() if block.role is Role.OUTPUT)
    layers = {name for name, block in blocks.items() if block.role is Role.LAYER}
    assert needed & layers <= in_forward


def test_the_drawings_are_of_all_sorts() -> None:
    """The tests above mean something: there are loops, several outputs, heads for the loss alone, joins."""
    programs = [compile_document(drawn(numbers)) for numbers in FIXED]
    sources = "\n".join(program.source for program in programs)
    assert sources.count("    for ") > 10
    assert sources.count("in zip(") > 3
    assert len({len(program.outputs) for program in programs}) == 3
    for part in (
        "nn.Conv2d",
        "Highway(",
        "SelfAttention(",
        "SelfAttention2d(",
        "torch.cat",
        "_projection",
        "nn.Dropout",
    ):
        assert part in sources, part
