"""Where training would go on, in the top bar: `cpu · 8 threads · fp32`, `cuda:0 · H200 · bf16`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.figures import plural

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.doctor.devices import Device
    from graph_engine.document import Plan


class DeviceChip(QLabel):
    """Follows the plan of the document in front; empty until the devices are known."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._devices: tuple[Device, ...] = ()
        self._room = True
        self.setObjectName("device")
        self.setAccessibleName("Device")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for signal in (session.changed, session.opened):
            signal.connect(self._show)
        self._show()

    def show_devices(self, devices: tuple[Device, ...]) -> None:
        """Takes what there is to train on."""
        self._devices = devices
        self._show()

    def set_room(self, *, room: bool) -> None:
        """Whether there is room for it."""
        self._room = room
        self._show()

    def _show(self) -> None:
        plan = self._session.document.plan
        device = device_of(plan, self._devices)
        if device is not None:
            what = plural(device.threads, "thread") if device.threads else device.title.removeprefix("NVIDIA ")
            self.setText(f"{device.name} · {what} · {plan.precision}")
            self.setToolTip(f"{device.title}: change it under Training plan")
        self.setVisible(device is not None and self._room)


def device_of(plan: Plan, devices: tuple[Device, ...]) -> Device | None:
    """The device that a plan would be trained on; None while that is not known, or there is none of that kind."""
    gpus = [device for device in devices if device.name.startswith("cuda")]
    if plan.device != "cpu" and gpus:
        return gpus[0]
    return next((device for device in devices if device.name == "cpu"), None) if plan.device != "cuda" else None
