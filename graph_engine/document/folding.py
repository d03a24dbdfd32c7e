"""Parts that repeat one after another, found and folded into one composite that is repeated.

The links of a graph (`links`) are laid side by side: a run of equal ones, or of equal groups of them, is a repeat.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graph_engine.blocks.block import Category
from graph_engine.blocks.named import FORMULA, FormulaError, evaluate, is_formula, plain
from graph_engine.document.composite import TURN
from graph_engine.document.document import Document
from graph_engine.document.edits import AddGraph, AnyEdit, Batch
from graph_engine.document.enclosing import Checked, enclose, refuse_shared
from graph_engine.document.graph import Graph, Node
from graph_engine.document.grouping import named_by, put_in_place, trained_as_one
from graph_engine.document.links import Chain, Link, chains_of, exit_of, text_of
from graph_engine.document.plan_names import address
from graph_engine.document.port_values import Source
from graph_engine.document.rules import EditRefused

_LONGEST_PERIOD = 60
_LEAST_FOR_RULE = 3
"""Two values follow any rule; three that do are hardly chance."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A part that repeats: `turns` of the same nodes, in one order in each; each turn takes what the one before gave.

    `entry` is the value that the first turn takes. `rules` are the formulas for the parameters that differ from turn to
    turn: (which node of a turn, parameter) → formula in `turn`.
    """

    entry: Source
    turns: tuple[tuple[str, ...], ...]
    rules: tuple[tuple[int, str, str], ...] = ()

    @property
    def times(self) -> int:
        return len(self.turns)

    @property
    def saving(self) -> int:
        """How many nodes need not be drawn a second time."""
        return (self.times - 1) * len(self.turns[0])


def find_folds(graph: Graph, *, by_rule: bool = False) -> list[Fold]:
    """The parts of `graph` that repeat, none overlapping, those that save most first.

    `by_rule`: also where numbers go from turn to turn by a rule (64, 128, 256), or are others in the first turn alone.
    """
    if graph.cycle():
        return []
    found = [each for links in chains_of(graph) for each in _folds_in(graph, links, by_rule=by_rule)]
    folds: list[Fold] = []
    taken: set[str] = set()
    for each in sorted(found, key=lambda fold: -fold.saving):  # a part of a turn may repeat as well
        nodes = {name for turn in each.turns for name in turn}
        if not nodes & taken:
            folds.append(each)
            taken |= nodes
    return folds


def fold(
    document: Document,
    graph_name: str,
    chosen: Fold,
    name: str,
    title: str = "",
    reports: Mapping[str, Checked] | None = None,
) -> Batch:
    """One node that is repeated, of a new composite `name`, in the place of the turns of `chosen`.

    `reports` are the check of the drawing, by node: the Input inside takes its shape from it.

    Raises: EditRefused when the drawing changed since the fold was found.
    """
    graph = document.graphs[graph_name]
    chosen = _found_again(graph, chosen)
    nodes = [node for turn in chosen.turns for node in turn]
    refuse_shared(graph, nodes)
    first, end = chosen.turns[0], exit_of(graph, chosen.turns[-1][-1])
    inner_end = (first[-1], end[1])
    made = enclose(document, graph_name, first, [chosen.entry], [inner_end], name, title, reports or {}, repeated=True)
    made = replace(
        made,
        add=_with_rules(made.add, chosen, graph),
        use=made.use.with_(repeat=chosen.times),
        outputs={end: made.outputs[inner_end]},
    )
    edits: list[AnyEdit] = list(put_in_place(graph, graph_name, made, nodes))
    for verb, names in named_by(document):
        named = [[at for at, node in enumerate(turn) if address(graph_name, node) in names] for turn in chosen.turns]
        if any(places != named[0] for places in named):
            raise EditRefused(f"The plan {verb}s some of these turns alone. Let it {verb} all of them or none.")
    edits += trained_as_one(document, graph_name, nodes, made.use.id, reports or {})
    return Batch(f"Fold {title or name} ×{chosen.times}", tuple(edits))


_Found = tuple[int, int, int]
"""(first link, links of a turn, turns)."""


def _fold(links: Chain, found: _Found) -> Fold:
    at, period, times = found
    turns = [links[at + turn * period : at + (turn + 1) * period] for turn in range(times)]
    return Fold(
        links[at].entry,
        tuple(tuple(name for link in turn for name in link.nodes) for turn in turns),
        _rules(links, at, period, times) or (),
    )


def _found_again(graph: Graph, wanted: Fold) -> Fold:
    """`wanted` as it is drawn now: what enters it may have changed.

    Raises: EditRefused when its turns are no repeat any more.
    """
    for links in chains_of(graph) if not graph.cycle() else ():
        ends = [link.nodes[-1] for link in links]
        if {turn[-1] for turn in wanted.turns} <= set(ends):
            last = [ends.index(turn[-1]) for turn in wanted.turns]
            period = last[1] - last[0]
            at = last[0] - period + 1
            shapes = [link.shape for link in links]
            same = at >= 0 and all(shapes[at + step] == shapes[at + step % period] for step in range(last[-1] + 1 - at))
            if same and _rules(links, at, period, wanted.times) == wanted.rules:
                found = _fold(links, (at, period, wanted.times))
                if found.turns == wanted.turns:
                    return found
    raise EditRefused("The drawing has changed since these repeats were found. Look for them again.")


def _folds_in(graph: Graph, links: Chain, *, by_rule: bool) -> Iterator[Fold]:
    """The best repeat among the links of a chain, then the best before and behind it, until there is none."""
    ranges = [(0, len(links))]
    while ranges:
        low, high = ranges.pop()
        best = max(
            (
                found
                for period in range(1, min(_LONGEST_PERIOD, (high - low) // 2) + 1)
                for found in _repeats(links, low, high, period, by_rule=by_rule)
            ),
            key=lambda found: _worth(graph, links, found),
            default=None,
        )
        if best is None:
            continue
        at, period, times = best
        yield _fold(links, best)
        ranges += [(low, at), (at + period * times, high)]


def _worth(graph: Graph, links: Sequence[Link], found: _Found) -> tuple[int, bool, int]:
    """What is saved; of equals, the one whose turns don't begin with an activation, which belongs to what is before."""
    at, period, times = found
    size = sum(len(link.nodes) for link in links[at : at + period])
    block = graph.block(links[at].nodes[0])
    return (times - 1) * size, block is not None and block.category is not Category.ACTIVATION, -at


