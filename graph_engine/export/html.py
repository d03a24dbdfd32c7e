"""A page that shows a network to somebody without Layerloom: drawing, figures, nodes and source in one file.

It loads nothing from elsewhere and runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path

from graph_engine.document import Document
from graph_engine.export import colors
from graph_engine.export.errors import Exported, ExportError
from graph_engine.export.subject import Subject
from graph_engine.export.svg import draw
from graph_engine.export.svg_text import MONO, SANS
from graph_engine.export.writing import write_checked

_STYLE = f"""
body {{ margin: 2.5rem auto; max-width: 72rem; padding: 0 1.5rem; font: 15px/1.5 {SANS};
  color: {colors.TEXT}; background: {colors.PAPER}; }}
h1 {{ font-size: 1.6rem; margin: 0 0 .25rem; }}
h2 {{ font-size: 1rem; margin: 2rem 0 .5rem; color: {colors.TEXT_DIM}; }}
p {{ max-width: 46rem; white-space: pre-line; }}
dl {{ display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 1rem 0; }}
dt {{ color: {colors.TEXT_FAINT}; font-size: .85rem; }}
dd {{ margin: 0; font-weight: 600; }}
figure {{ margin: 0; overflow-x: auto; border: 1px solid {colors.RULE}; border-radius: 8px; }}
table {{ border-collapse: collapse; font-size: .9rem; }}
th {{ text-align: left; color: {colors.TEXT_FAINT}; font-weight: 400; }}
th, td {{ padding: .2rem 1.5rem .2rem 0; border-bottom: 1px solid {colors.RULE}; }}
td.figure, th.figure {{ text-align: right; font-variant-numeric: tabular-nums; }}
pre {{ font: 13px/1.5 {MONO}; padding: 1rem; overflow-x: auto; border: 1px solid {colors.RULE}; border-radius: 8px; }}
"""


def export_html(document: Document, subject: Subject, path: Path) -> Exported:
    """Write the page; read back, every tag must be closed and the source must be in it.

    Raises:
        ExportError: the page is not what it should be.
        FileError: the file can't be written.
    """
    text = "\n".join(_page(document, subject)) + "\n"
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.open or subject.program.source not in reader.texts:
        raise ExportError(f"{path} was not written: the page is not whole.")
    return write_checked(path, text.encode(), f"a page of its own: drawing, {len(document.main)} nodes, source")


def _page(document: Document, subject: Subject) -> Iterator[str]:
    title = escape(document.title)
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style>{_STYLE}</style></head><body>"
    yield f"<h1>{title}</h1>"
    if document.notes:
        yield f"<p>{escape(document.notes)}</p>"
    total = subject.result.total
    facts = {
        "parameters": _digits(total.params),
        "trainable": _digits(total.trainable),
        "multiply-adds a sample": _digits(total.macs),
        "activations a sample": f"{_digits(total.activation_bytes)} B",
    }
    facts |= {f"input {name}": str(spec) for name, spec in subject.inputs.items()}
    facts |= {f"output {name}": str(subject.program.specs[name]) for name in subject.program.outputs}
    yield "<dl>" + "".join(f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in facts.items())
    yield "</dl>"
    yield f"<figure>{draw(document, subject.result)}</figure>"
    yield "<h2>Nodes</h2><table><tr><th>node</th><th>block</th><th></th><th>output</th>"
    yield '<th class="figure">parameters</th><th class="figure">multiply-adds</th></tr>'
    for node, report in subject.result.nodes.items():
        shapes = " ".join(map(str, report.outputs.values()))
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in (node, document.main[node].block, report.tell, shapes))
        costs = "".join(f'<td class="figure">{_digits(cost)}</td>' for cost in (report.cost.params, report.cost.macs))
        yield f"<tr>{cells}{costs}</tr>"
    yield "</table>"
    # A line feed right after <pre> is dropped by whoever reads the page, so one more is given.
    yield f"<h2>Source (PyTorch)</h2><pre>\n{escape(subject.program.source)}</pre>"
    yield "</body></html>"


def _digits(number: int) -> str:
    """`61 706`, with spaces that don't break."""
    return f"{number:,}".replace(",", "\u202f")


class _Reader(HTMLParser):
    """Reads a page: which tags stay open, and the texts between tags."""

    _VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the base's signature
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data.removeprefix("\n") if self.open[-1:] == ["pre"] else data)
