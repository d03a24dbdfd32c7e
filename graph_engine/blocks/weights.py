"""How the weights of a layer begin and how they are kept: parameters that every plain weighted block has."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from graph_engine.blocks.call import Layer
from graph_engine.blocks.parameter import Param
from graph_engine.blocks.refusal import Refusal, SetParameterHint

Init = Annotated[
    Literal[
        "default",
        "xavier",
        "he",
        "lecun",
        "orthogonal",
        "identity",
        "zero",
        "constant",
        "small",
        "looks linear",
        "looks linear first",
        "looks linear last",
    ],
    Param(
        "Initial weights",
        "`default`: PyTorch's; `xavier`: for tanh and sigmoid; `he`: for ReLU; `lecun`: for SELU; `orthogonal`: keeps "
        "lengths; `identity`: passes its input; `zero`: a branch that begins by adding nothing; `constant`: one value; "
        "`small`: uniform around 0; `looks linear`: a ReLU network that begins as a linear one, whose first and last "
        "layers have names of their own. All but `default` begin with biases of 0.",
        advanced=True,
    ),
]
InitValue = Annotated[
    float,
    Param(
        "Weight value",
        "Where weights begin: all here with initial weights `constant`, between minus and plus this with `small`.",
        advanced=True,
    ),
]
BiasStart = Annotated[
    float,
    Param(
        "Bias start",
        "Where biases begin; 0 with initial weights `default` leaves them to PyTorch.",
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

_INITIALISERS: dict[str, tuple[str, dict[str, Any]]] = {
    "xavier": ("xavier_weights", {}),
    "he": ("he_weights", {}),
    "lecun": ("lecun_weights", {}),
    "orthogonal": ("orthogonal_weights", {}),
    "identity": ("identity_weights", {}),
    "zero": ("zero_weights", {}),
    "looks linear": ("looks_linear_weights", {}),
    "looks linear first": ("looks_linear_weights", {"inputs": False}),
    "looks linear last": ("looks_linear_weights", {"outputs": False}),
}
_ONE_WEIGHT = ("nn.Linear", "nn.Conv1d", "nn.Conv2d", "nn.Conv3d", "nn.ConvTranspose1d", "nn.ConvTranspose2d")


def weighted(
    layer: Layer,
    init: str,
    weight_norm: str = "none",
    *,
    value: float = 0.01,
    bias: float = 0.0,
    transposed: bool = False,
) -> Layer:
    """`layer` with the initial weights and biases and the norm that its block was given.

    `value`: of `constant` weights, or how far `small` ones may be from 0. `transposed`: its weight is (in, out, k, k),
    so that the vector of each output lies along axis 1.

    Raises: Refusal for weights of 0 that are to be divided by their length, and for pairs where there are none.
    """
    if weight_norm != "none" and (init == "zero" or (init in ("constant", "small") and value == 0)):
        raise Refusal(
            "Weights that begin at 0 have no length for a weight norm to divide by. Choose others, or no norm.",
            parameter="weight_norm",
            hints=(SetParameterHint("weight_norm", "none"), SetParameterHint("init", "default")),
        )
    if weight_norm == "weight" and init == "identity" and layer.arguments[1] > layer.arguments[0]:
        raise Refusal(
            f"Identity weights pass {layer.arguments[0]} inputs to as many outputs; those of the others are 0, and "
            "have no length for a weight norm to divide by. Choose other weights, or no norm.",
            parameter="weight_norm",
            hints=(SetParameterHint("weight_norm", "none"), SetParameterHint("init", "default")),
        )
    if init == "constant":
        layer = layer.through("constant_weights", value=value)
    elif init == "small":
        layer = layer.through("small_weights", bound=abs(value))
    elif init != "default":
        function, options = _INITIALISERS[init]
        if function == "looks_linear_weights":
            _check_pairs(layer, **options)
        layer = layer.through(function, **options)
    if bias != 0:
        layer = layer.through("biases_at", value=bias)
    if weight_norm == "spectral":
        return layer.through("spectral_norm")  # tells a transposed convolution by itself
    if weight_norm == "weight":
        return layer.through("weight_norm", dim=1 if transposed else 0)
    return layer


def _check_pairs(layer: Layer, *, inputs: bool = True, outputs: bool = True) -> None:
    """Refuse to mirror what does not come in pairs.

    Raises: Refusal.
    """
    mirrored = [size for size, mirror in zip(layer.arguments, (inputs, outputs), strict=False) if mirror]
    if layer.target in _ONE_WEIGHT and dict(layer.options).get("groups", 1) == 1 and not any(n % 2 for n in mirrored):
        return
    raise Refusal(
        "Weights that look linear come in pairs, w and −w: they need one weight, no groups, and an even number on each "
        f"mirrored side; here these are {' and '.join(map(str, mirrored))}.",
        parameter="init",
        hints=(SetParameterHint("init", "orthogonal"),),
    )
