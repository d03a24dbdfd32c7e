"""About Layerloom, and what it finds on this computer."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QPlainTextEdit, QPushButton, QWidget

from app.dialogs.dialog import Dialog
from app.figures import plural, size_of
from app.theme import set_role, theme_manager

if TYPE_CHECKING:
    from app.workers import Jobs

_ABOUT = (
    "Draw a neural network, see at once whether it fits, train it while watching it learn, and walk away with "
    "readable PyTorch code and trained weights."
)
_PARTS = ("PySide6-Essentials", "torch", "numpy", "pyqtgraph", "networkx", "pydantic", "safetensors")


def layerloom_version() -> str:
    """The version that is installed, or what it is when it runs from a folder of source."""
    try:
        return version("layerloom")
    except PackageNotFoundError:
        return "from source"


class AboutDialog(Dialog):
    """Name, version, what it stands on, licence."""

    def __init__(self, window: QWidget) -> None:
        super().__init__("About Layerloom", window)
        title = QLabel("Layerloom")
        title.setObjectName("wordmark")
        self.column.addWidget(title)
        number = QLabel(f"Version {layerloom_version()}")
        set_role(number, "dim")
        self.column.addWidget(number)
        for text, role in ((_ABOUT, ""), (f"Built on {_stands_on()}.", "dim"), (_LICENCE, "faint")):
            label = QLabel(text)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            set_role(label, role)  # type: ignore[arg-type]  # one of the three above
            self.column.addWidget(label)
        self.finish()
        width = theme_manager().spacing.px(460)
        self.setFixedSize(width, self.column.heightForWidth(width))


_LICENCE = (
    "MIT licence. Inter and JetBrains Mono are under the SIL Open Font License, the digits under CC BY 4.0 "
    "(E. Alpaydin, C. Kaynak, UCI, 1998)."
)


def _stands_on() -> str:
    found = []
    for name in _PARTS:
        try:
            found.append(f"{name.removesuffix('-Essentials')} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


class DoctorDialog(Dialog):
    """The report of `layerloom doctor`, to be read and copied."""

    def __init__(self, window: QWidget, jobs: Jobs) -> None:
        super().__init__("This computer", window, buttons=QDialogButtonBox.StandardButton.Close)
        spacing = theme_manager().spacing
        self.resize(spacing.px(680), spacing.px(520))
        hint = QLabel("What Layerloom finds here. Copy it into a bug report; it says nothing of your documents.")
        hint.setWordWrap(True)
        set_role(hint, "dim")
        self.report = QPlainTextEdit("Looking …")
        self.report.setReadOnly(True)
        self.report.setAccessibleName("Report")
        set_role(self.report, "code")
        self.column.addWidget(hint)
        self.column.addWidget(self.report, 1)
        self._copy = QPushButton("Copy")
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.report.toPlainText()))
        self.buttons.addButton(self._copy, QDialogButtonBox.ButtonRole.ActionRole)
        self.finish()
        self._open = True
        self.finished.connect(self._on_finished)
        jobs.start("Looking at this computer", _examine, self._show, self._show_failure)

    def _on_finished(self) -> None:
        self._open = False

    def _show(self, text: str) -> None:
        if self._open:
            self.report.setPlainText(text)

    def _show_failure(self, error: Exception) -> None:
        self._show(f"The report could not be made: {error}")


def _examine() -> str:
    from graph_engine.doctor import examine

    report = examine()
    lines = [f"{each.name:<22}{each.installed or 'missing'}" for each in report.versions]
    lines.append("")
    for device in report.devices:
        memory = f", {size_of(device.memory)}" if device.memory else ""
        threads = f", {plural(device.threads, 'thread')}" if device.threads else ""
        lines.append(f"{device.name:<22}{device.title}{memory}{threads}{', bf16' if device.bf16 else ''}")
    lines += [
        f"{extra.name:<22}{'missing: ' + ', '.join(extra.missing) if extra.missing else 'complete'}"
        for extra in report.extras
    ]
    lines.append(f"{'data in':<22}{report.home.path}")
    lines += ["", *(f"problem: {text}" for text in report.problems), *(f"note: {text}" for text in report.notes)]
    if report.command:
        lines.append(f"install with: {report.command}")
    return "\n".join(lines).strip()
