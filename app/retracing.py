"""What undo and redo show: the graph that they changed, and in it what came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.document import Change


@dataclass(frozen=True, slots=True)
class Retraced:
    """What was changed in the graph that is shown now: nodes that are there, and of nodes and annotations (frames and
    notes) those that were not there before.
    """

    nodes: tuple[str, ...]
    came: tuple[str, ...]
    annotations: tuple[str, ...]


def retrace(session: Session, go: Callable[[], object]) -> Retraced | None:
    """Lets `go` undo or redo, and shows a graph where it changed something; None where it did nothing.

    Raises: as `go`.
    """
    document = session.document
    before = {name: {*graph.nodes, *graph.annotations} for name, graph in document.graphs.items()}
    changes: list[Change] = []
    end = document.subscribe(changes.append)
    try:
        go()
    finally:
        end()
    if not changes:
        return None
    session.history_changed.emit()
    _show_graph(session, before, changes)
    name, graph = session.graph_name, session.graph
    known = before.get(name, set())
    touched = sorted({node for each in changes for at, node in each.nodes if at == name and node in graph})
    noted = sorted({note for each in changes for at, note in each.annotations if at == name})
    return Retraced(
        tuple(touched),
        tuple(node for node in touched if node not in known),
        tuple(note for note in noted if note in graph.annotations and note not in known),
    )


def _show_graph(session: Session, before: Mapping[str, object], changes: Sequence[Change]) -> None:
    """A composite that was changed and is not shown would be changed unseen; one that came back is not entered."""
    graphs = session.document.graphs
    drawn = [name for each in changes for name, _ in sorted({*each.nodes, *each.annotations})]
    declared = [name for each in changes for name in sorted(each.graphs)]
    touched = [name for name in (*drawn, *declared) if name in graphs and name in before]
    if touched and session.graph_name not in touched:
        session.show_graph(touched[0])
