"""Controls that every panel uses: fields of a form, sections, messages, empty states."""

from __future__ import annotations

from app.widgets.action_button import ActionButton, ActionToolButton
from app.widgets.banner import Banner
from app.widgets.choice_field import Choice, ChoiceField
from app.widgets.committing import commit_focused
from app.widgets.elided_label import ElidedLabel
from app.widgets.empty_state import EmptyState
from app.widgets.field import Field, InvalidText, Scrubbable
from app.widgets.form_row import NO_DEFAULT, FormRow
from app.widgets.frames import lay_out_before
from app.widgets.key_hint import KeyHint
from app.widgets.message import MessageAction, Severity, SeverityIcon, announce
from app.widgets.number_field import NumberField, read_number, write_number
from app.widgets.numbers_field import NumbersField
from app.widgets.pair_field import PairField
from app.widgets.parsed_field import ParsedField
from app.widgets.scrolled import scrolled
from app.widgets.search_field import SearchField
from app.widgets.section import Section, SectionHeader
from app.widgets.shape_field import ShapeField
from app.widgets.text_field import TextField
from app.widgets.toast import Toast, ToastStack
from app.widgets.toggle import Toggle
from app.widgets.views import dress_list, dress_table, dress_tree

__all__ = [
    "NO_DEFAULT",
    "ActionButton",
    "ActionToolButton",
    "Banner",
    "Choice",
    "ChoiceField",
    "ElidedLabel",
    "EmptyState",
    "Field",
    "FormRow",
    "InvalidText",
    "KeyHint",
    "MessageAction",
    "NumberField",
    "NumbersField",
    "PairField",
    "ParsedField",
    "Scrubbable",
    "SearchField",
    "Section",
    "SectionHeader",
    "Severity",
    "SeverityIcon",
    "ShapeField",
    "TextField",
    "Toast",
    "ToastStack",
    "Toggle",
    "announce",
    "commit_focused",
    "dress_list",
    "dress_table",
    "dress_tree",
    "lay_out_before",
    "read_number",
    "scrolled",
    "write_number",
]
