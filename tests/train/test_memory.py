"""Too little memory: evaluations that make do with less, batches that fit for good, and what is given back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graph_engine.compile import Computation
from graph_engine.document import Document, Optimiser
from graph_engine.train import RunState, Trainer, memory
from graph_engine.train.devices import free_on_gpu
from graph_engine.train.evaluation import BATCHES
from graph_engine.train.forecast import Memory, _available, _copied
from graph_engine.train.keeper import LARGEST_COPY
from graph_engine.train.memory import fitting_batch, is_memory
from graph_engine.train.optimisers import Paced, make_optimiser, moments
from graph_engine.train.stepper import Stepper

Make = Callable[..., Document]
Start = Callable[..., Trainer]
GPU = torch.device("cuda")
NOT_ENOUGH = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 KiB.")


def with_room_for(monkeypatch: pytest.MonkeyPatch, *, trained: int = 10**9, judged: int = 10**9) -> list[int]:
    """Lets dropout fail on more samples; the sizes of the evaluations' batches."""
    found: list[int] = []

    def forward(module: nn.Module, x: Tensor) -> Tensor:
        if not module.training:
            found.append(len(x))
        if len(x) > (trained if module.training else judged):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 KiB.")
        return x

    monkeypatch.setattr(nn.Dropout, "forward", forward)
    return found


def test_an_evaluation_makes_do_with_the_batch_of_training(
    small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From then on, and finds the same."""
    document = small(epochs=2)
    with monkeypatch.context() as patched:
        with_room_for(patched)
        plenty = trainer(document).run().progress
    trained = trainer(document)
    sizes = with_room_for(monkeypatch, judged=100)
    progress = trained.run().progress

    assert (progress.state, progress.message) == (RunState.FINISHED, "")
    assert sizes == [100 * BATCHES, *[100] * 5, 39, *[100] * 5, 39]
    assert progress.metrics == pytest.approx(plenty.metrics)


def test_a_batch_fits_that_is_judged_as_well(small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The epoch is over by then, so that there is no next step to try it on."""
    trained = trainer(small())
    with_room_for(monkeypatch, judged=30)
    progress = trained.run().progress
    assert progress.state is RunState.FAILED
    assert progress.fits == 25
    assert "A batch of 25 fits." in progress.message
    assert trained.stepper.network.training


def test_what_the_optimiser_will_remember_has_to_fit_too(
    small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice two numbers a weight of Adam: a copy is kept to go back to. Once they are there, none are to come."""
    stepper = trainer(small(optimiser=Optimiser(kind="adam"))).stepper
    weights = list(stepper.network.parameters())
    held: list[list[Tensor]] = []
    seen: list[int] = []
    to_come = memory._state_to_come
    monkeypatch.setattr(memory, "_state_to_come", lambda stepper: held.append(to_come(stepper)) or held[-1])
    forward = nn.Dropout.forward

    def noting(module: Any, x: Tensor) -> Tensor:
        seen.append(sum(map(Tensor.numel, held[-1])))
        return forward(module, x)

    monkeypatch.setattr(nn.Dropout, "forward", noting)
    assert fitting_batch(NOT_ENOUGH, stepper) == 50
    assert seen[0] == 4 * sum(map(Tensor.numel, weights))
    held.append([])
    stepper.step(next(stepper.turns_left())[0])
    assert not to_come(stepper)


def test_a_batch_is_tried_as_it_is_written(small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not compiled anew for each size; and no memory of the device is taken for a copy beforehand."""
    stepper = trainer(small()).stepper

    def refuse(*_: Any, **_named: Any) -> Any:
        raise AssertionError("compiled")

    monkeypatch.setattr(Computation, "compiled", lambda self, *, cuda_graphs: refuse)
    stepper.compile()
    assert fitting_batch(NOT_ENOUGH, stepper) == 50


@pytest.mark.parametrize(
    "words",
    [
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "CUDA driver error: out of memory",
        "nvrtc: error: NVRTC_ERROR_OUT_OF_MEMORY",
    ],
)
def test_libraries_have_words_of_their_own_for_it(words: str) -> None:
    assert is_memory(RuntimeError(words))


@pytest.mark.parametrize(
    "chosen",
    [
        Optimiser(kind="sgd", momentum=0.0),
        Optimiser(kind="sgd", momentum=0.9),
        Optimiser(kind="adam", amsgrad=True),
        Optimiser(kind="adamw"),
        Optimiser(kind="rmsprop", momentum=0.0),
        Optimiser(kind="rmsprop", momentum=0.9, centred=True),
        *(Optimiser(kind=kind) for kind in ("adagrad", "adadelta", "nadam", "radam", "adamax", "lion")),  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_what_an_optimiser_remembers_of_each_weight_is_known(chosen: Optimiser) -> None:
    weight = nn.Parameter(torch.ones(3, 5))
    optimiser = make_optimiser(chosen, [Paced([weight], 1.0, 0.0)])
    weight.grad = torch.ones(3, 5)
    optimiser.step()
    kept: Sequence[Any] = list(optimiser.state[weight].values())
    found = sum(isinstance(value, Tensor) and value.shape == weight.shape for value in kept)
    assert found == moments(chosen)


def test_memory_that_torch_keeps_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 9000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 700)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 300)
    assert free_on_gpu(GPU) == _available(GPU) == 1400


def test_the_copy_to_go_back_to_takes_memory_too() -> None:
    found = Memory(weights=10, gradients=10, optimiser=20, batch=1, activations=1)
    assert _copied(found, GPU) == 30
    assert _copied(found, torch.device("cpu")) == 0
    assert _copied(Memory(LARGEST_COPY + 1, 1, 1, 1, 1), GPU) == 0


def test_there_are_never_two_copies(small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = trainer(small(epochs=1))
    keeper, weights = trained._keeper, Stepper.weights
    seen: list[bool] = []

    def noting(stepper: Stepper) -> dict[str, Tensor]:
        seen.append(keeper.copied is None)
        return weights(stepper)

    monkeypatch.setattr(Stepper, "weights", noting)
    for moment in (10.0, 1e9):
        assert keeper.remember(trained.stepper, moment, dict, at_once=True)
        assert keeper.copied is not None
    assert seen == [True, True]


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_gives_its_memory_back(small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    """On what stands for a GPU."""
    given: list[RunState] = []
    trained = trainer(small(epochs=1))
    if fails:
        monkeypatch.setattr(Stepper, "step", lambda stepper, turn: 1 // 0)

    def empty_cache() -> None:
        given.append(trained.feed.progress.state)
        if fails:
            raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(torch.cuda, "empty_cache", empty_cache)
    trained.stepper.device = GPU
    trained.run()
    assert given == [RunState.FAILED if fails else RunState.FINISHED]
