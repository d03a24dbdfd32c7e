"""How the weights of a layer begin and how they are kept: two parameters that every plain weighted block has."""

from __future__ import annotations

from typing import Annotated, Literal

from graph_engine.blocks.call import Layer
from graph_engine.blocks.parameter import Param
from graph_engine.blocks.refusal import Refusal, SetParameterHint

Init = Annotated[
    Literal["default", "xavier", "he", "lecun", "orthogonal", "identity", "zero"],
    Param(
        "Initial weights",
        "`default`: PyTorch's; `xavier`: for tanh and sigmoid; `he`: for ReLU; `lecun`: for SELU; `orthogonal`: keeps "
        "lengths; `identity`: passes its input; `zero`: a branch that begins by adding nothing. All but `default` "
        "begin with biases of 0.",
        advanced=True,
    ),
]
WeightNorm = Annotated[
    Literal["none", "weight", "spectral"],
    Param(
        "Weight norm",
        "`weight`: learn length and direction of the weights apart; `spectral`: divide them by their largest singular "
        "value, as in the discriminator of a GAN.",
        advanced=True,
    ),
]

_INITIALISERS = {
    "xavier": "xavier_weights",
    "he": "he_weights",
    "lecun": "lecun_weights",
    "orthogonal": "orthogonal_weights",
    "identity": "identity_weights",
    "zero": "zero_weights",
}


def weighted(layer: Layer, init: str, weight_norm: str = "none", *, transposed: bool = False) -> Layer:
    """`layer` with the initial weights and the norm that its block was given.

    `transposed`: its weight is (in, out, k, k), so that the vector of each output lies along axis 1.

    Raises: Refusal for weights of 0 that are to be divided by their length.
    """
    if init == "zero" and weight_norm != "none":
        raise Refusal(
            "Weights that begin at 0 have no length for a weight norm to divide by. Choose others, or no norm.",
            parameter="weight_norm",
            hints=(SetParameterHint("weight_norm", "none"), SetParameterHint("init", "default")),
        )
    if init != "default":
        layer = layer.through(_INITIALISERS[init])
    if weight_norm == "spectral":
        return layer.through("spectral_norm")  # tells a transposed convolution by itself
    if weight_norm == "weight":
        return layer.through("weight_norm", dim=1 if transposed else 0)
    return layer