def _repeats(links: Sequence[Link], low: int, high: int, period: int, *, by_rule: bool) -> Iterator[_Found]:
    """Every repeat of `period` links that can't be made longer, at each place where it may begin."""
    pairs = [(links[at], links[at + period]) for at in range(low, high - period)]
    run = exact = 0
    for offset in range(len(pairs) - 1, -1, -1):
        one, other = pairs[offset]
        run = run + 1 if one.shape == other.shape else 0
        exact = exact + 1 if one == replace(other, nodes=one.nodes, entry=one.entry) else 0
        times, most = exact // period + 1, run // period + 1
        while by_rule and times < most:  # if so many turns follow a rule, fewer do as well
            tried = max((times + most + 1) // 2, min(_LEAST_FOR_RULE, most))
            if _rules(links, low + offset, period, tried) is None:
                most = tried - 1
            else:
                times = tried
        if times > 1:
            yield low + offset, period, times


def _rules(links: Sequence[Link], at: int, period: int, times: int) -> tuple[tuple[int, str, str], ...] | None:
    """The formulas for what differs between turns; None where something differs without a rule."""
    turns = [
        [values for link in links[at + turn * period : at + (turn + 1) * period] for values in link.values]
        for turn in range(times)
    ]
    rules = []
    for place, first in enumerate(turns[0]):
        if all(turn[place] == first for turn in turns):
            continue
        if any([name for name, _ in turn[place]] != [name for name, _ in first] for turn in turns):
            return None
        for which, (name, value) in enumerate(first):
            series = [json.loads(turn[place][which][1]) for turn in turns]
            if all(turn[place][which][1] == value for turn in turns):
                continue
            rule = _rule(series)
            if rule is None:
                return None
            rules.append((place, name, FORMULA + rule))
    return tuple(rules)


def _rule(series: Sequence[Any]) -> str | None:
    """The formula in `turn` that gives a series of values; None where none is simple enough."""
    if len(series) < _LEAST_FOR_RULE or any(isinstance(value, (list, dict)) or is_formula(value) for value in series):
        return None
    first, second = series[:2]
    tries = [f"{first!r} if {TURN} == 0 else {second!r}"]
    if isinstance(first, int) and isinstance(second, int):
        step = second - first
        tries.append(f"{first} {'+' if step > 0 else '-'} {abs(step)} * {TURN}")
        tries += [f"{first} * {second // first} ** {TURN}"] if first > 0 else []
        tries += [f"{first} // {first // second} ** {TURN}"] if 0 < second < first else []
    return next((rule for rule in tries if _gives(rule, series)), None)


def _gives(rule: str, series: Sequence[Any]) -> bool:
    try:
        found = [plain(evaluate(rule, {TURN: turn})) for turn in range(len(series))]
    except FormulaError:
        return False
    return [text_of(value) for value in found] == [text_of(value) for value in series]


def _with_rules(add: AddGraph, chosen: Fold, graph: Graph) -> AddGraph:
    """The composite with the formulas of `chosen`; a title that only the first turn has is dropped."""
    place = {name: at for at, name in enumerate(chosen.turns[0])}

    def folded(node: Node) -> Node:
        if node.id not in place:  # an Input or Output
            return node
        same = {node.title} == {graph[turn[place[node.id]]].title for turn in chosen.turns}
        rules = {name: formula for at, name, formula in chosen.rules if at == place[node.id]}
        return node.with_(parameters={**node.parameters, **rules}, title=node.title if same else "")

    return replace(add, nodes=tuple(folded(node) for node in add.nodes))
