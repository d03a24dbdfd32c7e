"""The way of a wire between two ports: a smooth curve that goes round nodes instead of behind them.

Where no node stands between the ports the plain curve is taken. Else the nodes between the ports are seen as columns;
the wire passes each column through a gap, chosen so that it rises and falls as little as possible, and bends only
between columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graph_engine.document.falling import fall
from graph_engine.document.room import (
    CLEARANCE,
    LANE,
    Curve,
    Lanes,
    Obstacles,
    Point,
    Rect,
    Route,
    distance_to,
    gaps_between,
)

_REACHES = (160.0, 640.0, 2560.0)  # how far above and below the ports a way is looked for, in turn
_SAMPLES, _MOST_SAMPLES = 16, 128
_STEP = 10.0  # between samples of a long piece: less than a node is high, and fine enough for its corners
_STUB, _SHORT_STUB = 20.0, 1.0
_TOUCH = 1.5  # a wire that comes so near to a node seems to pass behind it
_SWINGS = (40.0, 26.0, 14.0, 60.0)
_FAR_BACK, _LEVEL = 160.0, 48.0  # a wire that leads back further, or to another row, runs level between the rows
_WRONG_SIDE = 80.0  # what it costs to cross the wires of the ports above or below
_BEND = 24.0  # what a change of height costs beside its length: few long bends rather than many small ones
_TALL = 240.0  # a wire that rises or falls further may do so beside all nodes


def direct(start: Point, end: Point) -> Curve:
    """The plain curve: it leaves to the right and arrives from the left."""
    (x1, y1), (x2, y2) = start, end
    if x2 >= x1:
        handle = min(max((x2 - x1) / 2, min(32.0, abs(y2 - y1) / 2)), 160.0)
    else:
        handle = min(48.0 + (x1 - x2) / 4, 200.0)
    return (start, (x1 + handle, y1), (x2 - handle, y2), end)


def route(
    start: Point,
    end: Point,
    obstacles: Obstacles,
    ends: tuple[str, str],
    lanes: Lanes | None = None,
    lean: float = 0.0,
) -> Route:
    """The way from an output port at `start` to an input port at `end` round all nodes but its two `ends`.

    `lean` says from where it should arrive so that it does not cross the node's main wire: from above (−1), from
    below (1), or either (0).
    """
    found = _round(start, end, obstacles, ends, lanes, lean)
    way = found or Route(direct(start, end))
    if found is not None and _is_clear_at_ports(way.curve, obstacles, ends):
        return way
    if not _touches(way.curve, obstacles, ends):
        return way
    for reach in _REACHES if end[0] > start[0] else ():
        runs = _runs(start, end, obstacles, ends, reach, lanes, lean, close=True)
        if runs and not _touches(close := _through(start, end, runs), obstacles, ends):
            return Route(close, tuple(runs))
    loops = _loops(start, end, obstacles) if end[0] - start[0] < _FAR_BACK else ()
    for loop in loops:
        if not _touches(loop.curve, obstacles, ends):
            return loop
    return (fall(start, end, obstacles, ends) if abs(end[1] - start[1]) > _TALL else None) or way


def _is_clear_at_ports(curve: Curve, obstacles: Obstacles, ends: tuple[str, str]) -> bool:
    """Whether a wire that leads forward has no node close to its ports; between them its way goes round all nodes."""
    left, top, right, bottom = _bounds(curve)
    if curve[-1][0] - curve[0][0] < 3 * _STUB:
        return False
    sides = ((left, top, left + _STUB, bottom), (right - _STUB, top, right, bottom))
    return not any(obstacles.are_near(side, ends) for side in sides)


def _loops(start: Point, end: Point, obstacles: Obstacles) -> Iterator[Route]:
    """Ways to a port above or below, or to the left: out, along a free height between nodes, and in; near ones first.

    How far they swing out on either side differs, so that one of them passes between nodes that stand close.
    """
    (x1, y1), (x2, y2) = start, end
    left, right = min(x1, x2) - 2 * _STUB, max(x1, x2) + 2 * _STUB
    top, bottom = min(y1, y2) - 400.0, max(y1, y2) + 400.0
    gaps = gaps_between(obstacles.near((left, top, right, bottom)), top, bottom)
    for upper, lower in sorted(gaps, key=lambda gap: distance_to(gap, (y1 + y2) / 2)):
        y = min(max((y1 + y2) / 2, upper), lower)
        for out in _SWINGS:
            for into in _SWINGS:
                yield Route(_loop(start, end, y, out, into), ((min(x1, x2), max(x1, x2), y),))


def _loop(start: Point, end: Point, y: float, out: float, into: float) -> Curve:
    """Out to the right, along the height `y`, and in from the left."""
    (x1, y1), (x2, y2) = start, end
    return (
        start,
        *((x1 + out, y1), (x1 + out, y), (x1, y)),
        *((x1, y), (x2, y), (x2, y)),
        *((x2 - into, y), (x2 - into, y2), end),
    )


def _round(
    start: Point, end: Point, obstacles: Obstacles, ends: tuple[str, str], lanes: Lanes | None, lean: float
) -> Route | None:
    """The way round all nodes but those so close to a port that the wire would have to rise or fall right there.

    None where no gaps lead through.
    """
    plain = direct(start, end)
    (x1, y1), (x2, y2) = start, end
    if x2 - x1 < 3 * _STUB:
        near = x1 - x2 < _FAR_BACK and abs(y2 - y1) < _LEVEL
        if x2 >= x1 or (near and not _hits(plain, obstacles.near(_bounds(plain), ends))):
            return Route(plain)
        return _back(start, end, obstacles, ends[0], lanes)
    between = (x1 + _STUB, min(y1, y2) - CLEARANCE, x2 - _STUB, max(y1, y2) + CLEARANCE)
    if not obstacles.are_near(between, ends):
        return Route(plain)
    for reach in _REACHES:
        runs = _runs(start, end, obstacles, ends, reach, lanes, lean)
        if runs is not None:
            return Route(_through(start, end, runs), tuple(runs))
    return None


def lean_of(ports: Sequence[str], port: str, nearest: str) -> float:
    """From where a wire to `port` should arrive, given its node's input ports and the one whose source is nearest."""
    at, middle = ports.index(port), ports.index(nearest)
    return float((at > middle) - (at < middle))


