"""What a stage begins with: weights loaded from elsewhere, weights made anew, and what earlier stages left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from graph_engine.data.seeds import FISHER, RESET, mix
from graph_engine.document import Document
from graph_engine.document.plan import Loading, Stage
from graph_engine.train.choosing import places_of
from graph_engine.train.course import Course
from graph_engine.train.errors import PlanError
from graph_engine.train.penalties import Memory
from graph_engine.train.recurrence import differentiable
from graph_engine.train.sharding import local_of, put
from graph_engine.train.updates import ActiveUpdate

if TYPE_CHECKING:
    from graph_engine.compile import Program

FindWeights = Callable[[str], Mapping[str, Tensor]]
"""The weights of a run or a file, by name. Raises: PlanError when there are none."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was taken from `source`: of `wanted` tensors of the network the names `taken`; `misfits` are there in
    another shape, `missing` are not.
    """

    source: str
    wanted: int
    taken: tuple[str, ...]
    misfits: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all that is wanted was taken."""
        return not self.misfits and not self.missing

    def tell(self) -> str:
        """`12 of 14 tensors taken from lenet5-1; of another shape: linear_3.weight, linear_3.bias.`"""
        said = f"{len(self.taken)} of {self.wanted} tensors taken from {self.source}"
        parts = [
            f"{words}: {', '.join(names[:4])}{f' and {len(names) - 4} more' if len(names) > 4 else ''}"
            for words, names in (("of another shape", self.misfits), ("not there", self.missing))
            if names
        ]
        return "; ".join([said, *parts]) + "."


def weights_of_file(source: str) -> Mapping[str, Tensor]:
    """The tensors of a safetensors file. Raises: PlanError."""
    import safetensors.torch

    path = Path(source).expanduser()
    try:
        return safetensors.torch.load_file(path)
    except Exception as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise PlanError(
            f"The plan begins a stage with the weights of {source!r}, which can't be read as safetensors ({why}). "
            "Name a run, or a .safetensors file."
        ) from error


def load(loading: Loading, document: Document, program: Program, network: nn.Module, find: FindWeights) -> Loaded:
    """Take over weights of the same name and shape. Of a node with modules of its own, names count from there as well,
    so that a whole network can become a composite.

    Raises: PlanError when there is nothing to take.
    """
    loaded, found = _fitting(loading, document, program, network, find)
    own = network.state_dict()
    for name, tensor in found.items():
        put(own[name], tensor)
    return loaded


def require_begin(stage: Stage, document: Document, program: Program, network: nn.Module, find: FindWeights) -> None:
    """Raises: PlanError when a stage names what is not there to begin with; better before the first step of all."""
    _paths(document, program, stage.resets, "The plan resets")
    for each in stage.loads:
        _fitting(each, document, program, network, find)


def _fitting(
    loading: Loading, document: Document, program: Program, network: nn.Module, find: FindWeights
) -> tuple[Loaded, dict[str, Tensor]]:
    """What there is to take, by the names that it has here.

    Raises: PlanError when there is nothing.
    """
    own = network.state_dict()
    wanted: dict[str, tuple[str, ...]] = {}  # name here → names there
    if loading.of:
        for path in _paths(document, program, loading.of, "The plan loads weights for"):
            wanted |= {name: (name, name.removeprefix(f"{path}.")) for name in own if name.startswith(f"{path}.")}
        if not wanted:
            raise PlanError(f"The plan loads weights for {', '.join(loading.of)}, which has none. Name other nodes.")
    else:
        wanted = {name: (name,) for name in own}
    given = find(loading.source)
    taken, misfits, missing = {}, [], []
    for name, names in wanted.items():
        found = next((given[each] for each in names if each in given), None)
        if found is None:
            missing.append(name)
        elif found.shape != own[name].shape:
            misfits.append(name)
        else:
            taken[name] = found
    loaded = Loaded(loading.source, len(wanted), tuple(taken), tuple(misfits), tuple(missing))
    if not taken:
        raise PlanError(f"Nothing in {loading.source} fits this network: {loaded.tell()}")
    return loaded, taken


def reset(stage: Stage, number: int, document: Document, program: Program, network: nn.Module, seed: int) -> None:
    """Make the weights that a stage resets anew, as the network's are made."""
    if not stage.resets:
        return
    fresh = program.make(mix(seed, RESET, number)).state_dict()
    own = network.state_dict()
    for path in _paths(document, program, stage.resets, "The plan resets"):
        for name, tensor in own.items():
            if name.startswith(f"{path}."):
                put(tensor, fresh[name])


def remember(updates: Sequence[ActiveUpdate], course: Course, samples: int, seed: int) -> Memory:
    """The weights that `updates` train, and the diagonal of the Fisher information as the mean square of a sample's
    gradient (of the losses of each update, added up), over `samples` samples that `seed` chooses; of a network that is
    cut up, of the pieces of this worker. The network is left in evaluation mode.
    """
    network = updates[0].measurement.network
    names = {parameter: name for name, parameter in network.named_parameters()}
    trained = list(dict.fromkeys(parameter for update in updates for parameter in update.parameters))
    sums = {parameter: torch.zeros_like(local_of(parameter.detach())) for parameter in trained}
    batches = course.train
    order = torch.randperm(batches.length, generator=torch.Generator().manual_seed(mix(seed, FISHER)))[:samples]
    chosen = order if batches.rows is None else batches.rows[order]
    network.eval()
    wanted = [parameter.requires_grad for parameter in trained]
    for parameter in trained:
        parameter.requires_grad_()
    for row in chosen.tolist():
        batch = {name: column[row : row + 1] for name, column in batches.columns.items()}
        for update in updates:
            with differentiable(network), update.measurement.not_compiled():
                found = update.gradients_of(update.forward(batch)[0])
            for parameter, gradient in zip(update.parameters, found, strict=True):
                if gradient is not None:
                    sums[parameter] += gradient.detach().square()
    for parameter, before in zip(trained, wanted, strict=True):
        parameter.requires_grad_(before)
    return Memory(
        {names[parameter]: local_of(parameter.detach()).clone() for parameter in trained},
        {names[parameter]: total / len(chosen) for parameter, total in sums.items()},
    )


def _paths(document: Document, program: Program, addresses: tuple[str, ...], who: str) -> list[str]:
    """The dotted paths of the modules that addresses mean."""
    return [
        path
        for name, node in places_of(document, addresses, who)
        for path in (program.attributes.get(node, ()) if name == "main" else program.paths_in(name, node))
    ]
