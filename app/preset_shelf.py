"""The presets with a little drawing of each, made in a job once the window is on screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from graph_engine.document import Graph
from graph_engine.document.geometry import geometry_in
from graph_engine.document.layout import arrange

if TYPE_CHECKING:
    from app.workers import Jobs
    from presets import Preset


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawing of a graph in units of its own: boxes (x, y, width, height, category) and wires (x1, y1, x2, y2)."""

    width: float
    height: float
    boxes: tuple[tuple[float, float, float, float, str], ...]
    wires: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Shelved:
    """A preset and its drawing with default parameters."""

    preset: Preset
    sketch: Sketch


class PresetShelf(QObject):
    """Every preset of the catalog, small ones first. `changed` tells when they have come."""

    changed = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._asked = False
        self.presets: tuple[Shelved, ...] = ()
        self.trouble = ""

    def load(self) -> None:
        """Has the catalog read and drawn; once."""
        if not self._asked:
            self._asked = True
            self._jobs.start("Reading the presets", _read, self._on_read, self._on_failed)

    def families(self) -> dict[str, list[Shelved]]:
        """The presets by family, in the order of the catalog."""
        found: dict[str, list[Shelved]] = {}
        for shelved in self.presets:
            found.setdefault(shelved.preset.family, []).append(shelved)
        return found

    def _on_read(self, presets: tuple[Shelved, ...]) -> None:
        self.presets = presets
        self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        self.trouble = f"The presets could not be read: {error}"
        self.changed.emit()


def _read() -> tuple[Shelved, ...]:
    from presets import catalog

    return tuple(Shelved(preset, _sketch(preset)) for preset in catalog().values())


def _sketch(preset: Preset) -> Sketch:
    """The drawing of a preset in one line, however long: a card is wide and low."""
    document = preset.build()
    document.apply(arrange(document.main, rows=False))
    return sketch_of(document.main)


def sketch_of(graph: Graph) -> Sketch:
    """The drawing of a graph as it is laid out."""
    if not len(graph):
        return Sketch(1, 1, (), ())
    places = {node.id: (node, geometry_in(graph, node.id)) for node in graph}
    left = min(node.position[0] for node, _ in places.values())
    top = min(node.position[1] for node, _ in places.values())
    boxes = []
    for node, geometry in places.values():
        block = graph.block(node)
        boxes.append(
            (
                node.position[0] - left,
                node.position[1] - top,
                geometry.width,
                geometry.height,
                str(block.category) if block else "",
            )
        )
    wires = []
    for wire in graph.wires:
        source, out = places[wire.source]
        target, into = places[wire.target]
        x1, y1 = out.offset("output", wire.output)
        x2, y2 = into.offset("input", wire.input)
        wires.append(
            (
                source.position[0] + x1 - left,
                source.position[1] + y1 - top,
                target.position[0] + x2 - left,
                target.position[1] + y2 - top,
            )
        )
    width = max(x + w for x, _, w, _, _ in boxes)
    height = max(y + h for _, y, _, h, _ in boxes)
    return Sketch(width, height, tuple(boxes), tuple(wires))
