"""What can be done with custom blocks, from any place of the window: written, changed, trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.placing import place_custom
from graph_engine.blocks.custom import custom_of, is_custom, read_source
from graph_engine.check.trust import trust, untrusted
from graph_engine.document import CustomCode, SetCustom
from graph_engine.document.port_values import fresh_name

if TYPE_CHECKING:
    from app.canvas import CanvasView
    from app.session import Session

TEMPLATE = '''\
class GatedConv(nn.Module):
    """A convolution times a gate of its own.

    Args:
        width: channels that come out
        kernel_size: of both convolutions [px]
    """

    def __init__(self, in_channels: int, width: int = 16, kernel_size: int = 3) -> None:
        super().__init__()
        self.value = nn.Conv2d(in_channels, width, kernel_size, padding="same")
        self.gate = nn.Conv2d(in_channels, width, kernel_size, padding="same")

    def forward(self, x: Tensor) -> Tensor:
        return self.value(x) * torch.sigmoid(self.gate(x))
'''
"""What a new custom block begins with: it runs as it is, and shows everything that the block is read from."""


def selected_custom(session: Session) -> str | None:
    """The custom block whose node is selected, if that is the only one."""
    chosen = session.selection.nodes
    if len(chosen) == 1 and is_custom(block := session.graph[chosen[0]].block):
        return custom_of(block) if custom_of(block) in session.document.customs else None
    return None


def add(session: Session, canvas: CanvasView, source: str) -> str | None:
    """Puts a new custom block into the document and one node of it on the canvas, as one step; the node's id.

    Its code is trusted if all other code of the document is: it was just written here.

    Raises: HomeError, OSError when that can't be remembered; nothing has changed.
    """
    document = session.document
    if not untrusted(document):
        trust([source])
    name = fresh_name(read_source(source).title or "block", document.customs.__contains__)
    return place_custom(session, canvas, name, source)


def change(session: Session, name: str, source: str) -> bool:
    """Gives a custom block another source, as one step; False when it is as before or is not there any more.

    Raises: HomeError, OSError as `add`.
    """
    document = session.document
    code = document.customs.get(name)
    if code is None or code.source == source:
        return False
    if not untrusted(document):
        trust([source])
    return session.attempt(SetCustom(name, CustomCode(source, code.extra)))


def all_code(session: Session) -> str:
    """The code that waits for trust, one block after another; letters that are not seen stand as `\\u202e`."""
    document = session.document
    parts = [f"# {name}\n{document.customs[name].source.strip()}\n" for name in untrusted(document)]
    return "".join(_seen(letter) for letter in "\n\n".join(parts))


def _seen(letter: str) -> str:
    return letter if letter in "\n\t" or letter.isprintable() else f"\\u{ord(letter):04x}"


def trust_all(session: Session) -> None:
    """Lets all code of the document run, now and later.

    Raises: HomeError, OSError when that can't be remembered; then it does not run.
    """
    trust(code.source for code in session.document.customs.values())
    session.trust_changed.emit()
    session.recheck()
