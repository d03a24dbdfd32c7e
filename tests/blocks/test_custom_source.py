"""Custom blocks read from their source: parameters, ports, and what is wrong, by line. Nothing is run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from graph_engine.blocks import Refusal, Specs, TensorSpec
from graph_engine.blocks.call import Apply, Ref
from graph_engine.blocks.custom import custom_block, read_source, title_from
from graph_engine.blocks.parameter import ParameterType
from graph_engine.blocks.tensor import N
from tests.customs import GATED, writing

BODY = "\n    def forward(self, x: Tensor) -> Tensor:\n        return x\n"


def block(init: str = "", forward: str = "self, x", end: str = "return x", returns: str = "") -> str:
    head = f"    def __init__(self, {init}):\n        super().__init__()\n" if init else ""
    arrow = f" -> {returns}" if returns else ""
    return f"class Block(nn.Module):\n{head}    def forward({forward}){arrow}:\n        {end}\n"


def test_the_gated_convolution_is_read_whole() -> None:
    made = custom_block("gated_conv", GATED)
    assert (made.title, made.summary(), made.key()) == (
        "Gated conv",
        "A convolution times a gate of its own.",
        "custom:gated_conv",
    )
    width, kernel = made.parameters()
    assert (width.name, width.type, width.default, width.meta.help) == (
        "width",
        ParameterType.INT,
        6,
        "Channels that come out",
    )
    assert (kernel.type, kernel.default, kernel.meta.unit) == (ParameterType.PAIR, 3, "px")
    assert [port.name for port in made.inputs] == ["x"]
    assert [port.name for port in made.outputs] == ["y"]
    assert "Args" not in (made.__doc__ or "")


@pytest.mark.parametrize(
    ("annotation", "kind", "default"),
    [
        ("a: int = 3", ParameterType.INT, 3),
        ("a=3", ParameterType.INT, 3),
        ("a: float = 1", ParameterType.FLOAT, 1.0),
        ("a=0.5", ParameterType.FLOAT, 0.5),
        ("a: bool = True", ParameterType.BOOL, True),
        ("a=False", ParameterType.BOOL, False),
        ("a: str = 'relu'", ParameterType.TEXT, "relu"),
        ("a: 'int' = -4", ParameterType.INT, -4),
        ("a: tuple[int, int] = (3, 5)", ParameterType.PAIR, (3, 5)),
        ("a: int | tuple[int, int] = 2", ParameterType.PAIR, 2),
        ("a: Literal['sum', 'mean'] = 'mean'", ParameterType.CHOICE, "mean"),
        ("*, a: int = 3", ParameterType.INT, 3),
    ],
)
def test_a_parameter_is_read_from_its_annotation_or_default(
    annotation: str, kind: ParameterType, default: object
) -> None:
    definition = read_source(block(annotation))
    assert definition.faults == ()
    (found,) = definition.arguments
    assert (found.name, found.type, found.default) == ("a", kind, default)


@pytest.mark.parametrize(
    ("source", "ports"),
    [
        (block(end="return x"), ["y"]),
        (block(returns="Tensor"), ["y"]),
        (block(returns="'torch.Tensor'"), ["y"]),
        (block(end="return x, x"), ["y", "y_2"]),
        (block(forward="self, x, h", end="return h, x"), ["h", "x"]),
        (block(returns="tuple[Tensor, Tensor, Tensor]", end="return self.f(x)"), ["y", "y_2", "y_3"]),
        (block(end="return [lambda: 1, x][1] if x is x else x"), ["y"]),
        (block(end="def f():\n            return 1, 2\n        return x"), ["y"]),
    ],
)
def test_outputs_are_told_by_annotation_or_by_what_is_returned(source: str, ports: list[str]) -> None:
    definition = read_source(source)
    assert definition.faults == ()
    assert list(definition.outputs) == ports


def test_inputs_with_none_are_optional_and_other_defaults_are_no_inputs() -> None:
    definition = read_source(block(forward="self, x: Tensor, mask: Tensor | None = None, scale: float = 2.0"))
    assert [(port.name, port.optional) for port in definition.inputs] == [("x", False), ("mask", True)]


def test_the_block_is_the_class_that_no_other_uses() -> None:
    helper = "class Gate(nn.Module):\n    def forward(self, x):\n        return x\n\n"
    assert read_source(helper + block(end="return Gate()(x)")).class_name == "Block"
    child = "class Base(nn.Module):\n    def __init__(self, width: int = 3):\n        super().__init__()\n"
    definition = read_source(f"{child}\nclass Child(Base):\n    def forward(self, x):\n        return x\n")
    assert definition.class_name == "Child"
    assert [each.name for each in definition.arguments] == ["width"]


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("", 1, "no class that derives from nn.Module"),
        ("class A:\n    pass", 1, "no class that derives from nn.Module"),
        ("def f(:", 1, "Python can't read this"),
        ("x = 1\nreturn x", 2, "Python can't read this: 'return' outside function"),
        ("a\0", 1, "Python can't read this"),
        ("x = " + "(" * 300, 1, "Python can't read this"),
        ("x = " + "-" * 50_000 + "1", 1, "nested too deeply"),
        ("# " + "x" * 200_000, 1, "100,000 letters at most"),
        (f"class A(nn.Module):{BODY}class B(nn.Module):{BODY}", 4, "A (line 1) and B (line 4) could each be the block"),
        ("class A(nn.Module):\n    pass", 1, "A has no forward"),
        (f"class A(nn.Linear):{BODY}", 1, "has no __init__"),
        (f"import os\nos.remove('x')\n{block()}", 2, "only imports and constants may stand"),
        (f"from . import x\n{block()}", 1, "can't be relative"),
        (f"from os import *\n{block()}", 1, "one by one"),
        (block("width"), 2, "width needs a default, such as `width: int = 64`"),
        (block("width: int = 3 + x"), 2, "must be a plain value"),
        (block("width: list = ()"), 2, "width is declared list"),
        (block("width=None"), 2, "width has no known type"),
        (block("width: int = 2.5"), 2, "must be a whole number"),
        (block("name: str = 'a b'"), 2, "a name of letters"),
        (block("title: int = 1"), 2, "title can't be the name of a parameter"),
        (block("_x: int = 1"), 2, "can't be the name"),
        (block("size: tuple[int, int] = 3"), 2, "two numbers, such as (3, 3)"),
        (block("*args"), 2, "Name every parameter of __init__: *args"),
        (block("**more"), 2, "Name every parameter of __init__: *more"),
        (block(forward="self, *xs"), 2, "Name every input of forward: *xs"),
        (block(forward="self, *, x"), 2, "x must stand before the *"),
        (block(forward="self", end="return 1"), 2, "forward takes no input"),
        (block(forward="self, x, n: int"), 2, "n is declared int"),
        (block(forward="self, x, s=2.0, m=None"), 2, "m must stand before s"),
        (block(end="pass"), 2, "forward returns nothing"),
        (block(end="if x:\n            return x\n        return x, x"), 5, "more values at one place"),
        (block(returns="Tensor", end="return x, x"), 3, "says that it gives one Tensor, but 2"),
        (block(returns="dict"), 2, "it says dict"),
        (block(returns="tuple[Tensor, ...]"), 2, "it says tuple[Tensor, ...]"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(source: str, line: int, words: str) -> None:
    fault = read_source(source).faults[0]
    assert fault.line == line
    assert words in fault.message
    assert fault.message.endswith((".", "`", "…"))


def test_all_that_is_wrong_is_told_in_order() -> None:
    source = block("width, *args", forward="self, x, n: int", end="pass")
    assert [fault.line for fault in read_source(source).faults] == [2, 2, 4, 4]


def test_reading_runs_nothing_and_needs_no_torch(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    source = writing(sign)
    call = (
        "import sys; from graph_engine.blocks.custom import custom_block; "
        f"b = custom_block('x', {source!r}); print(b.title, 'torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["Gated", "conv", "False"]
    assert not sign.exists()


def test_lengths_that_follow_are_taken_from_what_arrives() -> None:
    source = block("in_channels, skip_features, in_features, hidden_channels: int = 2", forward="self, x, skip=None")
    made = custom_block("b", source)
    assert [spec.name for spec in made.parameters()] == ["hidden_channels"]
    specs = {"x": TensorSpec((N, 3, 8, 9)), "skip": TensorSpec((N, 7))}
    built = made().expression(Specs(specs))
    assert isinstance(built, Apply)
    assert built.layer.options == (
        ("in_channels", 3),
        ("skip_features", 7),
        ("in_features", 9),
        ("hidden_channels", 2),
    )
    with pytest.raises(Refusal, match="skip_features is taken from what arrives at skip: wire it"):
        made().expression(Specs({"x": specs["x"]}))
    with pytest.raises(Refusal, match="in_channels can't be taken from N: it has no channels"):
        made().expression(Specs({"x": TensorSpec((N,)), "skip": specs["skip"]}))


def test_an_optional_input_between_others_is_none_where_nothing_is_wired() -> None:
    made = custom_block("b", block(forward="self, x, a=None, b=None"))
    spec = TensorSpec((N, 3))
    built = made().expression(Specs({"x": spec, "b": spec}))
    assert isinstance(built, Apply)
    assert built.inputs == (Ref("x"), None, Ref("b"))
    alone = made().expression(Specs({"x": spec}))
    assert isinstance(alone, Apply)
    assert alone.inputs == (Ref("x"),)


def test_a_pair_is_given_as_two_numbers_where_the_source_says_so() -> None:
    specs = Specs({"x": TensorSpec((N, 1, 8, 8))})
    two = custom_block("b", block("k: tuple[int, int] = (3, 3)"))
    one = custom_block("b", block("k: int | tuple[int, int] = 3"))
    for made, value in ((two, (4, 4)), (one, 4)):
        built = made.make({"k": [4, 4]}).expression(specs)
        assert isinstance(built, Apply)
        assert built.layer.options == (("k", value),)


@pytest.mark.parametrize(
    ("name", "title"), [("GatedConv", "Gated conv"), ("SEBlock", "SE block"), ("conv_1d", "Conv 1d"), ("A", "A")]
)
def test_titles_read_like_words(name: str, title: str) -> None:
    assert title_from(name) == title
