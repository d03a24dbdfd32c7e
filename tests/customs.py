"""Documents with custom blocks, for the tests of every part that meets them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from graph_engine.check.trust import trust
from graph_engine.document import AddCustom, AddNodes, CustomCode, Document, Node, Wire

GATED = '''\
class GatedConv(nn.Module):
    """A convolution times a gate of its own.

    Args:
        width: channels that come out
        kernel_size: of both convolutions [px]
    """

    def __init__(self, in_channels: int, width: int = 6, kernel_size: tuple[int, int] = (3, 3)) -> None:
        super().__init__()
        self.value = nn.Conv2d(in_channels, width, kernel_size, padding="same")
        self.gate = nn.Conv2d(in_channels, width, kernel_size, padding="same")

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.value(x)) * torch.sigmoid(self.gate(x))
'''


def writing(file: Path) -> str:
    """A source that writes `file` as soon as it is imported."""
    return f"import pathlib\n\nSIGN = pathlib.Path({str(file)!r}).write_text('ran')\n\n\n{GATED}"


def classifier(source: str = GATED, *, trusted: bool = True) -> Document:
    """Digits through a gated convolution, a second one with other values, and a linear layer."""
    document = Document(title="Gated digits")
    document.apply(AddCustom("gated_conv", CustomCode(source)))
    nodes = (
        Node("image", "input", {"name": "image", "shape": [1, 28, 28]}),
        Node("gated_conv_1", "custom:gated_conv"),
        Node("pool", "max_pool2d"),
        Node("gated_conv_2", "custom:gated_conv", {"width": 4, "kernel_size": [5, 3]}),
        Node("flatten", "flatten"),
        Node("linear", "linear", {"features": 10}),
        Node("output", "output"),
        Node("label", "input", {"name": "label", "shape": [], "dtype": "int64", "classes": 10}),
        Node("loss", "cross_entropy"),
    )
    chain = ("image", "gated_conv_1", "pool", "gated_conv_2", "flatten", "linear", "output")
    wires = [Wire(one, "y", other, "x") for one, other in pairwise(chain)]
    wires += [Wire("linear", "y", "loss", "logits"), Wire("label", "y", "loss", "label")]
    placed = tuple(node.with_(position=(220.0 * at, 0.0)) for at, node in enumerate(nodes))
    document.apply(AddNodes(placed, tuple(wires)))
    if trusted:
        trust([source])
    return document
