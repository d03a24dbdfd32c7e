"""Memories that a question reads, drawn: Sukhbaatar, Szlam, Weston, Fergus (2015), Miller et al. (2016)."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.part import PartCategory, part

_END_TO_END = Reference("Sukhbaatar, Szlam, Weston, Fergus", 2015, "End-to-end memory networks")
_KEY_VALUE = Reference(
    "Miller, Fisch, Dodge, Karimi, Bordes, Weston", 2016, "Key-value memory networks for directly reading documents"
)


def _answer(block: Builder, question: Port, matched: Port, given: Port) -> tuple[Port, Port]:
    """The question and the sum of what is given, weighted by what matches; and the weights."""
    scores = block.add("matrix_product", question, matched, transposed=True)
    weights = block.add("softmax", scores, axis=-1, title="Weights")
    found = block.add("matrix_product", weights, given, title="Found")
    return block.add("add", question, found), weights


@part(
    title="Memory lookup",
    category=PartCategory.MEMORY,
    reference=_END_TO_END,
    keywords=("memory hop", "memn2n", "memory network"),
)
def memory_lookup(block: Builder) -> None:
    """Looks a question up in a memory and adds what it finds; the block Memory hop, drawn.

    u: (N, E), m and c: (N, S, E) -> y = u + Σ pᵢ cᵢ: (N, E), p = softmax(u·mᵢ): (N, S).
    """
    u, m, c = block.input("u", 20), block.input("m", 50, 20), block.input("c", 50, 20)
    y, p = _answer(block, u, m, c)
    block.output(y, "y")
    block.output(p, "p")


@part(
    title="Sentence memory",
    category=PartCategory.MEMORY,
    reference=_END_TO_END,
    keywords=("temporal encoding", "memn2n", "memory network", "story"),
)
def sentence_memory(block: Builder) -> None:
    """Sentences as vectors that know their words' places and their own: what a question can be compared with.

    story: (N, S, W) whole numbers -> y: (N, S, features), words: (N, V, features). The words of a sentence are summed
    by position; the temporal encoding adds a learned vector to each place of the story.
    """
    features = block.expose("features", 20, "Features", "Length of the vector of each word and sentence.", least=1)
    story = block.input("story", 10, 6, classes=20, label=True)
    sentences = block.add("sentence_encoder", story, features=features)
    block.output(block.add("position_embedding", sentences, title="Temporal encoding"), "y")
    block.output(sentences.other("words"), "words")


@part(
    title="Story hop",
    category=PartCategory.MEMORY,
    reference=_END_TO_END,
    keywords=("memory hop", "memn2n", "memory network", "babi"),
)
def story_hop(block: Builder) -> None:
    """A whole hop of a memory network: reads the story twice, to match and to answer, and looks the question up.

    u: (N, E), story: (N, S, W) whole numbers -> y: (N, E), p: (N, S). Each hop has embeddings of its own; to share
    them between hops, as *adjacent* tying does, use sentence memories and memory lookups.
    """
    u, story = block.input("u", 20), block.input("story", 10, 6, classes=20, label=True)
    memory = sentence_memory.into(block)
    m = block.add(memory, story, features="=in_channels", title="Matched")
    c = block.add(memory, story, features="=in_channels", title="Given")
    hop = block.add(memory_lookup.into(block), u, m, c)
    block.output(hop, "y")
    block.output(hop.other("p"), "p")


@part(
    title="Key-value lookup",
    category=PartCategory.MEMORY,
    reference=_KEY_VALUE,
    keywords=("key-value memory", "knowledge base"),
)
def key_value_lookup(block: Builder) -> None:
    """Looks a question up among keys, adds the values of those found, and turns the sum; Key-value memory, drawn.

    q: (N, E), keys and values: (N, S, E) -> y = R (q + Σ pᵢ vᵢ): (N, E), p = softmax(q·kᵢ): (N, S).
    """
    q, keys, values = block.input("q", 20), block.input("keys", 50, 20), block.input("values", 50, 20)
    y, p = _answer(block, q, keys, values)
    block.output(block.add("linear", y, features="=in_channels", bias=False), "y")
    block.output(p, "p")
