"""What is seen of nodes at one moment: requests, answers, and how an answer is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graph_engine.probe.maps import feature_maps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from graph_engine.compile import Program

    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """Which nodes to look at, for which sample of the data set (from 0). `figures`: averages and gradients as well."""

    nodes: tuple[str, ...]
    sample: int = 0
    figures: bool = False


@dataclass(frozen=True, slots=True)
class NodeView:
    """What a node gives. `values` are those of the sample, without the batch axis: (C, H, W), (T, E), (C,) …

    `mean`, `std` and `dead` are over the sample and some others: `dead` is the share of units (channels of an image,
    entries of a vector) that are zero for all of them. `gradient` is the norm of the gradient of the node's weights
    at the last step.
    """

    values: Floats
    mean: float | None = None
    std: float | None = None
    dead: float | None = None
    gradient: float | None = None


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What was seen after `step` steps. `failed` says, for nodes that could not be computed, why."""

    request: ProbeRequest
    step: int
    epoch: int
    views: Mapping[str, NodeView] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


def look(
    program: Program,
    network: nn.Module,
    request: ProbeRequest,
    inputs: Mapping[str, Tensor],
    *,
    step: int = 0,
    epoch: int = 0,
) -> ProbeAnswer:
    """Answer a request. `inputs` holds the sample first, then those that figures are taken over, by Input node."""
    failed: dict[str, str] = {}
    maps = _maps(program, network, request.nodes, inputs, failed)
    views = {}
    for node, value in maps.items():
        try:
            values = value.detach().float()
            own = values[0].cpu().numpy().copy()
            if request.figures:
                views[node] = NodeView(own, *_figures(values), _gradient(program, network, node))
            else:
                views[node] = NodeView(own)
        except RuntimeError as error:  # too little memory of a device, most likely
            failed[node] = _first_line(error)
    return ProbeAnswer(request, step, epoch, views, failed)


def to_bytes(values: Floats, *, each: bool = True) -> NDArray[Any]:
    """Maps (…, H, W) as uint8, from the least value (0) to the greatest (255): of each map, or of all together.

    A map without contrast, and a value that is not finite, becomes 0.
    """
    import numpy as np

    axes = (-2, -1) if each and values.ndim >= 2 else None
    finite = np.where(np.isfinite(values), values, np.nan)
    known = ~np.isnan(finite)
    low = np.min(np.where(known, values, np.inf), axis=axes, keepdims=True)
    high = np.max(np.where(known, values, -np.inf), axis=axes, keepdims=True)
    span = np.where(high > low, high - low, np.inf)
    scaled = np.where(known, (values - np.where(np.isfinite(low), low, 0)) / span, 0)
    return (scaled * 255 + 0.5).astype(np.uint8)


def _maps(
    program: Program, network: nn.Module, nodes: tuple[str, ...], inputs: Mapping[str, Tensor], failed: dict[str, str]
) -> dict[str, Tensor]:
    """All nodes at once; one by one when some can't be computed."""
    try:
        return feature_maps(program, network, nodes, inputs)
    except Exception as error:  # noqa: BLE001  a probe never ends a run: what can't be seen is said
        if len(nodes) == 1:
            failed[nodes[0]] = _first_line(error)
            return {}
    found: dict[str, Tensor] = {}
    for node in nodes:
        found |= _maps(program, network, (node,), inputs, failed)
    return found


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _figures(values: Tensor) -> tuple[float, float, float]:
    """Mean, standard deviation, and the share of dead units of (N, C, …)."""
    import torch

    if values.dim() > 1:
        others = [axis for axis in range(values.dim()) if axis != _unit_axis(values)]
        dead = (values == 0).all(dim=others[0]) if len(others) == 1 else torch.amax(values.abs(), dim=others) == 0
        share = dead.float().mean()
    else:
        share = torch.zeros(())
    mean, std, dead_share = torch.stack([values.mean(), values.std(correction=0), share.to(values.device)]).tolist()
    return mean, std, dead_share


def _unit_axis(values: Tensor) -> int:
    """The axis that counts units: channels of images (N, C, H, W), entries of vectors and sequences (the last)."""
    return 1 if values.dim() >= 4 else values.dim() - 1


def _gradient(program: Program, network: nn.Module, node: str) -> float | None:
    import torch

    paths = program.paths_of(node)
    weights = [weight for path in paths for weight in network.get_submodule(path).parameters()]
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    if not gradients:
        return None
    try:
        return float(torch.stack([torch.linalg.vector_norm(gradient.float()) for gradient in gradients]).norm())
    except RuntimeError:  # of an earlier stage, in memory that a CUDA graph has written over since
        return None
