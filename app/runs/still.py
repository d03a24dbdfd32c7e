"""What nodes give without a run: a network of its own, with fresh weights or those that a run left. Used on one thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graph_engine.data import resolve, served_inputs
from graph_engine.probe import ProbeAnswer, ProbeInputs, ProbeRequest, look

if TYPE_CHECKING:
    from torch import Tensor, nn

    from graph_engine.compile import Program
    from graph_engine.document import Document


@dataclass(slots=True)
class StillNetwork:
    """The network of a program, not trained while it is looked at.

    `document` is a snapshot of what `program` was compiled from. `weights` are those of a run, by name: what fits is
    taken, the rest stays as the plan's seed makes it.
    """

    document: Document
    program: Program
    weights: Mapping[str, Tensor] = field(default_factory=dict)
    _network: nn.Module | None = None

    def answer(self, request: ProbeRequest) -> ProbeAnswer:
        """What is seen of the nodes of `request`.

        Raises: DataError when the data can't be opened or served.
        """
        resolution = resolve(self.document)
        inputs = served_inputs(resolution)
        assert resolution.dataset is not None  # else there would be an error
        batch = ProbeInputs(resolution.dataset, inputs).serve(request.sample, with_others=False)
        return look(self.program, self._made(), request, batch)

    def _made(self) -> nn.Module:
        if self._network is None:
            network = self.program.make(self.document.plan.seed)
            own = network.state_dict()
            fits = {name: value for name, value in self.weights.items() if name in own and own[name].shape == value.shape}
            network.load_state_dict(fits, strict=False)
            self._network = network
        return self._network
