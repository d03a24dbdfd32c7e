"""Nodes that the user watches: each has a number from 1 to 9 by which its maps are shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from app.session import Session

NUMBERS = range(1, 10)


class Probes(QObject):
    """The numbers of the probed nodes of the document in front. They last as long as it is open."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._nodes: dict[int, str] = {}
        session.opened.connect(self._nodes.clear)

    def at(self, number: int) -> str | None:
        """The address of the node with this number; None where there is none, or it is gone."""
        address = self._nodes.get(number)
        return address if address is not None and self._session.document.place(address) is not None else None

    def put(self, node: str) -> int:
        """Watch a node of the graph that is shown, and give it a number if it has none: the lowest that is free.

        When all are taken, it gets the last one.
        """
        address = self._session.place(node)
        known = next((number for number in NUMBERS if self.at(number) == address), None)
        if known is None:
            known = next((number for number in NUMBERS if self.at(number) is None), NUMBERS[-1])
            self._nodes[known] = address
        return known
