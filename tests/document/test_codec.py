"""Edits as JSON: what the journal holds is what happened, and damage is told and not raised through."""

from __future__ import annotations

import json
from typing import Any, cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_engine.document import AddNodes, AnyEdit, Batch, Connect, EditRefused, Node, RemoveNodes, SetParameter, Wire
from graph_engine.document.codec import FormatError, edit_from_json, edit_to_json, plan_from_json, plan_to_json
from tests.document.drawings import drawing, edits, json_values, state
from tests.document.test_edits import EDITS


def through_json(edit: AnyEdit) -> AnyEdit:
    return edit_from_json(json.loads(json.dumps(edit_to_json(edit))))


def test_every_kind_of_edit_is_among_the_cases() -> None:
    assert {type(edit) for edit, _, _ in EDITS} == set(get_args(AnyEdit))
    assert len({kind.kind for kind in get_args(AnyEdit)}) == len(get_args(AnyEdit))


def test_a_plan_from_before_is_written_as_it_was() -> None:
    """What a file of the first version says of a plan, key by key: opening and saving adds nothing."""
    optimiser = {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "betas": [0.9, 0.999]}
    update = {
        "losses": [{"node": "cross_entropy_1", "weight": 1.0}],
        "trains": ["linear_1"],
        "optimiser": {**optimiser, "weight_decay": 0.0},
        "schedule": {"kind": "step", "every": 10, "factor": 0.1, "floor": 0.0, "rise": 0.3},
    }
    plan = {
        "stages": [{"updates": [update], "epochs": 10, "steps": None}],
        "batch_size": 64,
        "validation": 0.2,
        "seed": 0,
        "patience": None,
        "device": "auto",
        "precision": "fp32",
    }

    assert plan_to_json(plan_from_json(plan)) == plan


def test_all_that_a_plan_may_say_comes_back() -> None:
    from tests.train.mechanisms import MECHANISMS

    for make in MECHANISMS.values():
        plan = make().plan
        assert plan_from_json(json.loads(json.dumps(plan_to_json(plan)))) == plan


@pytest.mark.parametrize(("edit", "touched", "about"), EDITS, ids=lambda value: getattr(value, "label", ""))
def test_an_edit_and_its_inverse_do_the_same_after_json(edit: AnyEdit, touched: set[str], about: str) -> None:
    assert through_json(edit) == edit
    one, other = drawing(), drawing()
    inverse = cast("AnyEdit", one.apply(edit))
    other.apply(through_json(edit))
    assert state(other) == state(one)
    assert through_json(inverse) == inverse
    other.apply(through_json(inverse))
    assert state(other) == state(drawing())


@given(edits)
def test_any_edit_that_a_document_takes_survives_json(edit: AnyEdit) -> None:
    one, other = drawing(), drawing()
    try:
        one.apply(edit)
    except EditRefused:
        return
    other.apply(through_json(edit))
    assert state(other) == state(one)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"kind": "fly"},
        {"kind": ["move"]},
        {"kind": "add_nodes"},
        {"kind": "add_nodes", "nodes": 5},
        {"kind": "add_nodes", "nodes": [5]},
        {"kind": "add_nodes", "nodes": [], "wires": {"a": 1}},
        {"kind": "batch", "title": "t", "edits": 5},
        {"kind": "batch", "edits": []},
        {"kind": "batch", "title": "t", "edits": [{"kind": "batch"}]},
        {"kind": "connect"},
        {"kind": "connect", "wire": "a"},
        {"kind": "move", "positions": [["a", [1]]]},
        {"kind": "move", "positions": [["a", ["x", "y"]]]},
        {"kind": "set_parameter", "node": "a"},
        {"kind": "set_node", "node": "a", "attribute": "block", "value": "relu"},
        {"kind": "set_plan", "plan": {"batch_size": -1}},
        {"kind": "set_binding", "binding": 3},
        {"kind": "set_about", "title": "a"},
        {"kind": "remove_nodes", "nodes": ["a"], "extra": 1},
    ],
    ids=json.dumps,
)
def test_what_is_no_edit_is_refused_in_words(value: Any) -> None:
    with pytest.raises(FormatError) as caught:
        edit_from_json(value)
    assert str(caught.value)


@given(edits, st.data())
def test_a_damaged_edit_is_a_format_error_or_an_edit(edit: AnyEdit, data: st.DataObject) -> None:
    try:
        drawing().apply(edit)
    except EditRefused:
        return
    value = json.loads(json.dumps(edit_to_json(edit)))
    key = data.draw(st.sampled_from(list(value)))
    value[key] = data.draw(json_values)
    try:
        damaged = edit_from_json(value)
    except FormatError:
        return
    try:
        drawing().apply(damaged)
    except EditRefused:
        return


def test_values_keep_their_json_type() -> None:
    edit = SetParameter("a", "kernel", [1, [2.0, "x", None, True], {"k": []}])
    read = through_json(edit)
    assert isinstance(read, SetParameter)
    assert read.value == edit.value
    assert [type(item) for item in read.value] == [int, list, dict]
    nested = Batch("o", (Batch("i", (Connect(Wire("a", "y", "b", "x")),)), RemoveNodes(("a",))))
    assert through_json(nested) == nested
    node = Node("a", "warp", {"p": 1}, (1.5, -2.0), "T", True, extra={"colour": [1]})
    assert through_json(AddNodes((node,), restored=True)) == AddNodes((node,), restored=True)
