"""The speed test: what it tries, that it trains what the plan trains, and when it says that something is faster."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.autograd import DeviceType
from torch.autograd.profiler_util import FunctionEvent

from graph_engine.document import Document, Plan, RemoveNodes
from graph_engine.runs import RunError
from graph_engine.runs.speeding import SpeedTest, try_ways
from graph_engine.train import PlanError, speed
from graph_engine.train import utilisation as utilisation_module
from graph_engine.train.speed import Timed, Way, best_of, compiled_ways, ways_to_try
from graph_engine.train.stepper import Stepper
from graph_engine.train.utilisation import busy_share, utilisation
from presets import open_preset
from tests.train.conftest import make_trainer
from tests.train.mechanisms import CRITIC, GENERATOR, gan

Make = Callable[..., Document]
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "PATIENCE", 0.0)
    monkeypatch.setattr(speed, "_BLOCK", 0.0)


def names(ways: list[Way]) -> list[str]:
    return [way.name for way in ways]


def test_the_plan_comes_first_and_each_way_once() -> None:
    assert names(ways_to_try(Plan(), CPU, has_images=False, compiled=False)) == ["fp32", "bf16"]
    images = names(ways_to_try(Plan(precision="bf16"), CPU, has_images=True, compiled=False))
    assert images == ["bf16", "fp32", "fp32, channels last", "bf16, channels last"]
    on_gpu = names(ways_to_try(Plan(), torch.device("cuda"), has_images=False, compiled=False))
    assert on_gpu == ["fp32", "TF32", "bf16", "fp16"]


def test_a_way_changes_how_a_plan_is_computed_and_nothing_else() -> None:
    way = Way(precision="bf16", channels_last=True)
    changed = way.put(Plan(batch_size=7))
    assert changed == Plan(batch_size=7, precision="bf16", channels_last=True)
    assert Way.of(changed) == way


def test_the_steps_are_those_of_training(small: Make) -> None:
    """The loss told after the first four steps is what a run has then; nothing of the document or torch is changed."""
    document = small(precision="fp32")
    plan, threads = document.plan, torch.get_num_threads()
    found = list(try_ways(document))

    assert names([each.way for each in found]) == ["fp32", "fp32, channels last", "bf16", "bf16, channels last", "fp32"]
    assert document.plan == plan
    assert torch.get_num_threads() == threads
    whole = make_trainer(document)
    whole.run()
    points = whole.feed.since().points["train_loss"]
    assert points.step[3] == 4
    assert found[0].loss == found[-1].loss == pytest.approx(float(points.value[3]), rel=1e-6)
    assert found[2].loss != found[0].loss
    for each in found:
        assert 0 < each.low <= each.seconds <= each.high
        assert each.rate == pytest.approx(plan.batch_size / each.seconds)


def test_several_updates_and_more_steps_than_the_plan_has() -> None:
    found = list(try_ways(gan(replace(CRITIC, repeat=2), GENERATOR, steps=3)))
    assert [each.trouble for each in found] == [""] * len(found)


def test_what_does_not_work_here_is_one_result_among_others(small: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Stepper.step

    def failing(stepper: Stepper, turn: Any) -> Any:
        if stepper.plan.precision == "bf16":
            raise torch.OutOfMemoryError("Tried to allocate 20.00 GiB")
        return step(stepper, turn)

    monkeypatch.setattr(Stepper, "step", failing)
    found = list(try_ways(small()))
    assert [each.trouble for each in found] == ["", "", "not enough memory", "not enough memory", ""]


def test_compilation_is_tried_on_the_plan_and_on_the_fastest(small: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Stepper] = []
    reset: list[int] = []

    def note(stepper: Stepper) -> None:
        compiled.append(stepper)

    monkeypatch.setattr(Stepper, "compile", note)
    monkeypatch.setattr(torch.compiler, "reset", lambda: reset.append(len(compiled)))
    found = list(try_ways(small(), compiled=True))
    tried = [each.way for each in found if each.way.compiled]
    fastest = min(found[:4], key=lambda each: each.seconds).way
    assert tried == list(dict.fromkeys([Way(compiled=True), replace(fastest, compiled=True)]))
    assert len(compiled) == len(tried)
    assert reset == list(range(1, len(tried) + 1)), "what a compiled way keeps would be taken from the next"


def test_no_smaller_batch_is_timed(small: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch ends with one of 57, for which a compiled way would be compiled once more."""
    sizes: list[int] = []
    step = Stepper.step

    def noting(stepper: Stepper, turn: Any) -> Any:
        sizes.append(len(next(iter(turn[0].values()))))
        return step(stepper, turn)

    monkeypatch.setattr(Stepper, "step", noting)
    list(try_ways(small(batch_size=400)))
    assert set(sizes) == {400}
    assert len(sizes) > 4 * 5


