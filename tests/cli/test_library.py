"""`layerloom blocks` and `layerloom presets`: everything there is, as a table and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from graph_engine.blocks import all_blocks
from graph_engine.document.builder import Builder
from graph_engine.document.own_blocks import keep
from presets import catalog
from presets.parts import parts

if TYPE_CHECKING:
    from tests.cli.conftest import Call


def test_blocks_lists_every_block_with_the_keys_of_the_contract(layerloom: Call) -> None:
    found = layerloom("blocks", "--json").json
    assert [block["name"] for block in found] == [*all_blocks(), *(f"@{name}" for name in parts())]
    keys = {"name", "title", "category", "summary", "parameters", "inputs", "outputs", "reference"}
    assert all(set(block) == keys for block in found)


def test_one_block_in_full(layerloom: Call) -> None:
    (block,) = layerloom("blocks", "conv2d", "--json").json
    assert block["category"] == "Convolution"
    assert [parameter["name"] for parameter in block["parameters"]][:2] == ["channels", "kernel"]
    assert block["parameters"][0]["bounds"] == "≥ 1"
    assert block["inputs"][0]["kinds"] == ["image"]
    assert "LeCun" in block["reference"]
    shown = layerloom("blocks", "conv2d").out
    for word in ("Conv 2d (conv2d)", "(N, C, H, W)", "channels", "≥ 1", "LeCun"):
        assert word in shown


@pytest.mark.parametrize("name", all_blocks())
def test_every_block_can_be_shown(layerloom: Call, name: str) -> None:
    shown = layerloom("blocks", name)
    assert shown.status == 0
    assert all_blocks()[name].summary() in shown.out


@pytest.mark.parametrize("name", ["bottleneck", "@bottleneck"])
def test_a_composite_in_full(layerloom: Call, name: str) -> None:
    (block,) = layerloom("blocks", name, "--json").json
    assert (block["name"], block["category"]) == ("@bottleneck", "Composites")
    assert [parameter["name"] for parameter in block["parameters"]] == ["width", "stride", "strided"]
    assert "He, Zhang, Ren, Sun (2016)" in block["reference"]
    shown = layerloom("blocks", name).out
    for word in ("Bottleneck (@bottleneck)", "1×1", "He, Zhang"):
        assert word in shown


def test_the_table_has_every_composite(layerloom: Call) -> None:
    shown = layerloom("blocks").out
    for name, part in parts().items():
        assert f"  @{name} " in shown
        assert part.summary in shown


def test_the_table_has_every_block_and_category(layerloom: Call) -> None:
    shown = layerloom("blocks").out
    for name, block in all_blocks().items():
        assert f"  {name} " in shown
        assert str(block.category) in shown


def test_presets_lists_every_preset_with_the_keys_of_the_contract(layerloom: Call) -> None:
    found = layerloom("presets", "--json").json
    assert [preset["name"] for preset in found] == list(catalog())
    keys = {"name", "title", "family", "parameters", "paper", "year", "data", "published"}
    assert all(keys <= set(preset) for preset in found)


def test_one_preset_in_full(layerloom: Call) -> None:
    (preset,) = layerloom("presets", "lenet5", "--json").json
    assert preset["published"]["params"] == 61_706
    assert preset["year"] == 1998
    shown = layerloom("presets", "lenet5").out
    for word in ("LeNet-5 (lenet5)", "61 706 parameters", "416 520 MACs", "activation", "tanh"):
        assert word in shown


@pytest.mark.parametrize("name", ["sngan_images", "gnmt", "lenet5"])
def test_a_preset_tells_with_what_it_is_a_published_network(layerloom: Call, name: str) -> None:
    shown = layerloom("presets", name).out
    (data,) = layerloom("presets", name, "--json").json
    assert " ".join(data["help"].split()) in " ".join(shown.split())
    for size, told in zip(catalog()[name].sizes, data["sizes"], strict=True):
        assert f"{name}:{size.parameters}" in shown
        assert (told["with"], told["params"], told["of"]) == (size.parameters, size.params, size.node)


@pytest.mark.parametrize("name", catalog())
def test_every_preset_can_be_shown(layerloom: Call, name: str) -> None:
    shown = layerloom("presets", name)
    assert shown.status == 0
    assert catalog()[name].summary in shown.out


def test_nothing_but_the_text_is_written_to_a_file(layerloom: Call) -> None:
    for line in layerloom("blocks").out.splitlines():
        assert "\x1b" not in line
        assert line == line.rstrip()


def test_own_blocks_are_listed_and_broken_files_told(layerloom: Call) -> None:
    net = Builder("Net")
    cell = net.composite("cell", "Cell")
    cell.output(cell.add("relu", cell.input("x", 4)), "y")
    made = keep(net.document, "cell", "My own cell", "What it is for.")
    broken = made.path.with_name("broken.loom")
    broken.write_text("{")
    try:
        listed = layerloom("blocks", "--json")
        assert listed.json[-1]["name"] == "my:my_own_cell"
        assert listed.json[-1]["category"] == "My blocks"
        assert "broken.loom is not valid JSON" in listed.err
        for name in ("my:my_own_cell", "my_own_cell"):
            shown = layerloom("blocks", name)
            assert "My own cell (my:my_own_cell) · My blocks" in shown.out
            assert "What it is for." in shown.out
    finally:
        made.path.unlink()
        broken.unlink()
