"""The canvas: a graph of the document, drawn and edited. It shows what the document says and changes it by edits."""

from __future__ import annotations

from app.canvas.host import Host
from app.canvas.keyboard import COMMANDS, Command
from app.canvas.scene import CanvasScene
from app.canvas.search import Entry, Match, block_entries, find
from app.canvas.search_popup import SearchList, SearchPopup
from app.canvas.view import BLOCK_MIME, CanvasView, block_mime

__all__ = [
    "BLOCK_MIME",
    "COMMANDS",
    "CanvasScene",
    "CanvasView",
    "Command",
    "Entry",
    "Host",
    "Match",
    "SearchList",
    "SearchPopup",
    "block_entries",
    "block_mime",
    "find",
]
