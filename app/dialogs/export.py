"""Which format, whose weights, which file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.dialog import Dialog
from app.theme import set_role, theme_manager
from app.widgets import Choice, ChoiceField, FormRow, NumberField, TextField
from graph_engine.export.ink import Style

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.runs import RunRecord


@dataclass(frozen=True, slots=True)
class Format:
    """A format to export to."""

    target: str
    title: str
    suffix: str
    help: str
    weights: bool = False
    drawing: bool = False
    """A picture of the drawing, which may have errors."""


FORMATS = (
    Format("python", "Python source", ".py", "One readable module that needs torch and nothing else."),
    Format("safetensors", "Weights", ".safetensors", "The numbers alone, by the names of the source.", weights=True),
    Format("onnx", "ONNX", ".onnx", "For onnxruntime and other engines; compared with the network.", weights=True),
    Format("pt2", "PyTorch program", ".pt2", "torch.export: loads without the source.", weights=True),
    Format("svg", "Picture, SVG", ".svg", "The drawing, sharp at any size.", drawing=True),
    Format("pdf", "Picture, PDF", ".pdf", "One page for LaTeX and printers, its fonts inside.", drawing=True),
    Format("png", "Picture, PNG", ".png", "The drawing as pixels.", drawing=True),
    Format("html", "Web page", ".html", "Drawing, figures and source on one page."),
)


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What is to be written. `run` is whose weights, with `which` of its checkpoints; None for fresh ones.

    `style` is how a picture looks, `scale` how many pixels it has for one of the drawing.
    """

    target: str
    path: Path
    run: str | None = None
    which: str = "best"
    style: Style = Style.LIGHT
    scale: float = 2.0


