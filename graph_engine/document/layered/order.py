"""The order within columns: barycentre sweeps that keep the best order seen (Sugiyama, Tagawa, Toda 1981)."""

from __future__ import annotations

from graph_engine.document.layered.drawing import Drawing, Link

_SWEEPS = 16
_PATIENCE = 4  # sweeps without a better order


def reduce_crossings(drawing: Drawing) -> None:
    """Order every column so that few wires cross."""
    outgoing, incoming = drawing.outgoing(), drawing.incoming()
    columns = _first_order(drawing, outgoing, incoming)
    best, least = [list(column) for column in columns], _crossings(drawing, columns, outgoing)
    stale = 0
    for sweep in range(_SWEEPS):
        if not least or stale >= _PATIENCE:
            break
        position = _positions(drawing, columns)
        if sweep % 2 == 0:
            for column in columns[1:]:
                _sort(column, position, incoming, forward=True)
        else:
            for column in columns[-2::-1]:
                _sort(column, position, outgoing, forward=False)
        crossings = _crossings(drawing, columns, outgoing)
        stale += 1
        if crossings < least:
            best, least, stale = [list(column) for column in columns], crossings, 0
    drawing.columns = best


def _first_order(drawing: Drawing, outgoing: list[list[Link]], incoming: list[list[Link]]) -> list[list[int]]:
    """Columns in the order in which a walk from the sources meets the vertices: branches stay together."""
    columns: list[list[int]] = [[] for _ in range(max(drawing.layer, default=-1) + 1)]
    seen = [False] * len(drawing.heights)
    sources = sorted(
        (vertex for vertex in range(len(drawing.heights)) if not incoming[vertex]),
        key=lambda vertex: (drawing.layer[vertex], vertex),
    )
    for source in sources:
        stack = [source]
        while stack:
            vertex = stack.pop()
            if seen[vertex]:
                continue
            seen[vertex] = True
            columns[drawing.layer[vertex]].append(vertex)
            stack += [link.target for link in sorted(outgoing[vertex], key=lambda link: -link.out)]
    return columns


def _positions(drawing: Drawing, columns: list[list[int]]) -> list[float]:
    position = [0.0] * len(drawing.heights)
    for column in columns:
        for at, vertex in enumerate(column):
            position[vertex] = float(at)
    return position


def _sort(column: list[int], position: list[float], links: list[list[Link]], *, forward: bool) -> None:
    """Sort a column by the mean height of what each vertex is linked with; those without links stay in place."""
    keys: dict[int, float] = {}
    for vertex in column:
        near = links[vertex]
        if near:
            # ports of one node lie below each other: a thousandth of their height is enough to keep their order
            total = sum(
                position[link.source] + link.out / 1000 if forward else position[link.target] + link.into / 1000
                for link in near
            )
            keys[vertex] = total / len(near)
        else:
            keys[vertex] = position[vertex]
    column.sort(key=keys.__getitem__)
    for at, vertex in enumerate(column):
        position[vertex] = float(at)


def _crossings(drawing: Drawing, columns: list[list[int]], outgoing: list[list[Link]]) -> int:
    """How many pairs of links cross, counted with a Fenwick tree for each pair of columns."""
    position = _positions(drawing, columns)
    total = 0
    for column in columns[:-1]:
        ends: list[tuple[float, float]] = []
        for vertex in column:
            found = [
                (position[vertex] + link.out / 1000, position[link.target] + link.into / 1000)
                for link in outgoing[vertex]
            ]
            ends += sorted(found)
        if len(ends) > 1:
            total += _inversions([round(end * 1000) for _, end in ends])
    return total


def _inversions(values: list[int]) -> int:
    """Pairs of which the greater comes first."""
    rank = {value: at + 1 for at, value in enumerate(sorted(set(values)))}
    tree = [0] * (len(rank) + 1)
    total = 0
    for seen, value in enumerate(values):
        at = rank[value]
        not_greater = 0
        while at:
            not_greater += tree[at]
            at -= at & -at
        total += seen - not_greater
        at = rank[value]
        while at < len(tree):
            tree[at] += 1
            at += at & -at
    return total
