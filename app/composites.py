"""What can be done with composites, from any place of the window: made, named, unpacked, folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph_engine.document import MAIN, AnyEdit, Batch, EditRefused, title_of
from graph_engine.document.composite import graph_of, is_composite
from graph_engine.document.folding import Fold, find_folds, fold
from graph_engine.document.grouping import make_composite
from graph_engine.document.port_values import fresh_name
from graph_engine.document.unpacking import unpack

if TYPE_CHECKING:
    from app.canvas import CanvasView
    from app.own_blocks import OwnBlocks
    from app.session import Session
    from graph_engine.document import Document, Graph, Node

_QUICK = 300
"""In a drawing of more nodes, repeats are looked for only when they are to be folded."""
_NAMED = 3
"""How many of the blocks of a turn its title names."""
_NOTHING_REPEATS = (
    "Nothing here repeats: a part is folded when the same nodes with the same parameters follow one another."
)


def selected_composites(session: Session) -> list[str]:
    """The nodes of composites among those that are selected."""
    return [node for node in session.selection.nodes if is_composite(session.graph[node].block)]


def selected_composite(session: Session) -> str | None:
    """The composite's node that is selected, if nothing else is."""
    found = selected_composites(session)
    return found[0] if found and len(session.selection.nodes) == 1 else None


def make(session: Session, canvas: CanvasView) -> str | None:
    """Makes a composite of the selected nodes and puts its title up for another one; the id of the node that uses it.

    Raises: EditRefused when these nodes can't be one.
    """
    chosen = session.selection.nodes
    title = _fresh_title(session.document, _first(session.graph, chosen))
    use = _perform(session, _composite_of(session, chosen, title))

    def take(wanted: str) -> None:
        """One step makes the composite under the name that it was given: that in the file is made of it as well."""
        if wanted and wanted != title and session.history.undo_label == f"Make the composite {title}":
            edit = _composite_of_undone(session, chosen, wanted)
            session.select([_perform(session, edit)])

    session.select([use])
    canvas.rename(use, take)
    return use


def chosen_graph(session: Session) -> str | None:
    """The composite that is meant: that of the selected node or, when nothing is selected, the one that is shown."""
    node = selected_composite(session)
    if node is not None:
        return graph_of(session.graph[node].block)
    return session.graph_name if session.graph_name != MAIN and not session.selection.nodes else None


def keep(session: Session, own: OwnBlocks) -> None:
    """Keeps the composite that is meant, or what is selected as one, in the user's library. The drawing stays.

    Raises: EditRefused when the selected nodes can't be a composite.
    """
    document, graph = session.document.snapshot(), chosen_graph(session)
    if graph is None:
        title = _fresh_title(document, _first(session.graph, session.selection.nodes))
        graph = fresh_name(title, document.graphs.__contains__)
        nodes = session.selection.nodes
        document.apply(make_composite(document, session.graph_name, nodes, graph, title, session.reports))
    if graph in document.graphs:
        own.ask_to_keep(document, graph)


def update(session: Session, own: OwnBlocks) -> None:
    """The composite that is meant becomes what the user keeps under its name.

    Raises: EditRefused.
    """
    graph = chosen_graph(session)
    edit = own.update(graph) if graph is not None else None
    if edit is not None:
        session.perform(edit)


def update_title(session: Session, own: OwnBlocks) -> str:
    """`Update Cell from my blocks`; empty while there is nothing to update from."""
    graph = chosen_graph(session)
    newer = own.newer(graph) if graph is not None else None
    return f"Update {newer.title} from my blocks" if newer is not None else ""


def unpack_selected(session: Session) -> None:
    """Puts what each selected composite holds in the place of its node, as one step, and selects it.

    Raises: EditRefused for one that can't be replaced by single nodes; then none is.
    """
    found, before = selected_composites(session), set(session.graph.nodes)
    after, edits, label = session.document.snapshot(), list[AnyEdit](), f"Unpack {len(found)} composites"
    for node in found:
        report = session.report(node)
        turns = [each.values for each in report.inside] if report is not None else []
        edit = unpack(after, session.graph_name, node, turns)
        after.apply(edit)
        edits += edit.edits
        label = edit.label if len(found) == 1 else label
    if edits:
        session.perform(Batch(label, tuple(edits)))
        session.select(name for name in session.graph.nodes if name not in before)


