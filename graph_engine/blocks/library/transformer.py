"""Transformers: attention in heads, the layers around it, and how images enter."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Method, Ref
from graph_engine.blocks.library.attention_query import MASK, padding_of
from graph_engine.blocks.refusal import ChangeChannels, Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_VASWANI = Reference(
    "Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin", 2017, "Attention is all you need"
)
_X, _MEMORY = TensorSpec((N, 4, 6)), TensorSpec((N, 5, 6))
_TOKENS, _LENGTHS = TensorSpec((N, 5), "int64"), TensorSpec((N,), "int64")
_HEADS = Param("Heads", "How many independent attentions share the features.", ge=1)
_Activation = Literal["relu", "gelu"]
_MOST_OFFERED = 1024


def _check_heads(features: int, heads: int) -> None:
    """Raises: Refusal when heads can't share the features evenly."""
    if features % heads:
        fitting = next(count for count in range(min(heads, _MOST_OFFERED), 0, -1) if features % count == 0)
        raise Refusal(
            f"{heads} heads can't share {features} features evenly.",
            parameter="heads",
            expected=f"a divisor of {features}",
            hints=(SetParameterHint("heads", fitting),),
        )


class MultiHeadAttention(Block):
    """Each step of a query gathers from a memory what resembles what it asks for: softmax(Q Kᵀ/√d) V, h heads.

    query: (N, S, E), memory: (N, T, D) -> y: (N, S, E). Q = W query, K = W memory, V = W values, where the values are
    the memory if none arrive, and the memory is the query itself if none arrives: self-attention.
    """

    title: ClassVar = "Multi-head attention"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("cross-attention", "transformer", "query key value", "causal", "masked", "encoder-decoder")
    reference: ClassVar = _VASWANI
    inputs: ClassVar = (
        Input("query", (Kind.SEQUENCE,), "what is asked, step by step"),
        Input("memory", (Kind.MEMORY,), "what is looked at (keys and values)", optional=True),
        Input("values", (Kind.MEMORY,), "what is gathered, if not the memory", optional=True),
        MASK,
    )
    examples: ClassVar = (
        ({"heads": 2, "causal": True}, {"query": _X}),
        ({"heads": 3}, {"query": _X, "memory": TensorSpec((N, 5, 4)), "mask": _TOKENS}),
        (
            {"heads": 2, "bias": False},
            {"query": _X, "memory": TensorSpec((N, 5, 4)), "values": TensorSpec((N, 5, 3)), "mask": _LENGTHS},
        ),
        ({"heads": 2, "causal": True}, {"query": _MEMORY, "mask": _LENGTHS}),
    )

    heads: Annotated[int, _HEADS] = 8
    causal: Annotated[bool, Param("Causal", "Each step sees only those up to itself: for writing text.")] = False
    dropout: Annotated[float, Param("Dropout", "How often a weight is set to zero while training.", ge=0, lt=1)] = 0.0
    bias: Annotated[bool, Param("Bias", "Learned offsets in the four projections.")] = True

    def tell(self) -> str:
        heads = f"{self.heads} heads" if self.heads > 1 else "1 head"
        return heads + (" · causal" if self.causal else "")

    def build(self, inputs: Specs) -> Expression:
        key = "memory" if "memory" in inputs else "query"
        value = "values" if "values" in inputs else key
        features = inputs["query"].length(2)
        _check_heads(features, self.heads)
        steps = inputs[key].shape[1]
        if inputs[value].shape[1] != steps:
            raise Refusal(
                f"There must be a value for each of the {steps} steps looked at; {inputs[value]} arrives.",
                port="values",
                expected=f"N×{steps}×V",
            )
        keys, values = inputs[key].length(2), inputs[value].length(2)
        layer = Layer.of(
            "MultiHeadAttention",
            features,
            self.heads,
            key_features=keys if keys != features else None,
            value_features=values if values != features else None,
            bias=self.bias,
            dropout=self.dropout,
            causal=self.causal,
        )
        return layer.on(Ref("query"), Ref(key), Ref(value), *padding_of(inputs, key))


