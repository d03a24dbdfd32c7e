"""Undo, redo, merging, what is saved: a model of the history beside the history, under random use."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from graph_engine.document import (
    AddNodes,
    AnyEdit,
    Change,
    Document,
    Edit,
    EditRefused,
    History,
    Move,
    Node,
    RemoveNodes,
    SetParameter,
    Wire,
)
from graph_engine.document.codec import edit_from_json, edit_to_json
from graph_engine.document.file import dumps, loads
from graph_engine.document.history import Mark
from tests.document.drawings import drawing, edits, lint


class Editing(RuleBasedStateMachine):
    """A person edits, drags, types, undoes, redoes, saves; beside it, the file's text after every step."""

    @initialize()
    def begin(self) -> None:
        self.document = drawing()
        self.history = History(self.document)
        self.recorded: list[Edit] = []
        self.history.applied = self.recorded.append
        self.past, self.future = [dumps(self.document)], list[str]()
        self.first = loads(dumps(self.document))
        self.saved = self.past[0]
        self.marks: list[tuple[Mark, str]] = []
        self.open_key = ""

    def _did(self, *, merged: bool = False) -> None:
        text = dumps(self.document)
        if merged:
            self.past[-1] = text
        else:
            self.past.append(text)
        self.future.clear()

    @rule(edit=edits)
    def perform(self, edit: AnyEdit) -> None:
        try:
            self.history.perform(edit)
        except EditRefused:
            return
        self.open_key = ""
        self._did()

    @rule(node=st.sampled_from(("n_0", "n_1", "n_6")), to=st.tuples(st.integers(-9, 9), st.integers(-9, 9)))
    def drag(self, node: str, to: tuple[int, int]) -> None:
        self._mergeable(Move(((node, to),)), f"drag {node}")

    @rule(node=st.sampled_from(("n_0", "n_1")), value=st.integers(1, 9) | st.none())
    def type_in_a_field(self, node: str, value: int | None) -> None:
        self._mergeable(SetParameter(node, "channels", value), f"type {node}")

    def _mergeable(self, edit: AnyEdit, key: str) -> None:
        try:
            self.history.perform(edit, merge=key)
        except EditRefused:
            return
        self._did(merged=self.open_key == key)
        self.open_key = key

    @rule()
    def leave_the_field(self) -> None:
        self.history.close_step()
        self.open_key = ""

    @rule()
    def undo(self) -> None:
        label = self.history.undo_label
        assert self.history.undo() == label
        assert (label is None) == (len(self.past) == 1)
        if label is not None:
            self.future.append(self.past.pop())
            assert self.history.redo_label == label
            self.open_key = ""

    @rule()
    def redo(self) -> None:
        label = self.history.redo_label
        assert self.history.redo() == label
        assert (label is None) == (not self.future)
        if label is not None:
            self.past.append(self.future.pop())
            assert self.history.undo_label == label
            self.open_key = ""

    @rule()
    def save(self) -> None:
        self.history.mark_saved()
        assert self.history.clean
        self.saved = dumps(self.document)
        self.open_key = ""

    @rule()
    def begin_to_save(self) -> None:
        self.marks.append((self.history.mark(), dumps(self.document)))
        self.open_key = ""

    @rule()
    def end_saving(self) -> None:
        """A save on a worker ends after further edits: what it wrote is what was there when it began."""
        if self.marks:
            mark, self.saved = self.marks.pop()
            self.history.mark_saved(mark)
            assert not self.history.clean or dumps(self.document) == self.saved

    @invariant()
    def the_document_is_where_the_model_is(self) -> None:
        assert dumps(self.document) == self.past[-1]
        assert len(self.history.labels) == len(self.past) - 1
        if self.history.clean:
            assert dumps(self.document) == self.saved
        lint(self.document)

    def teardown(self) -> None:
        if not hasattr(self, "history"):
            return
        last = dumps(self.document)
        while self.history.undo():
            pass
        assert dumps(self.document) == dumps(self.first)
        for text in (*self.past[1:], *reversed(self.future)):
            assert self.history.redo()
            assert dumps(self.document) == text
        assert self.history.redo() is None
        while self.future and dumps(self.document) != last:
            assert self.history.undo()
        for edit in self.recorded:  # as the journal does
            self.first.apply(edit_from_json(edit_to_json(edit)))  # type: ignore[arg-type]
        assert dumps(self.first) == dumps(self.document)


Editing.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
TestEditing = Editing.TestCase


