"""Inputs that are drawn: of what distribution, the same for the same seed, and truncated where that is asked for."""

from __future__ import annotations

import torch

from graph_engine.data.binding import Served, resolve
from graph_engine.data.drawing import draw
from graph_engine.document import Binding, SetParameter
from graph_engine.document.builder import Builder


def test_a_truncated_code_has_no_value_beyond_and_keeps_its_form() -> None:
    """Brock, Donahue, Simonyan (2019): what lies beyond is drawn again, so the rest is N(0, 1) cut off."""
    plain = draw(Served("", (50,), "float32", "normal"), 400, seed=1)
    cut = draw(Served("", (50,), "float32", "normal", truncation=0.5), 400, seed=1)
    assert plain.abs().max() > 3
    assert cut.abs().max() <= 0.5
    inside = plain[plain.abs() <= 0.5]
    levels = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9])
    torch.testing.assert_close(cut.flatten().quantile(levels), inside.quantile(levels), atol=0.03, rtol=0)
    assert torch.equal(cut, draw(Served("", (50,), "float32", "normal", truncation=0.5), 400, seed=1))


def test_an_input_says_how_far_its_values_may_lie() -> None:
    net = Builder("Code", binding=Binding(dataset="copying"))
    code = net.input("code", 3, drawn="normal")
    net.output(net.add("linear", code, features=2))
    for truncation in (0.0, 0.7):
        net.document.apply(SetParameter(code.node, "truncation", truncation))
        served = resolve(net.document).inputs[code.node]
        assert (served.drawn, served.truncation) == ("normal", truncation)
