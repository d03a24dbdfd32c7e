"""Parts of a tensor."""

from __future__ import annotations

from torch import Tensor


def slice_axis(x: Tensor, axis: int, start: int = 0, stop: int = 0) -> Tensor:
    """Places `start` to `stop` − 1 of an axis. Both may count from the end; `stop` 0 is the end itself."""
    return x[(slice(None),) * (axis % x.dim()) + (slice(start, stop or None),)]
