"""Shape, dtype and cost of one node, found by running it again and again with other primes for the symbolic axes.

The idea is that of Keras 3: an output length that differs between two runs depends on the symbolic axis that differed,
and how it differs says how. The batch alone takes two runs; each further unknown length takes one more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import cycle, pairwise
from math import gcd, prod
from typing import Any

import torch
from torch import Tensor, nn

from graph_engine.blocks import Axis, Block, Dim, Expression, Layer, Refusal, Role, Specs, TensorSpec
from graph_engine.blocks.block import unpacked
from graph_engine.blocks.call import layers_of
from graph_engine.blocks.custom import CustomBlock
from graph_engine.blocks.tensor import TIMES, Kind, kind_of
from graph_engine.check.custom import check_module, check_returned, classes_of
from graph_engine.check.evaluate import CountMacs, evaluate, make_layer
from graph_engine.check.report import Cost

BATCH = (3, 7)
"""The batch sizes of the first two runs."""
PROBES = ((509, 10589), (521, 10601), (569, 10649), (607, 10687))
"""The length of each other symbol, in the order of their names, in all runs but its own, and in that: 10 080 more,
which usual strides divide, so that what a strided window leaves differs by a whole number."""
_LONGEST_STRIDE = 64
_LARGEST_OFFSET = 512
"""A length that differs by more from a multiple of a symbol is not one that padding or a window made."""

Lengths = Mapping[str, int]

_DTYPES = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool, "float64": torch.float64}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What a block gives on given inputs: spec of each output port, cost for one sample, and the modules it has."""

    outputs: Mapping[str, TensorSpec]
    cost: Cost
    weights: tuple[Layer, ...] = ()


def run_block(block: Block, inputs: Specs) -> NodeResult:
    """Build `block` on `inputs` and run it on the meta device.

    Raises: Refusal in our words when the block does not take these inputs; torch's words, if any, are its cause.
    """
    _check_numbers(block, inputs)
    expression = build(block, inputs)
    lengths = _lengths(inputs)
    try:
        with classes_of(block) as classes:
            with torch.device("meta"):
                modules = {layer: make_layer(layer, classes) for layer in dict.fromkeys(layers_of(expression))}
            for module in modules.values():
                check_module(block, module)
                if isinstance(module, nn.modules.batchnorm._BatchNorm):  # noqa: SLF001  the norms of all dimensions
                    module.eval()  # the same shapes in half the time: on the meta device torch's norms are Python
            runs = [_run(expression, inputs, modules, each) for each in lengths]
            for run in runs:
                check_returned(block, run.out)
            macs = _macs(expression, inputs, modules, lengths, runs)
            held = [unpacked(block.pattern(), run.out) for run in runs]
            outputs = {
                port.name: _spec([values[port.name] for values in held], lengths, port.kind, block, inputs)
                for port in block.outputs
            }
            for symbol in _windowed(outputs, inputs):
                shapes = [{port.name: held[0][port.name].shape for port in block.outputs}]
                while len(shapes) <= _LONGEST_STRIDE and not _repeats(outputs, shapes, symbol):
                    between = {**lengths[0], symbol: lengths[0][symbol] + len(shapes)}
                    given = unpacked(block.pattern(), _run(expression, inputs, modules, between).out)
                    shapes.append({port.name: given[port.name].shape for port in block.outputs})
                outputs = {
                    name: _rounded(spec, [each[name] for each in shapes], symbol, lengths[0][symbol])
                    for name, spec in outputs.items()
                }
    except Refusal:
        raise
    except Exception as error:
        taken = " and ".join(str(spec) for spec in inputs.values())
        unknown = " and ".join(name for name in lengths[0] if name != "N")
        advice = f" with every {unknown}: give it a number where it comes in" if unknown else ""
        raise Refusal(f"{block.title} can't take {taken}{advice}.") from error
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
        macs=macs,
        activation_bytes=sum(bytes_per_sample(spec) for spec in outputs.values()),
        parameter_bytes=sum(p.numel() * p.element_size() for p in parameters),
    )
    return NodeResult(outputs, cost, tuple(modules))


def build(block: Block, inputs: Specs) -> Expression:
    """The expression of `block` on `inputs`.

    Raises: Refusal, also where the block needs a length that is known only when data comes.
    """
    try:
        return block.expression(inputs)
    except ValueError as error:
        raise Refusal(f"{block.title}: {error}.") from error


_MEASURE = "Give the input they come from the type float32."


