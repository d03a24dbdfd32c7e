"""The Run menu."""

from __future__ import annotations

from app.actions.action import Action, Menu
from app.actions.desk import Desk


def _can_train(desk: Desk) -> bool:
    runs = desk.session.runs
    return (not desk.at_welcome and runs.can_start) or (runs.paused and not runs.stopping)


def _train(desk: Desk) -> None:
    runs = desk.session.runs
    if runs.paused:
        runs.pause()
    else:
        desk.train()


ACTIONS = (
    Action(
        id="run.train",
        title="Train",
        menu=Menu.RUN,
        keys=("Ctrl+Return", "Ctrl+Enter"),
        icon="play",
        help="Train the network as it is drawn, by the plan",
        enabled=_can_train,
        title_now=lambda desk: "Resume" if desk.session.runs.paused else "Train",
        explains="There must be something drawn, without errors, and no run going on.",
        run=_train,
    ),
    Action(
        id="run.pause",
        title="Pause",
        menu=Menu.RUN,
        icon="pause",
        help="Stand still after the step in progress",
        enabled=lambda desk: desk.session.runs.can_pause and not desk.session.runs.paused,
        explains="No run is going on.",
        run=lambda desk: desk.session.runs.pause(),
    ),
    Action(
        id="run.stop",
        title="Stop",
        menu=Menu.RUN,
        keys=("Ctrl+Alt+Return", "Ctrl+Alt+Enter"),
        icon="stop",
        help="End the run; its weights are kept and it can be resumed",
        enabled=lambda desk: desk.session.runs.can_stop,
        explains="No run is going on.",
        run=lambda desk: desk.session.runs.stop(),
    ),
    Action(
        id="run.step",
        title="One step",
        menu=Menu.RUN,
        icon="step",
        help="Take a single step, then stand still",
        enabled=lambda desk: desk.session.runs.can_step,
        explains="Start a run first.",
        run=lambda desk: desk.session.runs.step(),
    ),
)
