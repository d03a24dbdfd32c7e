"""The height of every vertex: long ways straight, the rest near what it is linked with, nothing overlapping.

Links that can be straight without crossing each other join vertices to blocks of one height (as Brandes and Köpf, 2002,
do; here by priority: first the longest way through the drawing, then the lanes of long wires, then the rest). Blocks
are packed, then moved to the median of what they are linked with as far as their neighbours leave room.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from graph_engine.document.layered.drawing import Drawing, Link

NODE_GAP, LANE_GAP = 36.0, 12.0
"""Between nodes below each other, and between a lane and what is next to it."""

_SWEEPS = 10
_STEP = 20.0  # ports that differ by no more are joined by a small bend, so that nodes stand level


def assign_heights(drawing: Drawing) -> None:
    """Set `drawing.y`, given the order of the columns."""
    blocks = _blocks(drawing, _straight(drawing))
    above = _neighbours(drawing, blocks)
    order = _downwards(blocks, above)
    _pack(blocks, above, order)
    _relax(drawing, blocks, above, order)
    y = [0.0] * len(drawing.heights)
    for block in blocks.all:
        for vertex in block.members:
            y[vertex] = block.y + blocks.inner[vertex]
    drawing.y = y


@dataclass(slots=True)
class _Block:
    """Vertices of neighbouring columns on one line; `y` is the height of the first one's upper edge."""

    members: list[int]
    y: float = 0.0


@dataclass(slots=True)
class _Blocks:
    """All blocks, and for every vertex its block and how far its upper edge lies below its block's `y`."""

    all: list[_Block]
    of: list[int]
    inner: list[float]


@dataclass(slots=True)
class _Neighbours:
    """For each block: (other block, how much greater the lower one's `y` must at least be) above and below it."""

    above: list[list[tuple[int, float]]] = field(default_factory=list)
    below: list[list[tuple[int, float]]] = field(default_factory=list)


def _straight(drawing: Drawing) -> list[Link]:
    """Links to draw straight: at most one into and one out of each vertex, no two crossing."""
    position = [0] * len(drawing.heights)
    for column in drawing.columns:
        for at, vertex in enumerate(column):
            position[vertex] = at
    taken_out, taken_in = set[int](), set[int]()
    ranks: list[list[tuple[int, int]]] = [[] for _ in drawing.columns]
    chosen = []
    for link in _by_priority(drawing, position):
        if link.source in taken_out or link.target in taken_in:
            continue
        near = ranks[drawing.layer[link.source]]
        pair = (position[link.source], position[link.target])
        at = bisect_left(near, pair)
        if (at and near[at - 1][1] > pair[1]) or (at < len(near) and near[at][1] < pair[1]):
            continue
        near.insert(at, pair)
        taken_out.add(link.source)
        taken_in.add(link.target)
        chosen.append(link)
    return chosen


def _by_priority(drawing: Drawing, position: list[int]) -> list[Link]:
    outgoing, incoming = drawing.outgoing(), drawing.incoming()
    by_layer = sorted(range(len(drawing.heights)), key=drawing.layer.__getitem__)
    before, after = [0] * len(drawing.heights), [0] * len(drawing.heights)
    weight = [0 if drawing.is_dummy(vertex) else 1 for vertex in range(len(drawing.heights))]
    for vertex in by_layer:
        before[vertex] = weight[vertex] + max((before[link.source] for link in incoming[vertex]), default=0)
    for vertex in reversed(by_layer):
        after[vertex] = weight[vertex] + max((after[link.target] for link in outgoing[vertex]), default=0)
    spine = _spine(drawing, before, after, outgoing)

    def priority(link: Link) -> tuple[int, int, int, int]:
        lane = drawing.is_dummy(link.source) and drawing.is_dummy(link.target)
        rank = 0 if (link.source, link.target) in spine else 1 if lane else 2
        apart = abs(position[link.source] - position[link.target])
        return rank, -(before[link.source] + after[link.target]), drawing.layer[link.source], apart

    return sorted(drawing.links, key=priority)


