"""The file: stable to the byte, keeps what it does not know, and explains in a sentence what it can't read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graph_engine.document import Document, Graph, Node, SetParameter, SetPlan, Stage
from graph_engine.document.file import FileError, dumps, load, loads, save
from tests.document.drawings import drawing, lint

SMALL = {
    "format": "layerloom",
    "version": 1,
    "title": "Small",
    "notes": "",
    "data": {"dataset": "digits", "fields": {}},
    "graphs": {
        "main": {
            "nodes": [
                {"id": "input_1", "block": "input", "position": [0, 0]},
                {"id": "relu_1", "block": "relu", "position": [10.5, -4]},
            ],
            "wires": [["input_1", "y", "relu_1", "x"]],
        }
    },
}


def changed(path: str, value: Any) -> str:
    """The small document's text with the value at a dotted path exchanged."""
    root = json.loads(json.dumps(SMALL))
    *keys, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    inner = root
    for key in keys:
        inner = inner[key]
    inner[last] = value
    return json.dumps(root)


def test_one_node_or_wire_a_line_in_an_order_of_their_names() -> None:
    document = Document(title="T", notes="a\nb")
    for name in ("relu_10", "conv2d_1", "relu_2"):
        document.main.put(
            Node(name, name.split("_", maxsplit=1)[0], {"z": 1, "a": [2.5, "x"]} if name == "relu_2" else {})
        )
    text = dumps(document)

    assert text.splitlines()[6:] == [
        f'"plan": {json.dumps(json.loads(text)["plan"])},',
        '"graphs": {',
        '"main": {',
        '"nodes": [',
        '{"id": "conv2d_1", "block": "conv2d", "position": [0, 0]},',
        '{"id": "relu_2", "block": "relu", "position": [0, 0], "parameters": {"a": [2.5, "x"], "z": 1}},',
        '{"id": "relu_10", "block": "relu", "position": [0, 0]}',
        "],",
        '"wires": []}',
        "}",
        "}",
    ]
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["format", "version", "title", "notes", "data", "plan", "graphs"]


def test_the_text_depends_on_the_drawing_alone() -> None:
    one = drawing()
    other = Document(title=one.title, notes=one.notes)
    for node in reversed(list(one.main)):
        other.main.put(node.with_(parameters=dict(reversed(list(node.parameters.items())))))
    for wire in reversed(one.main.wires):
        other.main.link(wire)
    other.add_graph("unit", one.graphs["unit"].copy())
    other.customs |= one.customs
    assert dumps(other) == dumps(one)


def test_one_change_is_one_changed_line() -> None:
    document = drawing()
    before = dumps(document).splitlines()
    document.apply(SetParameter("n_1", "channels", 7))
    after = dumps(document).splitlines()
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_the_main_graph_comes_first_then_composites_by_name() -> None:
    document = Document(graphs={"cell": Graph(), "main": Graph(), "block": Graph([Node("relu_1", "relu")])})
    read = loads(dumps(document))
    assert list(json.loads(dumps(document))["graphs"]) == ["main", "block", "cell"]
    assert list(read.graphs["block"].nodes) == ["relu_1"]
    assert dumps(read) == dumps(document)


def test_what_this_version_does_not_know_is_kept() -> None:
    value = json.loads(changed("graphs.main.nodes.1.colour", {"dark": [1, None, "é"]}))
    value["graphs"]["main"]["nodes"].append(
        {"id": "w", "block": "Warp-Drive 2", "parameters": {"z": {"a": 1}, "b": None, "c": "NaN"}, "since": "9"}
    )
    value["graphs"]["main"]["wires"].append(["w", "any port", "relu_1", "another"])
    text = dumps(loads(json.dumps(value)))
    nodes = {node["id"]: node for node in json.loads(text)["graphs"]["main"]["nodes"]}

    assert nodes["relu_1"]["colour"] == {"dark": [1, None, "é"]}
    assert nodes["w"] == {
        "id": "w",
        "block": "Warp-Drive 2",
        "position": [0, 0],
        "parameters": {"c": "NaN", "z": {"a": 1}},
        "since": "9",
    }
    assert ["w", "any port", "relu_1", "another"] in json.loads(text)["graphs"]["main"]["wires"]
    assert dumps(loads(text)) == text


def test_values_that_no_block_takes_are_kept_as_they_are() -> None:
    odd = {"kernel": "three", "channels": -1, "stride": [1, 2, 3], "bias": 1, "groups": 1.5, "nonsense": True}
    document = loads(
        changed("graphs.main.nodes.1", {"id": "c", "block": "conv2d", "parameters": odd}).replace('"relu_1"', '"c"')
    )
    assert document.main["c"].parameters == odd
    assert loads(dumps(document)).main["c"].parameters == odd


