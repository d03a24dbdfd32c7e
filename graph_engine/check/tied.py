"""Tied weights: a layer that uses the weight of another the other way round, as a decoder does its encoder's.

A linear layer takes the transposed matrix, x W for x Wᵀ, and that of an embedding as it is: the vector of each word
scores it. A transposed convolution takes the very weight of the convolution whose shapes it turns back, and the other
way round. Hinton, Salakhutdinov (2006). Reducing the dimensionality of data with neural networks; Press, Wolf (2017).
Using the output embedding to improve language models.
"""

from __future__ import annotations

from typing import Any

from graph_engine.blocks import Layer
from graph_engine.blocks.call import Apply, Function, Infix, Method, Weight, layers_of

_FUNCTIONS = {"nn.Linear": "F.linear", "nn.Conv2d": "F.conv2d", "nn.ConvTranspose2d": "F.conv_transpose2d"}
_OPPOSITES = {
    "nn.Linear": ("nn.Linear", "nn.Embedding"),
    "nn.Conv2d": ("nn.ConvTranspose2d",),
    "nn.ConvTranspose2d": ("nn.Conv2d",),
}
_USUAL: dict[str, Any] = {"stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "dilation": 1}


def is_tied(own: Layer, other: Layer) -> bool:
    """Whether `own` has the weight of `other` the other way round; layers of equal weights share them as they are."""
    if other.target not in _OPPOSITES.get(own.target, ()):
        return False
    if own.target == other.target and _weight(own) == _weight(other):
        return False
    return _weight(own) == (*_weight(other)[:2][::-1], *_weight(other)[2:])


def why_not_tied(own: Layer) -> str | None:
    """What `own` has that it can't have beside the weight of another, in a few words; None when it can be tied."""
    options = dict(own.options)
    if options.get("bias", True):
        return "biases of its own: switch Bias off"
    if options.get("padding_mode", "zeros") != "zeros":
        return "a border other than zeros"
    return None


def tied(expression: Any, other: Layer) -> Any:
    """`expression` with the weight of `other` in place of its own modules."""
    match expression:
        case Apply(layer, inputs):
            parts = tuple(tied(part, other) for part in inputs)
            weight = Weight(other)
            if layer.target == "nn.Linear":
                as_it_is = other.target == "nn.Embedding"
                return Function("F.linear", (*parts, weight if as_it_is else Method.of(weight, "t")))
            options = tuple((name, value) for name, value in layer.options if _USUAL.get(name, value) != value)
            return Function(_FUNCTIONS[layer.target], (*parts, weight), options)
        case Function(target, arguments, options):
            return Function(target, tuple(tied(part, other) for part in arguments), options)
        case Method(value, name, arguments, options):
            return Method(tied(value, other), name, arguments, options)
        case Infix(operator, operands):
            return Infix(operator, tuple(tied(part, other) for part in operands))
        case _:
            return expression


def main_layer(expression: Any) -> Layer | None:
    """The only module of an expression; None where there are several or none."""
    found = list(dict.fromkeys(layers_of(expression)))
    return found[0] if len(found) == 1 else None


def _weight(layer: Layer) -> tuple[Any, ...]:
    """(in, out, kernel, groups) of a layer."""
    kernel = layer.arguments[2] if len(layer.arguments) > 2 else 1
    return (*layer.arguments[:2], kernel, dict(layer.options).get("groups", 1))
