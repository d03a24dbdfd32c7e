"""Working as one of several processes that `torchrun` began: whether this is one, joining the others, leaving them.

Who begins, counts, restarts and ends the workers is torchrun; how they talk is `torch.distributed` (gloo between CPUs,
NCCL between GPUs). Importing this imports no torch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from graph_engine.train.errors import TrainError

if TYPE_CHECKING:
    from graph_engine.train.team import Team

_SAID = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_TIMEOUT = timedelta(minutes=30)
"""For a worker that is still there but says nothing; of one that is gone, torchrun and the connection tell at once."""


def is_worker() -> bool:
    """Whether torchrun, or who does as it does, began this process."""
    return all(os.environ.get(name) for name in _SAID)


def restarts() -> tuple[int, int]:
    """How often torchrun has begun anew, and how often it may."""
    return _number("TORCHELASTIC_RESTART_COUNT"), _number("TORCHELASTIC_MAX_RESTARTS")


def local_rank() -> int:
    """Which of the workers on this machine this is, from 0."""
    return _number("LOCAL_RANK")


def local_size() -> int:
    """How many workers are on this machine."""
    return max(1, _number("LOCAL_WORLD_SIZE"))


@contextmanager
def joined() -> Iterator[Team | None]:
    """Within, this process is one of the workers; None when it is alone.

    After an error nobody is waited for: the connections break with the process, which torchrun and the others see.

    Raises: TrainError when the others can't be reached.
    """
    if not is_worker() or _number("WORLD_SIZE") == 1:
        yield None
        return
    import torch
    from torch import distributed
    from torch.distributed.rendezvous import rendezvous

    from graph_engine.train.team import Team

    if torch.cuda.is_available() and local_rank() < torch.cuda.device_count():
        torch.cuda.set_device(local_rank())
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    try:
        store, rank, size = next(iter(rendezvous("env://", timeout=_TIMEOUT)))
        if local_size() == size:
            # torchrun keeps its store when it begins anew, with the addresses of workers that are gone (pytorch issue
            # 135712). Agents of several machines count restarts each for itself, so there it is left to an option.
            store = distributed.PrefixStore(f"try_{restarts()[0]}", store)  # type: ignore[attr-defined]
        distributed.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=_TIMEOUT)
    except (RuntimeError, ValueError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        where = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        raise TrainError(
            f"The other workers of this run can't be reached at {where} ({why}). "
            "Begin them all with the same torchrun call."
        ) from error
    team = Team(distributed.get_rank(), distributed.get_world_size())
    yield team
    team.wait_for_all()
    distributed.destroy_process_group()


def leave() -> NoReturn:
    """End this worker, whose work is done, at once: threads that torch keeps may abort a process that ends around them,
    and torchrun would take that for a failure.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _number(name: str) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() else 0
