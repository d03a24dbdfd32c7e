"""Pooling along a sequence: fewer steps, the same features."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Method, Ref
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec
from graph_engine.blocks.windows import check_span, largest_window

_X = TensorSpec((N, 9, 4))


class _StepPool(Block):
    """Shared by the pools over neighbouring steps."""

    category: ClassVar = Category.POOLING
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    examples: ClassVar = (({}, {"x": _X}), ({"kernel": 3, "stride": 1, "padding": 1}, {"x": _X}))

    kernel: Annotated[int, Param("Window", "How many steps are looked at together.", ge=1, unit="steps")] = 2
    stride: Annotated[int, Param("Stride", "How far the window moves at a time.", ge=1, unit="steps")] = 2
    padding: Annotated[int, Param("Padding", "Empty steps at each end.", ge=0, unit="steps")] = 0

    def tell(self) -> str:
        return f"{self.kernel} · stride {self.stride}"

    def _pool(self, function: str, inputs: Specs) -> Expression:
        if 2 * self.padding > self.kernel:
            raise Refusal(
                f"Padding {self.padding} is more than half the window, {self.kernel}: some windows would see nothing.",
                parameter="padding",
                hints=(SetParameterHint("padding", 0),),
            )
        steps = inputs["x"].shape[1]
        fitting = largest_window(steps, self.kernel, 1, self.padding)
        check_span(self.title, steps, self.kernel, self.padding, "long", fitting=fitting)
        options: dict[str, Any] = {"stride": self.stride} if self.stride != self.kernel else {}
        if self.padding:
            options["padding"] = self.padding
        steps_last = Method.of(Ref("x"), "transpose", 1, 2)  # torch wants features before steps
        return Method.of(Function.of(function, steps_last, self.kernel, **options), "transpose", 1, 2)


class MaxPool1d(_StepPool):
    """Keeps the largest of neighbouring steps, feature by feature.

    x: (N, T, E) -> y: (N, T', E), T' = ⌊(T + 2p − k)/s⌋ + 1.
    """

    title: ClassVar = "Max pool 1d"
    keywords: ClassVar = ("maximum", "temporal", "downsample", "time", "text")
    reference: ClassVar = Reference(
        "Zhang, Zhao, LeCun", 2015, "Character-level convolutional networks for text classification"
    )

    def build(self, inputs: Specs) -> Expression:
        return self._pool("F.max_pool1d", inputs)


class AvgPool1d(_StepPool):
    """Averages neighbouring steps, feature by feature; the padding counts as zeros.

    x: (N, T, E) -> y: (N, T', E), T' = ⌊(T + 2p − k)/s⌋ + 1.
    """

    title: ClassVar = "Average pool 1d"
    keywords: ClassVar = ("mean", "temporal", "downsample", "smooth", "time")
    reference: ClassVar = Reference(
        "Waibel, Hanazawa, Hinton, Shikano, Lang", 1989, "Phoneme recognition using time-delay neural networks"
    )

    def build(self, inputs: Specs) -> Expression:
        return self._pool("F.avg_pool1d", inputs)
