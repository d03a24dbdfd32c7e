"""From whole numbers to vectors, and the order of steps."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Method, Ref
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_TOKENS = TensorSpec((N, 5), "int64", classes=7)
_LABEL = TensorSpec((N,), "int64", classes=10)
_INPUTS = (Input("x", (Kind.TOKENS, Kind.LABEL), "whole numbers: tokens or labels"),)


def number_of_values(title: str, parameter: str, asked: int, x: TensorSpec) -> int:
    """How many values a token may take: `asked`, or for 0 as many as the input says.

    Raises: Refusal where nobody says, or where more values arrive.
    """
    if not asked and not x.classes:
        raise Refusal(
            f"{title} needs to know how many values there are: set it here, or set Classes at the input.",
            parameter=parameter,
            hints=(SetParameterHint(parameter, 10_000),),
        )
    if asked and asked < x.classes:
        raise Refusal(
            f"{title} has room for {asked} values, and what arrives takes {x.classes}.",
            port="x",
            parameter=parameter,
            expected=f"{x.classes} or more",
            hints=(SetParameterHint(parameter, x.classes),),
        )
    return asked or x.classes


class Embedding(Block):
    """Looks up a learned vector for each token or label.

    x: (N, T) -> y: (N, T, features), or x: (N,) -> y: (N, features). Parameters: vocabulary · features.
    """

    title: ClassVar = "Embedding"
    category: ClassVar = Category.DENSE
    keywords: ClassVar = ("tokens", "words", "lookup", "vocabulary", "word vectors")
    reference: ClassVar = Reference("Bengio, Ducharme, Vincent, Jauvin", 2003, "A neural probabilistic language model")
    inputs: ClassVar = _INPUTS
    converts: ClassVar = ((Kind.TOKENS, Kind.SEQUENCE), (Kind.LABEL, Kind.VECTOR))
    examples: ClassVar = (
        ({"vocabulary": 11, "features": 4}, {"x": TensorSpec((N, 5), "int64")}),
        ({"features": 3}, {"x": _LABEL}),
        ({"features": 3, "pad_token": 0}, {"x": _TOKENS}),
    )

    vocabulary: Annotated[
        int, Param("Vocabulary", "How many different tokens there are; 0: as many as the input says.", ge=0)
    ] = 0
    features: Annotated[int, Param("Features", "Length of each vector.", ge=1)] = 64
    pad_token: Annotated[
        int, Param("Pad token", "The token whose vector stays zero; −1 for none.", ge=-1, advanced=True)
    ] = -1

    def tell(self) -> str:
        return f"{self.vocabulary} → {self.features}" if self.vocabulary else str(self.features)

    def build(self, inputs: Specs) -> Layer:
        count = number_of_values(self.title, "vocabulary", self.vocabulary, inputs["x"])
        if self.pad_token >= count:
            raise Refusal(
                f"Pad token {self.pad_token} is none of the {count} tokens, which are 0 to {count - 1}.",
                parameter="pad_token",
                hints=(SetParameterHint("pad_token", -1),),
            )
        if self.pad_token < 0:
            return Layer.of("nn.Embedding", count, self.features)
        return Layer.of("nn.Embedding", count, self.features, padding_idx=self.pad_token)


class OneHot(Block):
    """Turns each whole number k into a row of zeros with a 1 at place k.

    x: (N,) -> y: (N, K), or x: (N, T) -> y: (N, T, K).
    """

    title: ClassVar = "One-hot"
    category: ClassVar = Category.DENSE
    keywords: ClassVar = ("label", "indicator", "classes", "tokens", "categorical", "conditional")
    inputs: ClassVar = _INPUTS
    converts: ClassVar = ((Kind.LABEL, Kind.VECTOR), (Kind.TOKENS, Kind.SEQUENCE))
    examples: ClassVar = (({}, {"x": _LABEL}), ({"classes": 12}, {"x": _TOKENS}))

    classes: Annotated[
        int, Param("Classes", "How many different values there are; 0: as many as the input says.", ge=0)
    ] = 0

    def tell(self) -> str:
        return str(self.classes) if self.classes else ""

    def build(self, inputs: Specs) -> Expression:
        count = number_of_values(self.title, "classes", self.classes, inputs["x"])
        return Method.of(Function.of("F.one_hot", Ref("x"), count), "float")


class SinusoidalEncoding(Block):
    """Adds waves of many lengths to each step, so that attention can tell steps apart; for any number of steps.

    x: (N, T, E) -> y: (N, T, E). At step t, feature 2i gets sin(t/L^(2i/E)) and feature 2i + 1 the cosine; L = 10000.
    """

    title: ClassVar = "Sinusoidal encoding"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("positional encoding", "transformer", "order", "position", "sine")
    reference: ClassVar = Reference(
        "Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin", 2017, "Attention is all you need"
    )
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    examples: ClassVar = (
        ({}, {"x": TensorSpec((N, 7, 6))}),
        ({"longest": 100.0}, {"x": TensorSpec((N, 4, 5))}),
    )

    longest: Annotated[
        float,
        Param(
            "Longest wave", "The longest wave has 2π L steps; above the length of any sequence.", gt=1, advanced=True
        ),
    ] = 10_000.0

    def build(self, inputs: Specs) -> Expression:
        return Function.of("add_sinusoids", Ref("x"), longest=self.longest)
