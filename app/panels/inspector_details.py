"""What is known of a node beside its parameters: tensors, cost, live figures, source and help, as small sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from app.figures import digits, share, short, size_of
from app.panels.code_highlighter import PythonHighlighter
from app.theme import set_role, theme_manager
from graph_engine.blocks import Kind

if TYPE_CHECKING:
    from graph_engine.blocks import Block, TensorSpec
    from graph_engine.check.report import Cost, NodeReport
    from graph_engine.compile import Program


class Facts(QLabel):
    """Lines of figures in the code's type, to be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_role(self, "mono")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def show_lines(self, lines: list[str]) -> None:
        """Shows lines; with none the label, and so its section, may be hidden."""
        text = "\n".join(lines)
        if text != self.text():
            self.setText(text)


def tensor_lines(report: NodeReport) -> list[str]:
    """What goes in and comes out: `in   N × 64 × 16 × 16`."""
    rows = [("in", port, spec) for port, spec in report.inputs.items()]
    rows += [("out", port, spec) for port, spec in report.outputs.items()]
    several = {side: sum(1 for other, _, _ in rows if other == side) > 1 for side in ("in", "out")}
    names = [port if several[side] else side for side, port, _ in rows]
    width = max((len(name) for name in names), default=0) + 2
    return [f"{name:<{width}}{shape_text(spec)}" for name, (_, _, spec) in zip(names, rows, strict=True)]


def shape_text(spec: TensorSpec) -> str:
    """A shape with room around the crosses, and the type of its numbers where it is not the usual one."""
    text = " × ".join(str(dim) for dim in spec.shape) or "one number"
    return text if spec.dtype == "float32" else f"{text}  {spec.dtype}"


def cost_lines(cost: Cost, total: Cost) -> list[str]:
    """Parameters and their bytes, multiply-adds and their share of the network's, activations."""
    lines = []
    if cost.params:
        frozen = "" if cost.trainable == cost.params else f"   {digits(cost.trainable)} trained"
        lines.append(f"{digits(cost.params)} params   {size_of(cost.parameter_bytes)}{frozen}")
    if cost.macs:
        of_net = share(cost.macs, total.macs)
        lines.append(f"{short(cost.macs)} MACs" + (f"   {of_net} of net" if of_net else ""))
    if cost.activation_bytes:
        lines.append(f"{size_of(cost.activation_bytes)} out, a sample")
    return lines


def snippet(program: Program, node: str) -> str:
    """The lines of the source that stand for a node, those of one place together, without their indentation."""
    wanted = [line for line, nodes in sorted(program.lines.items()) if node in nodes]
    source = program.source.splitlines()
    blocks: list[list[str]] = []
    last = -1
    for line in wanted:
        if line != last + 1 or not blocks:
            blocks.append([])
        blocks[-1].append(source[line - 1])
        last = line
    return "\n".join("\n".join(_dedented(block)) for block in blocks)


class Snippet(QPlainTextEdit):
    """A few lines of source, coloured, as high as they are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_role(self, "code")
        self._source = ""
        self.setReadOnly(True)
        self.setAccessibleName("Source of this node")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._highlighter = PythonHighlighter(self.document())
        theme_manager().changed.connect(self._fit)

    def show_text(self, text: str) -> None:
        """Shows source."""
        self._source = text
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _fit(self) -> None:
        """Breaks what is too long as a person would, and takes the height that this needs."""
        spacing = theme_manager().spacing
        metrics = QFontMetricsF(theme_manager().typography.font("mono"))
        room = int((self.viewport().width() - spacing.m) / metrics.horizontalAdvance("0"))
        text = "\n".join(part for line in self._source.split("\n") for part in broken(line, max(room, 16)))
        if text != self.toPlainText():
            self.setPlainText(text)
        self.setFixedHeight(round(metrics.lineSpacing() * len(text.split("\n")) + spacing.px(20)))


def broken(line: str, room: int) -> list[str]:
    """A line of source in pieces of at most `room` letters: after an opening bracket, then commas, then within."""
    if len(line) <= room:
        return [line]
    code, mark, comment = line.partition("  # ")
    if mark:
        return [*broken(code, room), *broken(f"# {comment}", room)]
    at = code.find("(") + 1
    if not 0 < at < len(code):
        return [line]
    indent = " " * (len(code) - len(code.lstrip()) + 2)
    pieces, piece = [code[:at]], indent
    for part in code[at:].replace(", ", ",\0").split("\0"):
        if len(piece) + len(part) > room and piece.strip():
            pieces.append(piece.rstrip())
            piece = indent
        piece += part + (" " if part.endswith(",") else "")
    return [pieces[0], *(part for each in (*pieces[1:], piece.rstrip()) for part in broken(each, room))]


class HelpText(QFrame):
    """What a block does, its shapes and formula, and the paper that it comes from."""

    def __init__(self, block: type[Block], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme_manager().spacing.s)
        for paragraph in help_paragraphs(block):
            label = QLabel(paragraph, self)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            set_role(label, "dim")
            column.addWidget(label)
        for name, text in port_helps(block).items():
            label = QLabel(f"{name} — {text}", self)
            label.setWordWrap(True)
            set_role(label, "dim")
            column.addWidget(label)
        if block.reference is not None:
            label = QLabel(str(block.reference), self)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setAccessibleName(f"Paper: {block.reference}")
            set_role(label, "faint")
            column.addWidget(label)


def has_help(block: type[Block]) -> bool:
    """Whether more is to be said of a block than its summary."""
    return bool(help_paragraphs(block) or port_helps(block) or block.reference is not None)


def help_paragraphs(block: type[Block]) -> list[str]:
    """The help of a block after its first sentence: lines joined to sentences, those of shapes apart from prose."""
    rest = (block.__doc__ or "").strip().split("\n")[1:]
    found: list[str] = []
    for line in (line.strip() for line in rest):
        if not line or not found or not found[-1] or (found[-1][-1] in ".;" and ("->" in line or "->" in found[-1])):
            found.append(line)
        else:
            found[-1] = f"{found[-1]} {line}".strip()
    return [paragraph.replace("->", "→").replace("`", "") for paragraph in found if paragraph]


def port_helps(block: type[Block]) -> Mapping[str, str]:
    """What each port takes or gives, and what it is for, where that is said."""
    inputs = {port.name: _about(port.wants, port.help) for port in block.inputs if port.help}
    given = {port.name: _about(port.kind if port.kind.axes else "", port.help) for port in block.outputs if port.help}
    return inputs | given


def _about(kinds: str, words: str) -> str:
    """`memory (N×S×E): what is looked at`; the words alone where they say the kinds."""
    return words if not kinds or set(words.split()) <= {*map(str, Kind), "or"} else f"{kinds}: {words}"


def _dedented(lines: list[str]) -> list[str]:
    indent = min(len(line) - len(line.lstrip()) for line in lines)
    return [line[indent:] for line in lines]