class ExportDialog(Dialog):
    """Formats as a list with a line on each; below it weights and file."""

    chosen = Signal(object)
    """An `ExportChoice`."""

    def __init__(self, session: Session, stem: Path, window: QWidget, target: str) -> None:
        box = QDialogButtonBox.StandardButton
        super().__init__("Export", window, buttons=box.Save | box.Cancel)
        self._session = session
        spacing = theme_manager().spacing
        self.setMinimumWidth(spacing.px(620))
        self._formats = {each.target: each for each in FORMATS}
        self._group = QButtonGroup(self)
        self._radios: dict[str, QRadioButton] = {}
        list_ = QVBoxLayout()
        list_.setSpacing(spacing.s)
        for each in FORMATS:
            list_.addLayout(self._radio(each))
        self.column.addLayout(list_)
        self.weights = ChoiceField([Choice("", f"Fresh, seed {session.document.plan.seed}")], "")
        self._weights_row = FormRow("Weights", self.weights, help_text="Whose numbers the file holds.")
        self.column.addWidget(self._weights_row)
        self.look = ChoiceField(
            [
                Choice(Style.LIGHT, "Coloured", "As the light theme of the window"),
                Choice(Style.PRINT, "Black", "For printers: what wires carry is told by dashes"),
            ],
            Style.LIGHT,
        )
        self._style_row = FormRow("Style", self.look, help_text="How the picture looks.")
        self.column.addWidget(self._style_row)
        self.pixels = NumberField(2.0, minimum=0.1, maximum=16.0, step=0.5)
        self._scale_row = FormRow("Scale", self.pixels, help_text="Pixels for one of the drawing.", default=2.0)
        self.column.addWidget(self._scale_row)
        self.file = TextField(str(stem), required=True)
        self._file_row = FormRow("File", self.file)
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.setSpacing(spacing.m)
        row.addWidget(self._file_row, 1)
        row.addWidget(browse)
        self.column.addLayout(row)
        self._note = QLabel()
        self._note.setWordWrap(True)
        set_role(self._note, "warning")
        self.column.addWidget(self._note)
        self.propose(box.Save, "Export")
        self.finish()
        self._open = True
        self.finished.connect(self._on_finished)
        self.file.value_changed.connect(self._judge)
        session.program_changed.connect(self._judge)
        self.choose(target)
        session.jobs.start("Looking for trained weights", _runs, self._offer_runs, self._no_runs)

    @property
    def target(self) -> str:
        """The format that is chosen."""
        return next(target for target, radio in self._radios.items() if radio.isChecked())

    def choose(self, target: str) -> None:
        """Chooses a format; the file's ending follows."""
        self._radios[target].setChecked(True)
        self._follow_format()

    def accept(self) -> None:
        """Tells what was chosen, unless that needs a second look."""
        self.file.commit()
        if not self._possible():
            return
        run, _, which = str(self.weights.value()).partition("/")
        found = self._formats[self.target]
        choice = ExportChoice(
            self.target,
            Path(self.file.value()).expanduser(),
            style=Style(self.look.value()),
            scale=float(self.pixels.value()),
        )
        if found.weights and run:
            choice = replace(choice, run=run, which=which)
        super().accept()
        self.chosen.emit(choice)

    def _radio(self, each: Format) -> QHBoxLayout:
        radio = QRadioButton(each.title)
        radio.setMinimumWidth(theme_manager().spacing.px(150))
        radio.setAccessibleDescription(each.help)
        radio.toggled.connect(self._follow_format)
        self._group.addButton(radio)
        self._radios[each.target] = radio
        text = QLabel(each.help)
        set_role(text, "dim")
        row = QHBoxLayout()
        row.addWidget(radio)
        row.addWidget(text, 1)
        return row

    def _follow_format(self) -> None:
        if not any(radio.isChecked() for radio in self._radios.values()) or not hasattr(self, "_note"):
            return
        found = self._formats[self.target]
        self._weights_row.setVisible(found.weights)
        self._style_row.setVisible(found.drawing)
        self._scale_row.setVisible(found.target == "png")
        path = Path(str(self.file.value()))
        known = {each.suffix for each in FORMATS}
        bare = path.with_suffix("") if path.suffix in known else path
        self.file.set_value(str(bare.with_name(bare.name + found.suffix)))
        self._judge()

    def _judge(self) -> None:
        found = self._formats[self.target]
        path = Path(str(self.file.value())).expanduser()
        note = ""
        if self._session.program is None and not found.drawing:
            has_errors = "The drawing has errors; solve them under Problems first."
            note = has_errors if self._session.errors else "The drawing is being checked."
        elif path.exists():
            note = f"{path.name} is there already and will be replaced."
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(self._possible())

    def _possible(self) -> bool:
        found = self._formats[self.target]
        return bool(self.file.value()) and (found.drawing or self._session.program is not None)

    def _offer_runs(self, runs: list[RunRecord]) -> None:
        if not self._open:
            return
        title = self._session.document.title
        choices = [Choice("", f"Fresh, seed {self._session.document.plan.seed}")]
        for run in runs:
            choices += [
                Choice(f"{run.id}/{which}", f"{run.name}, {which}", f"Trained {run.epoch} epochs")
                for which in ("best", "last")
            ]
        self.weights.set_choices(choices)
        newest = next((run for run in runs if run.document == title), None)
        if newest is not None:
            self.weights.set_value(f"{newest.id}/best")

    def _no_runs(self, error: Exception) -> None:
        if self._open:
            self._weights_row.setToolTip(str(error))

    def _browse(self) -> None:
        found = self._formats[self.target]
        dialog = QFileDialog(
            self, f"Export as {found.title}", str(self.file.value()), f"{found.title} (*{found.suffix})"
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(found.suffix.removeprefix("."))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.file.enter)
        dialog.open()

    def _on_finished(self) -> None:
        self._open = False


def _runs() -> list[RunRecord]:
    """Runs that have weights, newest first."""
    from graph_engine.runs import RunStore

    return [run for run in RunStore().records(limit=40) if run.step]
