"""What Ctrl+K and Ctrl+F open: the palette over everything, or over the nodes alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.composites import look_for_folds

if TYPE_CHECKING:
    from app.actions.book import ActionBook
    from app.canvas.stock import Stock
    from app.files import Files
    from app.palette import Palette
    from app.palette_list import Offer
    from app.preset_shelf import PresetShelf
    from app.session import Session
    from app.settings import Settings


class SearchEverything(QObject):
    """Makes the palette when it is first asked for, and gathers what it offers each time."""

    def __init__(
        self,
        window: QWidget,
        below: QWidget,
        session: Session,
        settings: Settings,
        book: ActionBook,
        shelf: PresetShelf,
        files: Files,
        place_block: Callable[[str], object],
        stock: Stock,
        show_settings: Callable[[str], object],
        show_node: Callable[[str], object],
    ) -> None:
        """`below` is the widget over which the palette opens."""
        super().__init__(window)
        self._window = window
        self._below = below
        self._session = session
        self._settings = settings
        self._book = book
        self._shelf = shelf
        self._files = files
        self._place_block = place_block
        self._stock = stock
        self._show_settings = show_settings
        self._show_node = show_node
        self._palette: Palette | None = None

    @property
    def palette(self) -> Palette:
        """The palette itself."""
        if self._palette is None:
            from app.palette import Palette

            self._palette = Palette(self._window, self._settings)
        return self._palette

    def open(self, *, drawing: bool) -> None:
        """Offers actions, presets and files, and while a `drawing` is shown its nodes and the blocks."""
        from app.offers import (
            action_offers,
            file_offers,
            node_offers,
            preset_offers,
            setting_offers,
            stock_offers,
        )

        self._shelf.load()
        if drawing:
            look_for_folds(self._session)
        offers = [*action_offers(self._book), *preset_offers(self._shelf, self._files.open_preset)]
        offers += file_offers(self._settings.recent_files, self._files.open_path)
        offers += setting_offers(self._settings, self._show_settings)
        if drawing:
            offers += stock_offers(self._stock, self._session, self._place_block)
            offers += node_offers(self._session, self._show_node)
        self._open(offers, "Search blocks, actions, presets, nodes and settings")

    def open_nodes(self) -> None:
        """Offers the nodes alone."""
        from app.offers import node_offers

        self._open(node_offers(self._session, self._show_node), "Find a node")

    def _open(self, offers: Sequence[Offer], placeholder: str) -> None:
        area = self._below.rect()
        at = area.translated(self._below.mapTo(self._window, area.topLeft()))
        self.palette.open(offers, placeholder=placeholder, at=at)
