"""Custom blocks in programs: their class stands in the source, which needs nothing of Layerloom; names never clash."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from graph_engine.blocks import Specs, TensorSpec
from graph_engine.blocks.custom import custom_block
from graph_engine.blocks.tensor import Axis, N
from graph_engine.check.custom import UntrustedCodeError, load_class
from graph_engine.check.shapes import run_block
from graph_engine.check.trust import trust
from graph_engine.compile import CompileError, compile_document
from graph_engine.document import AddCustom, AddNodes, CustomCode, Document, Node, SetParameter, Wire
from graph_engine.document.file import dumps, loads
from tests.customs import GATED, classifier, writing

RECURRENT = '''
import math


def scale(width):
    """How large."""
    return 1 / math.sqrt(width)


class Memory(nn.Module):
    """Reads a sequence; gives every state and the last."""

    def __init__(self, in_features, width: int = 5):
        super().__init__()
        self.cell = nn.GRU(in_features, width, batch_first=True)
        self.width = width

    def forward(self, x: Tensor, start: Tensor | None = None) -> tuple[Tensor, Tensor]:
        states, last = self.cell(x * scale(self.width), start)
        return states, last[0]
'''
MIX = '''
class Mix(nn.Module):
    """A weighted sum; the second input may be missing."""

    def __init__(self, rate: float = 0.25, how: Literal["add", "multiply"] = "add"):
        super().__init__()
        self.rate = nn.Parameter(torch.full((), rate))
        self.how = how

    def forward(self, a, b=None):
        b = a if b is None else b
        return a + self.rate * b if self.how == "add" else a * self.rate * b
'''
MIX = f"from typing import Literal\n{MIX}"
CASES = [
    (GATED, {}, {"x": TensorSpec((N, 3, 8, 6))}),
    (GATED, {"width": 2, "kernel_size": [5, 1]}, {"x": TensorSpec((N, 1, 8, 6))}),
    (RECURRENT, {"width": 3}, {"x": TensorSpec((N, Axis("T"), 4))}),
    (MIX, {"rate": 2, "how": "multiply"}, {"a": TensorSpec((N, 4)), "b": TensorSpec((N, 4))}),
    (MIX, {}, {"a": TensorSpec((N, 4))}),
]


def drawn(source: str, parameters: dict[str, object], inputs: dict[str, TensorSpec]) -> Document:
    document = Document()
    document.apply(AddCustom("block", CustomCode(source)))
    block = custom_block("block", source)
    nodes = [Node("block_1", "custom:block", parameters)]
    wires = []
    for port, spec in inputs.items():
        shape = [dim if isinstance(dim, int) else str(dim) for dim in spec.shape[1:]]
        nodes.append(Node(f"in_{port}", "input", {"name": port, "shape": shape}))
        wires.append(Wire(f"in_{port}", "y", "block_1", port))
    for output in block.outputs:
        nodes.append(Node(f"out_{output.name}", "output", {"name": f"{output.name}_out"}))
        wires.append(Wire("block_1", output.name, f"out_{output.name}", "x"))
    document.apply(AddNodes(tuple(nodes), tuple(wires)))
    return document


def reals(inputs: dict[str, TensorSpec], batch: int) -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    lengths = {"N": batch, "T": 5}
    shapes = {
        port: [dim if isinstance(dim, int) else dim.at(lengths[dim.symbol]) for dim in spec.shape]
        for port, spec in inputs.items()
    }
    return {port: torch.randn(shape, generator=random) for port, shape in shapes.items()}


@pytest.mark.parametrize(("source", "parameters", "inputs"), CASES, ids=lambda value: str(value)[:24].strip())
def test_what_is_true_of_every_block_is_true_of_custom_ones(
    source: str, parameters: dict[str, object], inputs: dict[str, TensorSpec], tmp_path: Path
) -> None:
    trust([source])
    document = loads(dumps(drawn(source, parameters, inputs)))
    program = compile_document(document)
    network = program.make(seed=3)
    block = custom_block("block", source).make(parameters)
    inferred = run_block(block, Specs(inputs))
    layer = block.expression(Specs(inputs)).layer  # type: ignore[union-attr]
    torch.manual_seed(3)
    alone = load_class(source, block.definition.class_name)(**dict(layer.options))

    for batch in (1, 4):
        values = reals(inputs, batch)
        results = network(**values)
        direct = alone(*values.values())
        for result, expected, spec in zip(
            results if isinstance(results, tuple) else (results,),
            direct if isinstance(direct, tuple) else (direct,),
            inferred.outputs.values(),
            strict=True,
        ):
            torch.testing.assert_close(result, expected, rtol=0, atol=0)
            lengths = {"N": batch, "T": 5}
            assert list(result.shape) == [d if isinstance(d, int) else d.at(lengths[d.symbol]) for d in spec.shape]
    sum(each.sum() for each in (results if isinstance(results, tuple) else (results,))).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    assert inferred.cost.params == sum(each.numel() for each in alone.parameters())
    assert [f"block_1.{key}" for key in alone.state_dict()] == list(network.state_dict())

    file = tmp_path / "net.py"
    file.write_text(program.source)
    call = f"import net; print(len(list(net.{program.class_name}().parameters())))"
    out = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {call}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert int(out) == len(list(alone.parameters()))


def test_one_class_for_all_uses_and_lines_lead_to_nodes() -> None:
    program = compile_document(classifier())
    lines = program.source.splitlines()
    assert program.source.count("class GatedConv(nn.Module):") == 1
    assert "graph_engine" not in program.source
    made = [line.strip() for line in lines if "= GatedConv(" in line]
    assert made == [
        "self.gated_conv_1 = GatedConv(in_channels=1)",
        "self.gated_conv_2 = GatedConv(in_channels=6, width=4, kernel_size=(5, 3))",
    ]
    for number, nodes in program.lines.items():
        assert all(node in lines[number - 1] or "pool" in node or "flatten" in node for node in nodes), number
    network = program.make(seed=0)
    with pytest.raises(RuntimeError) as raised:
        network(torch.zeros(2, 3, 28, 28))
    assert program.node_at(raised.value) == "gated_conv_1"
    network.train()
    compute = program.function([("loss", "loss"), ("gated_conv_1", "y")])
    loss, probed = compute(network, image=torch.zeros(2, 1, 28, 28), label=torch.zeros(2, dtype=torch.int64))
    assert loss.isfinite()
    assert probed.shape == (2, 6, 28, 28)


def test_before_trust_there_is_no_program_and_nothing_runs(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    with pytest.raises(CompileError, match="runs only once you trust it"):
        compile_document(classifier(writing(sign), trusted=False))
    with pytest.raises(UntrustedCodeError):
        load_class(writing(sign), "GatedConv")
    assert not sign.exists()


def source_of(name: str, head: str, value: str) -> str:
    return (
        f'"""About {name}."""\n{head}\n\nclass {name}(nn.Module):\n'
        f"    def __init__(self):\n        super().__init__()\n"
        f"        self.w = nn.Parameter(torch.ones(()))\n\n    def forward(self, x: Tensor) -> Tensor:\n"
        f"        return self.w * ({value})\n"
    )


def chained(*sources: str) -> Document:
    trust(sources)
    document = Document(title="Chain")
    nodes = [Node("image", "input", {"shape": [4]})]
    for at, source in enumerate(sources):
        document.apply(AddCustom(f"block_{at}", CustomCode(source)))
        nodes.append(Node(f"n_{at}", f"custom:block_{at}"))
    nodes.append(Node("output", "output"))
    wires = [Wire(one.id, "y", other.id, "x") for one, other in pairwise(nodes)]
    document.apply(AddNodes(tuple(nodes), tuple(wires)))
    return document


def test_names_that_clash_are_told_apart_and_compute_the_same() -> None:
    helper = (
        "STEP = {step}\n\n\ndef bump(x, STEP_size=1):\n    y = [STEP for STEP in [7]]\n    return x + STEP * STEP_size"
    )
    document = chained(
        source_of("Bump", helper.format(step=2), "bump(x)"),
        source_of(
            "Bump",
            "import math as F\nfrom torch import nn as layers, Tensor\n" + helper.format(step=30),
            "bump(x, STEP_size=2) + F.floor(1.5) + (lambda bump: bump)(0)",
        ),
        source_of("Chain", "import os.path\nimport numpy as np; WIDTH = np.pi * 0", "x + WIDTH + len(os.path.sep)"),
        source_of("linear", "from __future__ import annotations\nimport numpy as np", "x + np.float32(1) - 1"),
        source_of("Linear", "def F():\n    global COUNT\n    COUNT = 5\n    return COUNT\n\n\nCOUNT = 0", "x + F()"),
    )
    program = compile_document(document)
    out = program.make()(torch.zeros(2, 4))
    torch.testing.assert_close(out, torch.full((2, 4), 2.0 + 60 + 1 + 1 + 5))
    assert program.source.count("import numpy as np\n") == 1
    assert "from __future__ import annotations" in program.source
    assert "# About Bump." in program.source
    assert "math.floor(1.5) + (lambda bump: bump)(0)" in program.source
    for taken in ("class Bump(", "class Bump_(", "class Chain_(", "class Linear(", "class Linear_(", "class Chain("):
        assert program.source.count(taken) == 1, taken
    body = program.source.partition("\n\n\n")[0]
    assert body.index("from __future__") < body.index("import math\n") < body.index("import torch")


def test_uses_inside_a_composite_share_one_class_with_arguments() -> None:
    from graph_engine.document import AddGraph, Declaration, Exposed

    trust([GATED])
    document = Document(title="Net")
    document.apply(AddCustom("gate", CustomCode(GATED)))
    inside = (
        Node("in", "input", {"name": "x", "shape": [1, 8, 8]}),
        Node("g", "custom:gate", {"width": "=width"}),
        Node("out", "output", {"name": "y"}),
    )
    wires = (Wire("in", "y", "g", "x"), Wire("g", "y", "out", "x"))
    declaration = Declaration("Unit", exposes=(Exposed("width", "int", 6),))
    document.apply(AddGraph("unit", declaration, inside, wires))
    nodes = (
        Node("image", "input", {"shape": [1, 8, 8]}),
        Node("unit_1", "@unit", {"width": 3}),
        Node("unit_2", "@unit", {"width": 6}),
        Node("unit_3", "@unit", {"width": 5}),
        Node("output", "output"),
    )
    wires = tuple(Wire(a.id, "y", b.id, "x") for a, b in pairwise(nodes))
    document.apply(AddNodes(nodes, wires))
    program = compile_document(document)
    assert program.source.count("class Unit") == 1, program.source
    assert "self.g = GatedConv(in_channels=in_channels, width=width)" in program.source
    assert program.make()(torch.zeros(2, 1, 8, 8)).shape == (2, 5, 8, 8)


def test_shared_weights_are_one_module() -> None:
    from graph_engine.document import SetNode

    document = chained(source_of("Scale", "", "2 * x"), source_of("Scale", "", "2 * x"))
    document.apply(SetParameter("image", "shape", [4]))
    document.apply(AddNodes((Node("again", "custom:block_0"),), ()))
    document.apply(SetNode("again", "shares", "n_0"))
    from graph_engine.document import Connect

    document.apply(Connect(Wire("n_1", "y", "again", "x")))
    document.apply(Connect(Wire("again", "y", "output", "x")))
    program = compile_document(document)
    assert len(list(program.make().parameters())) == 2
    torch.testing.assert_close(program.make()(torch.ones(1, 4)), torch.full((1, 4), 8.0))
