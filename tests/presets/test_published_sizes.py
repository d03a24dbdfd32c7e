"""Systems of the literature: the very parameters and multiply-adds of the code that they were published with."""

from __future__ import annotations

import pytest

from graph_engine.check import Checker, CheckResult
from graph_engine.document import SetParameter
from presets import Preset, Published, catalog, open_preset

Shapes = dict[str, tuple[int, ...]]


def thrown_away(*layers: tuple[int, int]) -> int:
    """What fairseq computes behind the end of ten steps: it pads both ends of a causal convolution over three steps.

    Of each layer: how many features come in, and how many go out of its gate.
    """
    return sum(2 * 3 * before * 2 * after for before, after in layers)


TEN: Shapes = {"written": (10,), "before": (10,), "said": (10,)}
# Ten words read and ten written, a caption of eleven; frames that can be said five at a time.
LENGTHS: dict[str, Shapes] = {
    "conv_translator": TEN,
    "transformer_translator": TEN,
    "gnmt": TEN,
    "show_attend_tell": {"before": (11,), "name": (11,)},
    "tacotron": {"rows": (1, 20, 80), "fine_rows": (1, 20, 1025)},
}
GERMAN = thrown_away(*[(512, 512)] * 9, (512, 1024), *[(1024, 1024)] * 3)
FRENCH = thrown_away(*[(512, 512)] * 6, (512, 768), *[(768, 768)] * 3, (768, 1024), *[(1024, 1024)] * 2)
# Parameters and multiply-adds that there are more of here, by preset and what its parameters hold.
MORE: dict[tuple[str, str], tuple[int, int]] = {
    ("conv_translator", "source=8848"): (0, -thrown_away(*[(256, 256)] * 3)),
    ("conv_translator", "wmt-de"): (0, -GERMAN),
    ("conv_translator", "wmt-fr"): (0, -FRENCH),
    # a vector of 1024 numbers scores each of 10 × 10 pairs, in a product that torch's counter does not count there
    ("gnmt", ""): (0, 10 * 10 * 1024),
    # an average over the places: a sum of products there, which is not counted
    ("show_attend_tell", ""): (0, 11 * 196 * 2048),
    # torch's LSTM adds two vectors of biases, where Keras has one
    ("lstm_memory", ""): (4 * 32, 0),
}
SIZES = [(preset, size) for preset in catalog().values() for size in preset.sizes]


def checked(preset: str, shapes: Shapes) -> CheckResult:
    """The check of a preset, `name:key=value`, with other lengths at its inputs."""
    document = open_preset(preset)
    for node in list(document.main):
        name = node.parameters.get("name")
        if node.block == "input" and name in shapes:
            document.apply(SetParameter(node.id, "shape", list(shapes[name])))
    result = Checker().check(document)
    assert result.problems == ()
    return result


@pytest.mark.parametrize(
    ("preset", "size"), SIZES, ids=[f"{preset.name}:{size.parameters}:{size.node}" for preset, size in SIZES]
)
def test_it_has_the_published_size(preset: Preset, size: Published) -> None:
    result = checked(f"{preset.name}:{size.parameters}", LENGTHS.get(preset.name, {}))
    cost = result.nodes[size.node].cost if size.node else result.total
    more = next(
        (more for (name, held), more in MORE.items() if name == preset.name and held in size.parameters), (0, 0)
    )
    assert cost.params - more[0] == size.params, size.source
    assert size.macs is None or cost.macs - more[1] == size.macs, size.source


def test_the_systems_of_the_literature_are_there() -> None:
    """As many figures as are known of each."""
    counted = {preset.name: len(preset.sizes) for preset in catalog().values() if preset.sizes}
    assert counted == {
        "resnet": 5,
        "refinenet": 3,
        "dcgan": 2,
        "conv_translator": 4,
        "transformer_translator": 2,
        "gnmt": 3,
        "show_attend_tell": 1,
        "pointer_network": 2,
        "listen_attend_spell": 1,
        "tacotron": 1,
        "tacotron2": 1,
        "lstm_memory": 1,
        "sngan_images": 4,
    }


def test_relevance_matching_costs_what_the_paper_says() -> None:
    """Guo, Fan, Ai, Croft (2016): 468 for three terms (derived). The sum over the terms is a product here."""
    result = checked("drmm", {})
    assert (result.nodes["relevance_1"].cost.params, result.nodes["relevance_1"].cost.macs) == (162, 468 + 3)
