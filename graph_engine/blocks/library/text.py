"""Texts as counts: for networks that match queries with documents."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Ref
from graph_engine.blocks.library.embedding import number_of_values
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Axis, Kind, N, TensorSpec

_LETTERS = TensorSpec((N, 9), "int64", classes=4)
_MOST = 2**20
"""So many numbers a sample are still told as a plain row."""


class MatchingHistogram(Block):
    """Counts, for each word of a query, how alike the words of a document are to it: a histogram of cosines.

    query: (N, Q, E), document: (N, T, E), word vectors -> y: (N, Q, bins). All bins but the last share −1 … 1 evenly,
    the last is for 1: the same word. The cosines 1, .2, .7, .3, −.1, .1 give 0, 1, 3, 1, 1 in five bins. No gradient
    reaches the word vectors; one of zeros, such as padding, has cosine 0.
    """

    title: ClassVar = "Matching histogram"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("drmm", "relevance", "retrieval", "cosine", "query", "interaction")
    reference: ClassVar = Reference("Guo, Fan, Ai, Croft", 2016, "A deep relevance matching model for ad-hoc retrieval")
    inputs: ClassVar = (
        Input("query", (Kind.SEQUENCE,), "a vector for each word of the query"),
        Input("document", (Kind.SEQUENCE,), "a vector for each word of the document"),
    )
    examples: ClassVar = (
        ({}, {"query": TensorSpec((N, 2, 4)), "document": TensorSpec((N, 6, 4))}),
        ({"bins": 5, "count": "count"}, {"query": TensorSpec((N, 3, 4)), "document": TensorSpec((N, 5, 4))}),
        ({"bins": 4, "count": "share"}, {"query": TensorSpec((N, 3, 4)), "document": TensorSpec((N, 3, 4))}),
    )

    bins: Annotated[int, Param("Bins", "Into how many cosines are sorted; the last is for equals.", ge=2)] = 30
    count: Annotated[
        Literal["log", "share", "count"],
        Param("Count", "What is told of a bin: log(1 + count), its share of the document, or the count itself."),
    ] = "log"

    def tell(self) -> str:
        return f"{self.bins} · {self.count}"

    def build(self, inputs: Specs) -> Expression:
        query, document = inputs["query"], inputs["document"]
        if query.shape[2] != document.shape[2]:
            raise Refusal(
                f"The words of both must have vectors of one length: {query} and {document} arrive.",
                port="document",
                expected=f"N×T×{query.shape[2]}",
            )
        return Function.of("matching_histogram", Ref("query"), Ref("document"), self.bins, count=self.count)


class LetterNgrams(Block):
    """Tells a text by the groups of letters in its words: how often each group of n stands there.

    x: (N, T), letters as whole numbers, 0 before and after each word and where the text is over -> y: (N, K), K =
    alphabetⁿ or the features asked for. `#good#` has #go, goo, ood and od#. Groups that reach over two words are left
    out. The paper counts the groups of three that occur in a vocabulary of its own: 10 306 in 40 000 words, 30 621 in
    500 000. Without that vocabulary every group has a count, or the features asked for are shared by remainder.
    """

    title: ClassVar = "Letter n-grams"
    category: ClassVar = Category.DENSE
    keywords: ClassVar = ("dssm", "trigram", "word hashing", "bag", "characters", "text")
    reference: ClassVar = Reference(
        "Huang, He, Gao, Deng, Acero, Heck",
        2013,
        "Learning deep structured semantic models for web search using clickthrough data",
    )
    inputs: ClassVar = (Input("x", (Kind.TOKENS,), "letters; 0 marks where words begin and end"),)
    converts: ClassVar = ((Kind.TOKENS, Kind.VECTOR),)
    examples: ClassVar = (
        ({}, {"x": _LETTERS}),
        ({"n": 2, "alphabet": 5, "features": 7}, {"x": _LETTERS}),
    )

    n: Annotated[int, Param("Letters", "n: how many letters a group has.", ge=2, le=5)] = 3
    alphabet: Annotated[
        int, Param("Alphabet", "How many letters there are, with the mark 0; 0: as many as the input says.", ge=0)
    ] = 0
    features: Annotated[
        int, Param("Features", "How many counts there are, which groups share by remainder; 0: one for each.", ge=0)
    ] = 0

    def tell(self) -> str:
        return f"{self.n} letters" + (f" · {self.features}" if self.features else "")

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        alphabet = number_of_values(self.title, "alphabet", self.alphabet, x)
        size = self.features or alphabet**self.n
        if size > _MOST:
            raise Refusal(
                f"{alphabet} letters make {alphabet}^{self.n} groups of {self.n}, more than {_MOST}: set Features to "
                "let groups share counts, or use fewer letters.",
                parameter="features",
                hints=(SetParameterHint("features", 30_000),),
            )
        length = x.shape[1]
        if not isinstance(length, Axis) and length < self.n:
            raise Refusal(
                f"A text of {length} letters has no group of {self.n}.",
                port="x",
                parameter="n",
                expected=f"at least {self.n} letters",
            )
        return Function.of("letter_ngrams", Ref("x"), alphabet, n=self.n, features=self.features)
