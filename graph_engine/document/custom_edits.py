"""The edits of custom blocks: their source comes, goes and is changed like anything else of a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from graph_engine.document.custom import CustomCode, why_not_name
from graph_engine.document.rules import EditRefused

if TYPE_CHECKING:
    from graph_engine.document.document import Change, Document


@dataclass(frozen=True, slots=True)
class AddCustom:
    """Put a custom block into the document."""

    kind: ClassVar[str] = "add_custom"
    custom: str
    code: CustomCode

    @property
    def label(self) -> str:
        return f"Add the custom block {self.custom}"

    def perform(self, document: Document, change: Change) -> RemoveCustom:
        if self.custom in document.customs:
            raise EditRefused(f"There is a custom block called {self.custom!r} already.")
        if reason := why_not_name(self.custom):
            raise EditRefused(reason)
        document.customs[self.custom] = self.code
        _touch(document, self.custom, change)
        return RemoveCustom(self.custom)


@dataclass(frozen=True, slots=True)
class RemoveCustom:
    """Take a custom block out of the document; nothing may use it any more."""

    kind: ClassVar[str] = "remove_custom"
    custom: str

    @property
    def label(self) -> str:
        return f"Delete the custom block {self.custom}"

    def perform(self, document: Document, change: Change) -> AddCustom:
        code = _code(document, self.custom)
        users = document.users_of(self.custom)
        if users:
            graph, node = users[0]
            raise EditRefused(f"{self.custom} is used by {node} in {graph}; delete that first.")
        del document.customs[self.custom]
        _touch(document, self.custom, change)
        return AddCustom(self.custom, code)


@dataclass(frozen=True, slots=True)
class SetCustom:
    """Give a custom block another source. Every use follows; wires to ports that are gone stay, as problems."""

    kind: ClassVar[str] = "set_custom"
    custom: str
    code: CustomCode

    @property
    def label(self) -> str:
        return f"Change the custom block {self.custom}"

    def perform(self, document: Document, change: Change) -> SetCustom:
        before = _code(document, self.custom)
        document.customs[self.custom] = self.code
        _touch(document, self.custom, change)
        return SetCustom(self.custom, before)


def _code(document: Document, custom: str) -> CustomCode:
    if custom not in document.customs:
        raise EditRefused(f"There is no custom block called {custom!r}.")
    return document.customs[custom]


def _touch(document: Document, custom: str, change: Change) -> None:
    """Note the nodes that use it: their ports and parameters may be others."""
    for graph, node in document.users_of(custom):
        change.touch(graph, node)
    change.moved_only = False
