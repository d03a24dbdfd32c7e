"""What nodes give without a run: a network of its own, with fresh weights or those that a run left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from graph_engine.data import DataError, resolve, served_inputs
from graph_engine.probe import ProbeAnswer, ProbeInputs, ProbeRequest, look
from graph_engine.probe.inputs import OTHERS

if TYPE_CHECKING:
    from torch import Tensor, nn

    from graph_engine.compile import Program
    from graph_engine.data import Dataset, Served
    from graph_engine.document import Document


@dataclass(slots=True)
class StillNetwork:
    """The network of a program, not trained while it is looked at, and used by one thread at a time.

    `document` is a snapshot of what `program` was compiled from. `weights` are those of a run, by name: what fits is
    taken, the rest stays as the plan's seed makes it.
    """

    document: Document
    program: Program
    weights: Mapping[str, Tensor] = field(default_factory=dict)
    picture: Path | None = None
    """A file that is looked at in place of the sample, wherever the network takes an image."""
    said: str = ""
    """What is to be known of the weights: `untrained`, `partly trained`, or nothing. Known after the first answer."""
    _network: nn.Module | None = None

    def answer(self, request: ProbeRequest) -> ProbeAnswer:
        """What is seen of the nodes of `request`.

        Raises: DataError when the data can't be opened or served.
        """
        resolution = resolve(self.document)
        inputs = served_inputs(resolution)
        dataset = cast("Dataset", resolution.dataset)  # else there were a problem, and served_inputs had said it
        others = {
            node: dataset.serve(each.field, each.shape, each.dtype, range(min(OTHERS, len(dataset))))
            for node, each in inputs.items()
            if request.figures
        }
        batch = ProbeInputs(dataset, inputs, others).serve(request.sample, with_others=request.figures)
        if self.picture is not None:
            batch = self._with_picture(self.picture, inputs, batch)
        return look(self.program, self._made(), request, batch)

    def _with_picture(self, file: Path, inputs: Mapping[str, Served], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The batch with the picture in place of its first sample.

        Raises: DataError when it can't be read, or nothing takes an image.
        """
        import torch

        from graph_engine.data.pictures import read_picture

        images = [node for node, served in inputs.items() if len(served.shape) == 3 and served.dtype == "float32"]
        if not images:
            raise DataError(f"{file.name} can't be looked at: this network takes no image.")
        values = {node: torch.from_numpy(read_picture(file, inputs[node].shape)) for node in images}
        return {
            node: torch.cat([values[node][None], each[1:]]) if node in values else each for node, each in batch.items()
        }

    def _made(self) -> nn.Module:
        if self._network is None:
            network = self.program.make(self.document.plan.seed)
            own = network.state_dict()
            fits = {
                name: value for name, value in self.weights.items() if name in own and own[name].shape == value.shape
            }
            network.load_state_dict(fits, strict=False)
            self.said = "" if len(fits) == len(own) else "partly trained" if fits else "untrained"
            self._network = network
        return self._network
