"""What is changed in a run that goes on: learning rates, weights of losses, batch size, frozen nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QListWidget, QListWidgetItem, QWidget

from app.dialogs.dialog import Dialog
from app.theme import set_role, theme_manager
from app.widgets import FormRow, NumberField, Section
from graph_engine.blocks import Role
from graph_engine.document import MAIN, title_of
from graph_engine.document.composite import graph_of, is_composite

if TYPE_CHECKING:
    from graph_engine.document import Document
    from graph_engine.train.changes import RunChange


class RunChangeDialog(Dialog):
    """Hands over what is other than before, one change for each update that is."""

    def __init__(self, document: Document, stage: int, change: Callable[[RunChange], object], window: QWidget) -> None:
        """`document` is what is trained now, `stage` (from 0) the one in progress."""
        buttons = QDialogButtonBox.StandardButton
        super().__init__("Change the run", window, buttons=buttons.Ok | buttons.Cancel)
        self._document, self._stage, self._change = document, stage, change
        spacing = theme_manager().spacing
        self.resize(spacing.px(440), spacing.px(520))
        note = QLabel("A checkpoint is taken first, to which the run can be rewound. The change is kept with the run.")
        note.setWordWrap(True)
        set_role(note, "faint")
        self.column.addWidget(note)
        self.rates: list[NumberField] = []
        self.weights: list[dict[str, NumberField]] = []
        self._add_updates()
        data = Section("Data")
        self.batch = NumberField(document.plan.batch_size, whole=True, minimum=1)
        data.add(FormRow("Batch size", self.batch, help_text="From the next epoch on."))
        self.column.addWidget(data)
        frozen = Section("Frozen nodes")
        self.nodes = QListWidget()
        self.nodes.setAccessibleName("Frozen nodes")
        for address, words, on in freezable(document):
            item = QListWidgetItem(words, self.nodes)
            item.setData(Qt.ItemDataRole.UserRole, address)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            item.setToolTip(words)
        frozen.add(self.nodes)
        self.column.addWidget(frozen, 1)
        self.propose(buttons.Ok, "Change the run")
        self.finish()

    def accept(self) -> None:
        for change in self.changes():
            self._change(change)
        super().accept()

    def changes(self) -> list[RunChange]:
        """What is other than before."""
        from graph_engine.train.changes import RunChange

        found = []
        updates = self._document.plan.stages[self._stage].updates
        for at, (update, rate, weights) in enumerate(zip(updates, self.rates, self.weights, strict=True)):
            learning_rate = float(rate.value()) if rate.value() != update.optimiser.learning_rate else None
            before = self._weights(at)
            others = tuple(
                (node, float(field.value())) for node, field in weights.items() if field.value() != before[node]
            )
            if learning_rate is not None or others:
                found.append(RunChange(learning_rate=learning_rate, loss_weights=others, update=at))
        ticked = {
            str(item.data(Qt.ItemDataRole.UserRole)): item.checkState() is Qt.CheckState.Checked
            for item in (self.nodes.item(row) for row in range(self.nodes.count()))
        }
        before_ticked = {address: on for address, _, on in freezable(self._document)}
        freeze = tuple(node for node, on in ticked.items() if on and not before_ticked[node])
        unfreeze = tuple(node for node, on in ticked.items() if not on and before_ticked[node])
        if freeze or unfreeze:
            found.append(RunChange(freeze=freeze, unfreeze=unfreeze))
        if self.batch.value() != self._document.plan.batch_size:
            found.append(RunChange(batch_size=int(self.batch.value())))
        return found

    def _add_updates(self) -> None:
        updates = self._document.plan.stages[self._stage].updates
        for at, update in enumerate(updates):
            section = Section(update.name or (f"Update {at + 1}" if len(updates) > 1 else "Learning"))
            rate = NumberField(update.optimiser.learning_rate, minimum=0.0, open_bounds="minimum")
            section.add(
                FormRow("Learning rate", rate, help_text="That of the plan; its schedule multiplies it as before.")
            )
            self.rates.append(rate)
            fields = {}
            weights = self._weights(at)
            for node, weight in weights.items():
                fields[node] = NumberField(weight)
                section.add(FormRow(f"× {node}", fields[node], help_text="How much this loss counts."))
            self.weights.append(fields)
            self.column.addWidget(section)

    def _weights(self, update: int) -> dict[str, float]:
        """The losses of an update and how much they count."""
        from graph_engine.train.changes import loss_weights

        return loss_weights(self._document, self._stage, update)


def freezable(document: Document) -> list[tuple[str, str, bool]]:
    """The layers, also those inside composites that are used: address, what it is called, whether it is frozen."""
    found = []
    for name in _used(document):
        graph = document.graphs[name]
        for node in graph:
            block = graph.block(node)
            if block is None or block.role is not Role.LAYER:
                continue
            address = node.id if name == MAIN else f"{name}:{node.id}"
            where = node.id if name == MAIN else f"{node.id} in {name}"
            found.append((address, f"{title_of(node, graph)}  ({where})", node.frozen))
    return found


def _used(document: Document) -> list[str]:
    """The main drawing, and the composites in it, each after what it is used by."""
    found = [MAIN]
    for name in found:
        inside = [graph_of(node.block) for node in document.graphs[name] if is_composite(node.block)]
        found += [each for each in dict.fromkeys(inside) if each not in found and each in document.graphs]
    return found
