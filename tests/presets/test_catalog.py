"""One matrix over every preset: it builds, is free of problems, has the published size, learns, and reads well."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
import torch
from torch import Tensor

from graph_engine.blocks import ParameterSpec, Role
from graph_engine.blocks.parameter import ParameterType
from graph_engine.check import Checker, CheckResult
from graph_engine.compile import Computation, Program, compile_document
from graph_engine.data.builtin import BUILT_IN
from graph_engine.document import Document
from graph_engine.document.codec import plan_from_json, plan_to_json
from graph_engine.document.file import dumps, loads
from graph_engine.document.geometry import geometry_in
from graph_engine.train.objectives import objectives_of
from graph_engine.train.plan_problems import plan_problems
from presets import Preset, catalog
from tests.compile.direct import compute, random_inputs
from tests.compile.linting import faults
from tests.document.drawings import lint as lint_document

PRESETS = list(catalog().values())
FIRST = {
    "perceptron",
    "mlp",
    "xor",
    "lenet5",
    "slides_cnn",
    "plain_cnn",
    "small_resnet",
    "highway_mlp",
    "small_attention",
}

# (parameters, multiply-adds), computed or derived independently of this project:
# lenet5: derived from LeCun et al. 1998 in its modern form (full S2-C3, plain average pooling, linear output).
# slides_cnn: pytorch/tutorials, beginner_source/blitz/cifar10_tutorial.py. highway_mlp: derived from Srivastava et al.
# 2015 (784-50, nine highway layers, 10). vae: pytorch/examples,
# vae/main.py. drmm: derived from Guo et al. 2016 for three terms, which costs 468 for each of two documents, and the
# cosines with their 24 words. perceptron, mlp and xor: sums of (inputs + 1) × outputs.
FIGURES = {
    "lenet5": (61_706, 416_520),
    "slides_cnn": (62_006, 651_720),
    "highway_mlp": (85_660, 84_700),
    "perceptron": (785 * 10, 784 * 10),
    "mlp": (785 * 128 + 129 * 64 + 65 * 10, 784 * 128 + 128 * 64 + 64 * 10),
    "xor": (3 * 4 + 5 * 2, 2 * 4 + 4 * 2),
    "vae": (652_824, 2 * 784 * 400 + 3 * 400 * 20),
    "drmm": (162, 2 * (3 * 24 * 16 + 468 + 3)),
}
# osmr/imgclsmob pytorchcv 0.0.74, models/resnet_cifar.py: blocks a stage → (parameters, multiply-adds) at 1×3×32×32.
CIFAR_RESNETS = {3: (272_474, 40_813_184), 9: (855_770, 125_747_840)}


def name_of(value: Preset | ParameterSpec) -> str:
    return value.name


@pytest.fixture(scope="module")
def built() -> dict[str, tuple[Document, CheckResult, Program]]:
    """Every preset with its check and program."""
    found = {}
    for preset in PRESETS:
        document = preset.build()
        result = Checker().check(document)
        found[preset.name] = (document, result, compile_document(document, result))
    return found


Built = dict[str, tuple[Document, CheckResult, Program]]


def _roles(document: Document) -> dict[str, Role]:
    """What each node of the main drawing is for."""
    blocks = {node.id: document.main.block(node) for node in document.main}
    return {name: block.role for name, block in blocks.items() if block is not None}


def test_the_presets_of_first_light_are_there() -> None:
    assert set(catalog()) >= FIRST
    assert all(name == preset.name for name, preset in catalog().items())


@pytest.mark.parametrize("preset", PRESETS, ids=name_of)
def test_it_introduces_itself(preset: Preset) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", preset.name)
    assert len([other for other in PRESETS if other.title == preset.title]) == 1
    assert re.fullmatch(r"[A-Z].*\.", preset.summary)
    assert len(preset.summary) < 200
    assert preset.family
    assert preset.data in BUILT_IN
    assert preset.reference is not None
    assert preset.paper == f"{preset.reference.authors}: {preset.reference.title}"
    assert preset.year == preset.reference.year
    for spec in preset.parameters:
        assert spec.meta.title
        assert spec.meta.help.endswith(".")
        assert spec.parse(spec.default) == spec.default


@pytest.mark.parametrize("preset", PRESETS, ids=name_of)
def test_it_opens_without_a_problem(preset: Preset, built: Built) -> None:
    document, result, _ = built[preset.name]
    assert result.problems == ()
    assert plan_problems(document, result) == []
    lint_document(document)
    assert document.title
    assert document.binding.dataset == preset.data
    assert plan_from_json(plan_to_json(document.plan)) == document.plan
    roles = list(_roles(document).values())
    assert all(role in roles for role in (Role.INPUT, Role.OUTPUT, Role.LOSS, Role.METRIC))


@pytest.mark.parametrize("preset", PRESETS, ids=name_of)
def test_it_survives_the_file(preset: Preset, built: Built) -> None:
    document, result, program = built[preset.name]
    read = loads(dumps(document))
    assert dumps(read) == dumps(document)
    again = Checker().check(read)
    assert (dict(again.nodes), again.total) == (dict(result.nodes), result.total)
    assert compile_document(read).source == program.source


@pytest.mark.parametrize("preset", PRESETS, ids=name_of)
def test_it_is_drawn_the_same_each_time(preset: Preset) -> None:
    assert dumps(preset.build()) == dumps(preset.build())


@pytest.mark.parametrize("preset", PRESETS, ids=name_of)
def test_its_card_tells_its_size(preset: Preset, built: Built) -> None:
    assert preset.size == sum(weight.numel() for weight in built[preset.name][2].make().parameters())


@pytest.mark.parametrize("name", FIGURES)
def test_it_has_the_published_size(name: str, built: Built) -> None:
    params, macs = FIGURES[name]
    _, result, program = built[name]
    assert (result.total.params, result.total.macs) == (params, macs)
    assert sum(p.numel() for p in program.make().parameters()) == params
    published = catalog()[name].published
    if published is not None:
        assert published.params == params
        assert published.macs in (macs, None)
        assert published.source
    assert published is not None or name == "xor"


def test_what_is_published_is_compared_above() -> None:
    assert {preset.name for preset in PRESETS if preset.published} <= set(FIGURES)


@pytest.mark.parametrize("blocks", CIFAR_RESNETS)
def test_the_residual_net_on_colour_images_is_that_of_the_paper(blocks: int) -> None:
    """20 and 56 layers, with projections where sizes change (option B)."""
    document = catalog()["small_resnet"].build(blocks=blocks)
    image = next(node for node in document.main if node.parameters.get("name") == "image")
    document.main.put(image.with_(parameters={**image.parameters, "shape": [3, 32, 32]}))
    total = Checker().check(document).total
    assert (total.params, total.macs) == CIFAR_RESNETS[blocks]


@pytest.mark.parametrize("preset", PRESETS, ids=name_of)
def test_a_full_batch_goes_through_on_the_meta_device(preset: Preset, built: Built) -> None:
    document, _, program = built[preset.name]
    with torch.device("meta"):
        network = program.make()
    size = document.plan.batch_size
    found = _outputs(network(*(each.to("meta") for each in _examples(program, size))))
    ends = [node.id for node in document.main if node.block == "output"]
    assert len(found) == len(ends)
    for out, end in zip(found, ends, strict=True):
        assert out.shape == (size, *built[preset.name][1].nodes[end].inputs["x"].shape[1:])
    if preset.name in FIRST:
        assert found[0].shape == (size, 2 if preset.data == "xor" else 10)


@pytest.mark.parametrize("preset", PRESETS, ids=name_of)
def test_a_training_step_gives_every_weight_a_finite_gradient(preset: Preset, built: Built) -> None:
    document, _, program = built[preset.name]
    network = program.make(seed=0).train()
    inputs = random_inputs(program, document, batch=4)
    trained: set[str] = set()
    for objective in (each for stage in document.plan.stages for each in objectives_of(document, stage)):
        compute_losses = program.function(objective.losses)
        modules = [
            network.get_submodule(path) for node in objective.trains for path in program.attributes.get(node, ())
        ]
        chosen = {parameter for module in modules for parameter in module.parameters()}
        named = {name: parameter for name, parameter in network.named_parameters() if parameter in chosen}
        trained |= set(named)
        before = copy.deepcopy(network.state_dict())
        buffers = copy.deepcopy(dict(network.named_buffers()))
        optimiser = torch.optim.SGD(named.values(), lr=1e-4)

        def loss(
            compute: Computation = compute_losses,
            weights: tuple[float, ...] = objective.weights,
            buffers: dict[str, Tensor] = buffers,
        ) -> Tensor:
            torch.manual_seed(2)
            network.load_state_dict(buffers, strict=False)  # a spectral norm moves on each time
            values = compute(network, **{name: inputs[name] for name in compute.inputs})
            return sum((weight * value for weight, value in zip(weights, values, strict=True)), torch.zeros(()))

        network.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        for name, parameter in named.items():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            falls_out = preset.family in ("Adversarial", "One-shot") and name.endswith(".bias")  # of a difference
            assert parameter.grad.any() or falls_out, name
        optimiser.step()
        assert loss().item() < value.item(), "a small step along the gradient made the loss larger"
        network.load_state_dict(before)
    assert trained == {name for name, _ in network.named_parameters()}, "every weight is trained by some update"


@pytest.mark.parametrize("preset", PRESETS, ids=name_of)
def test_its_program_computes_what_is_drawn(preset: Preset, built: Built) -> None:
    document, result, program = built[preset.name]
    network = program.make(seed=1).eval()
    inputs = random_inputs(program, document, batch=2)
    with torch.no_grad():
        values = compute(document, result, program, network, inputs)
        found = _outputs(network(*(inputs[name] for name in program.inputs)))
    wires = [document.main.wires_into(node.id)["x"] for node in document.main if node.block == "output"]
    for out, wire in zip(found, wires, strict=True):
        assert torch.equal(out, values[wire.source, wire.output])


def test_their_sources_are_lint_clean_and_formatted_and_need_torch_alone(built: Built, tmp_path: Path) -> None:
    sources = {name: program.source for name, (_, _, program) in built.items()}
    assert faults(sources, tmp_path) == ""
    given = [(name, program.class_name, _listed(program)) for name, (_, _, program) in built.items()]
    (tmp_path / "given.json").write_text(json.dumps(given))
    script = """
