"""What is written of runs: a table of them, their curves, their weights. Each in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.export import Exported
    from graph_engine.runs import RunRecord


class RunFiles(QObject):
    """Asks where to, and writes."""

    said = Signal(str)
    """What was written, to be told in passing."""
    failed = Signal(object)
    """The exception that says what could not be written."""

    def __init__(self, session: Session, panel: QWidget) -> None:
        """Dialogs open over `panel`."""
        super().__init__(panel)
        self._session = session
        self._panel = panel

    def ask_table(self, records: list[RunRecord]) -> None:
        """Writes runs as CSV where a dialog says."""
        dialog = QFileDialog(self._panel, f"Save {len(records)} runs as a table", "runs.csv", "Tables (*.csv)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.write_table(records, Path(path)))
        dialog.open()

    def write_table(self, records: list[RunRecord], path: Path) -> None:
        """Writes runs as CSV, in the background."""
        from graph_engine.runs.comparing import write_table

        def done(_: object) -> None:
            self.said.emit(f"{path.name} holds {len(records)} runs.")

        self._session.jobs.start(f"Writing {path.name}", lambda: write_table(records, path), done, self.failed.emit)

    def ask_curves(self, records: list[RunRecord]) -> None:
        """Writes the curves of runs for TensorBoard where a dialog says."""
        dialog = QFileDialog(self._panel, "Write curves for TensorBoard into a folder", str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.write_curves(records, Path(path)))
        dialog.open()

    def write_curves(self, records: list[RunRecord], folder: Path) -> None:
        """Writes the curves of runs as TensorBoard's event files, in the background."""
        from graph_engine.runs.comparing import write_tensorboard

        def write() -> None:
            for record in records:
                write_tensorboard(self._session.runs.library.store().get(record.id), folder)

        def done(_: object) -> None:
            self.said.emit(f"Show the curves with: tensorboard --logdir {folder}")

        self._session.jobs.start("Writing curves", write, done, self.failed.emit)

    def ask_weights(self, chosen: RunRecord) -> None:
        """Writes the best weights of a run where a dialog says."""
        run = chosen.id
        dialog = QFileDialog(
            self._panel, f"Export the best weights of {chosen.name}", f"{run}.safetensors", "Weights (*.safetensors)"
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("safetensors")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.write_weights(run, Path(path)))
        dialog.open()

    def write_weights(self, run: str, path: Path) -> None:
        """Writes the best weights of a run as safetensors, in the background."""

        def write() -> Exported:
            from graph_engine.export import Target, export_document

            stored = self._session.runs.library.store().get(run)
            weights = stored.folder.checkpoint("best").weights
            return export_document(stored.document(), Target.SAFETENSORS, path, weights)

        def done(exported: Exported) -> None:
            self.said.emit(f"{exported.path.name} holds the best weights of {run}; {exported.checked}.")

        self._session.jobs.start(f"Exporting {path.name}", write, done, self.failed.emit)
