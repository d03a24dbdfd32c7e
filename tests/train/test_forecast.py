"""What training will take is told before it begins, and is what it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.document import Document, Optimiser, RemoveNodes
from graph_engine.train import PlanError
from graph_engine.train.forecast import Forecast, forecast
from graph_engine.train.memory_course import MemoryCourse
from presets import open_preset

PRESETS = {"densenet": 32, "transformer": 256, "resnet:depth=18": 64}


def _forecast(document: Document, batch: int = 64) -> Forecast:
    document.plan = replace(document.plan, batch_size=batch, device="cpu")
    result = Checker().check(document)
    return forecast(document, compile_document(document, result), result)


def test_it_is_within_15_per_cent_of_what_is_measured() -> None:
    # Every large piece is given back to the system at once, so that the peak of the process is that of its tensors.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    arguments = [str(each) for pair in PRESETS.items() for each in pair]
    call = [sys.executable, "-m", "tests.train.measured", *arguments]
    done = subprocess.run(call, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == set(PRESETS)
    for name, (told, measured) in found.items():
        assert told == pytest.approx(measured, rel=0.15), name


@pytest.mark.parametrize(("kind", "states"), [("sgd", 1), ("adam", 2), ("adamw", 2)])
def test_what_an_optimiser_keeps_is_counted(kind: str, states: int) -> None:
    document = open_preset("mlp")
    document.plan = document.plan.with_first(optimiser=Optimiser(kind=kind))  # type: ignore[arg-type]
    memory = _forecast(document).memory
    params = Checker().check(document).total.params
    assert memory.weights == memory.gradients == 4 * params
    assert memory.optimiser == pytest.approx(4 * params * states, abs=100)
    assert memory.total == sum((memory.weights, memory.gradients, memory.optimiser, memory.batch, memory.activations))


def test_activations_grow_with_the_batch_and_weights_do_not() -> None:
    found = _forecast(open_preset("lenet5"))
    one, two = found.memory_at(512), found.memory_at(1024)
    assert two.activations == pytest.approx(2 * one.activations, rel=0.02)
    assert (two.weights, two.gradients, two.optimiser) == (one.weights, one.gradients, one.optimiser)
    assert two.batch == 2 * one.batch


def test_the_largest_batch_fits_and_the_next_does_not() -> None:
    found = replace(_forecast(open_preset("lenet5")), available=200_000_000)
    assert found.peak_at(found.largest_batch) <= 100_000_000 < found.peak_at(2 * found.largest_batch)
    assert replace(found, available=1000).largest_batch == 0


def test_time_goes_on_between_and_past_what_was_measured() -> None:
    found = replace(_forecast(open_preset("xor"), 4), seconds={8: 0.1, 16: 0.2})
    assert found.seconds_at(16) == 0.2
    assert found.seconds_at(64) == pytest.approx(0.8)
    assert 0 < found.seconds_at(4) < 0.1


def test_a_drawing_without_a_loss_is_refused_in_words() -> None:
    document = open_preset("lenet5")
    document.apply(RemoveNodes(("cross_entropy_1",)))
    with pytest.raises(PlanError, match="no loss"):
        _forecast(document)


def test_threads_are_left_as_they_were() -> None:
    threads = torch.get_num_threads()
    _forecast(open_preset("lenet5"))
    assert torch.get_num_threads() == threads


def test_a_course_sees_what_comes_and_goes() -> None:
    layer = nn.Linear(10, 20)
    with MemoryCourse(layer.parameters()) as course:
        x = torch.zeros(5, 10)
        y = layer(x)
        del x
        z = torch.zeros(1000)
        del z
        torch.zeros(1)
    assert course.course[0] == 4 * (200 + 20)
    assert max(course.course) >= course.course[0] + 4000
    # what autograd keeps of x stays until y goes
    assert course.course[-1] == course.course[0] + 4 * (50 + 100 + 1)
    del y
    assert course.live == course.course[0]
