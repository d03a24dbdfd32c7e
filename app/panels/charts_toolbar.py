"""What can be set of the charts: smoothing, what runs along x, powers of ten, and the ways out."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from app.runs.shown import SMOOTHING
from app.theme import icon, set_role, theme_manager

if TYPE_CHECKING:
    from app.runs.series import XAxis

_AXES: tuple[tuple[XAxis, str, str], ...] = (
    ("step", "Step", "Curves along optimiser steps"),
    ("epoch", "Epoch", "Curves along passes over the training data"),
    ("time", "Time", "Curves along the time that training took"),
)


class ChartsToolbar(QWidget):
    """One row above the charts."""

    smoothing_changed = Signal(float)
    axis_changed = Signal(str)
    log_changed = Signal(bool)
    maps_toggled = Signal(bool)
    show_all_requested = Signal()
    copy_requested = Signal()
    save_picture_requested = Signal()
    save_table_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offers_maps = False
        self._row = QHBoxLayout(self)
        self._add_smoothing()
        self._add_axes()
        self.log = self._toggle("log", "Log", "Spread the values by powers of ten")
        self.log.toggled.connect(self.log_changed)
        self.show_all = QToolButton(self)
        self.show_all.setIcon(icon("fit"))
        self.show_all.setToolTip("Show all and follow the run again (double-click or 0 in a chart)")
        self.show_all.setAccessibleName("Show all")
        self.show_all.clicked.connect(self.show_all_requested)
        self._row.addWidget(self.show_all)
        self._row.addStretch(1)
        self.maps = self._toggle("grid", "", "Feature maps of the selected node beside the charts")
        self.maps.setAccessibleName("Feature maps beside the charts")
        self.maps.toggled.connect(self.maps_toggled)
        self.maps.hide()
        self._add_menu()
        self._soon = QTimer(self, singleShot=True, interval=0)  # by then the buttons know their new sizes
        self._soon.timeout.connect(self._share_room)
        theme_manager().changed.connect(self._space)
        self._space()

    def set_smoothing(self, weight: float) -> None:
        """Shows a weight that comes from elsewhere."""
        self.slider.setValue(round(weight * 100))

    def offer_maps(self) -> None:
        """From now on there are feature maps that may be shown beside the charts."""
        self._offers_maps = True
        self.maps.setChecked(True)
        self._share_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def minimumSizeHint(self) -> QSize:
        """What is left when all is gone that may go."""
        return QSize(self.show_all.sizeHint().width(), super().minimumSizeHint().height())

    def _share_room(self) -> None:
        """Leaves out what can be done without where the row has no room for all: words first, then the rest."""
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        for spared in range(5):
            for label in (self._label, self._amount):
                label.setVisible(spared < 1)
            self.log.setToolButtonStyle(beside if spared < 1 else alone)
            self.maps.setVisible(self._offers_maps and spared < 2)
            self.slider.setVisible(spared < 3)
            self.show_all.setVisible(spared < 4)  # a double click does it too
            self._row.invalidate()
            if self._row.sizeHint().width() <= self.width():
                return

    def set_axis(self, axis: XAxis) -> None:
        """Presses the button of what runs along x."""
        self.axes[axis].setChecked(True)

    def _add_smoothing(self) -> None:
        self._label = QLabel("Smooth", self)
        set_role(self._label, "small")
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, 99)
        self.slider.setPageStep(10)
        self.slider.setValue(round(SMOOTHING * 100))
        self.slider.setAccessibleName("Smoothing")
        self.slider.setToolTip(
            "How much of the values before goes into the curve; the values themselves stay, faint, behind it"
        )
        self._label.setBuddy(self.slider)
        self._amount = QLabel(self)
        set_role(self._amount, "small")
        self.slider.valueChanged.connect(self._on_smoothing)
        self._say_amount()
        for widget in (self._label, self.slider, self._amount):
            self._row.addWidget(widget)

    def _add_axes(self) -> None:
        self.axes: dict[XAxis, QToolButton] = {}
        self._group = QButtonGroup(self)
        for axis, text, help_ in _AXES:
            button = self._toggle("", text, help_)
            button.setAutoExclusive(True)
            self._group.addButton(button)
            self.axes[axis] = button
        self.axes["step"].setChecked(True)
        self._group.buttonClicked.connect(self._on_axis)

    def _add_menu(self) -> None:
        button = QToolButton(self)
        button.setIcon(icon("export"))
        button.setToolTip("Copy or save the charts")
        button.setAccessibleName("Copy or save the charts")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        for name, text, signal in (
            ("copy", "Copy as picture", self.copy_requested),
            ("image", "Save picture…", self.save_picture_requested),
            ("table", "Save values as CSV…", self.save_table_requested),
        ):
            menu.addAction(icon(name), text).triggered.connect(signal)
        button.setMenu(menu)
        self.menu = menu
        self._row.addWidget(button)

    def _toggle(self, icon_name: str, text: str, help_: str) -> QToolButton:
        button = QToolButton(self)
        button.setCheckable(True)
        button.setText(text)
        button.setToolTip(help_)
        if icon_name:
            button.setIcon(icon(icon_name))
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonTextBesideIcon if text else Qt.ToolButtonStyle.ToolButtonIconOnly
            )
        self._row.addWidget(button)
        return button

    def _on_smoothing(self) -> None:
        self._say_amount()
        self.smoothing_changed.emit(self.slider.value() / 100)

    def _say_amount(self) -> None:
        self._amount.setText(f"{self.slider.value() / 100:.2f}")

    def _on_axis(self, button: QToolButton) -> None:
        axis = next(axis for axis, found in self.axes.items() if found is button)
        self.axis_changed.emit(cast("str", axis))

    def _space(self) -> None:
        theme = theme_manager()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.spacing.s)
        self.slider.setFixedWidth(theme.spacing.px(96))
        self._amount.setFont(theme.typography.tabular("small"))
        self._amount.setMinimumWidth(theme.spacing.px(34))
        self._soon.start()
