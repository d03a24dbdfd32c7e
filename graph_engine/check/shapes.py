"""Shape, dtype and cost of one node, found by running it twice with different primes for the symbolic axes.

The idea is that of Keras 3: an output length that differs between the two runs depends on a symbolic axis, and how it
differs says how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from graph_engine.blocks import Axis, Block, Dim, Expression, Layer, Refusal, Specs, TensorSpec
from graph_engine.blocks.call import layers_of
from graph_engine.blocks.tensor import Kind
from graph_engine.check.evaluate import CountMacs, evaluate, make_layer
from graph_engine.check.report import Cost

PROBES = {"N": (3, 7)}
"""The two lengths that stand for a symbolic axis; those not named here take `_OTHER`."""
_OTHER = (61, 89)

_DTYPES = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool, "float64": torch.float64}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What a block gives on given inputs: spec of each output port, and cost for one sample."""

    outputs: Mapping[str, TensorSpec]
    cost: Cost


def run_block(block: Block, inputs: Specs) -> NodeResult:
    """Build `block` on `inputs` and run it on the meta device.

    Raises: Refusal in our words when the block does not take these inputs; torch's words, if any, are its cause.
    """
    expression = build(block, inputs)
    with torch.device("meta"):
        modules = {layer: make_layer(layer) for layer in dict.fromkeys(layers_of(expression))}
    runs = []
    counts = []
    for probe in (0, 1):
        values = {port: _tensor(spec, probe) for port, spec in inputs.items()}
        try:
            with torch.no_grad(), CountMacs() as count:
                out = evaluate(expression, values, modules)
        except Exception as error:
            shapes = " and ".join(str(spec) for spec in inputs.values())
            raise Refusal(f"{block.title} can't take {shapes}.") from error
        runs.append(out if isinstance(out, tuple) else (out,))
        counts.append(count.macs // PROBES["N"][probe])
    symbols = {dim.symbol for spec in inputs.values() for dim in spec.shape if isinstance(dim, Axis)}
    outputs = {
        port.name: _spec(first, second, symbols, port.kind, inputs)
        for port, first, second in zip(block.outputs, *runs, strict=False)  # an Output block has no port
    }
    for spec in outputs.values():
        if any(isinstance(dim, int) and dim < 1 for dim in spec.shape):
            raise Refusal(f"{block.title} would leave nothing: its result has shape {spec}.")
    parameters = [p for module in modules.values() for p in module.parameters()]
    buffers = [b for module in modules.values() for b in module.buffers()]
    count_params = sum(p.numel() for p in parameters)
    cost = Cost(
        params=count_params,
        trainable=count_params,
        buffers=sum(b.numel() for b in buffers),
        macs=counts[0] if symbols <= {"N"} else (counts[1] - counts[0]) // (_OTHER[1] - _OTHER[0]),
        activation_bytes=sum(_bytes_per_sample(spec) for spec in outputs.values()),
        parameter_bytes=sum(p.numel() * p.element_size() for p in parameters),
    )
    return NodeResult(outputs, cost)


def build(block: Block, inputs: Specs) -> Expression:
    """The expression of `block` on `inputs`.

    Raises: Refusal, also where the block needs a length that is known only when data comes.
    """
    try:
        return block.expression(inputs)
    except ValueError as error:
        raise Refusal(f"{block.title}: {error}.") from error


def _tensor(spec: TensorSpec, probe: int) -> Tensor:
    shape = [dim.at(PROBES.get(dim.symbol, _OTHER)[probe]) if isinstance(dim, Axis) else dim for dim in spec.shape]
    return torch.empty(shape, dtype=_DTYPES[spec.dtype], device="meta")


def _spec(first: Tensor, second: Tensor, symbols: set[str], kind: Kind, inputs: Specs) -> TensorSpec:
    shape = tuple(_dim(a, b, symbols) for a, b in zip(first.shape, second.shape, strict=True))
    dtype = _NAMES.get(first.dtype, str(first.dtype).removeprefix("torch."))
    classes = max((spec.classes for spec in inputs.values() if spec.shape == shape and spec.dtype == dtype), default=0)
    return TensorSpec(shape, dtype, kind, classes)


def _dim(first: int, second: int, symbols: set[str]) -> Dim:
    """The length that was `first` in one run and `second` in the other: a number, or the simplest axis that fits."""
    if first == second:
        return first
    fits = []
    for symbol in sorted(symbols):
        low, high = PROBES.get(symbol, _OTHER)
        scale = Fraction(second - first, high - low)
        fits.append(Axis(symbol, scale, first - scale * low))
    return min(fits, key=lambda axis: (axis.offset != 0, axis.scale.denominator, abs(axis.offset)))


def _bytes_per_sample(spec: TensorSpec) -> int:
    """Bytes of one sample; a symbolic axis beside the batch counts once."""
    elements = 1
    for dim in spec.shape:
        if isinstance(dim, int):
            elements *= dim
    return elements * _DTYPES.get(spec.dtype, torch.float32).itemsize


__all__ = ["Layer", "NodeResult", "build", "run_block"]
