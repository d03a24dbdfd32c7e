"""What is drawn beside the network: frames with a title, notes, bookmarks. It changes nothing of what is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Literal

from graph_engine.document.rules import ID, EditRefused

if TYPE_CHECKING:
    from graph_engine.document.graph import Graph, Position

AnnotationKind = Literal["frame", "note"]
AnnotationColor = Literal["neutral", "blue", "green", "orange", "purple", "red"]
COLORS: tuple[AnnotationColor, ...] = ("neutral", "blue", "green", "orange", "purple", "red")

LEAST_SIZE = (96.0, 40.0)
"""How small a frame or a note may become, in scene units."""

FRAME_EDGE, FRAME_HEAD = 24.0, 28.0
"""What a frame leaves free around its nodes, and above it for its title, in scene units."""

SLOTS = range(1, 10)
"""The numbers that bookmarks have."""

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A frame around nodes, `text` being its title, or a note with a text of its own.

    `position` is the upper left corner and `size` the extent, in scene units. A frame holds what lies in it.
    """

    id: str
    kind: AnnotationKind
    text: str = ""
    position: tuple[float, float] = (0.0, 0.0)
    size: tuple[float, float] = (240.0, 120.0)
    color: AnnotationColor = "neutral"

    @property
    def rect(self) -> Rect:
        (x, y), (width, height) = self.position, self.size
        return x, y, x + width, y + height

    def moved(self, dx: float, dy: float) -> Annotation:
        return replace(self, position=(self.position[0] + dx, self.position[1] + dy))

    def with_rect(self, rect: Rect) -> Annotation:
        """The same with other borders, and never smaller than the least size."""
        left, top, right, bottom = rect
        size = max(right - left, LEAST_SIZE[0]), max(bottom - top, LEAST_SIZE[1])
        return replace(self, position=(left, top), size=size)


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place in the document to come back to: a graph, what is in the middle, and the zoom (1 is 100 %)."""

    graph: str
    center: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0


def why_not_annotation(annotation: Annotation) -> str | None:
    """Why a graph can't hold this, in a sentence; None when it can."""
    if not ID.match(annotation.id):
        return f"{annotation.id!r} can't be an id: it takes lower-case letters, digits and _."
    if annotation.kind not in ("frame", "note"):
        return f"{annotation.kind!r} is neither a frame nor a note."
    if annotation.color not in COLORS:
        return f"{annotation.color!r} is no colour of frames and notes: take one of {', '.join(COLORS)}."
    if not all(map(isfinite, (*annotation.position, *annotation.size))) or min(annotation.size) <= 0:
        return f"{annotation.id} can't be put at {annotation.position}, {annotation.size} large: that is not a place."
    return None


def fresh_annotation_id(graph: Graph, kind: AnnotationKind, taken: Iterable[str] = ()) -> str:
    """An id for a new frame or note that none has: `frame_2`."""
    used = {*graph.annotations, *taken}
    number = len([name for name in used if name.startswith(f"{kind}_")]) + 1
    while f"{kind}_{number}" in used:
        number += 1
    return f"{kind}_{number}"


def is_inside(inner: Rect, outer: Rect) -> bool:
    """Whether `inner` lies in `outer`, up to half a unit."""
    return (
        inner[0] >= outer[0] - 0.5
        and inner[1] >= outer[1] - 0.5
        and inner[2] <= outer[2] + 0.5
        and inner[3] <= outer[3] + 0.5
    )


def members(frame: Annotation, boxes: Mapping[str, Rect]) -> list[str]:
    """Those of `boxes` (of nodes, or of annotations) whose middle lies in `frame`."""
    left, top, right, bottom = frame.rect
    return [
        name
        for name, box in boxes.items()
        if left <= (box[0] + box[2]) / 2 <= right and top <= (box[1] + box[3]) / 2 <= bottom
    ]


def around(boxes: Iterable[Rect]) -> Rect:
    """The borders of a frame around `boxes`, of which there is at least one."""
    found = list(boxes)
    return (
        min(box[0] for box in found) - FRAME_EDGE,
        min(box[1] for box in found) - FRAME_EDGE,
        max(box[2] for box in found) + FRAME_EDGE,
        max(box[3] for box in found) + FRAME_EDGE,
    )


def node_boxes(graph: Graph) -> dict[str, Rect]:
    """The borders of every node, without its thumbnails."""
    from graph_engine.document.geometry import geometry_in

    found = {}
    for node in graph:
        (x, y), place = node.position, geometry_in(graph, node.id)
        found[node.id] = (x, y, x + place.width, y + place.height)
    return found


def annotations_of(graph: Graph, nodes: Iterable[str]) -> list[Annotation]:
    """The frames that hold some of `nodes` and no others, with the notes that lie in them."""
    if not graph.annotations:
        return []
    chosen, boxes = set(nodes), node_boxes(graph)
    frames = [each for each in graph.annotations.values() if each.kind == "frame"]
    taken = [frame for frame in frames if (held := members(frame, boxes)) and set(held) <= chosen]
    notes = [
        each
        for each in graph.annotations.values()
        if each.kind == "note" and any(is_inside(each.rect, frame.rect) for frame in taken)
    ]
    return [*taken, *notes]


def check_bends(bends: Iterable[Position]) -> None:
    """Raises: EditRefused for a point that is no place."""
    for bend in bends:
        if not all(map(isfinite, bend)):
            raise EditRefused(f"A wire can't lead through {bend}: that is not a place.")
