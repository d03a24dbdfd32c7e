"""Windows that slide over an image: pairs of lengths, and the check that a window fits."""

from __future__ import annotations

from graph_engine.blocks.parameter import Pair
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import TensorSpec


def both(value: Pair) -> tuple[int, int]:
    """Height and width of a parameter given once or twice."""
    return value if isinstance(value, tuple) else (value, value)


def pair_text(value: Pair, *, single: bool = False) -> str:
    """`3×3`; with `single`, a square pair is one number."""
    height, width = both(value)
    return str(height) if single and height == width else f"{height}×{width}"


def check_window(x: TensorSpec, kernel: Pair, dilation: Pair, padding: Pair | str, title: str) -> None:
    """Refuse a window larger than the padded image, which would leave no positions.

    Raises: Refusal naming both sizes.
    """
    if isinstance(padding, str):
        return
    spans = [d * (k - 1) + 1 for k, d in zip(both(kernel), both(dilation), strict=True)]
    for axis, span, pad in zip((-2, -1), spans, both(padding), strict=True):
        length = x.shape[axis]
        if isinstance(length, int) and span > length + 2 * pad:
            side = "high" if axis == -2 else "wide"
            raise Refusal(
                f"{title}: the {span}-pixel window does not fit: the image is {length + 2 * pad} pixels {side} here, "
                "so nothing would be left. Use a smaller kernel, or shrink less before.",
                port="x",
                parameter="kernel",
                expected=f"at least {span} pixels {side}",
                hints=(SetParameterHint("kernel", 1),),
            )
