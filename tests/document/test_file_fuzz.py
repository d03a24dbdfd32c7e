"""Files broken at random: whatever they hold, they open or a FileError says why."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from graph_engine.document.file import FileError, dumps, loads
from tests.document.drawings import drawing, json_values, lint

TEXT = dumps(drawing())


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a JSON value, itself first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


PLACES = places(json.loads(TEXT))
ODD = (
    st.sampled_from(
        (None, True, -1, 0, 2**70, 10**400, -0.0, 1e308, "", "main", "xs.²", "xs.", "²", "\ud800", "__proto__")
    )
    | json_values
    | st.lists(st.sampled_from(("n_0", "n_1", "y", "x", "xs.0", "xs.99999999999")), min_size=3, max_size=5)
)


@given(
    st.lists(st.tuples(st.sampled_from(PLACES), ODD, st.sampled_from(("set", "drop", "add"))), min_size=1, max_size=4)
)
@example([(("graphs", "main", "wires", 0, 3), "xs.²", "set")])
@example([(("graphs", "main", "nodes", 6, "id"), "n_²", "set")])
@example([(("graphs", "main", "nodes", 1, "position", 0), 10**400, "set")])
@example([(("graphs", "main", "nodes", 1, "position"), [True, False], "set")])
@example([(("plan", "stages"), [], "set")])
@example([(("plan", "stages", 0, "updates"), [], "set")])
def test_a_mutated_file_opens_or_is_explained(changes: list[tuple[tuple[Any, ...], Any, str]]) -> None:
    root = [json.loads(TEXT)]
    for path, value, how in changes:
        inner: Any = root
        keys = (0, *path)
        with suppress(KeyError, IndexError, TypeError):  # an earlier change took this place away
            for key in keys[:-1]:
                inner = inner[key]
            if how == "set":
                inner[keys[-1]] = value
            elif how == "drop" and len(keys) > 1:
                del inner[keys[-1]]
            elif isinstance(inner[keys[-1]], dict):
                inner[keys[-1]][str(value)[:9]] = value
            elif isinstance(inner[keys[-1]], list):
                inner[keys[-1]].append(value)
    _opens_or_is_explained(json.dumps(root[0]))


@given(st.integers(0, len(TEXT) - 1), st.integers(0, 40), st.text(max_size=3))
def test_a_damaged_file_opens_or_is_explained(at: int, count: int, instead: str) -> None:
    _opens_or_is_explained(TEXT[:at] + instead + TEXT[at + count :])


def test_a_file_cut_short_anywhere_is_explained() -> None:
    for length in range(len(TEXT.rstrip())):
        try:
            loads(TEXT[:length], "net.loom")
        except FileError as error:
            assert str(error).startswith("net.loom is not valid JSON: line ")  # noqa: PT017  it has to be raised each time
        else:
            raise AssertionError(f"{length} of {len(TEXT)} letters opened")


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_noise_is_explained(noise: bytes) -> None:
    _opens_or_is_explained(noise.decode("utf-8", "surrogateescape"))


def _opens_or_is_explained(text: str) -> None:
    try:
        document = loads(text)
    except FileError as error:
        message = str(error)
    else:
        lint(document, drawn=False)
        for graph in document.graphs.values():
            with suppress(ValueError):
                graph.order()
            graph.cycle()
        return
    assert 0 < len(message) < 400
