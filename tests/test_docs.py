"""The documentation says what is so: its examples run, and what it lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graph_engine.data import list_datasets

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLES = re.findall(
    r"<!-- notebook-example -->\n```python\n(.*?)```", (DOCS / "notebook.md").read_text("utf-8"), re.DOTALL
)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_for_a_notebook_run(example: str, layerloom_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(EXAMPLES) == 2
    exec(example.replace('open_preset("lenet5")', 'open_preset("xor")'), {})  # noqa: S102  which learns in a second


def test_the_data_sets_are_listed_with_what_they_say_of_themselves() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", (DOCS / "data.md").read_text("utf-8"), re.MULTILINE))
    assert rows == {each.name: each.summary for each in list_datasets()}