def sample(curve: Curve, count: int = _SAMPLES) -> Iterator[Point]:
    """Points along a curve, `count` for each of its pieces."""
    yield curve[0]
    for at in range(0, len(curve) - 1, 3):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = curve[at : at + 4]
        for step in range(1, count + 1):
            t = step / count
            s = 1 - t
            a, b, c, d = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
            yield (a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3)


def _bounds(curve: Curve) -> Rect:
    xs, ys = [x for x, _ in curve], [y for _, y in curve]
    return min(xs), min(ys) - 1.0, max(xs), max(ys) + 1.0


def _hits(curve: Curve, rects: list[Rect]) -> bool:
    """Whether a curve goes through one of `rects`."""
    for at in range(0, len(curve) - 1, 3):
        piece = curve[at : at + 4]
        xs, ys = [x for x, _ in piece], [y for _, y in piece]
        left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)  # no piece leaves the box of its four points
        near = [(a, b, c, d) for a, b, c, d in rects if a < right and c > left and b < bottom and d > top]
        if not near:
            continue
        length = abs(xs[3] - xs[0]) + abs(ys[3] - ys[0])
        count = min(max(_SAMPLES, int(length / _STEP)), _MOST_SAMPLES)
        if any(a < x < c and b < y < d for x, y in sample(piece, count) for a, b, c, d in near):
            return True
    return False


def _touches(curve: Curve, obstacles: Obstacles, ends: tuple[str, str]) -> bool:
    """Whether a curve passes behind a node, or along its very edge."""
    left, top, right, bottom = _bounds(curve)
    around = (left - _TOUCH, top - _TOUCH, right + _TOUCH, bottom + _TOUCH)
    if not obstacles.are_near(around, ends):
        return False
    found = obstacles.near(around, ends)
    return _hits(curve, [(a - _TOUCH, b - _TOUCH, c + _TOUCH, d + _TOUCH) for a, b, c, d in found])


def _columns(rects: list[Rect], left: float, right: float) -> list[tuple[float, float, list[Rect]]]:
    """`rects` between `left` and `right` in groups that overlap in x: (left, right, members), from left to right."""
    columns: list[tuple[float, float, list[Rect]]] = []
    for rect in sorted(rects):
        a, b = max(rect[0] - 2.0, left), min(rect[2] + 2.0, right)
        if columns and a < columns[-1][1]:
            before = columns[-1]
            columns[-1] = (before[0], max(before[1], b), [*before[2], rect])
        else:
            columns.append((a, b, [rect]))
    return columns


