"""What the window tells of runs that did not end well, or still wait: the whole sentence, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.widgets import MessageAction
from graph_engine.train import RunState

if TYPE_CHECKING:
    from app.files import Files
    from app.notices import Notices
    from app.session import Session
    from graph_engine.document import Document
    from graph_engine.runs import RunRecord

_SLOWER = 0.5
"""What learning rates are multiplied by when something was not finite."""


class RunEnds:
    """Tells by a notice that stays until it is answered."""

    def __init__(
        self, session: Session, notices: Notices, files: Files, show_checkpoints: Callable[[str], object]
    ) -> None:
        self._session, self._notices, self._files = session, notices, files
        self._show_checkpoints = show_checkpoints

    def tell(self, record: RunRecord) -> None:
        """What can be done about a run, if it did not end well."""
        if record.state not in (RunState.FAILED, RunState.INTERRUPTED):
            return
        runs = self._session.runs

        def read() -> list[int]:
            return runs.library.store().get(record.id).folder.checkpoints.steps()

        runs.background.start("Runs", read, lambda steps: self._offer(record, steps), lambda _: self._offer(record, []))

    def offer_queue(self, waiting: int) -> None:
        """Says that runs wait from last time."""
        again = self._session.runs.again
        them = "it" if waiting == 1 else "them"
        runs = "One run waits" if waiting == 1 else f"{waiting} runs wait"
        self._notices.say(
            f"{runs} from last time.",
            action=MessageAction(f"Start {them}", again.start_queue),
            more=[MessageAction(f"Remove {them}", again.clear_queue)],
        )

    def _offer(self, record: RunRecord, steps: list[int]) -> None:
        if record.state is RunState.INTERRUPTED:
            said = f"{record.name} was interrupted. {record.message}"
        else:
            said = f"{record.name} failed. {record.message}"
        actions = self._mends(record, steps)
        if record.node:
            actions.insert(0, MessageAction("Show node", lambda: self.show_node(record), stays=True))
        self._notices.say(said, severity="error", more=actions)

    def _mends(self, record: RunRecord, steps: list[int]) -> list[MessageAction]:
        """What fits how it failed; the first is the likeliest to help."""
        again, run = self._session.runs.again, record.id
        back = MessageAction("Rewind or branch…", lambda: self._show_checkpoints(run))
        if record.fits:
            return [MessageAction(f"Train with a batch of {record.fits}", lambda: again.retry(run, record.fits))]
        if record.diverged:
            if not steps:
                return []
            words = f"Go on from step {steps[0]} at half the learning rate"
            return [MessageAction(words, lambda: again.slow_down(run, _SLOWER)), back]
        if not steps:
            return [MessageAction("Try again", lambda: again.resume(run))]
        go_on = MessageAction(f"Go on from step {steps[0]}", lambda: again.resume(run))
        return [go_on, back] if len(steps) > 1 else [go_on]

    def show_node(self, record: RunRecord) -> None:
        """Brings the node where a run failed into view: in the document that was trained, if it is open, else in the
        one that the run kept.
        """
        address, session = record.node or "", self._session

        def show(document: Document) -> None:
            name = record.document or record.name
            self._files.open_document(document, name, lambda: session.show_place(address))

        for opened in (session.front, *session.documents):
            if opened.document.title == record.document and opened.document.place(address) is not None:
                session.show(opened)
                session.show_place(address)
                return
        session.runs.library.read_document(record.id, show)