import importlib, json, pathlib, sys
import torch
found = {}
for name, class_name, inputs in json.loads(pathlib.Path("given.json").read_text()):
    torch.manual_seed(4)
    network = getattr(importlib.import_module(name), class_name)().eval()
    out = network(*map(torch.tensor, inputs))
    found[name] = [each.tolist() for each in (out if isinstance(out, tuple) else (out,))]
assert not [name for name in sys.modules if name.partition(".")[0] in ("graph_engine", "presets", "app")]
print(json.dumps(found))
"""
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}  # as many here and there, since sums round by them
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, env=threads
    )
    assert done.returncode == 0, done.stderr
    alone = json.loads(done.stdout)
    for name, (_, _, program) in built.items():
        network = program.make(seed=4).eval()
        for out, other in zip(_outputs(network(*_examples(program, 2))), alone[name], strict=True):
            assert torch.equal(out, torch.tensor(other)), name


def _outputs(out: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """What a network gives, also where it is one value."""
    return out if isinstance(out, tuple) else (out,)


def _examples(program: Program, batch: int) -> list[Tensor]:
    """Values for what `forward` takes, the same each time."""
    random = torch.Generator().manual_seed(5)
    found = []
    for spec in (program.specs[name] for name in program.inputs):
        shape = (batch, *(int(str(length)) for length in spec.shape[1:]))
        if spec.dtype == "int64":
            found.append(torch.randint(spec.classes or 2, shape, generator=random))
        else:
            found.append(torch.randn(shape, generator=random))
    return found


def _listed(program: Program) -> list[object]:
    """Those of two samples, as they are written into a file."""
    return [each.tolist() for each in _examples(program, 2)]


# torch says so of its own recurrent layers, whose weights it lists apart
@pytest.mark.filterwarnings("ignore:The tensor attributes? self.*assigned during export:UserWarning")
@pytest.mark.parametrize("preset", PRESETS, ids=name_of)
def test_it_is_exported_for_any_batch(preset: Preset, built: Built) -> None:
    _, _, program = built[preset.name]
    network = program.make(seed=0).eval()
    batch = torch.export.Dim("batch", min=1, max=1024)
    inputs = _examples(program, 3)
    exported = torch.export.export(network, tuple(inputs), dynamic_shapes=({0: batch},) * len(inputs))
    for size in (1, 3, 7):
        given = _examples(program, size)
        torch.testing.assert_close(_outputs(exported.module()(*given)), _outputs(network(*given)))


@pytest.mark.parametrize("preset", PRESETS, ids=name_of)
def test_no_node_lies_on_another(preset: Preset, built: Built) -> None:
    document, _, _ = built[preset.name]
    for name, graph in document.graphs.items():
        boxes = {}
        for node in graph:
            size = geometry_in(graph, node.id)
            boxes[node.id] = (*node.position, size.width, size.height)
        for (one, (x1, y1, w1, h1)), (other, (x2, y2, w2, h2)) in combinations(boxes.items(), 2):
            apart = x1 + w1 <= x2 or x2 + w2 <= x1 or y1 + h1 <= y2 or y2 + h2 <= y1
            assert apart, f"in {name}, {one} lies on {other}"


def other_values(spec: ParameterSpec) -> list[object]:
    """Values unlike the default that a parameter takes."""
    if spec.type is ParameterType.CHOICE:
        return [choice for choice in spec.choices if choice != spec.default]
    if spec.type is ParameterType.BOOL:
        return [not spec.default]
    if spec.type is ParameterType.FLOAT:
        return [spec.default / 2]
    assert spec.type is ParameterType.INT
    return [value for value in (2 * spec.default, spec.default // 2) if value >= (spec.meta.ge or 1)]


VARIANTS = [(preset, spec, value) for preset in PRESETS for spec in preset.parameters for value in other_values(spec)]


@pytest.mark.parametrize(
    ("preset", "spec", "value"),
    VARIANTS,
    ids=[f"{preset.name}:{spec.name}={value}" for preset, spec, value in VARIANTS],
)
def test_it_opens_without_a_problem_with_other_parameters(preset: Preset, spec: ParameterSpec, value: object) -> None:
    document = preset.build(**{spec.name: value})
    result = Checker().check(document)
    assert result.problems == ()
    assert dumps(document) != dumps(preset.build())
    compile_document(document, result).make()
