"""How long each node takes: the lines of the program are timed while it runs, and lines lead back to nodes."""

from __future__ import annotations

import statistics
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING, Any

from graph_engine.compile.randomness import RANDOM
from graph_engine.data.made_up import made_up
from graph_engine.document import Document

if TYPE_CHECKING:
    import torch

    from graph_engine.compile import Program

_ROUNDS = 3


def time_nodes(document: Document, program: Program, batch: int, device: torch.device) -> dict[str, float]:
    """Seconds that each node's lines take in a forward pass on `batch` made-up samples, in training mode.

    Nodes are named as the program's lines name them: `conv2d_1`, in a composite `bottleneck:conv2d_1`, there over all
    its uses. Medians of three passes after one that is not counted. Call it from a worker.

    Raises: RuntimeError when the pass fails.
    """
    import torch

    network = program.make(document.plan.seed).to(device)
    named = {node: name for node, name in program.input_nodes.items() if name in program.inputs}
    inputs = {named[node]: values for node, values in made_up(document, named, batch, device).items()}
    rounds: list[dict[str, float]] = []
    with torch.no_grad():
        for _ in range(_ROUNDS + 1):
            clock = _LineClock(program, device)
            with RANDOM:  # it draws as in training: a run beside it is to draw what it would without
                clock.run(lambda: network(**inputs))
            rounds.append(clock.seconds)
    return {place: statistics.median(each.get(place, 0.0) for each in rounds[1:]) for place in rounds[-1]}


class _LineClock:
    """Gives the time from one line of the program's source to the next to the nodes of the first."""

    def __init__(self, program: Program, device: torch.device) -> None:
        self.seconds: dict[str, float] = {}
        self._lines, self._file = program.lines, program.file
        self._wait = device.type == "cuda"
        self._now: list[tuple[str, ...]] = []  # of each call in progress, the nodes of its line
        self._since = 0.0

    def run(self, act: Any) -> None:
        before = sys.gettrace()
        sys.settrace(self._on_call)
        try:
            act()
        finally:
            sys.settrace(before)

    def _on_call(self, frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename != self._file or event != "call":
            return None
        self._tick()
        self._now.append(())
        return self._on_line

    def _on_line(self, frame: FrameType, event: str, _argument: object) -> Any:
        self._tick()
        if event == "line":
            self._now[-1] = self._lines.get(frame.f_lineno, self._now[-1])
        elif event == "return":
            self._now.pop()
        return self._on_line

    def _tick(self) -> None:
        """What went by since the last event belongs to the lines in progress: the innermost, and those it serves."""
        if self._wait:
            import torch

            torch.cuda.synchronize()
        now = time.perf_counter()
        took, self._since = now - self._since, now
        for places in self._now:
            for place in places:
                self.seconds[place] = self.seconds.get(place, 0.0) + took / len(places)
        self._since = time.perf_counter()
