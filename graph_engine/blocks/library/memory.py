"""Memories that a question reads: sentences as vectors, hops over them, keys and values."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Ref
from graph_engine.blocks.library.embedding import number_of_values
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_END_TO_END = Reference("Sukhbaatar, Szlam, Weston, Fergus", 2015, "End-to-end memory networks")
_KEY_VALUE = Reference(
    "Miller, Fisch, Dodge, Karimi, Bordes, Weston", 2016, "Key-value memory networks for directly reading documents"
)
_TYING = Reference("Press, Wolf", 2017, "Using the output embedding to improve language models")
_STORY, _QUESTION = TensorSpec((N, 3, 4), "int64", classes=7), TensorSpec((N, 4), "int64", classes=7)
_VECTOR, _FACTS, _WORDS = TensorSpec((N, 5)), TensorSpec((N, 3, 5)), TensorSpec((N, 7, 5))
_ATTENTION = Output("p", help="how much each place was looked at")


class SentenceEncoder(Block):
    """Turns each sentence into one vector: the sum of its words' vectors.

    x: (N, S, W) or (N, W) whole numbers, S sentences of W words, padding behind -> y: (N, S, features) or (N,
    features); words: (N, V, features), the vectors of all V words. By position, feature k of word j of J counts
    (1 − j/J) − (k/E)(1 − 2j/J), so that the order of words tells. Wire *words* of one encoder into *shared* of
    another and both use them. Parameters: V · features, or none where words arrive.
    """

    title: ClassVar = "Sentence encoder"
    category: ClassVar = Category.MEMORY
    keywords: ClassVar = ("bag of words", "position encoding", "memory network", "story", "question", "embedding")
    reference: ClassVar = _END_TO_END
    inputs: ClassVar = (
        Input("x", (Kind.TOKENS, Kind.ANY), "tokens of one sentence (N×W) or of several (N×S×W)"),
        Input("shared", (Kind.MEMORY,), "words of another encoder, used in place of own ones", optional=True),
    )
    outputs: ClassVar = (
        Output("y", Kind.MEMORY, "a vector for each sentence"),
        Output("words", Kind.MEMORY, "the vectors of all words, to share or to score answers"),
    )
    examples: ClassVar = (
        ({"features": 5}, {"x": _STORY}),
        ({"features": 4, "encoding": "bag of words", "vocabulary": 9}, {"x": _QUESTION}),
        ({"pad_token": -1}, {"x": _QUESTION, "shared": _WORDS}),
        ({"encoding": "bag of words"}, {"x": _STORY, "shared": _WORDS}),
    )

    features: Annotated[int, Param("Features", "Length of each vector; that of the words where they arrive.", ge=1)] = (
        20
    )
    encoding: Annotated[
        Literal["position", "bag of words"], Param("Encoding", "Whether the places of words count in their sentence.")
    ] = "position"
    vocabulary: Annotated[
        int, Param("Vocabulary", "How many different tokens there are; 0: as many as the input says.", ge=0)
    ] = 0
    pad_token: Annotated[
        int, Param("Pad token", "The token that stands for no word; −1 for none.", ge=-1, advanced=True)
    ] = 0

    def tell(self) -> str:
        return f"{self.features} · {self.encoding}"

    def build(self, inputs: Specs) -> Layer | Expression:
        x = inputs["x"]
        if x.is_floating or x.rank not in (2, 3):
            raise Refusal(
                f"Sentence encoder takes whole numbers, N×W or N×S×W, and {x} {x.dtype} arrives.",
                port="x",
                expected="N×S×W int64",
            )
        if "shared" in inputs:
            count = inputs["shared"].length(1)
            if x.classes > count:
                raise Refusal(
                    f"Vectors of {count} words arrive, and the tokens take {x.classes} values.",
                    port="shared",
                    expected=f"N×{x.classes}×E",
                )
        else:
            count = number_of_values(self.title, "vocabulary", self.vocabulary, x)
        if self.pad_token >= count:
            raise Refusal(
                f"Pad token {self.pad_token} is none of the {count} tokens, which are 0 to {count - 1}.",
                parameter="pad_token",
                hints=(SetParameterHint("pad_token", 0),),
            )
        options: dict[str, Any] = {"pad_token": self.pad_token, "by_position": self.encoding == "position"}
        if "shared" in inputs:
            return Function.of("encode_sentences", Ref("x"), Ref("shared"), **options)
        return Layer.of("SentenceEncoder", count, self.features, **options)


class MemoryHop(Block):
    """Looks up a question in a memory and adds what it finds: u + Σ pᵢ cᵢ, where p = softmax(u·mᵢ).

    u: (N, E), m and c: (N, S, E) -> y: (N, E), p: (N, S). Hops follow each other, each asking with what the one before
    found. Where the c of a hop is also wired to the m of the next, as in the paper, the two share their embedding.
    """

    title: ClassVar = "Memory hop"
    category: ClassVar = Category.MEMORY
    keywords: ClassVar = ("memory network", "memn2n", "attention", "question answering", "babi", "reasoning")
    reference: ClassVar = _END_TO_END
    inputs: ClassVar = (
        Input("u", (Kind.VECTOR,), "the question, or what the hop before made of it"),
        Input("m", (Kind.MEMORY,), "what each place of the memory is compared by"),
        Input("c", (Kind.MEMORY,), "what each place of the memory gives"),
    )
    outputs: ClassVar = (Output("y"), _ATTENTION)
    examples: ClassVar = (({}, {"u": _VECTOR, "m": _FACTS, "c": _FACTS}),)

    def build(self, inputs: Specs) -> Expression:
        _check_memory(self.title, inputs, "u", "m", "c")
        return Function.of("memory_hop", Ref("u"), Ref("m"), Ref("c"))


class KeyValueMemory(Block):
    """Looks up a question among keys, adds the values of those found, and turns the sum: R (q + Σ pᵢ vᵢ).

    q: (N, E), keys and values: (N, S, E) -> y: (N, E), p: (N, S), where p = softmax(q·kᵢ). Parameters: E².
    """

    title: ClassVar = "Key-value memory"
    category: ClassVar = Category.MEMORY
    keywords: ClassVar = ("memory network", "attention", "question answering", "knowledge base", "lookup")
    reference: ClassVar = _KEY_VALUE
    inputs: ClassVar = (
        Input("q", (Kind.VECTOR,), "the question, or what the hop before made of it"),
        Input("keys", (Kind.MEMORY,), "what the question is compared with"),
        Input("values", (Kind.MEMORY,), "what belongs to each key"),
    )
    outputs: ClassVar = (Output("y"), _ATTENTION)
    examples: ClassVar = (({}, {"q": _VECTOR, "keys": _FACTS, "values": _FACTS}),)

    def build(self, inputs: Specs) -> Layer:
        _check_memory(self.title, inputs, "q", "keys", "values")
        return Layer.of("KeyValueMemory", inputs["q"].length(1))


class WordScores(Block):
    """Scores every word by its product with a vector, so that the word vectors also choose the answer.

    u: (N, E), words: (N, V, E) -> y: (N, V). Wire *words* of a sentence encoder: W = Cᵀ, without weights of its own.
    """

    title: ClassVar = "Word scores"
    category: ClassVar = Category.MEMORY
    keywords: ClassVar = ("tied weights", "answer", "memory network", "output embedding", "dot product")
    reference: ClassVar = _TYING
    inputs: ClassVar = (
        Input("u", (Kind.VECTOR,), "what the words are compared with"),
        Input("words", (Kind.MEMORY,), "the vectors of all words"),
    )
    examples: ClassVar = (({}, {"u": _VECTOR, "words": _WORDS}),)

    def build(self, inputs: Specs) -> Expression:
        _check_features(self.title, inputs, "u", "words")
        return Function.of("score_words", Ref("u"), Ref("words"))


def _check_memory(title: str, inputs: Specs, asked: str, matched: str, given: str) -> None:
    """Raises: Refusal unless both memories have as many places, and vectors as long as the question."""
    _check_features(title, inputs, asked, matched)
    if inputs[given].shape != inputs[matched].shape:
        raise Refusal(
            f"{title} needs memories of one shape: {inputs[matched]} and {inputs[given]} arrive.",
            port=given,
            expected=str(inputs[matched]),
        )


def _check_features(title: str, inputs: Specs, asked: str, matched: str) -> None:
    """Raises: Refusal unless a vector can be compared with each step."""
    vector, steps = inputs[asked], inputs[matched]
    if vector.shape[1] != steps.shape[2]:
        raise Refusal(
            f"{title} compares vectors of one length: {asked} is {vector}, and {matched} is {steps}.",
            port=asked,
            expected=f"N×{steps.shape[2]}",
        )
