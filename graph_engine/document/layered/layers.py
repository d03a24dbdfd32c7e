"""Which column each node stands in, and dummies where a wire passes columns."""

from __future__ import annotations

from graph_engine.document.layered.drawing import Drawing, Link

LANE_HEIGHT = 10.0
_MOST_DUMMIES = 20_000  # beyond this, the longest wires get no lane: a drawing of that kind can't be tidy


def assign_layers(drawing: Drawing) -> None:
    """Give every node a column left of all that it leads to.

    Nodes on the way from the main source stand as far left as they can; what joins from elsewhere (a label, a second
    input) stands right before what it joins.
    """
    outgoing, incoming = drawing.outgoing(), drawing.incoming()
    order = _topological(outgoing, incoming)
    layer = [0] * len(drawing.heights)
    for vertex in order:
        layer[vertex] = max((layer[link.source] + 1 for link in incoming[vertex]), default=0)
    main = _main_reach(order, outgoing, incoming)
    for vertex in reversed(order):
        if not outgoing[vertex]:
            continue
        latest = min(layer[link.target] for link in outgoing[vertex]) - 1
        if vertex not in main or len(_ends(outgoing[vertex])) > len(incoming[vertex]) > 0:
            layer[vertex] = max(layer[vertex], latest)
    least = min(layer, default=0)
    drawing.layer = [at - least for at in layer]


def insert_dummies(drawing: Drawing) -> None:
    """Split the wires that pass columns: a dummy in each, shared by the wires that leave one port."""
    layer = drawing.layer
    long = [link for link in drawing.links if layer[link.target] - layer[link.source] > 1]
    long.sort(key=lambda link: layer[link.target] - layer[link.source])
    short = [link for link in drawing.links if layer[link.target] - layer[link.source] == 1]
    lanes: dict[tuple[int, float, int], int] = {}
    pieces: list[Link] = []
    for link in long:
        last, out = link.source, link.out
        for at in range(layer[link.source] + 1, layer[link.target]):
            key = (link.source, link.out, at)
            if key not in lanes:
                if len(lanes) >= _MOST_DUMMIES:
                    break
                lanes[key] = len(drawing.heights)
                drawing.heights.append(LANE_HEIGHT)
                layer.append(at)
                pieces.append(Link(last, lanes[key], out, LANE_HEIGHT / 2))
            last, out = lanes[key], LANE_HEIGHT / 2
        else:
            pieces.append(Link(last, link.target, out, link.into))
    drawing.links = short + pieces


def _topological(outgoing: list[list[Link]], incoming: list[list[Link]]) -> list[int]:
    waiting = [len(links) for links in incoming]
    ready = [vertex for vertex, count in enumerate(waiting) if not count][::-1]
    order = []
    while ready:
        vertex = ready.pop()
        order.append(vertex)
        for link in outgoing[vertex]:
            waiting[link.target] -= 1
            if not waiting[link.target]:
                ready.append(link.target)
    return order


def _main_reach(order: list[int], outgoing: list[list[Link]], incoming: list[list[Link]]) -> set[int]:
    """All that the source with the longest way before it leads to."""
    depth = [0] * len(outgoing)
    for vertex in reversed(order):
        depth[vertex] = max((depth[link.target] + 1 for link in outgoing[vertex]), default=0)
    sources = [vertex for vertex in order if not incoming[vertex]]
    if not sources:
        return set()
    stack = [max(sources, key=lambda vertex: (depth[vertex], -vertex))]
    reached = set(stack)
    while stack:
        for link in outgoing[stack.pop()]:
            if link.target not in reached:
                reached.add(link.target)
                stack.append(link.target)
    return reached


def _ends(links: list[Link]) -> set[int]:
    return {link.target for link in links}
