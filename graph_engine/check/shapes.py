"""Shape, dtype and cost of one node, found by running it twice with different primes for the symbolic axes.

The idea is that of Keras 3: an output length that differs between the two runs depends on a symbolic axis, and how it
differs says how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, cycle
from math import prod

import torch
from torch import Tensor, nn

from graph_engine.blocks import Axis, Block, Dim, Expression, Layer, Refusal, Specs, TensorSpec
from graph_engine.blocks.call import layers_of
from graph_engine.blocks.tensor import TIMES, Kind
from graph_engine.check.evaluate import CountMacs, evaluate, make_layer
from graph_engine.check.report import Cost

BATCH = (3, 7)
"""The batch sizes of the two runs."""
PROBES = ((509, 16349), (547, 19267), (557, 25037), (587, 27947))
"""The two lengths of each other symbol, in the order of their names. They differ by 1440, which usual strides divide,
times another of `_PRIMES` each, so that no symbol's difference is a simple fraction of another's."""
_PRIMES = (11, 13, 17, 19)
_LONGEST_STRIDE = 128
_LARGEST_OFFSET = 512
"""A length that differs by more from a multiple of a symbol is not one that padding or a window made."""

Lengths = Mapping[str, int]

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
    _check_numbers(block, inputs)
    expression = build(block, inputs)
    lengths = _lengths(inputs)
    try:
        with torch.device("meta"):
            modules = {layer: make_layer(layer) for layer in dict.fromkeys(layers_of(expression))}
        runs, counts = zip(*(_run(expression, inputs, modules, each) for each in lengths), strict=True)
    except Exception as error:
        shapes = " and ".join(str(spec) for spec in inputs.values())
        raise Refusal(f"{block.title} can't take {shapes}.") from error
    outputs = {
        port.name: _spec(first, second, lengths, port.kind, inputs)
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
        macs=_macs_of_a_step(expression, inputs, modules, lengths[0]) if len(lengths[0]) > 1 else counts[0] // BATCH[0],
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


def _check_numbers(block: Block, inputs: Specs) -> None:
    """The meta device computes with whole numbers where a real one refuses to.

    Raises: Refusal for whole numbers where measurements are wanted.
    """
    for port, spec in inputs.items():
        declared = block.input(port)
        wanted = declared is not None and set(declared.kinds) & {Kind.LABEL, Kind.TOKENS}
        if not (spec.is_floating or block.whole_numbers or wanted):
            raise Refusal(
                f"{block.title} computes with measurements (float32), and whole numbers ({spec.dtype}) arrive. "
                "Give the input they come from the type float32.",
                port=port,
                expected="float32",
            )


def _lengths(inputs: Specs) -> tuple[Lengths, Lengths]:
    """What each symbol stands for in the two runs."""
    dims = [dim for spec in inputs.values() for dim in spec.shape if isinstance(dim, Axis)]
    names = sorted({name for dim in dims for name in dim.symbol.split(TIMES)} - {"N"})
    pairs = [("N", BATCH), *zip(names, cycle(PROBES), strict=False)]
    return {name: pair[0] for name, pair in pairs}, {name: pair[1] for name, pair in pairs}


def _length(symbol: str, lengths: Lengths) -> int:
    """That of a product, such as `H·W`, follows from its factors."""
    return prod(lengths[name] for name in symbol.split(TIMES))


def _run(
    expression: Expression, inputs: Specs, modules: Mapping[Layer, nn.Module], lengths: Lengths
) -> tuple[tuple[Tensor, ...], int]:
    """The outputs on tensors of these lengths, and the multiply-adds."""
    values = {port: _tensor(spec, lengths) for port, spec in inputs.items()}
    with torch.no_grad(), CountMacs() as count:
        out = evaluate(expression, values, modules)
    return out if isinstance(out, tuple) else (out,), count.macs


def _macs_of_a_step(expression: Expression, inputs: Specs, modules: Mapping[Layer, nn.Module], lengths: Lengths) -> int:
    """Multiply-adds of one sample whose unknown lengths are 1 or, where a window needs more, those spread evenly."""
    try:
        _, macs = _run(expression, inputs, modules, {**dict.fromkeys(lengths, 1), "N": BATCH[0]})
    except (RuntimeError, ValueError, IndexError):
        _, macs = _run(expression, inputs, modules, lengths)
        macs //= prod(length for name, length in lengths.items() if name != "N")
    return macs // BATCH[0]


def _tensor(spec: TensorSpec, lengths: Lengths) -> Tensor:
    shape = [dim.at(_length(dim.symbol, lengths)) if isinstance(dim, Axis) else dim for dim in spec.shape]
    return torch.empty(shape, dtype=_DTYPES[spec.dtype], device="meta")


def _spec(first: Tensor, second: Tensor, lengths: tuple[Lengths, Lengths], kind: Kind, inputs: Specs) -> TensorSpec:
    shape = tuple(_dim(a, b, lengths) for a, b in zip(first.shape, second.shape, strict=True))
    dtype = _NAMES.get(first.dtype, str(first.dtype).removeprefix("torch."))
    classes = max((spec.classes for spec in inputs.values() if spec.shape == shape and spec.dtype == dtype), default=0)
    return TensorSpec(shape, dtype, kind, classes)


def _dim(first: int, second: int, lengths: tuple[Lengths, Lengths]) -> Dim:
    """The length that was `first` in one run and `second` in the other: a number, or the simplest axis that fits.

    Raises: Refusal when it depends on several symbols other than as their product.
    """
    if first == second:
        return first
    if first * BATCH[1] == second * BATCH[0]:
        return Axis("N", Fraction(first, BATCH[0]))
    names = [name for name in lengths[0] if name != "N"]
    products = [TIMES.join(some) for count in (2, 3) for some in combinations_with_replacement(names, count)]
    fits = [_fit(symbol, first, second, *(_length(symbol, each) for each in lengths)) for symbol in (*names, *products)]
    likely = [axis for axis in fits if axis is not None]
    if not likely:
        raise Refusal(
            f"A length of the result depends on {' and '.join(names)} in a way that can't be followed; "
            "give all but one of them a number."
        )
    return min(likely, key=lambda axis: (axis.offset != 0, axis.scale.denominator, abs(axis.offset)))


def _fit(symbol: str, first: int, second: int, low: int, high: int) -> Axis | None:
    """The axis with the smallest stride that gives `first` where the symbol is `low`, `second` where it is `high`.

    Lengths are rounded down, so the slope may be off by less than one. None if there is no such axis, or if it is as
    unlikely as when the length depends on something else.
    """
    rise, run = second - first, high - low
    strides = (each for each in range(1, _LONGEST_STRIDE + 1) if min(rise * each % run, -rise * each % run) < each)
    stride = next(strides, None)
    if stride is None or not all(stride % prime for prime in _PRIMES):
        return None
    scale = Fraction(round(Fraction(rise * stride, run)), stride)
    offset = max(first - scale * low, second - scale * high)
    return Axis(symbol, scale, offset) if abs(offset) <= _LARGEST_OFFSET else None


def _bytes_per_sample(spec: TensorSpec) -> int:
    """Bytes of one sample; a symbolic axis beside the batch counts once."""
    elements = 1
    for dim in spec.shape:
        if isinstance(dim, int):
            elements *= dim
    return elements * _DTYPES.get(spec.dtype, torch.float32).itemsize


__all__ = ["Layer", "NodeResult", "build", "run_block"]