class _TransformerLayer(Block):
    """Shared by the layers of encoder and decoder."""

    category: ClassVar = Category.ATTENTION
    reference: ClassVar = _VASWANI

    heads: Annotated[int, _HEADS] = 8
    feed_forward: Annotated[
        int, Param("Feed-forward", "Width of the layer inside the feed-forward part; 0: four times the features.", ge=0)
    ] = 0
    dropout: Annotated[
        float, Param("Dropout", "How often a value is set to zero while training, in each part.", ge=0, lt=1)
    ] = 0.1
    activation: Annotated[_Activation, Param("Activation", "What the feed-forward part goes through.")] = "relu"
    norm_first: Annotated[
        bool, Param("Norm first", "Normalise what enters each part, not the sum behind it: steadier when deep.")
    ] = False

    def tell(self) -> str:
        heads = f"{self.heads} heads" if self.heads > 1 else "1 head"
        return heads + (f" · {self.feed_forward}" if self.feed_forward else "")

    def _layer(self, target: str, features: int) -> Layer:
        _check_heads(features, self.heads)
        activation = {"activation": self.activation} if self.activation != "relu" else {}
        return Layer.of(
            target,
            features,
            self.heads,
            dim_feedforward=self.feed_forward or features * 4,
            dropout=self.dropout,
            **activation,
            batch_first=True,
            norm_first=self.norm_first,
        )


class TransformerEncoderLayer(_TransformerLayer):
    """Self-attention and two dense layers, each with a way round it and a layer norm: one layer of an encoder.

    x: (N, T, E) -> y: (N, T, E). x = norm(x + attention(x)), y = norm(x + W₂ f(W₁ x + b₁) + b₂). Causal, it is a
    layer of a language model such as GPT.
    """

    title: ClassVar = "Transformer encoder layer"
    keywords: ClassVar = ("bert", "gpt", "vit", "feed-forward", "self-attention", "multi-head", "causal")
    inputs: ClassVar = (
        Input("x", (Kind.SEQUENCE,), "the sequence"),
        Input("mask", MASK.kinds, "which steps count: their tokens, 0 being padding, or how many", optional=True),
    )
    examples: ClassVar = (
        ({"heads": 2, "feed_forward": 7, "dropout": 0.0}, {"x": _MEMORY, "mask": _TOKENS}),
        ({"heads": 3, "dropout": 0.0, "norm_first": True, "activation": "gelu", "causal": True}, {"x": _MEMORY}),
        ({"heads": 1, "feed_forward": 5, "dropout": 0.0}, {"x": _MEMORY, "mask": _LENGTHS}),
    )

    causal: Annotated[bool, Param("Causal", "Each step sees only those up to itself: for writing text.")] = False

    def build(self, inputs: Specs) -> Layer | Expression:
        layer = self._layer("nn.TransformerEncoderLayer", inputs["x"].length(2))
        if self.causal and "mask" in inputs:
            raise Refusal(
                "A causal layer sees no step behind its own, so padding behind the text needs no mask: take the wire "
                "away, or switch Causal off.",
                port="mask",
                parameter="causal",
                hints=(SetParameterHint("causal", value=False),),
            )
        if self.causal:
            return layer.on(Ref("x"), Function.of("causal_mask", Ref("x")))
        without_causal: Any = None
        padding = padding_of(inputs, "x")
        return layer.on(Ref("x"), without_causal, *padding) if padding else layer


class TransformerDecoderLayer(_TransformerLayer):
    """Causal self-attention, attention to what an encoder gives, and two dense layers: one layer of a decoder.

    x: (N, S, E), memory: (N, T, E) -> y: (N, S, E). Around each of the three parts goes a way round it, and a layer
    norm follows the sum.
    """

    title: ClassVar = "Transformer decoder layer"
    keywords: ClassVar = ("translation", "cross-attention", "seq2seq", "feed-forward", "multi-head", "causal")
    inputs: ClassVar = (
        Input("x", (Kind.SEQUENCE,), "what is written so far"),
        Input("memory", (Kind.MEMORY,), "what the encoder gives"),
        MASK,
    )
    examples: ClassVar = (
        ({"heads": 2, "dropout": 0.0}, {"x": _X, "memory": _MEMORY, "mask": _TOKENS}),
        (
            {"heads": 3, "dropout": 0.0, "norm_first": True, "activation": "gelu", "causal": False},
            {"x": _X, "memory": _MEMORY},
        ),
        (
            {"heads": 1, "feed_forward": 5, "dropout": 0.0, "causal": False},
            {"x": _X, "memory": _MEMORY, "mask": _LENGTHS},
        ),
    )

    causal: Annotated[bool, Param("Causal", "Each step of x sees only those up to itself: for writing text.")] = True

    def build(self, inputs: Specs) -> Layer | Expression:
        x, memory = inputs["x"], inputs["memory"]
        features = x.length(2)
        if memory.length(2) != features:
            raise Refusal(
                f"The memory must have as many features as x, {features}; {memory} arrives.",
                port="memory",
                expected=f"N×T×{features}",
                hints=(ChangeChannels("memory", features),),
            )
        layer = self._layer("nn.TransformerDecoderLayer", features)
        causal = Function.of("causal_mask", Ref("x")) if self.causal else None
        padding = padding_of(inputs)
        given: list[Any] = [Ref("x"), Ref("memory")]
        if padding:
            given += [causal, None, None, *padding]
        elif causal:
            given.append(causal)
        return layer.on(*given)