def _check_numbers(block: Block, inputs: Specs) -> None:
    """The meta device computes with whole numbers where a real one refuses to.

    Raises: Refusal for whole numbers where measurements are wanted.
    """
    for port, spec in inputs.items():
        declared = block.input(port)
        wanted = declared is not None and set(declared.kinds) & {Kind.LABEL, Kind.TOKENS}
        if not (spec.is_floating or block.whole_numbers or wanted):
            advice = "For classes use cross entropy." if block.role is Role.LOSS else _MEASURE
            raise Refusal(
                f"{block.title} computes with measurements (float32), and whole numbers ({spec.dtype}) arrive. "
                + advice,
                port=port,
                expected="float32",
            )


@dataclass(frozen=True, slots=True)
class _Run:
    """One run: what was computed, as the block's pattern holds it, and the multiply-adds."""

    out: Any
    macs: int


def _lengths(inputs: Specs) -> list[Lengths]:
    """What each symbol stands for in each run: the first, and one for each symbol in which it alone is another."""
    dims = [dim for spec in inputs.values() for dim in spec.shape if isinstance(dim, Axis)]
    names = sorted({name for dim in dims for name in dim.symbol.split(TIMES)} - {"N"})
    pairs = {"N": BATCH, **dict(zip(names, cycle(PROBES), strict=False))}
    first = {name: pair[0] for name, pair in pairs.items()}
    return [first, *({**first, name: pair[1]} for name, pair in pairs.items())]


def _length(symbol: str, lengths: Lengths) -> int:
    """That of a product, such as `H·W`, follows from its factors."""
    return prod(lengths[name] for name in symbol.split(TIMES))


def _run(expression: Expression, inputs: Specs, modules: Mapping[Layer, nn.Module], lengths: Lengths) -> _Run:
    values = {port: _tensor(spec, lengths) for port, spec in inputs.items()}
    with torch.no_grad(), CountMacs() as count:
        out = evaluate(expression, values, modules)
    return _Run(out, count.macs)


def _macs(
    expression: Expression,
    inputs: Specs,
    modules: Mapping[Layer, nn.Module],
    lengths: Sequence[Lengths],
    runs: Sequence[_Run],
) -> int:
    """Multiply-adds of one sample, or of one step of it where lengths are not known."""
    if len(lengths[0]) == 1:
        return runs[0].macs // BATCH[0]
    return _macs_of_a_step(expression, inputs, modules, lengths[0])


def _macs_of_a_step(expression: Expression, inputs: Specs, modules: Mapping[Layer, nn.Module], lengths: Lengths) -> int:
    """Multiply-adds of one sample whose unknown lengths are 1 or, where a window needs more, those spread evenly."""
    try:
        macs = _run(expression, inputs, modules, {**dict.fromkeys(lengths, 1), "N": BATCH[0]}).macs
    except (RuntimeError, ValueError, IndexError):
        macs = _run(expression, inputs, modules, lengths).macs
        macs //= prod(length for name, length in lengths.items() if name != "N")
    return macs // BATCH[0]


def _tensor(spec: TensorSpec, lengths: Lengths) -> Tensor:
    shape = [dim.at(_length(dim.symbol, lengths)) if isinstance(dim, Axis) else dim for dim in spec.shape]
    return torch.empty(shape, dtype=_DTYPES[spec.dtype], device="meta")


def _spec(results: Sequence[Tensor], lengths: Sequence[Lengths], kind: Kind, block: Block, inputs: Specs) -> TensorSpec:
    shape = tuple(_dim(sizes, lengths) for sizes in zip(*(result.shape for result in results), strict=True))
    dtype = _NAMES.get(results[0].dtype, str(results[0].dtype).removeprefix("torch."))
    if kind.form is not kind and kind.form is not kind_of(shape, dtype):
        kind = Kind.ANY  # one sentence of an encoder is a vector, several are a memory
    return TensorSpec(shape, dtype, kind, _classes(block, shape, dtype, inputs))


def _classes(block: Block, shape: tuple[Dim, ...], dtype: str, inputs: Specs) -> int:
    """How many values whole numbers take that are those that entered; 0 where one that entered may take any, or new
    ones are made. Of a custom block that is known by the shape alone."""
    taken = [spec for spec in inputs.values() if spec.dtype == dtype]
    keeps = all(spec.shape == shape for spec in taken) if isinstance(block, CustomBlock) else block.keeps_numbers
    return max((spec.classes for spec in taken), default=0) if keeps and all(spec.classes for spec in taken) else 0


