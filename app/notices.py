"""What the window tells in passing: a message in the corner, and the one place where bugs are reported."""

from __future__ import annotations

import logging
import platform
import traceback
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.memory import lack_of_memory
from app.widgets import MessageAction, Severity, ToastStack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

_log = logging.getLogger("layerloom")


class Notices(QObject):
    """Says things over the lower right corner of a window.

    Errors that a user can do something about are told in their own words; anything else is a bug, for which a report
    can be copied. Either way the drawing is untouched.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.toasts = ToastStack(window)
        self._reported: set[str] = set()

    def say(
        self,
        text: str,
        *,
        severity: Severity = "info",
        action: MessageAction | None = None,
        more: Sequence[MessageAction] = (),
    ) -> None:
        """Shows a message for a while, with what can be done about it; an error, or a choice, until it is dismissed."""
        self.toasts.show(text, severity=severity, action=action, more=more)

    def take_back(self, text: str) -> None:
        """Closes a message that is no longer true."""
        for toast in self.toasts.toasts():
            if toast.text() == text:
                toast.close_message()

    def refuse(self, reason: str) -> None:
        """Says why something was not done."""
        self.say(reason, severity="warning")

    def tell(self, error: BaseException) -> None:
        """Tells what went wrong: in the error's own words when it has them, else as a bug."""
        if _speaks(error):
            self.say(str(error), severity="error")
        else:
            self.report(error)

    def report(self, error: BaseException) -> None:
        """A bug: a notice with a report to copy; the same one is shown once. Too little memory is none."""
        lack = lack_of_memory(error)
        if lack is not None:
            self.say(lack, severity="error")
            return
        text = "".join(traceback.format_exception(error))
        _log.error("%s", text)
        place = f"{type(error).__name__} {error.__traceback__.tb_lineno if error.__traceback__ else 0} {error}"
        if place in self._reported:
            return
        self._reported.add(place)
        self.say(
            f"Something in Layerloom went wrong ({type(error).__name__}). Your drawing is safe; if it happens again, "
            "please send the report.",
            severity="error",
            action=MessageAction("Copy report", lambda: self._copy(report_of(text))),
        )

    def _copy(self, report: str) -> None:
        QGuiApplication.clipboard().setText(report)
        self.say("The report is in the clipboard.", severity="success")


def report_of(trace: str) -> str:
    """What a developer needs: versions, the system, the traceback. Nothing of the document."""
    from importlib.metadata import PackageNotFoundError, version

    def number(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "not installed"

    versions = ", ".join(f"{name} {number(name)}" for name in ("layerloom", "PySide6-Essentials", "torch", "numpy"))
    return f"{versions}\nPython {platform.python_version()} on {platform.platform()}\n\n{trace}"


def _speaks(error: BaseException) -> bool:
    """Whether an error's text is for the user: those of this project are sentences, and the system's speak of files."""
    if isinstance(error, OSError):
        return True
    home = type(error).__module__.partition(".")[0]
    return home in ("graph_engine", "presets", "app") and not isinstance(error, AssertionError)
