"""What the tests of the live panels are made of: a worker, documents, curves, runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.open_document import OpenDocument
from app.runs.curves import RunCurves
from app.workers import Checked, Compiled, data_problems
from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.document import Binding, Document, Plan, Stage
from graph_engine.document.builder import Builder

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.session import Session

PATIENCE = 30_000  # ms


class InstantWorker(QObject):
    """Checks and compiles when asked, on the thread that asks."""

    checked = Signal(object)
    compiled = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._checker = Checker()

    def request(self, ticket: int, snapshot: Document) -> None:
        result = self._checker.check(snapshot)
        self.checked.emit(Checked(ticket, result, data_problems(snapshot, result)))
        program = compile_document(snapshot, result) if result.ok and len(snapshot.main) else None
        self.compiled.emit(Compiled(ticket, program))


def small_network(epochs: int = 2, title: str = "Small") -> Document:
    """Conv, ReLU, pool, linear on 8×8 digits: an epoch takes a few hundredths of a second."""
    plan = replace(Plan(), stages=(replace(Stage(), epochs=epochs),), batch_size=64, seed=1)
    net = Builder(title, plan=plan, binding=Binding(dataset="digits"))
    image = net.input("image", 1, 8, 8)
    label = net.input("label", classes=10, label=True)
    x = net.add("conv2d", image, channels=4, kernel=3)
    x = net.add("relu", x)
    x = net.add("max_pool2d", x)
    x = net.add("flatten", x)
    x = net.add("linear", x, features=10)
    net.classify(x, label)
    return net.document


def open_in(qtbot: QtBot, session: Session, document: Document, name: str = "") -> None:
    """Puts a document in front and waits for its check."""
    with qtbot.waitSignal(session.check_changed, timeout=PATIENCE):
        session.show(OpenDocument(document, name=name or document.title))
    qtbot.waitUntil(lambda: session.check is not None, timeout=PATIENCE)


def made_up(steps: int = 400, epochs: int = 4, *, speed: float = 4.0, metrics: bool = True) -> RunCurves:
    """Curves of loss, and accuracy, that fall and rise as they should; a little noise on those of training."""
    curves = RunCurves(0.8)
    rng = np.random.default_rng(steps)
    step = np.arange(1, steps + 1)
    fall = np.exp(-speed * step / steps)
    epoch, seconds = step * epochs / steps, step * 0.01
    curves.curve("loss", "train").extend(step, epoch, seconds, 2.3 * fall + 0.05 + 0.02 * rng.random(steps))
    ends = np.arange(1, epochs + 1) * steps // epochs - 1
    curves.curve("loss", "val").extend(step[ends], epoch[ends], seconds[ends], 2.3 * fall[ends] + 0.1)
    if metrics:
        curves.curve("accuracy", "train").extend(step, epoch, seconds, 1 - 0.9 * fall)
        curves.curve("accuracy", "val").extend(step[ends], epoch[ends], seconds[ends], 0.98 - 0.9 * fall[ends])
    return curves


def train(qtbot: QtBot, session: Session) -> str:
    """Trains the document in front to the end; the id of the run."""
    ids: list[str] = []
    session.runs.ended.connect(lambda record: ids.append(record.id))
    session.runs.start()
    qtbot.waitUntil(lambda: bool(ids), timeout=PATIENCE)
    return ids[-1]