def test_cuda_graphs_are_tried_where_there_is_a_gpu() -> None:
    now, fastest = Way(cuda_graphs=True, compiled=True), Way(precision="bf16")
    plain = [Way(compiled=True), Way(precision="bf16", compiled=True)]
    assert compiled_ways(now, fastest, CPU) == plain
    graphs = replace(plain[1], cuda_graphs=True)
    assert compiled_ways(now, fastest, torch.device("cuda")) == [*plain, graphs]
    assert graphs.name == "bf16, compiled, CUDA graphs"
    assert Way.of(graphs.put(Plan())) == graphs
    assert Way.of(Plan(cuda_graphs=True)) == Way(), "nothing is compiled"


def timed(way: Way, low: float, seconds: float, high: float) -> Timed:
    return Timed(way=way, low=low, seconds=seconds, high=high)


@pytest.mark.parametrize(
    ("bf16", "again", "is_faster"),
    [
        ((0.4, 0.5, 0.6), (0.9, 1.0, 1.1), True),
        ((0.7, 0.8, 0.95), (0.9, 1.0, 1.1), False),  # its middle half reaches into that of the plan
        ((0.4, 0.5, 0.6), (0.5, 0.55, 0.6), False),  # the plan itself was as fast the second time
    ],
)
def test_only_what_is_faster_beyond_doubt_is_called_so(
    bf16: tuple[float, float, float], again: tuple[float, float, float], is_faster: bool
) -> None:
    found = [timed(Way(), 0.9, 1.0, 1.1), timed(Way(precision="bf16"), *bf16), timed(Way(), *again)]
    best = best_of(found)
    assert (best is not None) is is_faster
    assert best_of([Timed(way=Way(), trouble="no"), *found[1:]]) is None
    if is_faster:
        assert best_of([*found[:-1], Timed(way=Way(), trouble="not enough memory")]) == best


def test_it_is_told_line_by_line_by_a_process_of_its_own() -> None:
    found = list(SpeedTest(open_preset("xor")))
    assert names([each.way for each in found]) == ["fp32", "bf16", "fp32"]
    broken = open_preset("xor")
    broken.apply(RemoveNodes(("cross_entropy_1",)))
    with pytest.raises(RunError, match="no loss"):
        list(SpeedTest(broken))


def test_a_process_that_is_stopped_or_dies_is_said() -> None:
    test = SpeedTest(open_preset("lenet5"))
    test.stop()
    assert list(test) == []
    test = SpeedTest(open_preset("lenet5"))
    test._process.kill()
    with pytest.raises(RunError, match="ended early"):
        list(test)


def test_a_plan_that_does_not_fit_is_refused(small: Make) -> None:
    with pytest.raises(PlanError, match="5000"):
        list(try_ways(small(batch_size=5000)))


