"""The list of blocks: what a few letters find, and how the list behaves."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.canvas import Entry, block_entries, find
from app.canvas.stock import PART, Stock
from graph_engine.blocks import all_blocks
from graph_engine.document import Document

Bench = Any


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("conv", "conv2d"),
        ("cnv", "conv2d"),
        ("c2", "conv2d"),
        ("relu", "relu"),
        ("lrelu", "leaky_relu"),
        ("gap", "global_avg_pool"),
        ("softm", "softmax"),
        ("shortcut", "residual"),
        ("fully", "linear"),
        ("cross", "cross_entropy"),
        ("acc", "accuracy"),
        ("avg pool", "avg_pool2d"),
        ("MAX P", "max_pool2d"),
    ],
)
def test_few_letters_find_the_block(query: str, key: str) -> None:
    assert find(query, block_entries())[0].entry.key == key


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("ntm", "turing_machine"),
        ("neural turing", "turing_machine_cell"),
        ("bahdanau", "bahdanau_attention"),
        ("sagan", "pixel_attention"),
        ("memn2n", "story_hop"),
        ("stack rnn", "stack_machine"),
        ("pblstm", "pyramid_bilstm"),
        ("rpn", "region_proposal_net"),
        ("spp", "pyramid_of_maxima"),
        ("stn", "affine_transformer"),
    ],
)
def test_parts_are_found_by_what_papers_call_them(query: str, name: str) -> None:
    found = [match.entry.key for match in find(query, Stock().entries(Document()))]
    assert PART + name in found[:10]


def test_all_blocks_are_offered_in_the_order_of_the_library() -> None:
    assert [match.entry.key for match in find("", block_entries())] == list(all_blocks())


def test_what_fits_nothing_finds_nothing() -> None:
    assert find("xyzzy", block_entries()) == []


def test_letters_that_matched_are_marked() -> None:
    entry = Entry("conv2d", "Conv 2d", "Convolution")
    assert find("cv", [entry])[0].marked == (0, 3)
    assert find("2d", [entry])[0].marked == (5, 6)
    assert find("convo", [entry])[0].marked == ()


def test_the_list_tells_what_the_block_does_and_that_nothing_fits(bench: Bench) -> None:
    bench.key(Qt.Key.Key_Tab)
    bench.type("relu")
    search = bench.view.adding.popup.search
    assert search.about.text() == all_blocks()["relu"].summary()
    bench.type("qqq")
    assert search.current is None
    assert search.about.text() == "Nothing here is called “reluqqq”. Esc closes the list."
    before = bench.dumps
    bench.choose()
    assert bench.dumps == before


def test_a_click_takes_a_row(bench: Bench) -> None:
    bench.key(Qt.Key.Key_Tab)
    bench.type("tanh")
    view = bench.view.adding.popup.search.list
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.model().index(0, 0)).center())
    assert bench.selected == ["tanh_1"]


def test_a_press_elsewhere_closes_the_list(bench: Bench) -> None:
    bench.key(Qt.Key.Key_Tab)
    bench.click(QPoint(20, 20))
    assert not bench.view.adding.is_open


def test_blocks_added_at_a_pointer_that_rests_do_not_cover_one_another(bench: Bench) -> None:
    bench.move(QPoint(90, 90))
    before = set(bench.graph.nodes)
    for _ in range(3):
        bench.key(Qt.Key.Key_Tab)
        bench.type("tanh")
        bench.choose()
    added = [name for name in bench.graph.nodes if name not in before]
    cards = [bench.view.canvas_scene.nodes[name].card for name in added]
    assert len(cards) == 3
    assert not any(one.intersects(other) for one, other in combinations(cards, 2))


def test_the_list_stays_inside_the_canvas(bench: Bench) -> None:
    corner = QPoint(bench.view.viewport().width() - 4, bench.view.viewport().height() - 4)
    bench.view.adding.open(corner.toPointF())
    popup = bench.view.adding.popup
    assert bench.view.rect().contains(popup.geometry())


def test_rows_are_read_out(bench: Bench) -> None:
    bench.key(Qt.Key.Key_Tab)
    model = bench.view.adding.popup.search.model
    text = model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert text.startswith(f"{model.matches[0].entry.title}, {model.matches[0].entry.category}.")
