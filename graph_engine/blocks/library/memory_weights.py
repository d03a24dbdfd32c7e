"""Where a head looks: weights of places that are moved on and sharpened."""

from __future__ import annotations

from typing import ClassVar

from graph_engine.blocks.block import Block, Category, Input, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Infix, Ref
from graph_engine.blocks.refusal import ChangeChannels, Refusal
from graph_engine.blocks.tensor import Axis, Dim, Kind, N, TensorSpec

_TURING = Reference("Graves, Wayne, Danihelka", 2014, "Neural Turing machines")
_ONE, _HEADS = TensorSpec((N, 5)), TensorSpec((N, 2, 5))
_KINDS = (Kind.VECTOR, Kind.SEQUENCE)


class MoveWeights(Block):
    """Moves weights along their places, which lie in a ring: yᵢ = Σⱼ w₍ᵢ₋ⱼ₎ sⱼ, a circular convolution.

    weights: (N, M), shift: (N, 2r + 1) -> y: (N, M), or with heads (N, h, M) and (N, h, 2r + 1). The shift says how
    much goes r places back, …, stays, …, goes r places on; a softmax makes its numbers sum to one.
    """

    title: ClassVar = "Move weights"
    category: ClassVar = Category.MEMORY
    keywords: ClassVar = ("circular convolution", "shift", "roll", "rotate", "ntm", "location addressing")
    reference: ClassVar = _TURING
    inputs: ClassVar = (
        Input("weights", _KINDS, "how much each place counts"),
        Input("shift", _KINDS, "how much goes back, stays, goes on"),
    )
    examples: ClassVar = (
        ({}, {"weights": _ONE, "shift": TensorSpec((N, 3))}),
        ({}, {"weights": _HEADS, "shift": TensorSpec((N, 2, 5))}),
    )

    def build(self, inputs: Specs) -> Expression:
        weights, shift = inputs["weights"], inputs["shift"]
        _check_heads(weights, shift, "shift")
        places, moves = weights.shape[-1], shift.shape[-1]
        if isinstance(moves, Axis) or moves % 2 == 0 or (isinstance(places, int) and moves > places):
            raise Refusal(
                f"A shift says how much goes back, stays and goes on: an odd number of moves, no more than there are "
                f"places ({places}); {shift} arrives.",
                port="shift",
                expected="3, 5, … numbers",
                hints=(ChangeChannels("shift", 3),),
            )
        return Function.of("shift_weights", Ref("weights"), Ref("shift"))


class SharpenWeights(Block):
    """Makes large weights larger and small ones smaller: yᵢ = wᵢ^(1 + s) / Σⱼ wⱼ^(1 + s).

    weights: (N, M), sharpness s ≥ 0: (N, 1) -> y: (N, M), or with heads (N, h, M) and (N, h, 1). At 0 weights that sum
    to one stay as they are; softplus keeps s positive.
    """

    title: ClassVar = "Sharpen weights"
    category: ClassVar = Category.MEMORY
    keywords: ClassVar = ("power", "normalise", "gamma", "focus", "ntm", "location addressing")
    reference: ClassVar = _TURING
    inputs: ClassVar = (
        Input("weights", _KINDS, "how much each place counts, not negative"),
        Input("sharpness", _KINDS, "s, one number for each head"),
    )
    examples: ClassVar = (
        ({}, {"weights": _ONE, "sharpness": TensorSpec((N, 1))}),
        ({}, {"weights": _HEADS, "sharpness": TensorSpec((N, 2, 1))}),
    )

    def build(self, inputs: Specs) -> Expression:
        weights, sharpness = inputs["weights"], inputs["sharpness"]
        _check_heads(weights, sharpness, "sharpness")
        if sharpness.shape[-1] != 1:
            raise Refusal(
                f"The sharpness is one number for each head; {sharpness} arrives.",
                port="sharpness",
                expected="1 number",
                hints=(ChangeChannels("sharpness", 1),),
            )
        return Function.of("sharpen_weights", Ref("weights"), Infix("+", (1, Ref("sharpness"))))


def _check_heads(weights: TensorSpec, other: TensorSpec, port: str) -> None:
    """Raises: Refusal unless both are of one head, or of equally many."""
    heads: tuple[Dim, ...] = weights.shape[:-1]
    if other.shape[:-1] != heads:
        raise Refusal(
            f"Weights and {port} must be of as many heads: {weights} and {other} arrive.",
            port=port,
            expected="×".join(map(str, heads)),
        )
