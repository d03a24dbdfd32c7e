"""The user's own blocks in the window: read, kept, named, deleted and taken back, on threads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.widgets import MessageAction
from graph_engine.document.own_blocks import (
    OwnBlock,
    OwnLibrary,
    keep,
    read_library,
    revise,
    take_back,
    throw_away,
)
from graph_engine.document.updating import update_composite
from graph_engine.home import place

if TYPE_CHECKING:
    from app.notices import Notices
    from app.session import Session
    from graph_engine.document import Batch, Document

_Signature = tuple[tuple[str, int], ...]


class OwnBlocks(QObject):
    """What the user keeps for all documents."""

    changed = Signal()
    """There are others, or they are called otherwise."""

    def __init__(self, session: Session, notices: Notices, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._notices = notices
        self._window = window
        self._library = OwnLibrary()
        self._seen: _Signature = ()
        self._told: set[str] = set()

    @property
    def library(self) -> OwnLibrary:
        """The blocks as they were read last."""
        return self._library

    def blocks(self) -> tuple[OwnBlock, ...]:
        return self._library.blocks

    def refresh(self) -> None:
        """Reads the folder again if anything in it is another, such as by another window."""
        signature = _signature()
        if signature != self._seen:
            self._seen = signature
            self._session.jobs.start(
                "Reading your blocks",
                read_library,
                lambda library: self._show(library) if signature == self._seen else None,  # else a newer one comes
            )

    def ask_to_keep(self, document: Document, graph: str) -> None:
        """Asks for name and description, and keeps a composite of `document`, which nobody changes any more."""
        from app.dialogs.own_block import OwnBlockDialog

        block = document.find_block(f"@{graph}")
        title = block.title if block is not None else graph
        dialog = OwnBlockDialog(
            "Save to my blocks", title, document.graphs[graph].declaration.help, self._library, None, self._window
        )
        dialog.chosen.connect(lambda title, help_: self._keep(document, graph, title, help_))
        dialog.open()

    def ask_to_revise(self, block: OwnBlock) -> None:
        """Asks for another name or description of a block."""
        from app.dialogs.own_block import OwnBlockDialog

        declared = block.declaration
        dialog = OwnBlockDialog("Rename or describe", block.title, declared.help, self._library, block, self._window)
        dialog.chosen.connect(lambda title, help_: self._revise(block, title, help_))
        dialog.open()

    def delete(self, block: OwnBlock) -> None:
        """Moves a block to the trash of the library; the message about it takes it back."""

        def done(thrown: Path) -> None:
            self.refresh()
            undo = MessageAction("Undo", lambda: self._take_back(block, thrown))
            self._notices.say(
                f"{block.title} is in the trash of your blocks. Documents keep their copies.", action=undo
            )

        self._session.jobs.start(f"Deleting {block.title}", lambda: throw_away(block), done, self._notices.tell)

    def newer(self, graph: str) -> OwnBlock | None:
        """The block of the same name as composite `graph` of the document, if it is another by now."""
        document = self._session.document
        composite = document.find_block(f"@{graph}")
        found = self._library.titled(composite.title) if composite is not None else None
        return found if found is not None and not found.is_like(document, graph) else None

    def update(self, graph: str) -> Batch | None:
        """The edit that makes composite `graph` of the document what is kept under its name.

        Raises: EditRefused.
        """
        found = self.newer(graph)
        return update_composite(self._session.document, graph, found.document, found.graph) if found else None

    def _keep(self, document: Document, graph: str, title: str, help_: str) -> None:
        instead = self._library.titled(title)

        def done(made: OwnBlock) -> None:
            self.refresh()
            self._notices.say(f"{made.title} is in your blocks, for every document.", severity="success")

        self._session.jobs.start(
            f"Saving {title}", lambda: keep(document, graph, title, help_, instead), done, self._notices.tell
        )

    def _revise(self, block: OwnBlock, title: str, help_: str) -> None:
        self._session.jobs.start(
            f"Saving {title}", lambda: revise(block, title, help_), lambda _: self.refresh(), self._notices.tell
        )

    def _take_back(self, block: OwnBlock, thrown: Path) -> None:
        self._session.jobs.start(
            f"Taking {block.title} back",
            lambda: take_back(block, thrown),
            lambda _: self.refresh(),
            self._notices.tell,
        )

    def _show(self, library: OwnLibrary) -> None:
        self._library = library
        for fault in library.faults:
            if fault not in self._told:
                self._notices.refuse(fault)
        self._told = set(library.faults)
        self.changed.emit()


def _signature() -> _Signature:
    """The files of the library and when each was written."""
    try:
        files = [each for each in (place() / "library").iterdir() if each.is_file()]
        return tuple(sorted((each.name, each.stat().st_mtime_ns) for each in files))
    except OSError:
        return ()
