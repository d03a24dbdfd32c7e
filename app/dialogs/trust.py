"""May this code run? Asked with the code in view."""

from __future__ import annotations

from PySide6.QtWidgets import QDialogButtonBox, QLabel, QWidget

from app.customs import all_code
from app.dialogs.dialog import Dialog
from app.figures import plural
from app.panels.code_view import CodeView
from app.session import Session
from app.theme import theme_manager
from graph_engine.check.trust import untrusted


class TrustDialog(Dialog):
    """The code of a document that waits for trust. `accepted` when it may run; Enter does not say so."""

    def __init__(self, session: Session, window: QWidget) -> None:
        box = QDialogButtonBox.StandardButton
        super().__init__("Trust this document", window, buttons=box.Ok | box.Cancel)
        spacing = theme_manager().spacing
        self.resize(spacing.px(760), spacing.px(600))
        blocks = plural(len(untrusted(session.document)), "custom block")
        about = QLabel(
            f"{session.front.name} brings Python code in {blocks}. Such code can do whatever you can: read and delete "
            "files, use the network. Trust it if you know who wrote it, or have read it here."
        )
        about.setWordWrap(True)
        self.view = CodeView()
        self.view.setAccessibleName("The code")
        self.view.setLineWrapMode(CodeView.LineWrapMode.WidgetWidth)  # no code hides beyond the edge
        self.view.show_source(all_code(session))
        self.column.addWidget(about)
        self.column.addWidget(self.view, 1)
        note = QLabel("It is asked again when the code is changed elsewhere. Drawing and saving need no trust.")
        note.setWordWrap(True)
        note.setProperty("role", "faint")
        self.column.addWidget(note)
        self.trust = self.buttons.button(box.Ok)
        self.trust.setText("Trust and run")
        self.propose(box.Cancel, "Not now")
        self.finish()
        self.view.setFocus()