class PatchEmbedding(Block):
    """Cuts an image into square patches and makes of each a step: how images enter a transformer.

    x: (N, C, H, W) -> y: (N, H·W/P², E), row by row. A convolution with kernel and stride P.
    """

    title: ClassVar = "Patch embedding"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("vit", "vision transformer", "patches", "tokens", "image to sequence")
    reference: ClassVar = Reference(
        "Dosovitskiy, Beyer, Kolesnikov, Weissenborn, Zhai, Unterthiner, Dehghani, Minderer, Heigold, Gelly, "
        "Uszkoreit, Houlsby",
        2021,
        "An image is worth 16x16 words: transformers for image recognition at scale",
    )
    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    examples: ClassVar = (
        ({"features": 5, "patch": 2}, {"x": TensorSpec((N, 3, 4, 6))}),
        ({"features": 4, "patch": 3, "bias": False}, {"x": TensorSpec((N, 1, 6, 3))}),
    )

    features: Annotated[int, Param("Features", "Length of the vector that tells a patch: E.", ge=1)] = 768
    patch: Annotated[int, Param("Patch", "Height and width of a patch: P.", ge=1, unit="px")] = 16
    bias: Annotated[bool, Param("Bias", "Learned offsets.")] = True

    def tell(self) -> str:
        return f"{self.patch}×{self.patch} · {self.features}"

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        for axis in x.shape[2:]:
            if isinstance(axis, int) and axis % self.patch:
                raise Refusal(
                    f"Patches of {self.patch} px don't fill {x}: resize the image to a multiple of {self.patch}, or "
                    "choose other patches.",
                    port="x",
                    parameter="patch",
                    expected=f"height and width that {self.patch} divides",
                )
        made = Layer.of("nn.Conv2d", x.length(1), self.features, self.patch, stride=self.patch, bias=self.bias)
        return Method.of(Method.of(made.on(Ref("x")), "flatten", 2), "transpose", 1, 2)


class ClassToken(Block):
    """Puts a learned step before all others, in which a transformer gathers what the whole sequence says.

    x: (N, T, E) -> y: (N, T+1, E). What leaves the last layer at step 0 goes to the classifier.
    """

    title: ClassVar = "Class token"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("cls", "bert", "vit", "prepend", "classification")
    reference: ClassVar = Reference(
        "Devlin, Chang, Lee, Toutanova",
        2019,
        "BERT: pre-training of deep bidirectional transformers for language understanding",
    )
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    examples: ClassVar = (({}, {"x": _X}),)

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("ClassToken", inputs["x"].length(2))


class LayerScale(Block):
    """Multiplies each feature by a learned number that begins small, so that a deep branch enters slowly.

    x: (N, C), (N, T, E) or (N, C, H, W) -> y: as x; y = γ x. Put it at the end of a branch, before the sum.
    """

    title: ClassVar = "Layer scale"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("cait", "convnext", "gamma", "deep", "residual", "gain")
    reference: ClassVar = Reference(
        "Touvron, Cord, Sablayrolles, Synnaeve, Jégou", 2021, "Going deeper with image transformers"
    )
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE, Kind.IMAGE, Kind.VECTOR), "what a branch computed"),)
    examples: ClassVar = (
        ({"start": 0.1}, {"x": _X}),
        ({}, {"x": TensorSpec((N, 3, 4, 5))}),
        ({"start": 1.0}, {"x": TensorSpec((N, 5))}),
    )

    start: Annotated[float, Param("Start", "Where γ begins: 0.1 to 18 layers, 1e-5 to 24, 1e-6 beyond.", ge=0)] = 1e-5

    def tell(self) -> str:
        return f"from {self.start:g}"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        return Layer.of("LayerScale", x.length(1 if x.rank == 4 else -1), start=self.start, image=x.rank == 4)
