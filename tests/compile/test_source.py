"""The source reads as a person writes it: lint-clean, names that are legal and its own, loops for what repeats."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import graph_engine.nn
from graph_engine.compile import compile_document
from graph_engine.document import AddNodes, Document, Node, SetAbout, Wire
from graph_engine.document.builder import Builder
from graph_engine.nn import homes
from tests.compile.direct import FIXED, drawn

_NN = Path(graph_engine.nn.__file__).parent
HOSTILE = [
    '"""',
    'quoted "title"',
    '"' * 7,
    "\\",
    "\\" * 3 + '"""' + "\\",
    "a" + "\\x" * 200,
    "\\N{BULLET} \\u12 \\d",
    "two\nlines\r\nand\ta tab",
    "\x00\x07\x1b[31m\u2028\u202egnisrever\ufeff",
    "\ud83d",
    "größe 漢字 🙂 ａｂｃ",
    "漢" * 500,
    "x" * 10_000,
    "word " * 2000,
    "{braces} {{}} %s $x `code` #comment",
    "'''",
    "",
    "   ",
    "123 go",
    "class",
    "True",
    "nn Module",
    "Tensor",
    "F",
    "self attention",
    "SelfAttention",
    "highway",
    "accuracy",
    "Exception",
    "import os; os.system('x')",
]


def two_layers(title: str = "Net", notes: str = "") -> Builder:
    net = Builder(title, notes=notes)
    x = net.add("highway", net.add("self_attention", net.input("x", 4, 6), heads=2))
    net.output(net.add("linear", x, features=3))
    return net


def lint(sources: Mapping[str, str], folder: Path) -> str:
    """What ruff, with its usual rules, says of files of these sources; copied lines may be as wide as ours are."""
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source, "utf-8")
    rules = ["--select", "E,F,I,W", "--line-length", "110", "--isolated", "--no-cache", "--output-format", "concise"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *rules, str(folder)], capture_output=True, text=True, check=False
    )
    if not done.returncode:
        return ""
    ours = {line for path in _NN.glob("*.py") for line in path.read_text("utf-8").splitlines()}
    found = [line for line in done.stdout.splitlines() if line.startswith(str(folder))]
    return "\n".join(line for line in found if "E501" not in line or _line_at(line) not in ours)


def _line_at(finding: str) -> str:
    """The line that is found fault with: `net.py:12:111: E501 …`."""
    path, line, *_ = finding.split(":")
    return Path(path).read_text("utf-8").split("\n")[int(line) - 1]


def test_random_drawings_are_lint_clean(tmp_path: Path) -> None:
    sources = {f"net_{at}": compile_document(drawn(numbers)).source for at, numbers in enumerate(FIXED)}
    assert lint(sources, tmp_path) == ""


def test_hostile_titles_and_notes_stay_inside_their_docstring(tmp_path: Path) -> None:
    sources = {}
    x = torch.randn(2, 4, 6)
    expected = compile_document(two_layers().document).make(seed=1)(x)
    for at, text in enumerate(HOSTILE):
        for notes in ("", text, f"first\n\n{text}\nlast {text}"):
            program = compile_document(two_layers(text, notes).document)
            tree = ast.parse(program.source)
            assert ast.get_docstring(tree)
            classes = [item.name for item in tree.body if isinstance(item, ast.ClassDef)]
            assert len(set(classes)) == len(classes) == 3
            assert classes[-1] == program.class_name
            assert len(program.class_name) <= 80
            assert torch.equal(program.make(seed=1)(x), expected)
            sources[f"net_{at}_{len(notes)}"] = program.source
    assert lint(sources, tmp_path) == ""


@settings(max_examples=60)
@given(st.text(max_size=300), st.text(alphabet=st.sampled_from('\\"xu\nN{d '), max_size=300))
def test_any_title_and_notes_leave_the_program_as_it_is(title: str, notes: str) -> None:
    for first, second in ((title, notes), (notes, title)):
        program = compile_document(_one_layer(first, second))
        tree = ast.parse(program.source)
        assert [type(item).__name__ for item in tree.body] == ["Expr", "ImportFrom", "ClassDef"]
        assert max(map(len, program.source.splitlines())) <= 110
        program.make()


def _one_layer(title: str, notes: str) -> Document:
    net = Builder("One")
    net.output(net.add("linear", net.input("x", 3)))
    net.document.apply(SetAbout(title, notes))
    return net.document


def test_the_title_and_notes_are_read_where_one_looks_for_them() -> None:
    source = compile_document(_one_layer("LeNet-5", 'As in 1998.\nWith "quotes".')).source
    assert source.startswith(
        '"""LeNet-5, drawn with Layerloom.\n\nAs in 1998.\nWith "quotes".\n"""\n\nfrom torch import'
    )
    assert "class LeNet5(nn.Module):" in source


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("LeNet-5", "LeNet5"),
        ("small residual net", "SmallResidualNet"),
        ("3 layers", "Layers"),
        ("", "Network"),
        ("漢字", "Network"),
        ("true", "TrueNetwork"),
        ("F", "FNetwork"),
        ("highway", "HighwayNetwork"),
        ("print", "Print"),
    ],
)
def test_the_class_is_named_after_the_title(title: str, name: str) -> None:
    assert compile_document(_one_layer(title, "")).class_name == name


