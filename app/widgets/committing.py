"""Entering what is being typed, before something is done that leaves it behind."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QApplication, QWidget


def commit_focused() -> None:
    """Enters what is being typed, so that an action works on what is seen and nothing is left behind."""
    focused = QApplication.focusWidget()
    if focused is None:
        return
    view = _edited_view(focused)
    if view is not None:
        view.commitData(focused)
        view.closeEditor(focused, QAbstractItemDelegate.EndEditHint.NoHint)
        return
    commit = getattr(focused, "commit", None)
    if callable(commit):
        commit()


def _edited_view(editor: QWidget) -> QAbstractItemView | None:
    """The list or table of which a cell is being typed into."""
    viewport = editor.parentWidget()
    view = viewport.parentWidget() if viewport is not None else None
    if isinstance(view, QAbstractItemView) and view.state() is QAbstractItemView.State.EditingState:
        return view
    return None