def _runs(
    start: Point,
    end: Point,
    obstacles: Obstacles,
    ends: tuple[str, str],
    reach: float,
    lanes: Lanes | None,
    lean: float,
    *,
    close: bool = False,
) -> list[tuple[float, float, float]] | None:
    """The level pieces (left, right, y) of the way with the least rise and fall; None if `reach` is too short.

    With `close`, also round nodes close to a port: past those it runs at the height of the port.
    """
    (x1, y1), (x2, y2) = start, end
    stub = _SHORT_STUB if close else _STUB
    top, bottom = min(y1, y2) - reach, max(y1, y2) + reach
    rects = obstacles.near((x1 + stub, top - 200.0, x2 - stub, bottom + 200.0), ends)
    columns = _columns(rects, x1 + stub, x2 - stub)
    best: list[tuple[float, float, tuple[int, ...]]] = [(0.0, y1, ())]  # cost, height, gaps taken
    choices = [gaps_between(members, top, bottom) for _, _, members in columns]
    if close:
        for at, (left, right, _) in enumerate(columns):
            if left < x1 + _STUB:
                choices[at] = [(y1, y1) for upper, lower in choices[at] if upper <= y1 <= lower]
            if right > x2 - _STUB:
                choices[at] = [(y2, y2) for upper, lower in choices[at] if upper <= y2 <= lower]
    for gaps in choices:
        step = []
        for at, (upper, lower) in enumerate(gaps):
            step.append(min(_pass(cost, y, upper, lower, (*taken, at)) for cost, y, taken in best))
        if not step:
            return None
        best = step
    _, _, taken = min((cost + _arrival(y - y2, lean), y, gaps) for cost, y, gaps in best)
    passed = [gaps[at] for gaps, at in zip(choices, taken, strict=True)]
    runs: list[tuple[float, float, float]] = []
    y = y1
    for at, (left, right, _) in enumerate(columns):
        y = _ahead(y, passed[at:], y2)
        if runs and runs[-1][2] == y:
            runs[-1] = (runs[-1][0], right, y)
        else:
            runs.append((left, right, y))
    return [_apart(run, passed, columns, lanes, ends[0]) for run in runs]


def _pass(
    cost: float, y: float, upper: float, lower: float, taken: tuple[int, ...]
) -> tuple[float, float, tuple[int, ...]]:
    if upper <= y <= lower:
        return cost, y, taken
    nearest = upper if y < upper else lower
    return cost + abs(nearest - y) + _BEND, nearest, taken


def _arrival(below: float, lean: float) -> float:
    """What it costs to arrive from a height that lies `below` the port."""
    wrong_side = abs(lean) * _WRONG_SIDE if below * lean < 0 else 0.0
    return abs(below) + (_BEND if below else 0.0) + wrong_side


def _ahead(y: float, gaps: list[tuple[float, float]], goal: float) -> float:
    """The height from which the fewest bends follow: as far as the coming gaps have heights in common."""
    upper, lower = gaps[0]
    for a, b in gaps[1:]:
        if max(upper, a) > min(lower, b):
            break
        upper, lower = max(upper, a), min(lower, b)
    else:
        if upper <= goal <= lower and not upper <= y <= lower:
            return goal
    return min(max(y, upper), lower)


def _apart(
    run: tuple[float, float, float],
    gaps: list[tuple[float, float]],
    columns: list[tuple[float, float, list[Rect]]],
    lanes: Lanes | None,
    source: str,
) -> tuple[float, float, float]:
    """`run` at the nearest height in its gaps where no wire of another source runs."""
    if lanes is None:
        return run
    left, right, y = run
    here = [gap for gap, column in zip(gaps, columns, strict=True) if column[0] < right and column[1] > left]
    upper, lower = max(gap[0] for gap in here), min(gap[1] for gap in here)
    for step in range(12):
        for candidate in (y + step * LANE, y - step * LANE):
            if upper <= candidate <= lower and lanes.is_free(left, right, candidate, source):
                return left, right, candidate
    return run


def _through(start: Point, end: Point, runs: list[tuple[float, float, float]]) -> Curve:
    """The curve along level `runs`, with an S between any two."""
    points: list[Point] = [start]
    for left, right, y in runs:
        _bend(points, (left, y))
        points += [(left, y), (right, y), (right, y)]
    _bend(points, end)
    return tuple(points)


def _bend(points: list[Point], to: Point) -> None:
    (x1, y1), (x2, y2) = points[-1], to
    handle = max((x2 - x1) / 2, min(14.0, abs(y2 - y1) / 2))
    points += [(x1 + handle, y1), (x2 - handle, y2), to]


def _back(start: Point, end: Point, obstacles: Obstacles, source: str, lanes: Lanes | None) -> Route:
    """A way to a port that lies to the left: out, along a free height between the two if there is one, and in.

    Of several heights it takes the one nearest to the start, so that wires of one port stay together.
    """
    (x1, y1), (x2, y2) = start, end
    left, right = x2 - 2 * _STUB, x1 + 2 * _STUB
    top, bottom = min(y1, y2) - 400.0, max(y1, y2) + 400.0
    gaps = gaps_between(obstacles.near((left, top, right, bottom)), top, bottom)
    if not gaps:
        return Route(direct(start, end))
    goal = (y1 + y2) / 2
    between = [gap for gap in gaps if gap[0] > min(y1, y2) and gap[1] < max(y1, y2)]
    upper, lower = min(between or gaps, key=lambda gap: distance_to(gap, y1 if between else goal))
    wanted = min(max(goal, upper), lower)
    heights = [wanted + sign * step * LANE for step in range(12) for sign in (1, -1)]
    free = (y for y in heights if upper <= y <= lower and (lanes is None or lanes.is_free(x2, x1, y, source)))
    y = next(free, wanted)
    out, into = (min(max(2 * _STUB, abs(y - side) * 0.45), 3 * _STUB) for side in (y1, y2))
    return Route(_loop(start, end, y, out, into), ((min(x1, x2), max(x1, x2), y),))
