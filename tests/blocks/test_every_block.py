"""One matrix over every block: what is inferred is what happens, weights learn, files and source say the same."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from math import prod
from pathlib import Path
from random import Random

import pytest
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from graph_engine.blocks import Axis, Block, Refusal, Role, TensorSpec, find_block
from graph_engine.check import Checker
from graph_engine.check.shapes import run_block
from graph_engine.compile import compile_document
from graph_engine.document import AddNodes, Document, Node, Wire
from graph_engine.document.file import dumps, loads
from tests.blocks.cases import Case, Direct, computing_blocks, declared_cases, real, reals, shape_at
from tests.compile.linting import faults
from tests.one_device import DEVICE, OneDevice

CASES = declared_cases()
WITHOUT_GRADIENT = {
    ("constant", "x"),
    ("draw_action", "logits"),
    ("policy_gradient_loss", "reward"),
    ("policy_gradient_loss", "baseline"),
    ("cut_to_length", "like"),
    ("distillation_loss", "teacher"),
    ("resize_as", "like"),
    ("sequence_to_positions", "like"),
    ("unpool", "like"),
}
WITHOUT_GRADIENT |= {
    ("matching_histogram", "query"),
    ("matching_histogram", "document"),
    ("stop_gradient", "x"),
    ("roi_pool", "boxes"),
}
"""Ports of measurements that take part without learning: a teacher, an image of which only the size counts, what is
only counted, and what is meant to learn nothing."""
TRIES = 1500
"""How many ways to fill the ports of a block are tried; of a block with many ports, so many drawn at random."""


def _with_unknown_length(case: Case) -> Case | None:
    """The case with a symbolic T or H in place of one length, if the block takes that."""
    symbols = {3: Axis("T"), 4: Axis("H")}
    inputs = {
        port: replace(spec, shape=(*spec.shape[:axis], symbols[spec.rank], *spec.shape[axis + 1 :]))
        if (axis := {3: 1, 4: 2}.get(spec.rank, 0))
        else spec
        for port, spec in case.inputs.items()
    }
    changed = Case(case.block, case.parameters, inputs)
    try:
        run_block(changed.made, changed.specs)
    except Refusal:
        return None
    return changed if inputs != case.inputs else None


UNKNOWN = [changed for case in CASES if (changed := _with_unknown_length(case)) is not None]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_inferred_is_what_a_real_forward_gives(case: Case) -> None:
    inferred = run_block(case.made, case.specs).outputs
    direct = Direct(case)
    for batch in (2, 5):
        out = direct(reals(case.inputs, batch))
        assert [shape_at(spec, batch) for spec in inferred.values()] == [tuple(value.shape) for value in out]
        assert [f"torch.{spec.dtype}" for spec in inferred.values()] == [str(value.dtype) for value in out]

    assert list(inferred) == [port.name for port in case.block.outputs]
    if case.block.role in (Role.LOSS, Role.METRIC):
        assert [spec.rank for spec in inferred.values()] == [0]
    else:
        assert all(spec.shape[0] == Axis("N") for spec in inferred.values())


@pytest.mark.parametrize("case", UNKNOWN, ids=str)
def test_what_is_inferred_of_an_unknown_length_is_what_a_real_forward_gives(case: Case) -> None:
    out = Direct(case)(reals(case.inputs, 2))
    inferred = run_block(case.made, case.specs).outputs

    assert [shape_at(spec, 2) for spec in inferred.values()] == [tuple(value.shape) for value in out]
    assert {axis.symbol for spec in inferred.values() for axis in spec.shape if isinstance(axis, Axis)} <= {
        axis.symbol for spec in case.inputs.values() for axis in spec.shape if isinstance(axis, Axis)
    }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_is_left_on_the_cpu(case: Case) -> None:
    direct = Direct(case)
    for layer in direct.layers.values():
        layer.to(DEVICE)
    values = {port: value.to(DEVICE) for port, value in reals(case.inputs, 4).items()}
    for value in values.values():
        value.requires_grad_(value.is_floating_point())
    with OneDevice():
        out = direct(values)
        torch.autograd.backward([value.sum() for value in out if value.requires_grad])
    assert {value.device for value in out} == {DEVICE}


def test_sequences_and_images_of_unknown_length_are_among_the_cases() -> None:
    assert {"self_attention", "linear", "layer_norm", "conv2d", "positions_to_sequence"} <= {
        case.block.key() for case in UNKNOWN
    }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_weight_gets_a_finite_gradient(case: Case) -> None:
    if case.block.title == "Teacher forcing":
        return  # it gives tokens, through which no gradient passes
    direct, values = Direct(case), reals(case.inputs, 4)
    measured = {port: value.requires_grad_() for port, value in values.items() if value.is_floating_point()}
    learning = {port for port in measured if (case.block.key(), port) not in WITHOUT_GRADIENT}
    outs = [out for out in direct(values) if out.requires_grad]
    if not outs:
        assert not direct.parameters, "weights that no gradient reaches"
        assert case.block.role is Role.METRIC or not learning
        return
    slopes = [torch.linspace(0.5, 1.5, out.numel()).reshape(out.shape) for out in outs]
    torch.autograd.backward(outs, slopes)

    for port, value in measured.items():
        if port not in learning:
            assert value.grad is None
        else:
            assert value.grad is not None, port
            assert value.grad.isfinite().all(), port
    for name, parameter in direct.parameters.items():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), f"{name} learns nothing"


@pytest.mark.filterwarnings("ignore:TF32 acceleration on top of oneDNN")  # told by switching it off
@pytest.mark.parametrize("case", CASES, ids=str)
def test_its_cost_is_that_of_the_real_modules(case: Case) -> None:
    cost = run_block(case.made, case.specs).cost
    direct = Direct(case)
    batch = 2
    # The fused attention and the fused LSTM of the CPU count as nothing; the plain ones show their matrix products.
    plain = (sdpa_kernel(SDPBackend.MATH), torch.backends.mkldnn.flags(enabled=False))
    with plain[0], plain[1], FlopCounterMode(display=False) as counter, torch.no_grad():
        out = direct(reals(case.inputs, batch))

    assert cost.params == cost.trainable == sum(each.numel() for each in direct.parameters.values())
    assert cost.buffers == sum(buffer.numel() for module in direct.layers.values() for buffer in module.buffers())
    assert cost.parameter_bytes == 4 * cost.params
    assert cost.macs == counter.get_total_flops() // 2 // batch
    samples = batch if out[0].ndim else 1
    assert cost.activation_bytes == sum(value.numel() * value.element_size() for value in out) // samples


@pytest.mark.parametrize("case", CASES, ids=str)
def test_its_parameters_survive_the_file(case: Case) -> None:
    document = _around(case)
    read = loads(dumps(document))

    assert dumps(read) == dumps(document)
    node = read.main["it"]
    found = find_block(node.block)
    assert found is case.block
    assert found.make(node.parameters) == case.made


@pytest.mark.parametrize("case", CASES + UNKNOWN, ids=str)
def test_its_source_computes_what_it_computes(case: Case) -> None:
    program = compile_document(_around(case))
    network, direct, values = program.make(seed=1), Direct(case), reals(case.inputs, 4)
    for path, module in zip(program.attributes.get("it", ()), direct.layers.values(), strict=True):
        module.load_state_dict(network.get_submodule(path).state_dict())
    compute = program.function([("it", port.name) for port in case.block.outputs])
    named = dict(zip(case.inputs, program.input_nodes.values(), strict=True))
    arguments = {named[port]: value for port, value in values.items()}
    for training in (True, False):
        for module in (network, *direct.layers.values()):
            module.train(training)
        results = []
        runs: list[Callable[[], tuple[Tensor, ...]]] = [lambda: compute(network, **arguments), lambda: direct(values)]
        if case.block.role is Role.LAYER:
            runs.append(lambda: (network(**arguments),))
        for run in runs:
            state = copy.deepcopy([module.state_dict() for module in (network, *direct.layers.values())])
            torch.manual_seed(3)
            results.append(run())
            for module, before in zip((network, *direct.layers.values()), state, strict=True):
                module.load_state_dict(before)  # running averages moved
        expected = results[1]

        assert all(torch.equal(one, other) for one, other in zip(results[0], expected, strict=True))
        assert torch.equal(results[-1][0], expected[0]), "forward gives another result"
        if case.block.key() == "dropout" and not training:
            assert torch.equal(expected[0], values["x"])


def test_the_sources_are_lint_clean_and_formatted(tmp_path: Path) -> None:
    sources = {f"{case.block.key()}_{at}": compile_document(_around(case)).source for at, case in enumerate(CASES)}
    assert faults(sources, tmp_path) == ""


@pytest.mark.parametrize("case", CASES + UNKNOWN, ids=str)
def test_a_document_around_it_has_no_errors_and_tells_it_in_a_few_words(case: Case) -> None:
    result = Checker().check(_around(case))

    assert result.ok, result.problems
    assert result.nodes["it"].tell == case.made.tell()
    assert len(case.made.tell()) <= 40
    assert "\n" not in case.made.tell()


@pytest.mark.parametrize("block", computing_blocks(), ids=lambda block: block.key())
def test_no_check_passes_what_a_real_forward_refuses(block: type[Block]) -> None:
    """Ports are given tensors of every rank and type; where the check lets them pass, so does torch."""
    tried = [{}, *(parameters for parameters, _ in block.examples if parameters)]
    passed = 0
    for chosen, parameters in product(_ways_to_fill(block), tried):
        case = Case(block, parameters, chosen)
        try:
            inferred = run_block(case.made, case.specs).outputs
        except Refusal:
            continue
        passed += 1
        out = Direct(case)({port: real(spec, 3) for port, spec in chosen.items()})
        assert [shape_at(spec, 3) for spec in inferred.values()] == [tuple(value.shape) for value in out], case
    assert passed


def _ways_to_fill(block: type[Block]) -> list[dict[str, TensorSpec]]:
    """What may arrive at the ports together: every rank and type that the port takes, and what the examples have."""
    shapes: list[tuple[int, ...]] = [(), (4,), (3, 4), (2, 5, 6), (2, 3, 4, 5)]
    specs = [TensorSpec(())]
    specs += [TensorSpec((Axis("N"), *shape), dtype) for shape in shapes for dtype in ("float32", "int64")]
    choices: dict[str, list[TensorSpec | None]] = {}
    for declared in block.inputs:
        for port in [f"{declared.name}.{slot}" for slot in (0, 1)] if declared.variadic else [declared.name]:
            shown = [inputs[port] for _, inputs in block.examples if port in inputs]
            taken = [spec for spec in specs if not declared.kinds or spec.kind in declared.kinds]
            choices[port] = [*dict.fromkeys(taken + shown), *([None] if declared.optional else [])]
    random = Random(0)  # noqa: S311  no secret
    ways = (
        product(*choices.values())
        if prod(map(len, choices.values())) <= TRIES
        else ([random.choice(each) for each in choices.values()] for _ in range(TRIES))
    )
    return [{port: spec for port, spec in zip(choices, way, strict=True) if spec is not None} for way in ways]


def _around(case: Case) -> Document:
    """A document with the case's block as the node `it`, an Input at each port and an Output behind."""
    nodes, wires = [], []
    for at, (port, spec) in enumerate(case.inputs.items()):
        shape = [dim.symbol if isinstance(dim, Axis) else dim for dim in spec.shape[1:]]
        parameters = {"name": f"in_{at}", "shape": shape, "dtype": spec.dtype, "classes": spec.classes}
        nodes.append(Node(f"input_{at}", "input", parameters))
        wires.append(Wire(f"input_{at}", "y", "it", port))
    nodes.append(Node("it", case.block.key(), dict(case.parameters)))
    nodes.append(Node("output_1", "output"))
    shown = ("it", case.block.outputs[0].name) if case.block.role is Role.LAYER else ("input_0", "y")
    document = Document(title=f"A net with {case.block.title}")
    document.apply(AddNodes(tuple(nodes), (*wires, Wire(*shown, "output_1", "x"))))
    return document
