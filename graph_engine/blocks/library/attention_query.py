"""A query looks at the steps of a memory and gathers what answers it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Method, Ref
from graph_engine.blocks.refusal import ChangeChannels, Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_ONE, _SEVERAL, _MEMORY = TensorSpec((N, 4)), TensorSpec((N, 3, 4)), TensorSpec((N, 5, 6))
_ALIKE = TensorSpec((N, 5, 4))
_TOKENS, _LENGTHS = TensorSpec((N, 5), "int64"), TensorSpec((N,), "int64")

QUERY = Input("query", (Kind.VECTOR, Kind.SEQUENCE), "what is asked: one vector, or one for each step")
MEMORY = Input("memory", (Kind.MEMORY,), "what is looked at, step by step")
MASK = Input(
    "mask",
    (Kind.TOKENS, Kind.LABEL),
    "which steps of the memory count: its tokens, 0 being padding, or how many there are",
    optional=True,
)
READ = (Output("y", help="what was gathered"), Output("weights", help="how much each step counted"))


def padding_of(inputs: Specs, memory: str = "memory", mask: str = "mask") -> tuple[Expression, ...]:
    """The steps of `memory` to pass over, as the last argument of a call; nothing when no mask is wired.

    Raises: Refusal when the mask is not as long as the memory.
    """
    if mask not in inputs:
        return ()
    length = inputs[memory].shape[1]
    if inputs[mask].rank == 2 and inputs[mask].shape[1] != length:
        raise Refusal(
            f"The mask needs one number for each of the {length} steps it is for, and {inputs[mask]} arrives.",
            port=mask,
            expected=f"N×{length}",
        )
    return (Function.of("padded_steps", Ref(mask), Ref(memory)),)


def _check_alike(title: str, inputs: Specs) -> None:
    """Raises: Refusal when query and memory have not as many features."""
    query, memory = inputs["query"].length(-1), inputs["memory"].length(2)
    if query != memory:
        raise Refusal(
            f"{title} compares feature by feature: the query has {query} and the memory {memory}.",
            port="query",
            expected=f"{memory} features",
            hints=(ChangeChannels("query", memory),),
        )


class AdditiveAttention(Block):
    """A query gathers from a memory by a small network that scores each step: e = vᵀ tanh(W q + U m).

    query: (N, E), memory: (N, T, D) -> y: (N, D), weights: (N, T); or for S queries at once
    query: (N, S, E) -> y: (N, S, D), weights: (N, S, T). weights = softmax(e), y = Σ weights · memory.
    """

    title: ClassVar = "Additive attention"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("bahdanau", "alignment", "seq2seq", "translation", "captioning", "soft attention", "concat")
    reference: ClassVar = Reference(
        "Bahdanau, Cho, Bengio", 2015, "Neural machine translation by jointly learning to align and translate"
    )
    inputs: ClassVar = (QUERY, MEMORY, MASK)
    outputs: ClassVar = READ
    examples: ClassVar = (
        ({"features": 7}, {"query": _ONE, "memory": _MEMORY}),
        ({"features": 3, "bias": True, "activation": "relu"}, {"query": _SEVERAL, "memory": _MEMORY, "mask": _TOKENS}),
        ({"features": 3}, {"query": _ONE, "memory": _MEMORY, "mask": _LENGTHS}),
        ({"features": 3, "normalised": True}, {"query": _SEVERAL, "memory": _MEMORY}),
    )

    features: Annotated[int, Param("Features", "Width of the layer that compares query and memory.", ge=1)] = 128
    bias: Annotated[bool, Param("Bias", "Learned offsets in W q and U m; the paper has none.")] = False
    activation: Annotated[
        Literal["tanh", "relu"], Param("Activation", "What the sum goes through; captioning code takes relu.")
    ] = "tanh"
    score_bias: Annotated[
        bool, Param("Score bias", "An offset of all scores, as some code has. The softmax undoes it.", advanced=True)
    ] = False
    normalised: Annotated[
        bool,
        Param(
            "Normalised",
            "Learn length and direction of v apart, and one offset: g v/‖v‖ · tanh(W q + U m + b), as Google's "
            "translator does.",
            advanced=True,
        ),
    ] = False

    def tell(self) -> str:
        return f"{self.features}"

    def build(self, inputs: Specs) -> Expression:
        padding = padding_of(inputs)
        layer = Layer.of(
            "AdditiveAttention",
            inputs["query"].length(-1),
            inputs["memory"].length(2),
            self.features,
            bias=self.bias,
            score_bias=self.score_bias,
            activation=self.activation,
            normalised=self.normalised,
        )
        return layer.on(Ref("query"), Ref("memory"), *padding)


class Attend(Block):
    """Each query gathers the values whose keys point its way: y = softmax(q kᵀ · scale) v.

    query: (N, S, E), key: (N, T, E), value: (N, T, D) -> y: (N, S, D). Scale is 1/√E, or 1. By length, y is √T times as
    much, since an average over more steps is smaller: Gehring et al. (2017).
    """

    title: ClassVar = "Attend"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("scaled dot product", "query key value", "qkv", "self-attention", "transformer")
    reference: ClassVar = Reference(
        "Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin", 2017, "Attention is all you need"
    )
    inputs: ClassVar = (
        Input("query", (Kind.SEQUENCE,), "what is asked at each step"),
        Input("key", (Kind.SEQUENCE,), "what each step of the values answers to"),
        Input("value", (Kind.SEQUENCE,), "what is gathered"),
    )
    examples: ClassVar = (
        ({}, {"query": _SEVERAL, "key": _ALIKE, "value": _MEMORY}),
        ({"scaled": False}, {"query": _SEVERAL, "key": _ALIKE, "value": _MEMORY}),
        ({"scaled": False, "by_length": True}, {"query": _SEVERAL, "key": _ALIKE, "value": _MEMORY}),
    )

    scaled: Annotated[bool, Param("Scaled", "Divide the scores by √E, so that they don't grow with the features.")] = (
        True
    )
    by_length: Annotated[
        bool, Param("By length", "Multiply what is gathered by √T, the root of how many values there are.")
    ] = False

    def tell(self) -> str:
        return ("scaled" if self.scaled else "not scaled") + (" · √T" if self.by_length else "")

    def build(self, inputs: Specs) -> Expression:
        query, key, value = inputs["query"], inputs["key"], inputs["value"]
        if query.length(2) != key.length(2):
            raise Refusal(
                f"Queries and keys are compared feature by feature: {query} and {key} arrive.",
                port="key",
                expected=f"{query.length(2)} features",
                hints=(ChangeChannels("key", query.length(2)),),
            )
        if key.shape[1] != value.shape[1]:
            raise Refusal(f"Each value needs its key: {key} and {value} arrive.", port="value")
        return Function.of(
            "attend", Ref("query"), Ref("key"), Ref("value"), scaled=self.scaled, by_length=self.by_length
        )


class DotAttention(Block):
    """A query gathers from a memory what points its way: weights = softmax of the dot products with each step.

    query: (N, E), memory: (N, T, D) -> y: (N, D), weights: (N, T); or query: (N, S, E) -> y: (N, S, D),
    weights: (N, S, T). Scores are qᵀm (dot), qᵀm/√E (scaled), both with D = E, or qᵀWm (general).
    """

    title: ClassVar = "Dot attention"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("luong", "multiplicative", "bilinear", "general", "global attention", "seq2seq", "scaled")
    reference: ClassVar = Reference(
        "Luong, Pham, Manning", 2015, "Effective approaches to attention-based neural machine translation"
    )
    inputs: ClassVar = (QUERY, MEMORY, MASK)
    outputs: ClassVar = READ
    examples: ClassVar = (
        ({}, {"query": _ONE, "memory": _ALIKE, "mask": _LENGTHS}),
        ({"score": "scaled"}, {"query": _SEVERAL, "memory": _ALIKE, "mask": _TOKENS}),
        ({"score": "general"}, {"query": _SEVERAL, "memory": _MEMORY}),
    )

    score: Annotated[
        Literal["dot", "scaled", "general"],
        Param("Score", "The dot product, one that does not grow with the features, or one with a learned matrix."),
    ] = "dot"

    def tell(self) -> str:
        return self.score

    def build(self, inputs: Specs) -> Expression:
        padding = padding_of(inputs)
        if self.score == "general":
            layer = Layer.of("BilinearAttention", inputs["query"].length(-1), inputs["memory"].length(2))
            return layer.on(Ref("query"), Ref("memory"), *padding)
        _check_alike(f"The score {self.score!r}", inputs)
        return Function.of("dot_attention", Ref("query"), Ref("memory"), *padding, scaled=self.score == "scaled")


class CosineAttention(Block):
    """A query gathers from a memory by angle, whatever the lengths: weights = softmax(β cos(query, step)).

    query: (N, E), memory: (N, T, E) -> y: (N, E), weights: (N, T); or query: (N, S, E) -> y: (N, S, E),
    weights: (N, S, T). β is given, or comes from the network as strength: (N, 1) or (N, S, 1); softplus keeps it
    positive.
    """

    title: ClassVar = "Cosine attention"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("content addressing", "neural turing machine", "ntm", "memory", "similarity", "matching")
    reference: ClassVar = Reference("Graves, Wayne, Danihelka", 2014, "Neural Turing machines")
    inputs: ClassVar = (
        QUERY,
        MEMORY,
        Input("strength", (Kind.VECTOR, Kind.SEQUENCE), "β, one number for each query", optional=True),
        MASK,
    )
    outputs: ClassVar = READ
    examples: ClassVar = (
        ({"sharpness": 5.0}, {"query": _ONE, "memory": _ALIKE, "mask": _LENGTHS}),
        ({}, {"query": _ONE, "memory": _ALIKE, "strength": TensorSpec((N, 1))}),
        ({}, {"query": _SEVERAL, "memory": _ALIKE, "strength": TensorSpec((N, 3, 1)), "mask": _TOKENS}),
    )

    sharpness: Annotated[
        float, Param("Sharpness", "β where no strength arrives; the larger, the fewer steps count.", gt=0)
    ] = 1.0

    def tell(self) -> str:
        return f"β {self.sharpness:g}"

    def build(self, inputs: Specs) -> Expression:
        padding = padding_of(inputs)
        _check_alike(self.title, inputs)
        wanted = (*inputs["query"].shape[:-1], 1)
        if "strength" in inputs and inputs["strength"].shape != wanted:
            raise Refusal(
                f"A strength is one number for each query; {inputs['strength']} arrives.",
                port="strength",
                expected=str(TensorSpec(wanted)),
                hints=(ChangeChannels("strength", 1),),
            )
        sharpness = Ref("strength") if "strength" in inputs else self.sharpness
        options = {"padding": padding[0]} if padding else {}
        return Function.of("cosine_attention", Ref("query"), Ref("memory"), sharpness=sharpness, **options)


class Pointer(Block):
    """Points at the steps of a sequence: a score for each, u = vᵀ tanh(W q + U m), so that outputs are places.

    query: (N, E), memory: (N, T, D) -> y: (N, T); or query: (N, S, E) -> y: (N, S, T), a row for each query. Scores go
    to cross entropy, with the right place as class; padding scores −∞.
    """

    title: ClassVar = "Pointer"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("pointer network", "convex hull", "sort", "travelling salesman", "copy", "places")
    reference: ClassVar = Reference("Vinyals, Fortunato, Jaitly", 2015, "Pointer networks")
    inputs: ClassVar = (QUERY, MEMORY, MASK)
    examples: ClassVar = (
        ({"features": 7}, {"query": _ONE, "memory": _MEMORY, "mask": _LENGTHS}),
        (
            {"features": 3, "probabilities": True, "bias": True},
            {"query": _SEVERAL, "memory": _MEMORY, "mask": _TOKENS},
        ),
        ({"features": 3}, {"query": _SEVERAL, "memory": _MEMORY}),
    )

    features: Annotated[int, Param("Features", "Width of the layer that compares query and memory.", ge=1)] = 128
    bias: Annotated[bool, Param("Bias", "Learned offsets in W q and U m; the paper has none.")] = False
    probabilities: Annotated[bool, Param("Probabilities", "Give softmax(u) in place of the scores u.")] = False

    def tell(self) -> str:
        return f"{self.features}" + (" · softmax" if self.probabilities else "")

    def build(self, inputs: Specs) -> Expression:
        padding = padding_of(inputs)
        query, memory = inputs["query"].length(-1), inputs["memory"].length(2)
        scores: Expression = Layer.of("AdditiveScores", query, memory, self.features, bias=self.bias).on(
            Ref("query"), Ref("memory")
        )
        if padding:
            scores = Function.of("mask_scores", scores, *padding)
        return Method.of(scores, "softmax", -1) if self.probabilities else scores


class LocationAttention(Block):
    """Additive attention that also sees where it looked last, so that it goes on from there: made for speech.

    query: (N, E), memory: (N, T, D), before: (N, T) -> y: (N, D), weights: (N, T). Scores vᵀ tanh(W q + U m + L f + b)
    with f = F * before, a convolution along the steps. With total: (N, T), the sum of all weights so far, F sees both.
    """

    title: ClassVar = "Location attention"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("chorowski", "location sensitive", "tacotron", "speech", "monotonic", "alignment")
    reference: ClassVar = Reference(
        "Chorowski, Bahdanau, Serdyuk, Cho, Bengio", 2015, "Attention-based models for speech recognition"
    )
    inputs: ClassVar = (
        Input("query", (Kind.VECTOR,), "what is asked"),
        MEMORY,
        Input("before", (Kind.VECTOR,), "the weights of the turn before, zeros at first"),
        Input("total", (Kind.VECTOR,), "the sum of the weights of all turns before", optional=True),
        MASK,
    )
    outputs: ClassVar = READ
    examples: ClassVar = (
        (
            {"features": 7, "filters": 2, "kernel": 3},
            {"query": _ONE, "memory": _MEMORY, "before": TensorSpec((N, 5)), "mask": _LENGTHS},
        ),
        (
            {"features": 3, "filters": 2, "kernel": 5, "bias": False},
            {
                "query": _ONE,
                "memory": _MEMORY,
                "before": TensorSpec((N, 5)),
                "total": TensorSpec((N, 5)),
                "mask": _TOKENS,
            },
        ),
        ({"features": 3, "filters": 1, "kernel": 1}, {"query": _ONE, "memory": _MEMORY, "before": TensorSpec((N, 5))}),
    )

    features: Annotated[int, Param("Features", "Width of the layer that compares query and memory.", ge=1)] = 128
    filters: Annotated[int, Param("Filters", "How many features the weights before are turned into.", ge=1)] = 32
    kernel: Annotated[int, Param("Kernel", "How many steps the convolution sees; odd.", ge=1, unit="steps")] = 31
    bias: Annotated[bool, Param("Bias", "The learned offset b.")] = True

    def tell(self) -> str:
        return f"{self.features} · kernel {self.kernel}"

    def build(self, inputs: Specs) -> Expression:
        if self.kernel % 2 == 0:
            raise Refusal(
                f"A kernel of {self.kernel} has no middle step, so weights would move: use an odd one.",
                parameter="kernel",
                expected="an odd number",
                hints=(SetParameterHint("kernel", self.kernel + 1),),
            )
        memory = inputs["memory"]
        for port in ("before", "total"):
            if port in inputs and inputs[port].shape[1] != memory.shape[1]:
                raise Refusal(
                    f"There must be one weight for each of the {memory.shape[1]} steps; {inputs[port]} arrives.",
                    port=port,
                    expected=f"N×{memory.shape[1]}",
                )
        padding = padding_of(inputs)
        layer = Layer.of(
            "LocationAttention",
            inputs["query"].length(1),
            memory.length(2),
            self.features,
            self.filters,
            self.kernel,
            maps=2 if "total" in inputs else 1,
            bias=self.bias,
        )
        given: list[Any] = [Ref("query"), Ref("memory"), Ref("before")]
        if "total" in inputs or padding:
            given.append(Ref("total") if "total" in inputs else None)
        return layer.on(*given, *padding)