CLASHING = ["x", "network", "torch", "nn", "F", "Tensor", "forward", "print", "input", "compute", "accuracy", "Highway"]
CLASHING += ["linear_1", "logits", "l", "O", "größe", "math", "x_", "y", "conv", "super"]


@pytest.mark.parametrize("name", [*CLASHING, "self"])
def test_an_input_may_have_any_name(name: str, tmp_path: Path) -> None:
    net = Builder("Names")
    label = net.input("label", classes=6, label=True)
    x = net.input(name, 6)
    y = net.add("highway", net.add("highway", net.add("highway", net.add("linear", x, features=6))))
    net.classify(net.add("add", y, x), label)
    program = compile_document(net.document)
    network = program.make(seed=0)
    values = {program.inputs[0]: torch.randn(4, 6)}
    targets = [("cross_entropy_1", "loss"), ("accuracy_1", "accuracy"), ("linear_1", "y")]

    assert network(**values).shape == (4, 6)
    for wanted in (targets, targets[:2], targets[1:2], targets[2:]):
        function = program.function(wanted)
        given_ = values | {program.input_nodes["input_1"]: torch.tensor([0, 1, 2, 3])}
        function(network, **{each: given_[each] for each in function.inputs})
    assert lint({"net": program.source}, tmp_path) == ""


@pytest.mark.parametrize("name", [*CLASHING, "label", "image"])
def test_an_output_may_have_any_name(name: str) -> None:
    net = Builder("Names")
    x, label = net.input("image", 6), net.input("label", classes=6, label=True)
    y = net.add("highway", net.add("linear", x, features=6))
    net.output(y, name)
    net.add("cross_entropy", y, label)
    net.add("accuracy", y, label)
    program = compile_document(net.document)
    network, inputs = program.make(), {"image": torch.randn(4, 6), "label": torch.tensor([0, 1, 2, 3])}
    loss, share = program.function([("cross_entropy_1", "loss"), ("accuracy_1", "accuracy")])(network, **inputs)
    assert network(inputs["image"]).shape == (4, 6)
    assert 0 <= share.item() <= 1
    assert loss.item() > 0


IDS = [
    "forward",
    "train",
    "type",
    "lambda",
    "class",
    "training",
    "eval",
    "parameters",
    "children",
    "half",
    "to",
    "self",
]
IDS += [
    "x",
    "network",
    "image",
    "torch",
    "nn",
    "f",
    "print",
    "call_super_init",
    "dump_patches",
    "float",
    "name",
    "None",
]
IDS += ["linear_1_projection", "conv_1", "import", "requires_grad_", "register_buffer", "zip", "range", "l"]


@pytest.mark.parametrize("id_", [each for each in IDS if each.islower()])
def test_a_node_may_have_any_id(id_: str, tmp_path: Path) -> None:
    nodes = (
        Node("image", "input", {"name": "image", "shape": [6]})
        if id_ != "image"
        else Node("in", "input", {"shape": [6]}),
        Node(id_, "linear", {"features": 6}),
        *(Node(f"hw_{at}", "highway") for at in range(3)),
        Node("sum", "add"),
        Node("out", "output"),
    )
    chain = [nodes[0].id, id_, "hw_0", "hw_1", "hw_2"]
    wires = [Wire(a, "y", b, "x") for a, b in pairwise(chain)]
    wires += [Wire(id_, "y", "sum", "xs.0"), Wire("hw_2", "y", "sum", "xs.1"), Wire("sum", "y", "out", "x")]
    document = Document()
    document.apply(AddNodes(nodes, tuple(wires)))
    program = compile_document(document)
    network = program.make()
    x = torch.randn(3, 6)
    linear = network.get_submodule(program.attributes[id_][0])
    network.train()
    network.eval()

    assert isinstance(linear, torch.nn.Linear)
    expected = linear(x)
    for at in range(3):
        expected = network.get_submodule(program.attributes[f"hw_{at}"][0])(expected)
    assert torch.equal(network(x), expected + linear(x))
    assert set(network.state_dict()) == set(program.make().state_dict())
    (inner,) = program.function([(id_, "y")])(network, **{program.inputs[0]: x})
    assert torch.equal(inner, linear(x))
    assert lint({"net": program.source}, tmp_path) == ""


def test_long_lines_are_folded(tmp_path: Path) -> None:
    net = Builder("Wide")
    inputs = [net.input(f"a_rather_long_name_for_an_input_{at}", 6) for at in range(12)]
    layers = [net.add("linear", x, features=6, title="x" * 500) for x in inputs]
    for block in ("add", "multiply", "concat"):
        net.output(net.add(block, *layers), f"a_rather_long_name_for_an_output_{block}")
    x = net.add("add", *layers)
    for at in range(8):
        net.output(net.add("relu", x), f"another_rather_long_name_for_an_output_{at}")
    image = net.input("image", 3, 20, 20)
    for _ in range(4):
        image = net.add("conv2d", image, channels=300_000, kernel=[11, 13], dilation=[2, 3], groups=3, bias=False)
        image = net.add("conv2d", image, channels=3, kernel=[11, 13], dilation=[2, 3], groups=3, bias=False)
    net.output(net.add("residual", net.add("conv2d", image, channels=5), image), "folded")
    program = compile_document(net.document)
    ast.parse(program.source)
    assert lint({"wide": program.source}, tmp_path) == ""


