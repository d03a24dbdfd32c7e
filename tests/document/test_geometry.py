"""Sizes of nodes and places of ports, and the ways of wires round nodes."""

from __future__ import annotations

import pytest

from graph_engine.blocks import all_blocks, find_block
from graph_engine.document import Graph, Node, Wire
from graph_engine.document.geometry import (
    PORT_STEP,
    PORT_TOP,
    geometry_in,
    input_ports,
    measure,
    tell_of,
)
from graph_engine.document.room import CLEARANCE, Lanes, Obstacles
from graph_engine.document.routing import direct, route, sample


@pytest.mark.parametrize("block", all_blocks())
def test_ports_lie_on_the_sides_and_inside_the_height(block: str) -> None:
    node = Node(f"{block}_1", block)
    place = measure(node)
    for side, ports, edge in (("input", place.inputs, 0.0), ("output", place.outputs, place.width)):
        for name, y in ports:
            assert place.offset(side, name) == (edge, y)  # type: ignore[arg-type]
            assert y <= place.height - 10
    assert place.shape + 18.0 <= place.height


def test_a_node_grows_with_its_texts_up_to_a_width() -> None:
    short, long = Node("conv2d_1", "conv2d"), Node("conv2d_1", "conv2d", title="A title of many words " * 4)
    assert measure(short).width < measure(long).width <= 216.0
    assert measure(short).height == measure(long).height
    told = Node("conv2d_1", "conv2d", {"stride": 2, "dilation": 2, "groups": 4})
    assert measure(told).width > measure(short).width
    assert tell_of(told).startswith("3×3")
    assert tell_of(Node("conv2d_1", "conv2d", {"stride": "often"})) == ""


def test_thumbnails_leave_the_ports_where_they_are() -> None:
    node = Node("conv2d_1", "conv2d")
    plain, seen = measure(node), measure(node, thumbnails=True)
    assert seen.height > plain.height
    assert (plain.inputs, plain.outputs) == (seen.inputs, seen.outputs)


@pytest.mark.parametrize(
    ("wired", "shown"),
    [
        ((), ("xs.0", "xs.1")),
        (("xs.0",), ("xs.0", "xs.1")),
        (("xs.0", "xs.1"), ("xs.0", "xs.1", "xs.2")),
        (("xs.0", "xs.2"), ("xs.0", "xs.2", "xs.3")),
        (("xs.2",), ("xs.2", "xs.3")),
    ],
)
def test_a_variadic_input_shows_a_free_slot(wired: tuple[str, ...], shown: tuple[str, ...]) -> None:
    assert input_ports(find_block("add"), wired) == shown
    place = measure(Node("add_1", "add"), wired)
    assert place.inputs == tuple((name, PORT_TOP + at * PORT_STEP) for at, name in enumerate(shown))


def test_ports_that_only_wires_know_are_shown() -> None:
    graph = Graph(
        [Node("input_1", "input"), Node("warp_1", "warp_drive"), Node("relu_1", "relu")],
        [Wire("input_1", "y", "warp_1", "coil"), Wire("warp_1", "flux", "relu_1", "x")],
    )
    place = geometry_in(graph, "warp_1")
    assert place.inputs == (("coil", PORT_TOP),)
    assert place.outputs == (("flux", PORT_TOP),)


def wall(*rects: tuple[float, float, float, float]) -> Obstacles:
    obstacles = Obstacles()
    for at, rect in enumerate(rects):
        obstacles.put(f"n_{at}", rect)
    return obstacles


def test_the_plain_curve_is_taken_where_nothing_is_between() -> None:
    way = route((0.0, 0.0), (300.0, 80.0), wall((100.0, 300.0, 200.0, 400.0)), ("a", "b"))
    assert way.curve == direct((0.0, 0.0), (300.0, 80.0))
    assert way.runs == ()


def test_a_wire_goes_round_a_node_on_the_nearer_side() -> None:
    obstacles = wall((150.0, -20.0, 250.0, 100.0))
    way = route((0.0, 0.0), (400.0, 0.0), obstacles, ("a", "b"))
    assert [y for _, _, y in way.runs] == [-20.0 - CLEARANCE]
    assert not any(obstacles.near((x, y, x, y)) for x, y in sample(way.curve, 40))


