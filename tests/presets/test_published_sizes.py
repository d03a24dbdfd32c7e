"""Systems of the literature: the very parameters and multiply-adds of the code that they were published with."""

from __future__ import annotations

import pytest

from graph_engine.check import Checker, CheckResult
from graph_engine.document import SetParameter
from presets import open_preset

Shapes = dict[str, tuple[int, ...]]
TEN: Shapes = {"written": (10,), "before": (10,), "said": (10,)}


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


def thrown_away(*layers: tuple[int, int]) -> int:
    """What fairseq computes behind the end of ten steps: it pads both ends of a causal convolution over three steps.

    Of each layer: how many features come in, and how many go out of its gate.
    """
    return sum(2 * 3 * before * 2 * after for before, after in layers)


GERMAN = [*[(512, 512)] * 9, (512, 1024), *[(1024, 1024)] * 3]
FRENCH = [*[(512, 512)] * 6, (512, 768), *[(768, 768)] * 3, (768, 1024), *[(1024, 1024)] * 2]
# A vector of 1024 numbers scores each of 10 × 10 pairs; the reference multiplies by it outside what is counted.
PAIRS = 10 * 10 * 1024

# preset, lengths of inputs, (parameters, multiply-adds) as published, what there are more of here, and the source
FIGURES: list[tuple[str, Shapes, tuple[int, int], tuple[int, int], str]] = [
    (
        "conv_translator:features=256,source=8848,target=6632",
        TEN,
        (9_618_384, 53_569_536),
        (0, -thrown_away(*[(256, 256)] * 3)),
        "facebookresearch/fairseq, models/fconv.py at 3d262bb2, fconv_iwslt_de_en",
    ),
    (
        "conv_translator:features=768,layers=wmt-de,source=42243,target=43676",
        TEN,
        (216_005_176, 1_556_568_064),
        (0, -thrown_away(*GERMAN)),
        "the same, fconv_wmt_en_de",
    ),
    (
        "conv_translator:features=768,layers=wmt-de,source=40000,target=40000",
        TEN,
        (209_569_920, 1_537_746_944),
        (0, -thrown_away(*GERMAN)),
        "the same, fconv_wmt_en_de with 40 000 words each",
    ),
    (
        "conv_translator:features=768,layers=wmt-fr,source=44206,target=44463",
        TEN,
        (267_063_390, 2_052_641_792),
        (0, -thrown_away(*FRENCH)),
        "the same, fconv_wmt_en_fr",
    ),
    (
        "transformer_translator:features=512,heads=8,blocks=6,words=37000",
        TEN,
        (63_047_680, 631_685_120),
        (0, 0),
        "jadore801120/attention-is-all-you-need-pytorch, transformer/Models.py at 132907dd, embeddings shared",
    ),
    (
        "transformer_translator:features=512,heads=8,blocks=6,words=37000,shared=false",
        TEN,
        (100_935_680, 631_685_120),
        (0, 0),
        "the same, nothing shared",
    ),
    (
        "gnmt:hidden=1024,words=32320",
        TEN,
        (160_671_297, 1_274_777_600),
        (0, PAIRS),
        "mlcommons/training, retired_benchmarks/gnmt/pytorch at aa344c7f",
    ),
    ("gnmt:hidden=1024,words=32000", TEN, (160_015_617, 1_271_500_800), (0, PAIRS), "the same, 32 000 words"),
    (
        "gnmt:hidden=1024,words=32000,layers=8,shared=false",
        TEN,
        (276_735_233, 2_110_361_600),
        (0, PAIRS),
        "the same, eight layers and two vocabularies",
    ),
    (
        "show_attend_tell:hidden=512,words=9490,images=features",
        {"before": (11,), "name": (11,)},
        (20_483_859, 2_401_002_496),
        (0, 11 * 196 * 2048),  # an average over the places, a sum of products there that is not counted
        "sgrvinod/a-PyTorch-Tutorial-to-Image-Captioning, models.py at cc9c7e2f, a caption of eleven words",
    ),
]


@pytest.mark.parametrize(("preset", "shapes", "published", "more", "source"), FIGURES, ids=[row[0] for row in FIGURES])
def test_it_has_the_published_size(
    preset: str, shapes: Shapes, published: tuple[int, int], more: tuple[int, int], source: str
) -> None:
    total = checked(preset, shapes).total
    assert (total.params - more[0], total.macs - more[1]) == published, source


# preset, lengths of inputs, the node or the whole, parameters as published, what there are more of here, and the source
WEIGHTS: list[tuple[str, Shapes, str, int, int, str]] = [
    (
        "pointer_network:features=256,hidden=256",
        {},
        "",
        1_316_608,
        0,
        "shirgur/PointerNet at c7ed0506, one LSTM layer",
    ),
    (
        "pointer_network:features=128,hidden=512,layers=2,both_ways=true",
        {},
        "",
        4_733_312,
        0,
        "the same, two layers both ways",
    ),
    (
        "listen_attend_spell:hidden=1024,letters=4335",
        {},
        "speller_1",
        19_255_023,
        0,
        "kaituoxu/Listen-Attend-Spell, src/models/decoder.py at b43ce63e",
    ),
    (
        "tacotron:width=128,bank=16,bands=80,spectrum=1025,frames=5,letters=149,spare=true",
        {"rows": (1, 20, 80), "fine_rows": (1, 20, 1025)},
        "",
        6_421_777,
        0,
        "r9y9/tacotron_pytorch at 62db7217, 149 letters, five frames a step",
    ),
    ("tacotron2:width=512,bands=80,letters=148", {}, "", 28_193_153, 0, "NVIDIA/tacotron2, model.py at 185cd24e"),
    # torch's LSTM adds two vectors of biases, where Keras has one
    ("lstm_memory:texts=babi", {}, "", 24_750, 4 * 32, "keras-team/keras, examples/babi_memnn.py at aaf924ca"),
]


@pytest.mark.parametrize(
    ("preset", "shapes", "node", "published", "more", "source"), WEIGHTS, ids=[row[0] for row in WEIGHTS]
)
def test_it_has_the_published_weights(
    preset: str, shapes: Shapes, node: str, published: int, more: int, source: str
) -> None:
    result = checked(preset, shapes)
    cost = result.nodes[node].cost if node else result.total
    assert cost.params - more == published, source


@pytest.mark.parametrize(
    ("parameters", "generator", "critic"),
    [
        ("width=64", (3_805_699, 103_481_344), (2_935_873, 108_732_416)),
        ("width=128,layers=residual", (1_154_947, 400_162_816), (1_053_825, 272_072_832)),
    ],
)
def test_the_players_of_sn_gan_have_the_published_size(
    parameters: str, generator: tuple[int, int], critic: tuple[int, int]
) -> None:
    """christiancosgrove/pytorch-spectral-normalization-gan, model.py and model_resnet.py at 12dcf945."""
    nodes = checked(f"sngan_images:colour=true,{parameters}", {}).nodes
    assert (nodes["generator_1"].cost.params, nodes["generator_1"].cost.macs) == generator
    assert (nodes["critic_1"].cost.params, nodes["critic_1"].cost.macs) == critic


def test_relevance_matching_is_as_small_as_the_paper_says() -> None:
    """Guo, Fan, Ai, Croft (2016): 30-5-1 and a gate of one weight, for three terms (derived); both documents share it.

    The sum over the terms is a matrix product here.
    """
    result = checked("drmm", {})
    assert (result.nodes["relevance_1"].cost.params, result.nodes["relevance_1"].cost.macs) == (162, 468 + 3)
    assert result.total.params == 162