def chain(count: int) -> Document:
    document = Document()
    document.apply(AddNodes(tuple(Node(f"n_{at}", "conv2d") for at in range(count))))
    return document


def is_clean(history: History) -> bool:
    return history.clean


def place(history: History) -> tuple[float, float]:
    return history.document.main["n_0"].position


def test_a_drag_is_one_step_back_to_where_it_began() -> None:
    history = History(chain(2))
    for x in range(1, 6):
        history.perform(Move((("n_0", (x, x)),)), merge="drag")
    assert history.labels == ["Move 1 node"]
    history.undo()
    assert place(history) == (0, 0)
    history.redo()
    assert place(history) == (5, 5)


def test_what_was_closed_undone_or_saved_is_not_merged_into() -> None:
    for close in ("close_step", "undo_redo", "mark_saved", "mark", "other"):
        history = History(chain(2))
        history.perform(Move((("n_0", (1, 1)),)), merge="drag")
        match close:
            case "undo_redo":
                history.undo()
                history.redo()
            case "other":
                history.perform(Move((("n_1", (1, 1)),)), merge="drag of another")
            case _:
                getattr(history, close)()
        count = len(history.labels)
        history.perform(Move((("n_0", (2, 2)),)), merge="drag")
        assert len(history.labels) == count + 1, close


def test_edits_without_a_key_are_steps_of_their_own() -> None:
    history = History(chain(1))
    for value in (1, 2):
        history.perform(SetParameter("n_0", "channels", value))
    assert history.labels == ["Change channels of n_0"] * 2


def test_a_new_edit_forgets_what_was_undone() -> None:
    history = History(chain(1))
    history.perform(SetParameter("n_0", "channels", 1), label="One")
    history.undo()
    history.perform(SetParameter("n_0", "channels", 2), label="Two")
    assert history.redo() is None
    assert history.labels == ["Two"]


def test_it_is_clean_where_it_was_saved_and_nowhere_else() -> None:
    history = History(chain(1))
    assert is_clean(history)
    history.perform(SetParameter("n_0", "channels", 1))
    assert not is_clean(history)
    history.undo()
    assert is_clean(history)
    history.redo()
    history.mark_saved()
    history.perform(SetParameter("n_0", "channels", 2))
    history.undo()
    assert is_clean(history)
    history.undo()
    assert not is_clean(history)
    history.perform(SetParameter("n_0", "channels", 1))
    assert not is_clean(history), "it looks like the saved one, but is another step"


def test_a_refused_edit_is_no_step_and_is_not_recorded() -> None:
    history = History(chain(1))
    heard: list[Edit] = []
    history.applied = heard.append
    with pytest.raises(EditRefused):
        history.perform(RemoveNodes(("gone",)))
    assert (history.labels, heard, is_clean(history)) == ([], [], True)


def test_a_step_that_cannot_be_taken_back_stays() -> None:
    """Somebody else changed the document: nothing is lost, and once that is mended undo works again."""
    history = History(chain(1))
    history.perform(AddNodes((Node("a", "relu"),)))
    history.perform(SetParameter("n_0", "channels", 3))
    history.undo()
    back = history.document.apply(RemoveNodes(("a", "n_0")))
    for step in (history.undo, history.redo):
        with pytest.raises(EditRefused):
            step()
    assert (history.undo_label, history.redo_label) == ("Add ReLU", "Change channels of n_0")
    history.document.apply(back)
    assert history.redo() == "Change channels of n_0"
    assert history.undo() == "Change channels of n_0"
    assert history.undo() == "Add ReLU"


def test_the_journal_hears_every_edit_in_order() -> None:
    document = chain(2)
    twin = document.snapshot()
    history = History(document)
    history.applied = twin.apply  # type: ignore[assignment]
    history.perform(AddNodes((Node("a", "relu"),), (Wire("n_0", "y", "a", "x"),)))
    history.perform(Move((("a", (1, 1)),)), merge="m")
    history.perform(Move((("a", (2, 2)),)), merge="m")
    history.undo()
    history.undo()
    history.redo()
    assert dumps(twin) == dumps(document)


def test_listeners_hear_undo_and_redo_as_they_hear_edits() -> None:
    history = History(chain(1))
    heard: list[Change] = []
    history.document.subscribe(heard.append)
    history.perform(SetParameter("n_0", "channels", 3))
    history.undo()
    history.redo()
    assert [change.nodes for change in heard] == [{("main", "n_0")}] * 3