def _spine(drawing: Drawing, before: list[int], after: list[int], outgoing: list[list[Link]]) -> set[tuple[int, int]]:
    """The links of the longest way through the drawing, in nodes."""
    starts = [vertex for vertex in range(drawing.nodes) if before[vertex] == 1]
    if not starts:
        return set()
    vertex = max(starts, key=lambda start: (after[start], -start))
    spine = set[tuple[int, int]]()
    while outgoing[vertex]:
        follow = max(outgoing[vertex], key=lambda link: (after[link.target], -link.target)).target
        spine.add((vertex, follow))
        vertex = follow
    return spine


def _blocks(drawing: Drawing, straight: list[Link]) -> _Blocks:
    onward = {link.source: link for link in straight}
    heads = set(range(len(drawing.heights))) - {link.target for link in straight}
    blocks = _Blocks([], [0] * len(drawing.heights), [0.0] * len(drawing.heights))
    for head in sorted(heads):
        members, vertex = [head], head
        while vertex in onward:
            link = onward[vertex]
            blocks.inner[link.target] = blocks.inner[vertex] + _drop(drawing, link)
            vertex = link.target
            members.append(vertex)
        for member in members:
            blocks.of[member] = len(blocks.all)
        blocks.all.append(_Block(members))
    return blocks


def _drop(drawing: Drawing, link: Link) -> float:
    """How far the target's upper edge lies below the source's where the link is straight, or nearly so."""
    drop = link.out - link.into
    between_nodes = not drawing.is_dummy(link.source) and not drawing.is_dummy(link.target)
    return 0.0 if between_nodes and abs(drop) <= _STEP else drop


def _neighbours(drawing: Drawing, blocks: _Blocks) -> _Neighbours:
    near = _Neighbours([[] for _ in blocks.all], [[] for _ in blocks.all])
    least: dict[tuple[int, int], float] = {}
    for column in drawing.columns:
        for upper, lower in pairwise(column):
            gap = LANE_GAP if drawing.is_dummy(upper) or drawing.is_dummy(lower) else NODE_GAP
            apart = blocks.inner[upper] + drawing.heights[upper] + gap - blocks.inner[lower]
            pair = (blocks.of[upper], blocks.of[lower])
            least[pair] = max(least.get(pair, apart), apart)
    for (upper, lower), apart in least.items():
        near.above[lower].append((upper, apart))
        near.below[upper].append((lower, apart))
    return near


def _downwards(blocks: _Blocks, near: _Neighbours) -> list[int]:
    """Blocks so that each comes after all above it. There is no circle: ways that do not cross are ordered."""
    waiting = [len(above) for above in near.above]
    ready = [block for block in range(len(blocks.all)) if not waiting[block]]
    order = []
    while ready:
        block = ready.pop()
        order.append(block)
        for lower, _ in near.below[block]:
            waiting[lower] -= 1
            if not waiting[lower]:
                ready.append(lower)
    return order


def _pack(blocks: _Blocks, near: _Neighbours, order: list[int]) -> None:
    for block in order:
        blocks.all[block].y = max((blocks.all[upper].y + apart for upper, apart in near.above[block]), default=0.0)


def _relax(drawing: Drawing, blocks: _Blocks, near: _Neighbours, order: list[int]) -> None:
    """Move each block to the median of what it is linked with, as far as there is room."""
    pulls: list[list[tuple[int, float]]] = [[] for _ in blocks.all]
    for link in drawing.links:
        source, target = blocks.of[link.source], blocks.of[link.target]
        if source != target:
            apart = blocks.inner[link.source] + link.out - blocks.inner[link.target] - link.into
            pulls[target].append((source, apart))
            pulls[source].append((target, -apart))
    heights = [block.y for block in blocks.all]
    for sweep in range(_SWEEPS):
        for block in order if sweep % 2 else reversed(order):
            if not pulls[block]:
                continue
            wanted = median([heights[other] + apart for other, apart in pulls[block]])
            for upper, apart in near.above[block]:
                wanted = max(wanted, heights[upper] + apart)
            for lower, apart in near.below[block]:
                wanted = min(wanted, heights[lower] - apart)
            heights[block] = wanted
    for moved, height in zip(blocks.all, heights, strict=True):
        moved.y = height
