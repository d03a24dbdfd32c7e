"""Where the window leaves what it wants to see of a run, and finds the newest answer. Neither side ever waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from graph_engine.data import DataError
from graph_engine.probe.inputs import ProbeInputs
from graph_engine.probe.views import ProbeAnswer, ProbeRequest, look

if TYPE_CHECKING:
    from torch import nn

    from graph_engine.compile import Program

INTERVAL = 0.1
"""s between two answers: ten a second are as many as an eye follows."""


class Place(Protocol):
    """How far training has come."""

    @property
    def step(self) -> int: ...

    @property
    def epoch(self) -> int: ...


class Trained(Protocol):
    """A network while it is trained, between two steps."""

    @property
    def program(self) -> Program: ...

    @property
    def network(self) -> nn.Module: ...

    @property
    def position(self) -> Place: ...


class ProbeBoard:
    """One request and one answer, the newest of each. Costs nothing while nobody asks."""

    def __init__(self, inputs: ProbeInputs) -> None:
        self._inputs = inputs
        self._request: ProbeRequest | None = None
        self._answer: ProbeAnswer | None = None
        self._next = 0.0

    # The window's side: any thread.

    def ask(self, request: ProbeRequest | None) -> None:
        """What to look at from now on; None: nothing."""
        self._request = request if request is not None and request.nodes else None
        self._next = 0.0

    @property
    def request(self) -> ProbeRequest | None:
        return self._request

    @property
    def answer(self) -> ProbeAnswer | None:
        """The newest answer, perhaps to an earlier request; a new object whenever there is news."""
        return self._answer

    # The trainer's side: between two steps.

    def is_due(self, now: float) -> bool:
        """Whether somebody waits for an answer at time `now` (s)."""
        if self._request is None or now < self._next:
            return False
        self._next = now + INTERVAL
        return True

    def look(self, stepper: Trained) -> None:
        """Answer the request, unless that very answer was given before."""
        request, last = self._request, self._answer
        at = stepper.position
        if request is None or (last is not None and last.request == request and last.step == at.step):
            return
        try:
            inputs = self._inputs.serve(request.sample, with_others=request.figures)
        except (DataError, RuntimeError) as error:  # the latter: too little memory of a device
            self._answer = ProbeAnswer(request, at.step, at.epoch, failed=dict.fromkeys(request.nodes, str(error)))
            return
        self._answer = look(stepper.program, stepper.network, request, inputs, step=at.step, epoch=at.epoch)
