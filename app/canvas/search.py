"""Finding blocks by a few letters: which fit, how well, and which letters matched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graph_engine.blocks import Block, all_blocks
from graph_engine.blocks.custom import CUSTOM, is_custom
from graph_engine.document import Document, natural
from graph_engine.document.composite import MARK, reached


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be found: a block, or whatever else a list offers."""

    key: str
    title: str
    category: str
    detail: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """An entry found, how good it is (greater is better) and which letters of its title to mark."""

    entry: Entry
    score: float
    marked: tuple[int, ...] = ()


_KEYWORD, _KEY = 0.7, 0.8
_START, _WORD, _RUN, _LETTER, _GAP = 12.0, 8.0, 6.0, 1.0, 0.15


def block_entries(blocks: Iterable[type[Block]] | None = None) -> list[Entry]:
    """Blocks as entries, in the library's order."""
    chosen = all_blocks().values() if blocks is None else blocks
    return [
        Entry(block.key(), block.title, block.category.value, block.summary(), tuple(block.keywords))
        for block in chosen
    ]


def composite_entries(document: Document, graph: str | None = None) -> list[Entry]:
    """The composites and custom blocks of a document as entries; of a graph, those that can be placed in it."""
    found = [
        block
        for name in document.composites
        if graph is None or graph not in reached(document.graphs, [name])
        if (block := document.find_block(MARK + name)) is not None
    ]
    entries = [
        Entry(block.key(), block.title, block.category.value, block.summary(), ("composite", *block.keywords))
        for block in sorted(found, key=lambda block: natural(block.title))
    ]
    return [*entries, *custom_entries(document)]


def custom_entries(document: Document) -> list[Entry]:
    """The custom blocks of a document as entries."""
    found = [block for name in document.customs if (block := document.find_block(CUSTOM + name)) is not None]
    return block_entries(sorted(found, key=lambda block: natural(block.title)))


def is_composite_key(key: str) -> bool:
    """Whether a key is that of something that can be entered once it is placed."""
    return not key.isidentifier() and not is_custom(key)


def find(query: str, entries: Sequence[Entry]) -> list[Match]:
    """The entries that `query` fits, best first; all, in their order, for an empty query.

    Every word of the query must fit the title or the key as letters in order, or begin the category or a keyword.
    """
    words = query.lower().split()
    if not words:
        return [Match(entry, 0.0) for entry in entries]
    found = []
    for entry in entries:
        match = _match(words, entry)
        if match is not None:
            found.append(match)
    return sorted(found, key=lambda match: -match.score)


def _match(words: list[str], entry: Entry) -> Match | None:
    total, marked = 0.0, set[int]()
    for word in words:
        score, letters = fit(word, entry.title)
        others = [fit(word, entry.key.rpartition(":")[2])[0] * _KEY, _begins(word, entry.category) * _KEYWORD / 2]
        others += [_begins(word, keyword) * _KEYWORD for keyword in entry.keywords]
        if max(score, *others) <= 0:
            return None
        total += max(score, *others)
        marked.update(letters)
    return Match(entry, total, tuple(sorted(marked)))


def fit(word: str, text: str) -> tuple[float, tuple[int, ...]]:
    """How well the letters of `word` are found in order in `text`, and where; 0 when they are not."""
    low = text.lower()
    at = low.find(word)
    if at >= 0:
        starts = at == 0 or not low[at - 1].isalnum()
        score = _RUN * len(word) + (_START if at == 0 else _WORD if starts else 0.0)
        return score - _GAP * len(text) / 4, tuple(range(at, at + len(word)))
    if len(word) < 2:
        return 0.0, ()
    places: list[int] = []
    score, at = 0.0, -1
    for letter in word:
        following = low.find(letter, at + 1)
        initial = next((i for i in range(at + 1, len(low)) if low[i] == letter and _starts_word(text, i)), -1)
        if following < 0:
            return 0.0, ()
        if initial >= 0:
            score += _WORD
            at = initial
        elif places and following == at + 1:
            score += _LETTER * 3
            at = following
        else:
            score += _LETTER - _GAP * (following - at)
            at = following
        places.append(at)
    return max(score - _GAP * len(text) / 4, 0.0), tuple(places)


def _begins(word: str, text: str) -> float:
    """How well `word` begins a word of `text`: beside a title, letters here and there mean nothing."""
    low = f" {text.lower()}"
    return fit(word, text)[0] if f" {word}" in low or f"-{word}" in low else 0.0


def _starts_word(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum() or (text[at].isdigit() and not text[at - 1].isdigit())
