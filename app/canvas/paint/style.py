"""Colours, pens and fonts of the canvas, made once for each theme so that painting makes none."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPen, QPixmap, QStaticText

from app.theme import Palette, Typography, category_icon, icon, mix, qcolor
from graph_engine.blocks import Kind
from graph_engine.document.geometry import BADGE_SIZE, SHAPE_SIZE, TELL_SIZE, TITLE_SIZE

_MOST_TEXTS = 4000


class CanvasStyle:
    """What the canvas is painted with, at one palette. Pens are cosmetic: their widths are pixels at any zoom."""

    def __init__(self, palette: Palette, typography: Typography) -> None:
        self.palette = palette
        self.unit = typography.scale
        """Device-independent pixels for a scene unit at 100 %: the canvas grows with the system's text."""
        self.ui_font = typography.font("small")
        self.heading_font = typography.font("heading")
        self.mono_font = typography.font("mono_small")
        self.far_font = typography.font("small")
        self.far_font.setPointSizeF(self.far_font.pointSizeF() * 0.84)
        self.far_height = QFontMetricsF(self.far_font).height()
        self.title_font = _scalable(typography.font("strong"), TITLE_SIZE)
        self.tell_font = _scalable(typography.font("body"), TELL_SIZE)
        self.shape_font = _scalable(typography.font("mono"), SHAPE_SIZE)
        self.badge_font = _scalable(typography.font("strong"), BADGE_SIZE)
        self.message_font = _scalable(typography.font("body"), SHAPE_SIZE)

        self._make_colors(palette)
        self._make_pens(palette)

        self._categories: dict[str, QColor] = {}
        self._kinds: dict[Kind, QColor] = {}
        self._far: dict[str, QBrush] = {}
        self._pens: dict[tuple[str, Kind, int], QPen] = {}
        self._texts: dict[tuple[str, str, float], QStaticText] = {}
        self._wraps: dict[tuple[str, float, int], tuple[str, ...]] = {}
        self._icons: dict[tuple[str, int, float], QPixmap] = {}
        self._widths: dict[str, float] = {}

    def _make_colors(self, palette: Palette) -> None:
        self.canvas = qcolor(palette.canvas)
        self.veil = qcolor(palette.canvas, 0.82)
        self.grid = qcolor(palette.grid)
        self.text = qcolor(palette.text)
        self.text_dim = qcolor(palette.text_dim)
        self.text_faint = qcolor(palette.text_faint)
        self.accent = qcolor(palette.accent)
        self.danger = qcolor(palette.danger)
        self.body = QBrush(qcolor(palette.node_body))
        self.body_faulty = QBrush(qcolor(mix(palette.danger, palette.node_body, 0.07)))
        self.hole = QBrush(qcolor(palette.canvas))
        self.shadow = QBrush(qcolor(palette.shadow, 0.28 if palette.is_dark else 0.10))
        self.glow = QBrush(qcolor(palette.accent, 0.30))
        self.badge = QBrush(qcolor(mix(palette.text, palette.node_body, 0.14)))
        self.note_fill = QBrush(qcolor(palette.raised))
        self.marquee_fill = QBrush(qcolor(palette.accent, 0.10))

    def _make_pens(self, palette: Palette) -> None:
        self.edge = _pen(palette.node_line)
        self.edges = {
            "rest": self.edge,
            "hovered": _pen(palette.line_strong),
            "selected": _pen(palette.node_selected, 2.0),
            "faulty": _pen(palette.danger, 2.0),
        }
        self.edge_selected_far = _pen(palette.node_selected, 2.0)
        self.edge_faulty_far = _pen(palette.danger, 2.0)
        self.halo = QPen(qcolor(palette.node_selected, 0.22), 6.0)
        self.halo_faulty = QPen(qcolor(palette.danger, 0.16), 6.0)
        self.header_line = _pen(mix(palette.node_line, palette.node_body, 0.6))
        self.port_edge = _pen(palette.canvas)
        self.marquee_pen = _pen(palette.accent)
        self.note_edge = _pen(palette.line_strong)
        self.note_edge_danger = _pen(palette.danger)
        self.focus_pen = _pen(palette.accent)
        self.unfocused_pen = _pen(palette.canvas)
        self.wire_selected = _pen(palette.accent, 2.6)
        self.wire_faulty = _dashed(palette.danger, 1.6, (4.0, 3.0))
        self.wire_drawn = _pen(palette.accent, 2.0)
        self.wire_drawn_illegal = _dashed(palette.danger, 2.0, (3.0, 2.5))
        self.guide = _pen(palette.accent)
        self.stripe = _pen(mix(palette.text_faint, palette.node_body, 0.3))
        self.knife = _dashed(palette.danger, 1.6, (4.0, 3.0))

    def category(self, category: str) -> QColor:
        """The strip's colour."""
        if category not in self._categories:
            self._categories[category] = qcolor(self.palette.category(category))
        return self._categories[category]

    def far_fill(self, category: str) -> QBrush:
        """What a node of a category is filled with where it is too small for text."""
        if category not in self._far:
            self._far[category] = QBrush(qcolor(mix(self.palette.category(category), self.palette.node_body, 0.5)))
        return self._far[category]

    def kind(self, kind: Kind) -> QColor:
        """The colour of what a wire carries."""
        if kind not in self._kinds:
            self._kinds[kind] = qcolor(self.palette.kind(kind.value))
        return self._kinds[kind]

    def wire(self, kind: Kind) -> QPen:
        """At rest: one pixel, which is many times faster than any wider pen."""
        return self._kind_pen("rest", kind, 1, _pen)

    def wire_near(self, kind: Kind, scale: float) -> QPen:
        """Close up, where few wires are in view: as wide as two strokes were; `scale` in device pixels for a unit."""
        tenths = min(round(16 * scale), 60)
        return self._kind_pen("near", kind, tenths, lambda color: _pen(color, tenths / 10))

    def wire_far(self, kind: Kind) -> QPen:
        """From far away, where wires must not outshine nodes."""
        return self._kind_pen("far", kind, 1, lambda color: _pen(mix(color, self.palette.canvas, 0.55)))

    def wire_lit(self, kind: Kind) -> QPen:
        """Under the pointer."""
        return self._kind_pen("lit", kind, 1, lambda color: _pen(mix(self.palette.text, color, 0.3), 2.6))

    def port(self, kind: Kind) -> QPen:
        """The rim of a port without a wire."""
        return self._kind_pen("port", kind, 1, lambda color: _pen(color, 1.5))

    def text_item(self, text: str, font: str, width: float) -> QStaticText:
        """`text` laid out once in a font (`title`, `tell`, `shape`, `message`, `far`, `ui`), cut to `width`."""
        key = (text, font, width)
        found = self._texts.get(key)
        if found is None:
            if len(self._texts) > _MOST_TEXTS:
                self._texts.clear()
            chosen: QFont = getattr(self, f"{font}_font")
            found = QStaticText(QFontMetricsF(chosen).elidedText(text, Qt.TextElideMode.ElideRight, width))
            found.setTextFormat(Qt.TextFormat.PlainText)
            found.prepare(font=chosen)
            self._texts[key] = found
        return found

    def wrapped(self, text: str, width: float, most: int) -> tuple[str, ...]:
        """`text` in the font of messages, broken into at most `most` lines; the last may be longer than `width`."""
        key = (text, width, most)
        if key not in self._wraps:
            metrics = QFontMetricsF(self.message_font)
            lines = [""]
            for word in text.split():
                longer = f"{lines[-1]} {word}".strip()
                if len(lines) == most or not lines[-1] or metrics.horizontalAdvance(longer) <= width:
                    lines[-1] = longer
                else:
                    lines.append(word)
            self._wraps[key] = tuple(lines)
        return self._wraps[key]

    def ui_width(self, text: str) -> float:
        """How wide `text` is in the font of notes, in pixels."""
        if text not in self._widths:
            self._widths[text] = QFontMetricsF(self.ui_font).horizontalAdvance(text)
        return self._widths[text]

    def category_pixmap(self, category: str, pixels: int, ratio: float) -> QPixmap:
        """The category's icon in the colour of text, to stand on the category's colour."""
        word = (category.split() or ["neutral"])[0].lower()
        known = word if word in self.palette.categories else "neutral"
        return self.icon_pixmap(f"category-{known}", "text", pixels, ratio)

    def icon_pixmap(self, name: str, role: str, pixels: int, ratio: float) -> QPixmap:
        """An icon, `pixels` device-independent pixels wide."""
        key = (f"{name} {role}", pixels, ratio)
        if key not in self._icons:
            self._icons[key] = icon(name, role).pixmap(QSize(pixels, pixels), ratio)
        return self._icons[key]

    def category_icon_pixmap(self, category: str, pixels: int, ratio: float) -> QPixmap:
        """The category's icon in its own colour."""
        key = (f"own {category}", pixels, ratio)
        if key not in self._icons:
            self._icons[key] = category_icon(category or "neutral").pixmap(QSize(pixels, pixels), ratio)
        return self._icons[key]

    def _kind_pen(self, state: str, kind: Kind, size: int, make: Callable[[str], QPen]) -> QPen:
        key = (state, kind, size)
        if key not in self._pens:
            self._pens[key] = make(self.palette.kind(kind.value))
        return self._pens[key]


def _scalable(font: QFont, size: float) -> QFont:
    """`font` for the scene: `size` units high at any zoom, so without the hints of one pixel size."""
    font.setPixelSize(round(size))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _pen(color: str, width: float = 1.0) -> QPen:
    pen = QPen(qcolor(color), width)
    pen.setCosmetic(True)
    return pen


def _dashed(color: str, width: float, pattern: tuple[float, float]) -> QPen:
    pen = _pen(color, width)
    pen.setDashPattern(list(pattern))
    return pen
