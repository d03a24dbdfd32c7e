"""Binding fields to inputs, and the fixes offered when they don't fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graph_engine.blocks import Axis, TensorSpec
from graph_engine.check import Problem, Severity
from graph_engine.data import DataError, Served, load_samples, open_dataset, resolve, sample, served_inputs, split
from graph_engine.data.samples import samples
from graph_engine.document import Binding, Document, SetParameter
from graph_engine.document.builder import Builder


def classifier(*shape: int | str, name: str = "image", classes: int = 10, dataset: str = "digits") -> Document:
    net = Builder("Net", binding=Binding(dataset=dataset))
    x = net.input(name, *shape)
    label = net.input("label", label=True, classes=classes)
    net.classify(net.add("linear", net.add("flatten", x) if len(shape) > 1 else x, features=max(classes, 1)), label)
    return net.document


def errors(document: Document) -> list[Problem]:
    return [problem for problem in resolve(document).problems if problem.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("shape", "name"), [((1, 28, 28), "image"), ((3, 32, 32), "image"), ((784,), "pixels"), ((1, 8, 8), "x")]
)
def test_an_input_takes_the_field_that_fits(shape: tuple[int, ...], name: str) -> None:
    found = resolve(classifier(*shape, name=name))

    assert not found.problems
    assert found.inputs == {
        "input_1": Served("image", shape, "float32"),
        "input_2": Served("label", (), "int64"),
    }


def test_what_the_binding_says_comes_first(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", left=np.zeros((9, 4)), right=np.ones((9, 4)), label=np.arange(9) % 3)
    document = classifier(4, name="left", classes=3, dataset=str(tmp_path / "two.npz"))
    assert resolve(document).inputs["input_1"].field == "left"

    document.binding = Binding(dataset=str(tmp_path / "two.npz"), fields=(("input_1", "right"),))
    assert resolve(document).inputs["input_1"].field == "right"


def test_two_alike_fields_go_to_two_inputs(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", a=np.zeros((9, 4)), b=np.ones((9, 4)), label=np.arange(9) % 3)
    net = Builder("Two", binding=Binding(dataset=str(tmp_path / "two.npz")))
    both = net.add("add", net.input("first", 4), net.input("second", 4))
    net.classify(net.add("linear", both, features=3), net.input("label", label=True, classes=3))

    assert {served.field for served in resolve(net.document).inputs.values()} == {"a", "b", "label"}


def test_a_shape_that_is_not_served_offers_the_nearest() -> None:
    document = classifier(1, 5)
    (problem,) = errors(document)

    assert problem.node == "input_1"
    assert "asks for 1×5 float32" in problem.message
    fixes = {fix.label for fix in problem.fixes}
    assert "Set Shape to 1×8×8" in fixes
    document.apply(next(fix.edit for fix in problem.fixes if fix.label == "Set Shape to 1×8×8"))
    assert not errors(document)


def test_four_channels_offer_three() -> None:
    (problem,) = errors(classifier(4, 32, 32))

    assert problem.fixes[0].edit == SetParameter("input_1", "shape", [3, 32, 32])


@pytest.mark.parametrize(
    ("classes", "severity"), [(10, None), (0, Severity.WARNING), (12, Severity.WARNING), (3, Severity.ERROR)]
)
def test_classes_that_differ_are_told_and_mended(classes: int, severity: Severity | None) -> None:
    document = classifier(1, 8, 8, classes=classes)
    problems = resolve(document).problems

    assert [problem.severity for problem in problems] == ([severity] if severity else [])
    if problems:
        assert problems[0].fixes[0].label == "Set Classes to 10"
        document.apply(problems[0].fixes[0].edit)
        assert not resolve(document).problems


def test_a_label_of_the_wrong_type_is_mended() -> None:
    net = Builder("Net")
    x, label = net.input("image", 1, 8, 8), net.input("label")
    net.classify(net.add("linear", net.add("flatten", x), features=10), label)

    (problem,) = errors(net.document)
    assert problem.node == "input_2"
    net.document.apply(problem.fixes[0].edit)
    assert not errors(net.document)


def test_an_open_length_is_told() -> None:
    net = Builder("Net")
    net.output(net.input("image", "T", 8))

    (problem,) = errors(net.document)
    assert "leaves T open" in problem.message


def test_inputs_that_nothing_needs_are_passed_over() -> None:
    document = classifier(1, 8, 8)
    net = Builder("Net")
    net.document = document
    net.input("spare", 99)

    assert not resolve(document).problems
    assert "input_3" not in resolve(document).inputs


def test_a_data_set_that_is_not_there_offers_the_digits() -> None:
    document = classifier(1, 8, 8, dataset="/no/such/data.csv")
    found = resolve(document)

    assert found.dataset is None
    assert "/no/such/data.csv is not there" in found.problems[0].message
    document.apply(found.problems[0].fixes[0].edit)
    assert not resolve(document).problems


def test_a_binding_of_a_node_that_is_gone_is_a_warning() -> None:
    document = classifier(1, 8, 8)
    document.binding = Binding(fields=(("input_9", "image"),))
    (problem,) = resolve(document).problems

    assert problem.severity is Severity.WARNING
    document.apply(problem.fixes[0].edit)
    assert document.binding.fields == ()


def test_an_unknown_field_in_the_binding_offers_what_fits() -> None:
    document = classifier(1, 8, 8)
    document.binding = Binding(fields=(("input_1", "picture"),))
    (problem,) = errors(document)

    assert "no field 'picture'" in problem.message
    document.apply(problem.fixes[0].edit)
    assert not errors(document)


def test_the_first_problem_is_raised_when_inputs_are_asked_for() -> None:
    with pytest.raises(DataError, match="input_1: image asks for 4×32×32"):
        served_inputs(resolve(classifier(4, 32, 32)))


def test_samples_are_loaded_split_and_in_step() -> None:
    document = classifier(1, 8, 8)
    digits = open_dataset("digits")
    parts = split(digits, 0.2, 0)
    loaded = load_samples(digits, resolve(document).inputs, parts)

    at = 17
    original = int(parts.validation[at])
    assert loaded.validation["input_1"][at].tolist() == digits.serve("image", (1, 8, 8), indices=[original])[0].tolist()
    assert loaded.validation["input_2"][at] == digits.serve("label", (), "int64")[original]
    assert (loaded.train_length, loaded.validation_length) == (1438, 359)


def test_a_sample_to_look_at() -> None:
    digits = open_dataset("digits")
    seen = sample(digits, 4)

    assert seen.value.shape == (1, 8, 8)
    assert (seen.label, seen.label_name) == (4, "4")
    assert sample(digits, 4, TensorSpec((Axis("N"), 3, 32, 32))).value.shape == (3, 32, 32)
    assert [each.label for each in samples(digits, [0, 1, 2])] == [0, 1, 2]
    with pytest.raises(DataError, match="no sample 1797: they count from 0 to 1796"):
        sample(digits, 1797)