def test_the_command_line(layerloom_home: object, capfd: pytest.CaptureFixture[str]) -> None:
    from app.__main__ import main

    assert main(["speed", "xor", "--batch-size", "16", "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert [each["name"] for each in said["ways"]] == ["fp32", "bf16", "fp32"]
    assert main(["speed", "xor"]) == 0
    sys.stdout.flush()
    assert "fp32, again" in capfd.readouterr().out


def test_a_way_that_failed_at_last_is_no_measure(capfd: pytest.CaptureFixture[str]) -> None:
    from app.cli.speed import _show

    found = [timed(Way(), 0.9, 1.0, 1.1), timed(Way(precision="bf16"), 0.4, 0.5, 0.6)]
    found = [*(replace(each, busy=0.5) for each in found), Timed(way=Way(), trouble="not enough memory")]
    found[0] = replace(found[0], busy=None)
    _show(found, best_of(found))
    sys.stdout.flush()
    said = capfd.readouterr().out
    assert "bf16 is 2.00 times as fast." in said
    assert said.splitlines()[1].endswith("–")


def test_the_share_of_the_time_in_which_kernels_run() -> None:
    assert busy_share([]) == 0.0
    assert busy_share([(5, 5)]) == 0.0
    assert busy_share([(10, 20)]) == 1.0
    assert busy_share([(30, 40), (10, 20)]) == pytest.approx(2 / 3), "a gap"
    assert busy_share([(10, 20), (15, 30), (16, 18), (35, 40)]) == pytest.approx(25 / 30), "overlap counts once"


def test_kernels_are_found_by_the_profiler(capfd: pytest.CaptureFixture[str]) -> None:
    """On a CPU, torch's operations: those alone keep it busy from the first to the last."""
    x = torch.randn(64, 64)

    def wait() -> None:
        x @ x
        time.sleep(0.05)
        x @ x

    assert utilisation(CPU, lambda: None) is None
    less, more = utilisation(CPU, wait), utilisation(CPU, lambda: x @ x)
    assert less is not None
    assert more is not None
    assert 0 < less < more <= 1
    assert capfd.readouterr().err == ""


def test_of_a_gpu_kernels_count_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What its profiler tells, as far as kineto has names for it."""
    there = [("kernel", 10, 20), ("kernel", 30, 40)]
    beside = [("gpu_memcpy", 20, 30), ("gpu_user_annotation", 0, 100), ("cuda_sync", 20, 90), ("cuda_runtime", 0, 9)]

    class Profiler:
        found = there + beside

        def __init__(self, *, activities: object) -> None: ...

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None: ...

        def events(self) -> list[FunctionEvent]:
            gpu = DeviceType.CUDA
            return [
                FunctionEvent(0, kind, 0, begin, end, device_type=gpu, activity_type=kind)
                for kind, begin, end in self.found
            ]

    monkeypatch.setattr(utilisation_module, "profile", Profiler)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    gpu = torch.device("cuda")
    assert utilisation(gpu, lambda: None) == pytest.approx(2 / 3)
    monkeypatch.setattr(Profiler, "found", beside)
    assert utilisation(gpu, lambda: None) is None, "kernels that were not seen are not none"


def test_a_gpu_is_told_with_its_share(
    small: Make, layerloom_home: object, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stands for a GPU: the CPU, said to be busy."""
    from app.__main__ import main
    from app.speed_tests import details_of

    busy: list[torch.device] = []

    def share(device: torch.device, work: Callable[[], object]) -> float:
        busy.append(device)
        work()
        return 0.875

    assert all(each.busy is None for each in try_ways(small())), "a CPU has none"
    monkeypatch.setattr(speed, "utilisation", share)
    monkeypatch.setattr(speed, "_has_kernels", lambda device: True)
    found = list(try_ways(small()))
    assert [each.busy for each in found] == [0.875] * len(found)
    assert len(busy) == len(found)
    assert "The GPU computed for 88\u202f% of the time." in details_of(found[0])
    assert main(["speed", "xor", "--batch-size", "16"]) == 0
    sys.stdout.flush()
    head, row, *_ = capfd.readouterr().out.splitlines()
    assert head.endswith("GPU computes")
    assert row.endswith("88 %")
