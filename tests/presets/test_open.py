"""Presets by name and parameters, as the command line has them."""

from __future__ import annotations

from itertools import groupby

import pytest

from graph_engine.check import Checker
from graph_engine.document.file import dumps
from presets import PresetError, catalog, open_preset


def test_a_name_alone_opens_the_defaults() -> None:
    for name, preset in catalog().items():
        assert dumps(open_preset(name)) == dumps(preset.build())
        assert dumps(open_preset(f"{name}:")) == dumps(preset.build())


def test_parameters_are_key_value() -> None:
    document = open_preset("plain_cnn: width = 4 , depth=3")
    assert dumps(document) == dumps(catalog()["plain_cnn"].build(width=4, depth=3))
    assert sum(node.block == "conv2d" for node in document.main) == 9
    relu = open_preset("lenet5:activation=relu")
    assert {node.block for node in relu.main} >= {"relu"}
    assert "tanh" not in {node.block for node in relu.main}


def test_the_data_decides_where_a_preset_knows_it() -> None:
    assert open_preset("mlp", data="xor").binding.dataset == "xor"
    assert open_preset("mlp:data=digits", data="xor").binding.dataset == "digits"
    assert open_preset("mlp", data="some/folder").binding.dataset == "digits"
    assert open_preset("lenet5", data="xor").binding.dataset == "digits"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lenet", "There is no preset called 'lenet'. Did you mean lenet5"),
        ("", "There is no preset called ''. There are: "),
        ("zzz:a=1", "There is no preset called 'zzz'. There are: "),
        ("LENET5", "There is no preset called 'LENET5'"),
        ("lenet5:activation", "'activation' is not key=value: write lenet5:key=value,key=value."),
        ("lenet5:tanh=1", "The preset lenet5 has no parameter 'tanh'; it has: activation."),
        ("slides_cnn:width=3", "The preset slides_cnn has no parameter 'width'; it has: none."),
        ("lenet5:=1", "has no parameter ''"),
        ("lenet5:activation=gelu", "Preset lenet5: Activation must be one of tanh, relu; got 'gelu'."),
        ("lenet5:activation=", "Activation must be one of tanh, relu; got ''."),
        ("plain_cnn:width=0", "Preset plain_cnn: Width must be a whole number ≥ 1; got 0."),
        ("plain_cnn:depth=31", "Depth must be a whole number ≥ 1 and ≤ 30; got 31."),
        ("plain_cnn:depth=2.5", "Depth must be a whole number ≥ 1 and ≤ 30; got 2.5."),
        ("plain_cnn:depth=nan", "Depth must be a whole number ≥ 1 and ≤ 30; got nan."),
        ("plain_cnn:depth=1e999", "Depth must be a whole number ≥ 1 and ≤ 30; got inf."),
        ("plain_cnn:depth=many", "Depth must be a whole number ≥ 1 and ≤ 30; got 'many'."),
        ("plain_cnn:depth=true", "Depth must be a whole number ≥ 1 and ≤ 30; got True."),
        (f"plain_cnn:depth={'9' * 400}", "Depth must be a whole number ≥ 1 and ≤ 30; got a number beyond all bounds."),
        (f"plain_cnn:depth={'9' * 6000}", "Depth must be a whole number"),
    ],
    ids=lambda text: text[:30],
)
def test_what_is_wrong_is_said_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(PresetError) as caught:
        open_preset(text)
    message = str(caught.value)
    assert words in message
    assert message.endswith((".", "?"))
    assert len(message) < 250
    assert caught.value.__cause__ is None or "Error" in type(caught.value.__cause__).__name__


def test_parameters_that_do_not_go_together_open_and_are_explained() -> None:
    result = Checker().check(open_preset("small_attention:features=6,heads=4"))
    assert {problem.message for problem in result.errors} == {"4 heads can't share 6 features evenly."}


def test_presets_of_a_family_stand_together() -> None:
    families = [preset.family for preset in catalog().values()]
    assert [family for family, _ in groupby(families)] == list(dict.fromkeys(families))