def test_a_wire_leans_to_the_side_of_its_port() -> None:
    obstacles = wall((150.0, -60.0, 250.0, 40.0))
    above = route((0.0, 0.0), (400.0, 0.0), obstacles, ("a", "b"), lean=-1.0)
    below = route((0.0, 0.0), (400.0, 0.0), obstacles, ("a", "b"))
    assert above.runs[0][2] < 0 < below.runs[0][2]


def test_its_own_ends_are_no_obstacle() -> None:
    obstacles = Obstacles()
    obstacles.put("a", (-100.0, -40.0, 60.0, 40.0))
    way = route((0.0, 0.0), (400.0, 0.0), obstacles, ("a", "b"))
    assert way.runs == ()


def test_wires_of_different_sources_run_apart() -> None:
    obstacles, lanes = wall((150.0, -20.0, 250.0, 100.0)), Lanes()
    first = route((0.0, 0.0), (400.0, 0.0), obstacles, ("a", "b"), lanes)
    lanes.take("first", "a", first.runs)
    second = route((0.0, 10.0), (400.0, 10.0), obstacles, ("c", "d"), lanes)
    assert abs(second.runs[0][2] - first.runs[0][2]) >= 6.0
    shared = route((0.0, 0.0), (400.0, 10.0), obstacles, ("a", "d"), lanes)
    assert shared.runs[0][2] == first.runs[0][2]
    lanes.release("first")
    again = route((0.0, 10.0), (400.0, 10.0), obstacles, ("c", "d"), lanes)
    assert again.runs[0][2] == first.runs[0][2]


def test_a_wire_back_to_the_left_goes_between_the_rows() -> None:
    obstacles = wall((-50.0, -60.0, 0.0, 40.0), (-700.0, 100.0, -600.0, 200.0), (-400.0, -60.0, -300.0, 40.0))
    way = route((0.0, 0.0), (-700.0, 140.0), obstacles, ("n_0", "n_1"))
    assert way.curve[0] == (0.0, 0.0)
    assert way.curve[-1] == (-700.0, 140.0)
    assert not any(obstacles.near((x, y, x, y), ("n_0", "n_1")) for x, y in sample(way.curve, 40))


@pytest.mark.parametrize("end", [(30.0, 200.0), (0.0, 200.0), (-100.0, 20.0)])
def test_a_wire_to_a_near_port_is_plain(end: tuple[float, float]) -> None:
    way = route((0.0, 0.0), end, wall((200.0, 60.0, 300.0, 90.0)), ("a", "b"))
    assert way.curve == direct((0.0, 0.0), end)


def test_obstacles_are_moved_and_taken_away() -> None:
    obstacles = wall((0.0, 0.0, 10.0, 10.0))
    obstacles.put("n_0", (1000.0, 0.0, 1010.0, 10.0))
    assert obstacles.near((0.0, 0.0, 10.0, 10.0)) == []
    assert obstacles.near((1000.0, 0.0, 1001.0, 1.0)) == [(1000.0, 0.0, 1010.0, 10.0)]
    obstacles.remove("n_0")
    assert obstacles.near((1000.0, 0.0, 1001.0, 1.0)) == []
    assert "n_0" not in obstacles


def test_a_wire_that_falls_far_passes_beside_all_nodes() -> None:
    obstacles = Obstacles()
    for at in range(12):
        aside = 90.0 if at in (3, 4, 8) else 0.0
        obstacles.put(f"n_{at}", (-aside, at * 100.0, 120.0 + aside, at * 100.0 + 60.0))
    way = route((120.0, 30.0), (0.0, 1130.0), obstacles, ("n_0", "n_11"))
    points = list(sample(way.curve, 200))
    assert points[0] == (120.0, 30.0)
    assert points[-1] == (0.0, 1130.0)
    assert not any(obstacles.near((x - 1, y - 1, x + 1, y + 1), ("n_0", "n_11")) for x, y in points)
    assert min(x for x, _ in points) < -90.0 or max(x for x, _ in points) > 210.0
