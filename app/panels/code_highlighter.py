"""Colours for Python source, from the palette of the moment."""

from __future__ import annotations

import keyword
import re

from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument

from app.theme import qcolor, theme_manager
from app.theme.colors import SyntaxRole

_TOKENS = re.compile(
    r"""
    (?P<comment>\#.*)
  | (?P<docstring>[rRbBuUfF]{0,2}(?:\"\"\"|'{3}))
  | (?P<string>[rRbBuUfF]{0,2}(?:"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?))
  | (?P<number>\b\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?\b)
  | (?P<call>\b[A-Za-z_]\w*(?=\())
  | (?P<word>\b[A-Za-z_]\w*)
  | (?P<operator>[-+*/%@=<>!&|^~]+)
    """,
    re.VERBOSE,
)
_CONSTANTS = {"True", "False", "None", "self"}
_KEYWORDS = set(keyword.kwlist) - {"True", "False", "None"}
_INSIDE, _OUTSIDE = 1, 0


class PythonHighlighter(QSyntaxHighlighter):
    """Colours a document's text as Python; follows the theme."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[SyntaxRole, QTextCharFormat] = {}
        theme_manager().changed.connect(self._recolor)
        self._recolor()

    def highlightBlock(self, text: str) -> None:
        at = 0
        if self.previousBlockState() == _INSIDE:
            end = text.find('"""')
            stop = len(text) if end < 0 else end + 3
            self.setFormat(0, stop, self._formats["string"])
            if end < 0:
                self.setCurrentBlockState(_INSIDE)
                return
            at = stop
        self.setCurrentBlockState(_OUTSIDE)
        while (match := _TOKENS.search(text, at)) is not None:
            at = match.end()
            if match.lastgroup == "docstring":
                end = text.find(match.group()[-3:], at)
                at = len(text) if end < 0 else end + 3
                self.setFormat(match.start(), at - match.start(), self._formats["string"])
                if end < 0:
                    self.setCurrentBlockState(_INSIDE)
            else:
                self.setFormat(match.start(), match.end() - match.start(), self._formats[_role(match)])

    def _recolor(self) -> None:
        for role, color in theme_manager().palette.syntax.items():
            made = QTextCharFormat()
            made.setForeground(qcolor(color))
            self._formats[role] = made
        self.rehighlight()


def _role(token: re.Match[str]) -> SyntaxRole:
    text = token.group()
    match token.lastgroup:
        case "comment":
            return "comment"
        case "string":
            return "string"
        case "number":
            return "number"
        case "operator":
            return "operator"
        case "call":
            return "keyword" if text in _KEYWORDS else "call"
        case _ if text in _KEYWORDS:
            return "keyword"
        case _ if text in _CONSTANTS:
            return "constant"
    return "name"
