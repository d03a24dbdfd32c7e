"""Windows that slide over positions: pairs of lengths, padding that keeps the size, and the checks that all fits."""

from __future__ import annotations

from graph_engine.blocks.parameter import Pair
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Dim, TensorSpec


def both(value: Pair) -> tuple[int, int]:
    """Height and width of a parameter given once or twice."""
    return value if isinstance(value, tuple) else (value, value)


def pair_text(value: Pair, *, single: bool = False) -> str:
    """`3×3`; with `single`, a square pair is one number."""
    height, width = both(value)
    return str(height) if single and height == width else f"{height}×{width}"


def folded(lengths: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number where all are equal, as torch takes it."""
    return lengths[0] if len(set(lengths)) == 1 else lengths


def same_padding(
    kernel: tuple[int, ...], dilation: tuple[int, ...], stride: tuple[int, ...]
) -> int | tuple[int, ...] | str:
    """What torch takes for padding so that stride 1 keeps the size, and stride s gives ⌈size/s⌉.

    Raises: Refusal for an even kernel with a stride, which torch can't pad unevenly.
    """
    spans = tuple(d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
    if all(span % 2 == 0 for span in spans):  # k // 2 is the same without dilation, and how one writes it
        return folded(tuple(k // 2 if d == 1 else d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True)))
    if set(stride) == {1}:
        return "same"  # torch pads an even kernel unevenly, only at stride 1
    raise Refusal(
        "Padding `same` with an even kernel needs stride 1; use an odd kernel or padding `none`.",
        parameter="padding",
        hints=(SetParameterHint("padding", "none"),),
    )


def check_groups(groups: int, arriving: int, leaving: int) -> None:
    """Refuse groups that do not divide the channels on both sides.

    Raises: Refusal.
    """
    for count, what in ((arriving, f"the {arriving} channels that arrive."), (leaving, f"Channels ({leaving}).")):
        if count % groups:
            raise Refusal(
                f"Groups = {groups} must divide {what}", parameter="groups", hints=(SetParameterHint("groups", 1),)
            )


def check_window(x: TensorSpec, kernel: Pair, dilation: Pair, padding: Pair | str, title: str) -> None:
    """Refuse a window larger than the padded image, which would leave no positions.

    Raises: Refusal naming both sizes.
    """
    if isinstance(padding, str):
        return
    spans = [d * (k - 1) + 1 for k, d in zip(both(kernel), both(dilation), strict=True)]
    sides = [*zip((-2, -1), both(kernel), both(dilation), both(padding), strict=True)]
    largest = [largest_window(x.shape[axis], asked, step, pad) for axis, asked, step, pad in sides]
    fitting = largest[0] if largest[0] == largest[1] else tuple(largest)
    for axis, span, pad in zip((-2, -1), spans, both(padding), strict=True):
        check_span(title, x.shape[axis], span, pad, "high" if axis == -2 else "wide", fitting=fitting)


def check_border(border: str, lengths: tuple[Dim, ...], pads: tuple[int, ...], unit: str = "pixels") -> None:
    """Refuse to mirror more than lies beside the edge, or to wrap around more than there is.

    Raises: Refusal saying how much there is.
    """
    spare = {"reflect": 1, "circular": 0}.get(border)
    if spare is None:
        return
    for length, pad in zip(lengths, pads, strict=True):
        if isinstance(length, int) and pad > length - spare:
            raise Refusal(
                f"Border `{border}` can give at most {length - spare} {unit} here, and {pad} are needed. "
                "Use a smaller kernel, or border `zeros`.",
                port="x",
                parameter="border",
                hints=(SetParameterHint("border", "zeros"),),
            )


def largest_window(length: Dim, kernel: int, dilation: int, padding: int) -> int:
    """The largest kernel up to `kernel` that fits an axis of `length`; `kernel` where that is not known."""
    return min(kernel, (length + 2 * padding - 1) // dilation + 1) if isinstance(length, int) else kernel


def check_span(
    title: str,
    length: Dim,
    span: int,
    padding: int,
    side: str,
    *,
    fitting: int | tuple[int, ...],
    parameter: str = "kernel",
) -> None:
    """Refuse a window of `span` positions along an axis of `length` with `padding` at both ends.

    `side` is how the axis is measured: `high`, `wide`, `deep` (pixels) or `long` (steps). `fitting` is what `parameter`
    can be instead.

    Raises: Refusal naming both sizes.
    """
    if isinstance(length, int) and span > length + 2 * padding:
        unit, whole = ("step", "sequence") if side == "long" else ("pixel", "volume" if side == "deep" else "image")
        raise Refusal(
            f"{title}: the {span}-{unit} window does not fit: the {whole} is {length + 2 * padding} {unit}s {side} "
            "here, so nothing would be left. Use a smaller kernel, or shrink less before.",
            port="x",
            parameter=parameter,
            expected=f"at least {span} {unit}s {side}",
            hints=(SetParameterHint(parameter, list(fitting) if isinstance(fitting, tuple) else fitting),),
        )


def check_transposed(
    title: str, length: Dim, *, kernel: int, stride: int, padding: int, extra: int, dilation: int = 1
) -> None:
    """That a transposed convolution of one axis leaves something: ℓ' = (ℓ − 1)s − 2p + d(k − 1) + extra + 1.

    Raises: Refusal.
    """
    if extra >= max(stride, dilation):
        raise Refusal(
            f"Extra = {extra} must be smaller than the stride or the dilation ({max(stride, dilation)}).",
            parameter="extra",
            hints=(SetParameterHint("extra", 0),),
        )
    if isinstance(length, int) and (length - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra < 0:
        raise Refusal(
            f"{title}: padding {padding} cuts everything off. Use less, or a larger kernel.",
            parameter="padding",
            hints=(SetParameterHint("padding", 0),),
        )