def test_text_of_every_sort_survives() -> None:
    for text in ("größe 🙂", '"""\\', "\u2028\x00\x7f\r\n", "\ud83d half", "\ufeff", "x" * 100_000):
        document = Document(title=text, notes=text)
        document.main.put(Node("a", "relu", {"p": [text]}, title=text))
        read = loads(dumps(document).encode("utf-8").decode("utf-8"))
        assert (read.title, read.notes, read.main["a"].title, read.main["a"].parameters["p"]) == (
            text,
            text,
            text,
            [text],
        )


def test_a_cycle_or_a_wire_to_nowhere_opens() -> None:
    value = json.loads(changed("graphs.main.wires", [["input_1", "y", "relu_1", "x"], ["relu_1", "y", "input_1", "q"]]))
    document = loads(json.dumps(value))
    assert sorted(document.main.cycle()) == ["input_1", "relu_1"]
    lint(document, drawn=False)


# What is wrong, and words of the sentence that says so.
WRONG: list[tuple[str, str]] = [
    ("", "is not valid JSON: line 1, column 1"),
    ("{", "is not valid JSON"),
    ("[]", 'lacks "format": "layerloom"'),
    ("null", 'lacks "format"'),
    ('{"format": "layerloom"}', "no valid version number"),
    ('{"format": "other", "version": 1}', 'lacks "format"'),
    (changed("version", 3), "saved by a newer Layerloom (format 3; this one reads up to 2). Update Layerloom"),
    (changed("version", 10**30), "saved by a newer Layerloom"),
    (changed("version", 0), "no valid version"),
    (changed("version", 1.5), "no valid version"),
    (changed("version", "1"), "no valid version"),
    (changed("version", True), "no valid version"),
    (changed("title", 5), '"title" must be text'),
    (changed("notes", None), '"notes" must be text'),
    (changed("graphs", []), '"graphs" must be an object with a graph called "main"'),
    (changed("graphs", {"side": {}}), 'a graph called "main"'),
    (changed("graphs.main", []), "graph 'main' must have the lists"),
    (changed("graphs.main", {"nodes": []}), "graph 'main' must have the lists"),
    (changed("graphs.main.nodes", {}), "graph 'main' must have the lists"),
    (changed("graphs.main.nodes.1", 5), "graph 'main', node 2 must be an object, not 5"),
    (changed("graphs.main.nodes.1", {"block": "relu"}), "graph 'main', node 2.id"),
    (changed("graphs.main.nodes.1.id", 5), "node 2.id"),
    (changed("graphs.main.nodes.1.id", "Relu"), "'Relu' can't be an id"),
    (changed("graphs.main.nodes.1.id", "relu_1\n"), "can't be an id"),
    (changed("graphs.main.nodes.1.id", "input_1"), "two nodes called 'input_1'"),
    (changed("graphs.main.nodes.1.block", None), "node 2.block"),
    (changed("graphs.main.nodes.1.parameters", []), "node 2.parameters"),
    (changed("graphs.main.nodes.1.position", [1]), "node 2.position"),
    (changed("graphs.main.nodes.1.position", [1, "two"]), "node 2.position"),
    (changed("graphs.main.nodes.1.position", "ab"), "node 2.position"),
    (changed("graphs.main.nodes.1.position", [1, 10**400]), "position"),
    (changed("graphs.main.nodes.1.title", []), "node 2.title"),
    (changed("graphs.main.nodes.1.frozen", {}), "node 2.frozen"),
    (changed("graphs.main.wires.0", ["a"]), 'graph \'main\', wire 1 must be [node, output, node, input], not ["a"]'),
    (changed("graphs.main.wires.0", {"a": 1}), "wire 1 must be"),
    (changed("graphs.main.wires.0.3", 7), "wire 1 must be"),
    (changed("graphs.main.wires.0.0", "gone"), "leads to 'gone', and there is no such node"),
    (changed("graphs.main.wires", [["input_1", "y", "relu_1", "x"]] * 2), "two wires end at relu_1.x"),
    (changed("data", []), "data must be an object"),
    (changed("data", {"dataset": 5}), "data.dataset"),
    (changed("data", {"fields": {"a": 5}}), "data.fields"),
    (changed("data", {"color": 5}), "'color' is not known here"),
    (changed("plan", "fast"), "plan must be an object"),
    (changed("plan", {"batch_size": 0}), "plan.batch_size"),
    (changed("plan", {"speed": 1}), "'speed' is not known here"),
    (changed("plan", {"stages": [{"updates": [{"optimiser": {"kind": "magic"}}]}]}), "0.updates.0.optimiser.kind"),
    (
        changed("plan", {"stages": [{"updates": [{"optimiser": {"kind": "sgd", "rate": 1}}]}]}),
        "net.loom: plan.stages.0.updates.0.optimiser: 'rate' is not known here.",
    ),
    (changed("plan", {"seed": -1}), "net.loom: plan.seed must be at least 0, not -1."),
    (changed("plan", {"stages": []}), "net.loom: plan.stages must be a list of at least 1, not []."),
    (changed("data", {"fields": 3}), "net.loom: data.fields must be an object, not 3."),
    (changed("data", {"fields": {"image": 3}}), "net.loom: data.fields.image must be text, not 3."),
    (changed("graphs.main.nodes.1.position", [1]), "node 2.position.1 is missing."),
    (changed("graphs.main.nodes.1.position", [1, 2, 3]), "node 2.position must be a list of 2, not [1, 2, 3]."),
    (changed("graphs.main.nodes.1.position", "left"), 'node 2.position must be a list, not "left".'),
    (changed("graphs.main.nodes.1.position", ["x", 0]), 'node 2.position.0 must be a number, not "x".'),
    (changed("graphs.main.nodes.1.repeat", [2]), "node 2.repeat must be a whole number, not [2]."),
    (changed("plan", {"stages": [{"updates": []}]}), "plan.stages.0.updates"),
    (changed("plan", {"stages": [{"epochs": -1}]}), "plan.stages.0.epochs"),
    (changed("title", "@").replace('"@"', "NaN"), "net.loom holds NaN, which is no number. Write one in its place"),
    (changed("title", "@").replace('"@"', "-Infinity"), "net.loom holds -Infinity, which is no number"),
    (changed("graphs.main.nodes.1.block", "@main"), "graph 'main' is part of itself, so it would never end"),
    (
        changed("graphs.main.declares", {"exposes": [{"name": "width", "type": "int", "default": [64]}]}),
        "The default of 'width' must be a number, a switch or a word; got [64].",
    ),
    (changed("graphs.main.nodes.1.position.0", 77).replace("77", "1e999"), "a number that is too large"),
    (changed("version", 77).replace("77", "1" * 5000), "a number that is too large"),
    ("[" * 100_000, "nested too deeply"),
    ('{"a":' * 100_000, "nested too deeply"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), WRONG, ids=[words[:40] for _, words in WRONG])