def test_what_is_used_once_is_nested_and_an_input_called_x_goes_on_as_x() -> None:
    net = Builder("Skip")
    x = net.input("x", 4)
    y = net.add("tanh", net.add("linear", net.add("relu", x), features=4))
    net.output(net.add("add", y, x))
    source = compile_document(net.document).source
    assert source.endswith("""
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.linear_1(F.relu(x))) + x  # (N, 4)
""")


def test_what_repeats_is_a_loop_and_reads_as_one() -> None:
    net = Builder("Deep")
    x = net.add("conv2d", net.input("image", 3, 8, 8), channels=4)
    for _ in range(5):
        x = net.add("relu", net.add("batch_norm", net.add("conv2d", x, channels=4, bias=False)))
    net.output(net.add("global_avg_pool", x))
    source = compile_document(net.document).source
    body = source[source.index("class ") :]

    assert (
        body
        == '''class Deep(nn.Module):
    """image: (N, 3, 8, 8) -> logits: (N, 4).

    872 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv2d_1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2d_2 = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1, bias=False) for _ in range(5))
        self.batch_norm_1 = nn.ModuleList(nn.BatchNorm2d(4) for _ in range(5))

    def forward(self, image: Tensor) -> Tensor:
        x = self.conv2d_1(image)  # (N, 4, 8, 8)
        for conv2d_2, batch_norm_1 in zip(self.conv2d_2, self.batch_norm_1):
            x = F.relu(batch_norm_1(conv2d_2(x)))
        return x.mean(dim=(2, 3))  # (N, 4)
'''
    )


def test_branches_are_told_apart_and_what_goes_along_keeps_its_name() -> None:
    net = Builder("Branches")
    x = net.add("relu", net.add("conv2d", net.input("image", 3, 8, 8), channels=4))
    small = net.add("conv2d", x, channels=2, kernel=1)
    large = net.add("conv2d", net.add("conv2d", x, channels=3, kernel=1), channels=2)
    pooled = net.add("conv2d", net.add("max_pool2d", x, kernel=3, stride=1, padding=1), channels=2, kernel=1)
    x = net.add("concat", small, large, pooled)
    y = net.add("batch_norm", net.add("conv2d", net.add("relu", net.add("conv2d", x, channels=6)), channels=6))
    net.output(net.add("global_avg_pool", net.add("relu", net.add("add", x, y))))
    source = compile_document(net.document).source
    assert source.endswith("""
        x = F.relu(self.conv2d_1(image))  # (N, 4, 8, 8)
        branch_1 = self.conv2d_2(x)  # (N, 2, 8, 8)
        branch_2 = self.conv2d_4(self.conv2d_3(x))
        branch_3 = self.conv2d_5(F.max_pool2d(x, 3, stride=1, padding=1))
        x = torch.cat([branch_1, branch_2, branch_3], dim=1)  # (N, 6, 8, 8)
        y = F.relu(self.conv2d_6(x))
        x = F.relu(x + self.batch_norm_1(self.conv2d_7(y)))
        return x.mean(dim=(2, 3))  # (N, 6)
""")


def test_what_is_needed_long_after_is_called_skip() -> None:
    net = Builder("Far")
    x = net.add("linear", net.input("x", 4), features=4)
    y = net.add("relu", x)
    for at in range(10):
        y = net.add("linear", y, features=4 + at % 2)
    net.output(net.add("concat", net.add("linear", y, features=4), x))
    source = compile_document(net.document).source
    assert "skip = self.linear_1(x)" in source
    assert "return torch.cat([x, skip], dim=1)" in source


def test_operators_are_in_brackets_where_the_order_is_another_one() -> None:
    net = Builder("Sums")
    a, b, c = (net.input(name, 3) for name in "abc")
    difference = net.add("subtract", a, net.add("subtract", b, c))
    product = net.add("multiply", net.add("add", a, b), c)
    net.output(net.add("add", net.add("multiply", difference, a), product))
    program = compile_document(net.document)
    assert "return (a - (b - c)) * a + (a + b) * c" in program.source
    a, b, c = torch.randn(3, 2, 3)
    assert torch.equal(program.make()(a=a, b=b, c=c), (a - (b - c)) * a + (a + b) * c)


def test_our_own_definitions_are_copied_once_and_only_if_they_are_used() -> None:
    source = compile_document(two_layers().document).source
    assert source.count("class SelfAttention(nn.Module):") == source.count("class Highway(nn.Module):") == 1
    assert "graph_engine" not in source
    plain = compile_document(_one_layer("Plain", "")).source
    assert not [name for name in homes() if name in plain]
