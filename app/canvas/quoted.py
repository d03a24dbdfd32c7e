"""Finding JSON in what people paste: in a fence, quoted, broken into lines elsewhere, with words around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_QUOTE = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_CURLY = str.maketrans({"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"'})
_UNSEEN = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u200b": None, "\ufeff": None, "\u200c": None, "\u2060": None})
_MOST = 32  # objects that are looked into


def find_object(text: str, kind: str) -> dict[str, Any] | None:
    """The first JSON object in `text` whose `format` is `kind`; None when there is none that is whole."""
    for candidate in _readings(text):
        for start in _starts(candidate, kind):
            try:
                value, _ = json.JSONDecoder().raw_decode(_mended(candidate[start:]))
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict) and value.get("format") == kind:
                return value
    return None


def _readings(text: str) -> Iterator[str]:
    """The text as it is, then with ever more of what chats and mails do to it taken back."""
    yield text
    unquoted = _QUOTE.sub("", text)
    yield unquoted
    plain = unquoted.translate(_UNSEEN)
    yield plain
    yield plain.translate(_CURLY)
    yield re.sub(r"\\([_*~`\[\]])", r"\1", plain)  # Markdown's own escapes


def _starts(text: str, kind: str) -> list[int]:
    """Where an object may begin that says that it is `kind`."""
    pattern = re.compile(r"\{\s*\"format\"\s*:\s*\"" + re.escape(kind) + '"')
    return [match.start() for match in pattern.finditer(text)][:_MOST]


def _mended(text: str) -> str:
    """`text` with lines that were broken within a string joined again: JSON itself has no such breaks."""
    parts: list[str] = []
    inside = escaped = False
    at = 0
    while at < len(text):
        letter = text[at]
        if inside and letter in "\r\n":
            while at < len(text) and text[at] in " \t\r\n":
                at += 1
            if parts and parts[-1] != " ":
                parts.append(" ")
            continue
        if inside and not escaped and letter == '"':
            inside = False
        elif not inside and letter == '"':
            inside = True
        escaped = inside and not escaped and letter == "\\"
        parts.append(letter)
        at += 1
    return "".join(parts)
