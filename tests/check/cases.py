"""Documents with one problem each: where it is, what is said of it, and what mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graph_engine.check import Code, Severity
from graph_engine.document import (
    AddNodes,
    AnyEdit,
    Disconnect,
    Document,
    Node,
    RemoveNodes,
    SetNode,
    SetParameter,
    Wire,
)
from graph_engine.document.builder import Builder
from graph_engine.document.file import loads


def classifier(shape: tuple[int, ...] = (1, 8, 8), classes: int = 3) -> Document:
    """conv2d_1 → relu_1 → flatten_1 → linear_1 → output_1, cross_entropy_1, accuracy_1; label is input_2."""
    net = Builder("Classifier")
    x, label = net.input("image", *shape), net.input("label", classes=classes, label=True)
    x = net.add("relu", net.add("conv2d", x, channels=4))
    net.classify(net.add("linear", net.add("flatten", x), features=3), label)
    return net.document


def merge(block: str, first: tuple[int, ...], second: tuple[int, ...], **parameters: Any) -> Document:
    """Two inputs of these shapes meet in `merge_1`; before each, an identity that leaves the shape to its input."""
    net = Builder("Merge")
    a, b = net.input("a", *first), net.input("b", *second)
    net.output(net.add(block, net.add("relu", a), net.add("relu", b), **parameters))
    return net.document


def two_convolutions(block: str, one: int, other: int) -> Document:
    """Two convolutions with these channels meet."""
    net = Builder("Merge")
    x = net.input("image", 1, 8, 8)
    x = net.add(block, net.add("conv2d", x, channels=one), net.add("relu", net.add("conv2d", x, channels=other)))
    net.output(net.add("global_avg_pool", x))
    return net.document


def joined_labels() -> Document:
    net = Builder("Labels")
    net.output(net.add("concat", *(net.input(name, classes=3, label=True) for name in "ab")))
    return net.document


def shared_with_a_bypassed_one() -> Document:
    net = Builder("Shared")
    first = net.add("linear", net.input("x", 6), features=6)
    net.output(net.add("linear", first, features=6, shares=first))
    return changed(net.document, SetNode("linear_1", "bypassed", value=True))


def bypassed_lstm() -> Document:
    net = Builder("Bypassed")
    y = net.add("lstm", net.input("x", 5, 4), hidden=6)
    net.output(y, "y")
    net.output(net.add("linear", y.other("h"), features=2), "h")
    return changed(net.document, SetNode("lstm_1", "bypassed", value=True))


def changed(document: Document, *edits: AnyEdit) -> Document:
    for edit in edits:
        document.apply(edit)
    return document


def chain(*blocks: tuple[str, dict[str, Any]], shape: tuple[int | str, ...] = (1, 8, 8)) -> Document:
    net = Builder("Chain")
    x = net.input("x", *shape)
    for block, parameters in blocks:
        x = net.add(block, x, **parameters)
    net.output(x)
    return net.document


def from_file(nodes: str, wires: str) -> Document:
    text = f'{{"format": "layerloom", "version": 1, "graphs": {{"main": {{"nodes": [{nodes}], "wires": [{wires}]}}}}}}'
    return loads(text)


IN, OUT = '{"id": "input_1", "block": "input"}', '{"id": "output_1", "block": "output"}'


@dataclass
class Case:
    """A document with one problem: at which node, words of its message, labels of its fixes."""

    name: str
    document: Callable[[], Document]
    node: str | None
    words: str
    fixes: tuple[str, ...] = ()
    port: str | None = None
    parameter: str | None = None
    code: Code = Code.REFUSED
    severity: Severity = Severity.ERROR
    expected: str = ""
    waiting: tuple[str, ...] = field(default=())


def _cut(source: str, target: str, port: str = "x") -> Disconnect:
    return Disconnect((Wire(source, "y", target, port),))


CASES = [
    Case(
        "missing wire",
        lambda: changed(classifier(), _cut("relu_1", "flatten_1")),
        "flatten_1",
        "Flatten needs a wire at x.",
        ("Wire ReLU (relu_1) to x",),
        port="x",
        waiting=("flatten_1", "linear_1", "output_1", "cross_entropy_1"),
        code=Code.UNWIRED,
    ),
    Case(
        "missing label",
        lambda: changed(classifier(), _cut("input_2", "accuracy_1", "label")),
        "accuracy_1",
        "Accuracy needs a wire at label.",
        ("Wire Input (input_2) to label",),
        port="label",
        code=Code.UNWIRED,
    ),
    Case(
        "an add of one",
        lambda: changed(two_convolutions("add", 4, 4), _cut("relu_1", "add_1", "xs.1")),
        "add_1",
        "Add needs a wire at xs (1 more).",
        port="xs",
        code=Code.UNWIRED,
    ),
    Case(
        "more than a bypassed node lets through",
        bypassed_lstm,
        "linear_1",
        "LSTM (lstm_1) is bypassed: what enters leaves at y, and nothing leaves at h.",
        ("Use lstm_1 again",),
        port="x",
        waiting=("output_2",),
        code=Code.BYPASSED,
    ),
    Case(
        "a misspelt parameter",
        lambda: from_file(
            f'{IN}, {{"id": "conv2d_1", "block": "conv2d", "parameters": {{"chanels": 6}}}}, {OUT}',
            '["input_1", "y", "conv2d_1", "x"], ["conv2d_1", "y", "output_1", "x"]',
        ),
        "conv2d_1",
        "Conv 2d has no parameter 'chanels': what the file says of it has no effect. Perhaps channels is meant.",
        ("Take chanels away",),
        code=Code.STRAY_PARAMETER,
        severity=Severity.WARNING,
    ),
    Case(
        "image into linear",
        lambda: changed(
            classifier(), RemoveNodes(("flatten_1",)), AddNodes((), (Wire("relu_1", "y", "linear_1", "x"),))
        ),
        "linear_1",
        "Linear expects N×C (vector) or N×T×E (sequence), got N×4×8×8 (image).",
        ("Insert Flatten", "Insert Positions to sequence"),
        port="x",
        expected="N×C (vector) or N×T×E (sequence)",
        waiting=("output_1", "cross_entropy_1", "accuracy_1"),
        code=Code.KIND,
    ),
    Case(
        "image into a loss",
        lambda: changed(
            classifier((1, 3, 1)),
            RemoveNodes(("flatten_1", "linear_1", "output_1")),
            SetParameter("conv2d_1", "channels", 1),
            AddNodes(
                (Node("output_1", "output"),),
                (
                    Wire("relu_1", "y", "cross_entropy_1", "logits"),
                    Wire("relu_1", "y", "accuracy_1", "logits"),
                    Wire("relu_1", "y", "output_1", "x"),
                ),
            ),
        ),
        "cross_entropy_1",
        "Cross entropy expects N×C (vector), got N×1×3×1 (image).",
        ("Insert Flatten",),
        port="logits",
        code=Code.KIND,
    ),
    Case(
        "vector into a convolution",
        lambda: chain(("conv2d", {}), shape=(64,)),
        "conv2d_1",
        "Conv 2d expects N×C×H×W (image), got N×64 (vector).",
        port="x",
        code=Code.KIND,
    ),
    Case(
        "whole numbers into a convolution",
        lambda: changed(chain(("conv2d", {})), SetParameter("input_1", "dtype", "int64")),
        "conv2d_1",
        "Conv 2d expects N×C×H×W (image), got N×1×8×8 (int64).",
        port="x",
        code=Code.KIND,
    ),
    Case(
        "whole numbers into a softmax",
        lambda: changed(chain(("softmax", {})), SetParameter("input_1", "dtype", "int64")),
        "softmax_1",
        "Softmax computes with measurements (float32), and whole numbers (int64) arrive.",
        port="x",
        expected="float32",
    ),
    Case(
        "images of different channels",
        lambda: two_convolutions("add", 4, 6),
        "add_1",
        "Add needs equal shapes: N×4×8×8 and N×6×8×8 arrive.",
        ("Insert Conv 2d", "Set Channels of Conv 2d (conv2d_2) to 4"),
        port="xs.1",
        expected="N×4×8×8",
        waiting=("global_avg_pool_1", "output_1"),
    ),
    Case(
        "gates of different channels",
        lambda: two_convolutions("multiply", 5, 2),
        "multiply_1",
        "Multiply needs equal shapes",
        ("Insert Conv 2d", "Set Channels of Conv 2d (conv2d_2) to 5"),
        port="xs.1",
    ),
    Case(
        "vectors of different lengths",
        lambda: merge("add", (4,), (6,)),
        "add_1",
        "Add needs equal shapes: N×4 and N×6 arrive.",
        ("Insert Linear",),
        port="xs.1",
    ),
    Case(
        "images of different sizes",
        lambda: merge("add", (4, 8, 8), (4, 8, 9)),
        "add_1",
        "Add needs equal shapes",
        port="xs.1",
    ),
    Case(
        "more classes than scores",
        lambda: changed(classifier(classes=5), RemoveNodes(("accuracy_1",))),
        "cross_entropy_1",
        "Cross entropy: the labels have 5 classes, but N×3 gives 3 scores.",
        ("Set Features of Linear (linear_1) to 5",),
        port="logits",
        expected="N×5",
    ),
    Case(
        "unknown block",
        lambda: changed(
            classifier(),
            RemoveNodes(("relu_1",)),
            AddNodes(
                (Node("warp_1", "warp", {"speed": 9}),),
                (Wire("conv2d_1", "y", "warp_1", "in"), Wire("warp_1", "out", "flatten_1", "x")),
            ),
        ),
        "warp_1",
        "The block 'warp' is not known to this Layerloom.",
        ("Delete the node",),
        waiting=("flatten_1", "linear_1", "output_1"),
        code=Code.UNKNOWN_BLOCK,
    ),
    Case(
        "bad parameter",
        lambda: changed(classifier(), SetParameter("conv2d_1", "channels", -4)),
        "conv2d_1",
        "Channels must be a whole number ≥ 1; got -4.",
        ("Use the default",),
        parameter="channels",
        waiting=("relu_1", "flatten_1", "linear_1", "output_1", "cross_entropy_1", "accuracy_1"),
        code=Code.PARAMETER,
    ),
    Case(
        "bad name of an input",
        lambda: changed(classifier(), SetParameter("input_1", "name", "class")),
        "input_1",
        "Name must be a name of letters",
        ("Use the default",),
        parameter="name",
        waiting=("conv2d_1",),
        code=Code.PARAMETER,
    ),
    Case(
        "two inputs of one name",
        lambda: changed(classifier(), SetParameter("input_2", "name", "image")),
        "input_2",
        "Two inputs are called 'image': input_1 and input_2. Names must differ.",
        ("Rename to image_2",),
        parameter="name",
        code=Code.SAME_NAME,
    ),
    Case(
        "two outputs of one name",
        lambda: changed(classifier(), AddNodes((Node("output_2", "output"),), (Wire("relu_1", "y", "output_2", "x"),))),
        "output_2",
        "Two outputs are called 'logits': output_1 and output_2.",
        ("Rename to logits_2",),
        parameter="name",
        code=Code.SAME_NAME,
    ),
    Case(
        "heads that do not divide",
        lambda: chain(("self_attention", {"heads": 4}), shape=(5, 6)),
        "self_attention_1",
        "4 heads can't share 6 features evenly.",
        ("Set Heads to 1",),
        parameter="heads",
        expected="a divisor of 6",
    ),
    Case(
        "groups that do not divide what comes",
        lambda: chain(("conv2d", {"groups": 2})),
        "conv2d_1",
        "Groups = 2 must divide the 1 channels that arrive.",
        ("Set Groups to 1",),
        parameter="groups",
    ),
    Case(
        "groups that do not divide what goes",
        lambda: chain(("conv2d", {"groups": 3, "channels": 4}), shape=(3, 8, 8)),
        "conv2d_1",
        "Groups = 3 must divide Channels (4).",
        ("Set Groups to 1",),
        parameter="groups",
    ),
    Case(
        "nothing left",
        lambda: chain(("conv2d", {"kernel": 9, "padding": "none"})),
        "conv2d_1",
        "Conv 2d: the 9-pixel window does not fit: the image is 8 pixels high here",
        ("Set Kernel to 8",),
        port="x",
        parameter="kernel",
        expected="at least 9 pixels high",
    ),
    Case(
        "nothing left of a pool",
        lambda: chain(("max_pool2d", {"kernel": [2, 9]})),
        "max_pool2d_1",
        "the 9-pixel window does not fit: the image is 8 pixels wide here",
        ("Set Window to 2×8",),
        parameter="kernel",
        port="x",
    ),
    Case(
        "nothing left of a padded pool",
        lambda: chain(("max_pool1d", {"kernel": 9, "padding": 1}), shape=(4, 6)),
        "max_pool1d_1",
        "the 9-step window does not fit: the sequence is 6 steps long here",
        ("Set Window to 6",),
        parameter="kernel",
        port="x",
    ),
    Case(
        "nothing left of the depth of a volume",
        lambda: chain(("conv3d", {"depth_kernel": 5, "padding": "none"}), shape=(1, 4, 8, 8)),
        "conv3d_1",
        "Conv 3d: the 5-pixel window does not fit: the volume is 4 pixels deep here",
        ("Set Depth of kernel to 4",),
        parameter="depth_kernel",
        port="x",
        expected="at least 5 pixels deep",
    ),
    Case(
        "identity weights under a norm",
        lambda: chain(("linear", {"features": 6, "init": "identity", "weight_norm": "weight"}), shape=(4,)),
        "linear_1",
        "Identity weights pass 4 inputs to as many outputs; those of the others are 0",
        ("Set Weight norm to none", "Set Initial weights to default"),
        parameter="weight_norm",
    ),
    Case(
        "groups of a single number",
        lambda: chain(("group_norm", {}), shape=(32,)),
        "group_norm_1",
        "Group norm of a single number gives always 0: each of 32 groups is one channel of N×32.",
        ("Set Groups to 16",),
        parameter="groups",
    ),
    Case(
        "groups that would be of a single number",
        lambda: chain(("group_norm", {}), shape=(8, 1, 1)),
        "group_norm_1",
        "32 groups can't share 8 channels evenly.",
        ("Set Groups to 4",),
        parameter="groups",
    ),
    Case(
        "a layer of a single number",
        lambda: chain(("layer_norm", {}), shape=(1,)),
        "layer_norm_1",
        "Layer norm of a single number gives always 0; N×1 arrives.",
        port="x",
    ),
    Case(
        "a slice that ends too late",
        lambda: chain(("slice", {"stop": 9}), shape=(7,)),
        "slice_1",
        "Axis 1 of N×7 has places 0 to 6: 0 to 9 are not among them.",
        ("Set Stop to 0",),
        parameter="stop",
    ),
    Case(
        "a shuffled unit of no quarters",
        lambda: chain(("shuffle_unit", {"channels": 33, "groups": 3, "stride": "2"}), shape=(6, 5, 5)),
        "shuffle_unit_1",
        "The unit works on a quarter of its channels: 4 must divide Channels (33).",
        ("Set Channels to 36",),
        parameter="channels",
    ),
    Case(
        "labels that can't be joined",
        joined_labels,
        "concat_1",
        "What arrives, N, has no axis beside the batch along which it could be joined. Stack makes one.",
        port="xs.0",
    ),
    Case(
        "too much padding",
        lambda: chain(("avg_pool2d", {"padding": 2})),
        "avg_pool2d_1",
        "Padding 2 is more than half the window 2×2",
        ("Set Padding to 0",),
        parameter="padding",
    ),
    Case(
        "even kernel with a stride",
        lambda: chain(("conv2d", {"kernel": 2, "stride": 2})),
        "conv2d_1",
        "Padding `same` with an even kernel needs stride 1",
        ("Set Padding to none",),
        parameter="padding",
    ),
    Case(
        "an axis that is not there",
        lambda: chain(("softmax", {"axis": 4})),
        "softmax_1",
        "Axis 4 can't be used: what arrives is N×1×8×8, with axes 1 to 3 beside the batch.",
        ("Set Axis to -1",),
        parameter="axis",
    ),
    Case(
        "shares of the samples of a batch",
        lambda: chain(("softmax", {"axis": 0})),
        "softmax_1",
        "Axis 0 can't be used: what arrives is N×1×8×8, with axes 1 to 3 beside the batch.",
        ("Set Axis to -1",),
        parameter="axis",
    ),
    Case(
        "concat along the batch",
        lambda: merge("concat", (4,), (4,), axis=0),
        "concat_1",
        "Axis 0 can't be joined: N×4 has axis 1 beside the batch.",
        ("Set Axis to 1",),
        parameter="axis",
    ),
    Case(
        "concat of other sizes",
        lambda: merge("concat", (4, 8, 8), (4, 8, 9)),
        "concat_1",
        "Concat along axis 1 needs every other axis equal: N×4×8×8 and N×4×8×9 arrive.",
        port="xs.1",
        expected="N×4×8×8",
    ),
    Case(
        "numbers that do not fit",
        lambda: chain(("reshape", {"shape": [5, 5]})),
        "reshape_1",
        "A sample of N×1×8×8 has 64 numbers; 5×5 would need 25.",
        ("Set Shape to -1",),
        parameter="shape",
    ),
    Case(
        "two unknown lengths",
        lambda: chain(("reshape", {"shape": [-1, -1]})),
        "reshape_1",
        "Shape takes whole numbers ≥ 1, and −1 at most once.",
        parameter="shape",
    ),
    Case(
        "a skip that may not be projected",
        lambda: merge("residual", (4, 8, 8), (6, 8, 8), projection="never"),
        "residual_1",
        "without a projection they must be equal",
        ("Set Projection to if needed",),
        port="x",
    ),
    Case(
        "a skip that cannot be projected",
        lambda: merge("residual", (4, 8, 8), (4, 9, 8)),
        "residual_1",
        "No projection leads from N×4×8×8 to N×4×9×8: the height and width of f must be those of x, or those divided",
        port="f",
    ),
    Case(
        "a skip that may not be projected and cannot be",
        lambda: merge("residual", (4, 8, 8), (4, 9, 8), projection="never"),
        "residual_1",
        "without a projection they must be equal",
        port="x",
    ),
    Case(
        "a skip along steps of another number",
        lambda: merge("residual", (4, 8), (5, 8)),
        "residual_1",
        "No projection leads from N×4×8 to N×5×8: only the last axis may differ.",
        port="f",
    ),
    Case(
        "measurements compared with classes",
        lambda: changed(
            merge("mean_squared_error", (3,), (3,)),
            RemoveNodes(("output_1",)),
            SetParameter("input_2", "dtype", "int64"),
            AddNodes((Node("output_1", "output"),), (Wire("relu_1", "y", "output_1", "x"),)),
        ),
        "mean_squared_error_1",
        "For classes use cross entropy.",
        port="target",
        expected="float32",
    ),
    Case(
        "a length that is not known",
        lambda: chain(("position_embedding", {}), shape=("T", 6)),
        "position_embedding_1",
        "Position embedding: axis 1 of N×T×6 is known only when data comes.",
    ),
    Case(
        "numbers beyond all bounds",
        lambda: chain(("linear", {"features": 2**52}), shape=(2**20,)),
        "linear_1",
        "Linear can't take N×1048576.",
    ),
    Case(
        "nothing uses it",
        lambda: changed(classifier(), AddNodes((Node("relu_2", "relu"),), (Wire("conv2d_1", "y", "relu_2", "x"),))),
        "relu_2",
        "Nothing uses this node",
        severity=Severity.WARNING,
        code=Code.UNUSED,
    ),
    Case(
        "a loose end",
        lambda: changed(classifier(), AddNodes((Node("relu_2", "relu"),))),
        "relu_2",
        "ReLU needs a wire at x.",
        port="x",
        severity=Severity.WARNING,
        code=Code.UNWIRED,
    ),
    Case(
        "weights of a bypassed node",
        shared_with_a_bypassed_one,
        "linear_2",
        "It shares the weights of linear_1, which is bypassed, so there are none.",
        ("Bypass linear_1 no longer", "Give it weights of its own"),
        code=Code.SHARING,
    ),
    Case(
        "no loss when it is bypassed",
        lambda: changed(
            classifier(),
            SetNode("cross_entropy_1", "bypassed", value=True),
            SetNode("accuracy_1", "bypassed", value=True),
        ),
        None,
        "There is no loss node",
        ("Bypass cross_entropy_1 no longer",),
        severity=Severity.INFO,
        code=Code.NO_LOSS,
    ),
    Case(
        "no output",
        lambda: changed(classifier(), RemoveNodes(("output_1",))),
        None,
        "The network has no Output node",
        ("Add an Output after Linear (linear_1)",),
        code=Code.NO_OUTPUT,
    ),
    Case(
        "no loss",
        lambda: chain(("flatten", {}), ("linear", {"features": 4})),
        None,
        "There is no loss node",
        ("Add label, cross entropy and accuracy",),
        severity=Severity.INFO,
        code=Code.NO_LOSS,
    ),
    Case(
        "no loss for a label",
        lambda: changed(classifier(), RemoveNodes(("cross_entropy_1", "accuracy_1"))),
        None,
        "There is no loss node",
        ("Add cross entropy and accuracy",),
        severity=Severity.INFO,
        code=Code.NO_LOSS,
    ),
    Case(
        "a circle from a file",
        lambda: from_file(
            f'{IN}, {OUT}, {{"id": "a", "block": "add"}}, {{"id": "b", "block": "relu"}}',
            '["input_1", "y", "a", "xs.0"], ["a", "y", "b", "x"], ["b", "y", "a", "xs.1"], ["b", "y", "output_1", "x"]',
        ),
        "a",
        "These nodes form a circle, so none can be computed first: a → b → a. Remove one of the wires.",
        ("Remove the wire b.y → a.xs.1",),
        waiting=("input_1", "output_1"),
        code=Code.CIRCLE,
    ),
    Case(
        "a wire to no port",
        lambda: from_file(
            f'{IN}, {OUT}, {{"id": "a", "block": "relu"}}',
            '["input_1", "y", "a", "x"], ["input_1", "y", "a", "q"], ["a", "y", "output_1", "x"]',
        ),
        "a",
        "The wire input_1.y → a.q leads to a port that does not exist.",
        ("Remove the wire",),
        port="q",
        waiting=("output_1",),
        code=Code.STRAY_WIRE,
    ),
    Case(
        "a wire from no port",
        lambda: from_file(f"{IN}, {OUT}", '["input_1", "z", "output_1", "x"]'),
        "output_1",
        "The wire input_1.z → output_1.x leads",
        ("Remove the wire",),
        port="x",
        code=Code.STRAY_WIRE,
    ),
]
