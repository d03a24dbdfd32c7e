"""Which document is meant: Guo, Fan, Ai, Croft (2016). A deep relevance matching model for ad-hoc retrieval."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.data.searches import FEATURES, LONG, TERMS
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.preset import Published, preset


@preset(
    title="Relevance matching",
    family="Matching",
    size=162,
    data="searches",
    reference=Reference("Guo, Fan, Ai, Croft", 2016, "A deep relevance matching model for ad-hoc retrieval"),
    published=Published(162, "30-5-1 and a gate of one weight (derived from the paper)"),
)
def drmm(
    bins: Annotated[int, Param("Bins", "Into how many the likeness of words is sorted.", ge=2)] = 30,
    hidden: Annotated[int, Param("Hidden", "Units between the histogram and its score.", ge=1)] = 5,
) -> Builder:
    """Counts how alike a document's words are to each of a query's, scores the counts, and weighs the terms.

    A histogram of cosines a term, a small network 30-5-1 on each, and a gate that learns how much the rare terms count:
    162 parameters in all. Two documents share it, and the better one must have the higher score.
    """
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=2e-2), schedule=Schedule(kind="one_cycle"))
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=15),),
        batch_size=32,
        judge=Judgement(name="accuracy", better="greater"),
    )
    net = Builder("Relevance matching", plan=plan, binding=Binding(dataset="searches"))

    relevance = net.composite("relevance", "Relevance", help="How well a document answers a query: one score.")
    counts, rarity = relevance.input("counts", TERMS, bins), relevance.input("rarity", TERMS, 1)
    x = relevance.add("tanh", relevance.add("linear", counts, features=hidden))
    x = relevance.add("tanh", relevance.add("linear", x, features=1), title="Score of each term")
    gate = relevance.add("squeeze", relevance.add("linear", rarity, features=1, bias=False), axis=2)
    gate = relevance.add("softmax", gate, title="Weight of each term")
    relevance.output(relevance.add("matrix_product", gate, x), "score")

    query, rarity = net.input("query", TERMS, FEATURES), net.input("rarity", TERMS, 1)
    documents = [net.input(name, LONG, FEATURES) for name in ("first", "second")]
    better = net.input("better", classes=2, label=True)
    first, second = (net.add("matching_histogram", query, document, bins=bins) for document in documents)
    one = net.add("@relevance", first, rarity, title="Of the first")
    other = net.add("@relevance", second, rarity, title="Of the second", shares=one)
    net.classify(net.add("concat", one, other, title="Scores"), better)
    return net