def _dim(sizes: Sequence[int], lengths: Sequence[Lengths]) -> Dim:
    """The length that had these sizes in the runs: a number, a multiple of symbols, or what a window leaves of one.

    Raises: Refusal when it depends on several symbols other than as their product.
    """
    first, *others = sizes
    moved = {
        name: (size, lengths[0][name], run[name])
        for name, size, run in zip(lengths[0], others, lengths[1:], strict=True)
        if size != first
    }
    if not moved:
        return first
    powers = {name: _power(first, *each) for name, each in moved.items()}
    if all(powers.values()):
        symbol = TIMES.join(name for name, power in powers.items() for _ in range(power))
        return Axis(symbol, Fraction(first, _length(symbol, lengths[0])))
    axis = _after_window(first, *next(iter(moved.items()))) if len(moved) == 1 else None
    if axis is None:
        raise Refusal(
            f"A length of the result depends on {' and '.join(moved)} in a way that can't be followed; "
            "give it a number where it comes in."
        )
    return axis


def _windowed(outputs: Mapping[str, TensorSpec], inputs: Specs) -> list[str]:
    """The symbols of axes that the block makes as windows do: how those are rounded has to be looked at."""
    known = {dim for spec in inputs.values() for dim in spec.shape}
    axes = [dim for spec in outputs.values() for dim in spec.shape if isinstance(dim, Axis) and dim not in known]
    return sorted({axis.symbol for axis in axes if _may_be_rounded(axis)})


def _may_be_rounded(axis: Axis) -> bool:
    return TIMES not in axis.symbol and (axis.scale.denominator > 1 or axis.offset != 0)


def _repeats(outputs: Mapping[str, TensorSpec], shapes: Sequence[Mapping[str, Sequence[int]]], symbol: str) -> bool:
    """Whether each axis grew over these lengths, one after another, by just what it grows by in the long run: from
    there on it is rounded as before."""
    more = len(shapes) - 1
    return more > 0 and all(
        shapes[-1][name][at] - shapes[0][name][at] == dim.scale * more
        for name, spec in outputs.items()
        for at, dim in enumerate(spec.shape)
        if isinstance(dim, Axis) and dim.symbol == symbol and _may_be_rounded(dim)
    )


def _rounded(spec: TensorSpec, shapes: Sequence[Sequence[int]], symbol: str, first: int) -> TensorSpec:
    """`spec` with axes that are rounded down where real ones are. `shapes` are those where `symbol` stands for `first`
    and each of the lengths behind it."""
    made = [
        _rounded_axis(dim, [shape[at] for shape in shapes], first)
        if isinstance(dim, Axis) and dim.symbol == symbol and _may_be_rounded(dim)
        else dim
        for at, dim in enumerate(spec.shape)
    ]
    return replace(spec, shape=tuple(made))


def _rounded_axis(axis: Axis, sizes: Sequence[int], first: int) -> Axis:
    """k·⌊(p·length + a)/s⌋ + m with the one a that gives all of `sizes`; as it is where none does.

    k rows of patches, for example, of which only the columns depend on the length; m class tokens before them.
    """
    times = gcd(*(after - before for before, after in pairwise(sizes)))
    if len(sizes) == 2 or not times:  # nothing is rounded
        return axis
    more = sizes[0] % times
    scale = axis.scale / times
    rise, stride = scale.numerator, scale.denominator
    inner = [(size - more) // times for size in sizes]
    least = max(stride * size - rise * (first + ahead) for ahead, size in enumerate(inner))
    most = min(stride * size - rise * (first + ahead) + stride - 1 for ahead, size in enumerate(inner))
    return Axis(axis.symbol, scale, Fraction(least, stride), times, more) if least <= most else axis


def _power(first: int, second: int, low: int, high: int) -> int:
    """With which power of a symbol a length grows; 0 if with none."""
    return next((power for power in (1, 2, 3) if first * high**power == second * low**power), 0)


def _after_window(first: int, symbol: str, moved: tuple[int, int, int]) -> Axis | None:
    """The axis with the smallest stride that gives both sizes; None if it is as unlikely as when there is no window.

    Lengths are rounded down, so the slope may be off by less than one.
    """
    second, low, high = moved
    rise, run = second - first, high - low
    strides = (each for each in range(1, _LONGEST_STRIDE + 1) if min(rise * each % run, -rise * each % run) < each)
    stride = next(strides, None)
    if stride is None:
        return None
    scale = Fraction(round(Fraction(rise * stride, run)), stride)
    offset = max(first - scale * low, second - scale * high)
    return Axis(symbol, scale, offset) if abs(offset) <= _LARGEST_OFFSET else None


def bytes_per_sample(spec: TensorSpec) -> int:
    """Bytes of one sample; a symbolic axis beside the batch counts once."""
    elements = 1
    for dim in spec.shape:
        if isinstance(dim, int):
            elements *= dim
    return elements * _DTYPES.get(spec.dtype, torch.float32).itemsize


__all__ = ["Layer", "NodeResult", "build", "bytes_per_sample", "run_block"]
