"""Where data enters a graph and where its results leave it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Param, Role, Specs
from graph_engine.blocks.block import Input as InputPort
from graph_engine.blocks.call import Expression, Ref
from graph_engine.blocks.parameter import Note, Shape
from graph_engine.blocks.tensor import Axis, N, TensorSpec

AnyKind = Literal["any", "image", "volume", "sequence", "vector", "tokens", "label", "scalar", "memory"]
_KIND = Param(
    "Kind", "What it carries. Where another kind is wired, that is refused; any: what its shape says.", advanced=True
)
_HELP = Param("Description", "What it is for, told wherever the port is shown.", advanced=True)


class Input(Block):
    """Where one field of the data enters: an image, a vector, a label.

    y: (N, *shape). The data binding connects it to a field of the data set by name and shape.
    """

    title: ClassVar = "Input"
    category: ClassVar = Category.DATA
    role: ClassVar = Role.INPUT
    keywords: ClassVar = ("data", "image", "label", "source")
    inputs: ClassVar = ()

    name: Annotated[str, Param("Name", "What the argument of `forward` is called.")] = "image"
    shape: Annotated[Shape, Param("Shape", "Lengths of one sample, without the batch.", ge=1)] = (1, 28, 28)
    dtype: Annotated[
        Literal["float32", "int64"], Param("Type", "float32 for measurements, int64 for labels and tokens.")
    ] = "float32"
    classes: Annotated[int, Param("Classes", "For labels: how many values there are; 0 if unknown.", ge=0)] = 0
    drawn: Annotated[
        Literal["data", "normal", "uniform"],
        Param(
            "Values",
            "Of the data, or drawn for each sample from N(0, 1) or U(−1, 1), as the code of a GAN is: anew in each "
            "epoch of training, always the same in evaluation.",
            advanced=True,
        ),
    ] = "data"
    truncation: Annotated[
        float,
        Param(
            "Truncation",
            "Of values from N(0, 1): those further from 0 are drawn again, so that what a trained generator makes is "
            "better and less varied; 0: none.",
            ge=0,
            le=10,
            advanced=True,
        ),
    ] = 0.0
    over_time: Annotated[
        Literal["step", "whole"],
        Param(
            "Over time",
            "In a cell that runs over time: take the sequence step by step, or all of it at each step.",
            advanced=True,
        ),
    ] = "step"
    kind: Annotated[AnyKind, _KIND] = "any"
    help: Annotated[Note, _HELP] = Note("")

    def tell(self) -> str:
        told = self.name if not self.classes else f"{self.name} · {self.classes} classes"
        return told if self.drawn == "data" else f"{told} · drawn"

    def spec(self) -> TensorSpec:
        """What leaves the port."""
        lengths = tuple(Axis(length) if isinstance(length, str) else length for length in self.shape)
        return TensorSpec((N, *lengths), self.dtype, classes=self.classes)


class Output(Block):
    """What the network gives back; export keeps what leads from inputs to outputs.

    x: any.
    """

    title: ClassVar = "Output"
    category: ClassVar = Category.DATA
    role: ClassVar = Role.OUTPUT
    whole_numbers: ClassVar = True
    keywords: ClassVar = ("result", "prediction", "logits", "sink")
    inputs: ClassVar = (InputPort("x"),)
    outputs: ClassVar = ()

    name: Annotated[str, Param("Name", "What the result is called.")] = "logits"
    kind: Annotated[AnyKind, _KIND] = "any"
    help: Annotated[Note, _HELP] = Note("")

    def tell(self) -> str:
        return self.name

    def build(self, inputs: Specs) -> Expression:
        return Ref("x")