def test_a_wrong_file_is_explained_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(FileError) as caught:
        loads(text, "net.loom")
    message = str(caught.value)
    assert words in message
    assert message.startswith("net.loom")
    assert message.endswith((".", "]"))
    assert len(message) < 300
    assert "pydantic" not in message
    assert "http" not in message


def test_what_is_absent_has_its_default() -> None:
    document = loads('{"format": "layerloom", "version": 1, "graphs": {"main": {"nodes": [], "wires": []}}}')
    assert dumps(document) == dumps(Document())


def test_a_plan_is_kept_to_the_last_value() -> None:
    document = Document()
    document.apply(SetPlan(document.plan.with_first(stage=Stage(epochs=3, steps=17))))
    assert loads(dumps(document)).plan == document.plan


def test_a_file_that_is_not_there_or_not_text_is_explained(tmp_path: Path) -> None:
    (tmp_path / "binary.loom").write_bytes(b"\x80\x04\xff")
    (tmp_path / "secret.loom").touch(mode=0o000)
    for name, words in (("gone.loom", "No such file"), ("binary.loom", "is not a text file"), ("", "Is a directory")):
        with pytest.raises(FileError, match=words) as caught:
            load(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


def test_a_mark_of_the_byte_order_is_no_part_of_a_file(tmp_path: Path) -> None:
    """Some editors put one before the first letter."""
    (tmp_path / "marked.loom").write_text(dumps(drawing()), "utf-8-sig")
    assert dumps(load(tmp_path / "marked.loom")) == dumps(drawing())


def test_composites_that_are_part_of_each_other_are_refused() -> None:
    use = {"id": "use_1", "position": [0, 0]}
    graphs = {name: {"nodes": [use | {"block": f"@{other}"}], "wires": []} for name, other in ("ab", "ba")}
    main = {"nodes": [use | {"block": "@a"}], "wires": []}
    text = json.dumps({"format": "layerloom", "version": 1, "graphs": graphs | {"main": main}})
    with pytest.raises(FileError, match="graph 'a' is part of itself"):
        loads(text, "net.loom")


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    document = drawing()
    save(document, tmp_path / "a.loom")
    first = (tmp_path / "a.loom").read_bytes()
    save(load(tmp_path / "a.loom"), str(tmp_path / "a.loom"))
    assert (tmp_path / "a.loom").read_bytes() == first == dumps(document).encode()


def test_a_number_that_no_file_can_hold_is_told_before_anything_is_written(tmp_path: Path) -> None:
    """No edit lets it in; code that makes a document may."""
    document = drawing()
    save(document, tmp_path / "a.loom")
    before = (tmp_path / "a.loom").read_bytes()
    document.main.put(Node("n_1", "conv2d", {"kernel": float("nan")}))
    with pytest.raises(FileError, match="not finite"):
        save(document, tmp_path / "a.loom")
    assert (tmp_path / "a.loom").read_bytes() == before
