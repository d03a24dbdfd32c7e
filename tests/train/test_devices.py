"""How many threads: decided by sizes alone, noted, and used again."""

from __future__ import annotations

from collections.abc import Callable

import torch

from graph_engine.check import Checker
from graph_engine.document import Document
from graph_engine.train import Trainer
from graph_engine.train.devices import choose_device, choose_threads, describe, machine_threads
from presets import catalog


def test_presets_take_one_thread_on_any_machine() -> None:
    for preset in catalog().values():
        document = preset.build()
        macs = Checker().check(document).total.macs
        assert choose_threads(macs, document.plan.batch_size) == 1, preset.name


def test_large_steps_take_what_there_is() -> None:
    assert choose_threads(10**9, 1) == machine_threads()


def test_a_run_sets_the_threads_of_its_own_steps(
    small: Callable[..., Document], trainer: Callable[..., Trainer]
) -> None:
    before = torch.get_num_threads()
    try:
        trainer(small(epochs=1), threads=2).run()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_cpu_is_called_so(small: Callable[..., Document]) -> None:
    assert describe(choose_device(small(device="cpu").plan)) == "cpu"
