"""The File menu."""

from __future__ import annotations

from app.actions.action import Action, Menu
from app.actions.desk import Desk


def _has_nodes(desk: Desk) -> bool:
    return len(desk.session.document.main) > 0 and not desk.at_welcome


def _compiles(desk: Desk) -> bool:
    return not desk.at_welcome and desk.session.program is not None


_ERRORS = "The drawing must be free of errors; see Problems."


def _has_others(desk: Desk) -> bool:
    return not desk.at_welcome and len(desk.session.documents) > 1


ACTIONS = (
    Action(
        id="file.new",
        title="New",
        menu=Menu.FILE,
        keys=("Ctrl+N",),
        icon="file",
        help="Begin with an empty canvas",
        run=lambda desk: desk.files.new(),
    ),
    Action(
        id="file.open",
        title="Open…",
        menu=Menu.FILE,
        keys=("Ctrl+O",),
        icon="folder",
        help="Open a document from disk",
        run=lambda desk: desk.files.open(),
    ),
    Action(
        id="file.preset",
        title="Open a preset…",
        menu=Menu.FILE,
        icon="layers",
        help="See the networks that come with Layerloom",
        run=lambda desk: desk.show_panel("presets"),
    ),
    Action(
        id="file.save",
        title="Save",
        menu=Menu.FILE,
        section=1,
        keys=("Ctrl+S",),
        icon="save",
        enabled=lambda desk: not desk.at_welcome,
        run=lambda desk: desk.files.save(),
    ),
    Action(
        id="file.save_as",
        title="Save as…",
        menu=Menu.FILE,
        section=1,
        keys=("Ctrl+Shift+S",),
        enabled=lambda desk: not desk.at_welcome,
        run=lambda desk: desk.files.save_as(),
    ),
    Action(
        id="file.close",
        title="Close document",
        menu=Menu.FILE,
        section=1,
        keys=("Ctrl+W",),
        icon="close",
        help="Asks first when there are unsaved changes",
        enabled=lambda desk: not desk.at_welcome,
        run=lambda desk: desk.files.close(),
    ),
    Action(
        id="file.next_document",
        title="Next document",
        menu=Menu.FILE,
        section=1,
        keys=("Ctrl+Tab", "Ctrl+PgDown"),
        enabled=_has_others,
        explains="Only one document is open.",
        run=lambda desk: desk.session.show_next(1),
    ),
    Action(
        id="file.previous_document",
        title="Previous document",
        menu=Menu.FILE,
        section=1,
        keys=("Ctrl+Shift+Tab", "Ctrl+PgUp"),
        enabled=_has_others,
        explains="Only one document is open.",
        run=lambda desk: desk.session.show_next(-1),
    ),
    Action(
        id="export.ask",
        title="Export…",
        menu=Menu.FILE,
        section=2,
        keys=("Ctrl+E",),
        icon="export",
        help="Take the network with you: source, weights, exchange formats, pictures",
        enabled=_has_nodes,
        run=lambda desk: desk.exports.ask(),
    ),
    Action(
        id="export.python",
        title="Python source…",
        menu=Menu.FILE,
        section=2,
        submenu="Export as",
        icon="code",
        help="A module that needs torch and nothing else",
        enabled=_compiles,
        explains=_ERRORS,
        run=lambda desk: desk.exports.ask("python"),
    ),
    Action(
        id="export.onnx",
        title="ONNX…",
        menu=Menu.FILE,
        section=2,
        submenu="Export as",
        icon="export",
        help="For onnxruntime and other engines, checked against the network",
        enabled=_compiles,
        explains=_ERRORS,
        run=lambda desk: desk.exports.ask("onnx"),
    ),
    Action(
        id="export.pt2",
        title="PyTorch program (pt2)…",
        menu=Menu.FILE,
        section=2,
        submenu="Export as",
        icon="export",
        help="torch.export, loaded with torch.export.load",
        enabled=_compiles,
        explains=_ERRORS,
        run=lambda desk: desk.exports.ask("pt2"),
    ),
    Action(
        id="export.safetensors",
        title="Weights (safetensors)…",
        menu=Menu.FILE,
        section=2,
        submenu="Export as",
        icon="download",
        help="The weights of a run, or fresh ones",
        enabled=_compiles,
        explains=_ERRORS,
        run=lambda desk: desk.exports.ask("safetensors"),
    ),
    Action(
        id="export.svg",
        title="Picture (SVG)…",
        menu=Menu.FILE,
        section=2,
        submenu="Export as",
        icon="image",
        help="The drawing, sharp at any size",
        enabled=_has_nodes,
        run=lambda desk: desk.exports.ask("svg"),
    ),
    Action(
        id="export.pdf",
        title="Picture (PDF)…",
        menu=Menu.FILE,
        section=2,
        submenu="Export as",
        icon="image",
        help="The drawing as a page, for LaTeX and printers",
        enabled=_has_nodes,
        run=lambda desk: desk.exports.ask("pdf"),
    ),
    Action(
        id="export.png",
        title="Picture (PNG)…",
        menu=Menu.FILE,
        section=2,
        submenu="Export as",
        icon="image",
        help="The drawing as pixels",
        enabled=_has_nodes,
        run=lambda desk: desk.exports.ask("png"),
    ),
    Action(
        id="export.html",
        title="Web page…",
        menu=Menu.FILE,
        section=2,
        submenu="Export as",
        icon="book",
        help="Drawing, figures and source on one page",
        enabled=_compiles,
        explains=_ERRORS,
        run=lambda desk: desk.exports.ask("html"),
    ),
    Action(
        id="file.preferences",
        title="Preferences…",
        menu=Menu.FILE,
        section=3,
        keys=("Ctrl+,",),
        icon="settings",
        run=lambda desk: desk.show_preferences(),
    ),
    Action(
        id="file.quit",
        title="Quit",
        menu=Menu.FILE,
        section=4,
        keys=("Ctrl+Q",),
        run=lambda desk: desk.close(),
    ),
)