def look_for_folds(session: Session) -> None:
    """Finds the greatest repeat in the graph that is shown, for `fold_title`; in a large one it is left for later."""
    if len(session.graph) <= _QUICK and _known_fold(session) is None:
        _note_folds(session, find_folds(session.graph, by_rule=True))


def fold_title(session: Session) -> str:
    """`Fold 4 × [Conv 2d, Batch norm]`; empty while nothing was found in the graph as it is now."""
    known = _known_fold(session)
    if known is None or known[0] is None:
        return ""
    return f"Fold {known[0].times} × [{_blocks_of(session.graph, known[0])}]"


def fold_greatest(session: Session, canvas: CanvasView) -> None:
    """Folds the part whose repeats are most nodes into one composite that is repeated.

    In a large drawing it is looked for in a job; what is found is folded then, unless the drawing has changed.

    Raises: EditRefused when nothing repeats.
    """
    look_for_folds(session)
    if _known_fold(session) is not None:
        _fold_known(session, canvas)
        return
    snapshot, name, stamp = session.document.snapshot(), session.graph_name, session.graph.stamp

    def done(folds: list[Fold]) -> None:
        if (session.graph_name, session.graph.stamp) != (name, stamp):
            session.refused.emit("The drawing has changed while repeats were looked for, so nothing was folded.")
            return
        _note_folds(session, folds)
        try:
            _fold_known(session, canvas)
        except EditRefused as refusal:
            session.refused.emit(str(refusal))

    session.jobs.start("Looking for repeated structure", lambda: find_folds(snapshot.graphs[name], by_rule=True), done)


def _fold_known(session: Session, canvas: CanvasView) -> None:
    """Raises: EditRefused when nothing repeats, or it can't be folded."""
    found = (_known_fold(session) or (None,))[0]
    if found is None:
        raise EditRefused(_NOTHING_REPEATS)
    document = session.document
    title = _fresh_title(document, _first(session.graph, found.turns[0]))
    name = fresh_name(title, document.graphs.__contains__)
    use = _perform(session, fold(document, session.graph_name, found, name, title, session.reports))
    session.reveal(use)
    canvas.setFocus()


def _known_fold(session: Session) -> tuple[Fold | None] | None:
    """The greatest repeat in the graph as it is now, None for none; None before it was looked for."""
    known = session.front.fold
    return (known[1],) if known is not None and known[0] == session.graph.stamp else None


def _note_folds(session: Session, folds: list[Fold]) -> None:
    session.front.fold = (session.graph.stamp, folds[0] if folds else None)


def _composite_of(session: Session, nodes: tuple[str, ...], title: str) -> Batch:
    document = session.document
    name = fresh_name(title, document.graphs.__contains__)
    return make_composite(document, session.graph_name, nodes, name, title, session.reports)


def _composite_of_undone(session: Session, nodes: tuple[str, ...], title: str) -> Batch:
    """The composite under another title, where that of the last step has been taken back.

    Raises: EditRefused, with the last step as it was.
    """
    session.undo()
    try:
        return _composite_of(session, nodes, title)
    except EditRefused:
        session.redo()
        raise


def _perform(session: Session, edit: Batch) -> str:
    """Makes a composite; the node that uses it.

    Raises: EditRefused.
    """
    before = set(session.graph.nodes)
    session.perform(edit)
    return next(name for name in session.graph.nodes if name not in before)


def _first(graph: Graph, nodes: tuple[str, ...]) -> Node | None:
    """The node that is computed first."""
    chosen = set(nodes)
    try:
        ordered = graph.order()
    except ValueError:
        return None
    return next((graph[name] for name in ordered if name in chosen), None)


def _fresh_title(document: Document, first: Node | None) -> str:
    """`Conv 2d block` for what begins with one, with a number where there is such a composite already."""
    block = document.find_block(first.block) if first is not None else None
    wish = f"{block.title} block" if block is not None else "Block"
    taken = {document.graphs[name].declaration.title for name in document.composites}
    at, title = 2, wish
    while title in taken:
        title, at = f"{wish} {at}", at + 1
    return title


def _blocks_of(graph: Graph, found: Fold) -> str:
    names = [title_of(graph[node].with_(title=""), graph) for node in found.turns[0]]
    return ", ".join([*names[:_NAMED], *(["…"] if len(names) > _NAMED else [])])
