"""The Run menu."""

from __future__ import annotations

from app.actions.action import Action, Menu, Scope
from app.actions.canvas_command import drawing_is_shown
from app.actions.desk import Desk
from app.probes import NUMBERS

_PROBES = 9
"""The section of the menu for probes."""


def _can_train(desk: Desk) -> bool:
    runs = desk.session.runs
    return (not desk.at_welcome and runs.can_start) or (runs.paused and not runs.stopping)


def _train(desk: Desk) -> None:
    runs = desk.session.runs
    if runs.paused:
        runs.pause()
    else:
        desk.train()


def _can_begin(desk: Desk) -> bool:
    return not desk.at_welcome and desk.session.runs.can_start


def _can_enqueue(desk: Desk) -> bool:
    session = desk.session
    return not desk.at_welcome and len(session.document.main) > 0 and not session.errors


def _toggle_queue(desk: Desk) -> None:
    again = desk.session.runs.again
    (again.hold_queue if again.is_on else again.start_queue)()


def _recall(number: int) -> Action:
    return Action(
        id=f"run.recall_{number}",
        title=f"Recall probe {number}",
        menu=Menu.RUN,
        section=_PROBES,
        submenu="Probes",
        keys=(str(number),),
        scope=Scope.CANVAS,
        enabled=drawing_is_shown,
        run=lambda desk: desk.recall_probe(number),
    )


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
    Action(
        id="run.stop_after_epoch",
        title="Stop after this epoch",
        menu=Menu.RUN,
        icon="target",
        help="End the run when the epoch in progress is done and judged",
        enabled=lambda desk: desk.session.runs.can_stop,
        checked=lambda desk: desk.session.runs.ends_with_epoch,
        explains="No run is going on.",
        run=lambda desk: desk.session.runs.stop_after_epoch(),
    ),
    Action(
        id="run.evaluate",
        title="Evaluate now",
        menu=Menu.RUN,
        section=1,
        icon="chart",
        help="Measure on the samples held out, in the middle of the epoch",
        enabled=lambda desk: desk.session.runs.can_pause,
        explains="No run is going on.",
        run=lambda desk: desk.session.runs.evaluate(),
    ),
    Action(
        id="run.change",
        title="Change the run…",
        menu=Menu.RUN,
        section=1,
        icon="sliders",
        help="Another learning rate, weight of a loss, batch size or frozen node, from the next step on",
        enabled=lambda desk: desk.session.runs.can_pause,
        explains="No run is going on.",
        run=lambda desk: desk.change_run(),
    ),
    Action(
        id="run.checkpoints",
        title="Rewind or branch…",
        menu=Menu.RUN,
        section=1,
        icon="history",
        help="Go back to a checkpoint of the run, or begin a new one from there",
        enabled=lambda desk: bool(desk.session.runs.last),
        explains="Start a run first.",
        run=lambda desk: desk.show_checkpoints(desk.session.runs.last),
    ),
    Action(
        id="run.again",
        title="Do the last run again",
        menu=Menu.RUN,
        section=1,
        icon="refresh",
        help="The same document, data, seed, device and changes",
        enabled=lambda desk: bool(desk.session.runs.last) and not desk.session.runs.live,
        explains="A run must have ended.",
        run=lambda desk: desk.session.runs.again.rerun(desk.session.runs.last),
    ),
    Action(
        id="run.search",
        title="Search for better settings…",
        menu=Menu.RUN,
        section=2,
        icon="flask",
        help="Try other learning rates, sizes and the like, and open the best",
        enabled=_can_enqueue,
        explains="There must be something drawn, without errors.",
        run=lambda desk: desk.show_search(),
    ),
    Action(
        id="run.train_apart",
        title="Train in a process of its own",
        menu=Menu.RUN,
        section=2,
        icon="external",
        help="The run goes on when the window is closed, and no error of a device reaches the window",
        enabled=_can_begin,
        explains="There must be something drawn, without errors, and no run going on.",
        run=lambda desk: desk.train(own_process=True),
    ),
    Action(
        id="run.leave",
        title="Follow the run no longer",
        menu=Menu.RUN,
        section=2,
        icon="eye-off",
        help="The run goes on in its process; the list of runs finds it again",
        enabled=lambda desk: desk.session.runs.outlives,
        explains="No run in a process of its own is followed.",
        run=lambda desk: desk.session.runs.leave(),
    ),
    Action(
        id="run.follow_folder",
        title="Follow a run in a folder…",
        menu=Menu.RUN,
        section=2,
        icon="folder",
        help="One begun elsewhere: on another machine whose disk is mounted here (SSH, NFS), or in another home",
        run=lambda desk: desk.follow_folder(),
    ),
    Action(
        id="run.enqueue",
        title="Add to the queue",
        menu=Menu.RUN,
        section=2,
        keys=("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        icon="plus",
        help="Train the network as it is drawn now when the runs before it have ended",
        enabled=_can_enqueue,
        explains="There must be something drawn, without errors.",
        run=lambda desk: desk.session.runs.again.enqueue(desk.session.document),
    ),
    Action(
        id="run.queue",
        title="Let the queue go on",
        menu=Menu.RUN,
        section=2,
        icon="layers",
        help="Begin the runs that wait, one after the other",
        enabled=lambda desk: desk.session.runs.again.is_on or bool(desk.session.runs.again.waiting),
        checked=lambda desk: desk.session.runs.again.is_on,
        explains="No run waits.",
        run=_toggle_queue,
    ),
    Action(
        id="run.probe",
        title="Probe the node",
        menu=Menu.RUN,
        section=_PROBES,
        keys=("F9",),
        icon="image",
        help="Show what the selected node makes of a sample, and give it a number to come back by",
        enabled=lambda desk: drawing_is_shown(desk) and desk.session.selection.current is not None,
        explains="Select a node first.",
        run=lambda desk: desk.probe(),
    ),
    *(_recall(number) for number in NUMBERS),
)
