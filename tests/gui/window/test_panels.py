"""Library, problems, code, presets, plan and welcome, each as one widget over a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from app.canvas import BLOCK_MIME
from app.canvas.stock import PART, Stock
from app.figures import digits
from app.panels.code import CodePanel
from app.panels.library import LibraryPanel
from app.panels.library_model import COMPOSITE_ROLE, LibraryModel
from app.panels.outline import OutlinePanel
from app.panels.outline_model import FROM, PROBLEM
from app.panels.plan import PlanPanel
from app.panels.plan_settings import SECTIONS
from app.panels.presets import PresetsPanel
from app.panels.problems import ProblemsPanel
from app.panels.welcome import WelcomePage
from app.preset_shelf import PresetShelf, sketch_of
from app.session import Session
from app.settings import Settings
from graph_engine.blocks import all_blocks
from graph_engine.check.report import Code, Severity
from graph_engine.document import (
    AddNodes,
    Binding,
    Document,
    Goal,
    Judgement,
    Loading,
    Node,
    Part,
    Penalty,
    Plan,
    RemoveNodes,
    SetBinding,
    SetParameter,
    WeightedLoss,
    WeightGroup,
)
from graph_engine.document.journal import Recovery
from presets import catalog, open_preset
from presets.parts import parts
from tests.gui.window.conftest import settle

Show = Callable[[Document | str], Document]


# --- library


def test_every_block_and_part_is_in_the_library_below_its_category() -> None:
    model = LibraryModel(Stock())
    found = {}
    for row in range(model.rowCount()):
        category = model.index(row, 0)
        assert model.key(category) is None
        for at in range(model.rowCount(category)):
            index = model.index(at, 0, category)
            found[model.key(index)] = category.data()
            told = index.data(Qt.ItemDataRole.ToolTipRole)
            assert told
            is_part = str(model.key(index)).startswith(PART)
            assert index.data(COMPOSITE_ROLE) == is_part
            assert ("enter it" in told) == is_part

    blocks = {key: str(block.category) for key, block in all_blocks().items()}
    assert found == blocks | {PART + name: str(part.category) for name, part in parts().items()}


def test_the_library_is_filtered_by_title_keyword_and_letters() -> None:
    model = LibraryModel(Stock())

    for query, best in (
        ("conv", "conv2d"),
        ("mse", "mean_squared_error"),
        ("gap", "global_avg_pool"),
        ("skip res", "residual"),
    ):
        model.filter(query)
        assert model.best == best, query
        assert model.key(model.index(0, 0, model.index(0, 0))) == best, "the best stands on top"
    model.filter("nothing of the kind")
    assert model.rowCount() == 0
    assert model.best == ""
    model.filter("")
    assert model.best == ""


def test_a_block_is_dragged_by_its_name() -> None:
    model = LibraryModel(Stock())
    model.filter("linear")
    index = model.index(0, 0, model.index(0, 0))

    data = model.mimeData([index])

    assert bytes(data.data(BLOCK_MIME).data()).decode() == "linear"
    assert model.flags(index) & Qt.ItemFlag.ItemIsDragEnabled


def test_a_block_is_placed_by_double_click_enter_and_from_the_filter(
    session: Session, present: Callable[[LibraryPanel], LibraryPanel]
) -> None:
    panel, placed = present(LibraryPanel(session, Stock())), []
    panel.block_chosen.connect(placed.append)

    def index_of(key: str) -> QModelIndex:
        model = panel.model
        heads = [model.index(row, 0) for row in range(model.rowCount())]
        return next(
            model.index(at, 0, head)
            for head in heads
            for at in range(model.rowCount(head))
            if model.key(model.index(at, 0, head)) == key
        )

    place = panel.tree.visualRect(index_of("conv2d")).center()
    QTest.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    panel.tree.setCurrentIndex(index_of("linear"))
    QTest.keyClick(panel.tree, Qt.Key.Key_Return)
    QTest.keyClicks(panel.filter, "drop")
    QTest.keyClick(panel.filter, Qt.Key.Key_Return)
    QTest.keyClick(panel.filter, Qt.Key.Key_Down)
    assert panel.tree.hasFocus()

    assert placed == ["conv2d", "linear", "dropout"]


def test_a_click_folds_a_category_and_a_search_opens_it(
    session: Session, present: Callable[[LibraryPanel], LibraryPanel]
) -> None:
    panel = present(LibraryPanel(session, Stock()))
    tree = panel.tree
    head = panel.model.index(1, 0)

    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualRect(head).center())
    assert not tree.isExpanded(head)
    QTest.keyClicks(panel.filter, "conv")
    assert all(tree.isExpanded(panel.model.index(row, 0)) for row in range(panel.model.rowCount()))
    QTest.keyClick(panel.filter, Qt.Key.Key_Escape)
    assert not tree.isExpanded(panel.model.index(1, 0))


# --- problems


def test_problems_are_listed_errors_first_and_lead_to_their_nodes(
    session: Session, show: Show, present: Callable[[ProblemsPanel], ProblemsPanel]
) -> None:
    show("lenet5")
    panel = present(ProblemsPanel(session))
    assert panel.rows() == []
    session.perform(AddNodes((Node("relu_9", "relu"),)))
    session.perform(SetParameter("linear_3", "features", 7))
    settle()

    rows = panel.rows()
    assert rows[0].problem.severity is Severity.ERROR
    assert rows[-1].problem.severity is not Severity.ERROR
    QTest.mouseClick(rows[-1], Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert session.selection.nodes == ("relu_9",)
    rows[0].setFocus()
    QTest.keyClick(rows[0], Qt.Key.Key_Return)
    assert session.selection.nodes == (rows[0].problem.node,)


def test_a_fix_is_one_named_step(
    session: Session, show: Show, present: Callable[[ProblemsPanel], ProblemsPanel]
) -> None:
    show("lenet5")
    panel = present(ProblemsPanel(session))
    session.perform(SetParameter("linear_3", "features", 7))
    settle()
    button = panel.rows()[0].buttons[0]
    label = button.words()
    button.setFocus()

    button.click()
    settle()

    assert session.history.undo_label == label
    assert session.errors == []
    assert panel.rows() == []
    assert panel.window().focusWidget() is panel, "the keyboard stays where the fixes are"


def test_what_the_plan_names_and_is_deleted_is_a_problem_that_a_click_mends(
    session: Session, show: Show, present: Callable[[ProblemsPanel], ProblemsPanel], qtbot: QtBot
) -> None:
    show("multi_task")
    panel = present(ProblemsPanel(session))
    before = session.document.plan
    (update,) = before.stages[0].updates
    gone = update.losses[0].node
    session.perform(RemoveNodes((gone,)))
    qtbot.waitUntil(lambda: any(row.problem.code is Code.PLAN for row in panel.rows()))
    (row,) = (row for row in panel.rows() if row.problem.code is Code.PLAN)
    assert gone in row.problem.message
    assert session.errors, "nothing is trained by half a plan"
    QTest.mouseClick(row.buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not session.errors)
    assert session.document.plan.stages[0].updates[0].losses == update.losses[1:]
    session.undo()
    session.undo()
    assert session.document.plan == before
    assert gone in session.document.main


def test_a_thousand_problems_do_not_make_a_thousand_rows(
    session: Session, show: Show, present: Callable[[ProblemsPanel], ProblemsPanel], qtbot: QtBot
) -> None:
    panel = present(ProblemsPanel(session))
    document = Document()
    document.apply(AddNodes(tuple(Node(f"conv2d_{at}", "conv2d") for at in range(1, 1001))))

    show(document)

    assert len(session.problems) >= 1000
    qtbot.waitUntil(lambda: len(panel.rows()) == 100, timeout=10_000)


# --- code


def test_a_program_that_comes_late_is_scrolled_to_what_is_selected(
    session: Session, show: Show, present: Callable[[CodePanel], CodePanel]
) -> None:
    panel = present(CodePanel(session))
    panel.resize(700, 160)
    settle()
    show("lenet5")
    session.select(["conv2d_1"])
    settle()
    (first, *_) = panel.view.marked
    block = panel.view.document().findBlockByNumber(first - 1)
    top = panel.view.blockBoundingGeometry(block).translated(panel.view.contentOffset()).top()
    assert 0 <= top < panel.view.viewport().height()


def test_a_line_leads_to_its_node_and_a_node_to_its_lines(
    session: Session, show: Show, present: Callable[[CodePanel], CodePanel]
) -> None:
    show("lenet5")
    panel = present(CodePanel(session))
    assert panel.view.toPlainText() == session.program.source  # type: ignore[union-attr]

    session.select(["conv2d_2"])
    lines = panel.view.marked
    source = panel.view.toPlainText().splitlines()
    assert source[lines[0] - 1].strip() == "self.conv2d_2 = nn.Conv2d(6, 16, 5)"

    session.select()
    block = panel.view.document().findBlockByNumber(lines[0] - 1)
    panel.view.verticalScrollBar().setValue(block.firstLineNumber())
    at = panel.view.blockBoundingGeometry(block).translated(panel.view.contentOffset()).center().toPoint()
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, at.y()))
    assert session.selection.nodes == ("conv2d_2",)


@pytest.mark.parametrize(
    ("word", "node"), [("avg_pool2d", "avg_pool2d_2"), ("tanh", "tanh_2"), ("conv2d_2", "conv2d_2")]
)
def test_of_several_nodes_on_a_line_the_one_that_is_clicked_is_chosen(
    word: str, node: str, session: Session, show: Show, present: Callable[[CodePanel], CodePanel]
) -> None:
    show("lenet5")
    panel = present(CodePanel(session))
    source = panel.view.toPlainText().splitlines()
    line = next(at for at, text in enumerate(source) if "F.avg_pool2d(torch.tanh(self.conv2d_2(x)), 2)" in text)

    block = panel.view.document().findBlockByNumber(line)
    panel.view.verticalScrollBar().setValue(block.firstLineNumber())
    cursor = QTextCursor(block)
    cursor.setPosition(block.position() + source[line].index(word) + 2)
    QTest.mouseClick(
        panel.view.viewport(), Qt.MouseButton.LeftButton, pos=panel.view.cursorRect(cursor).center() + QPoint(2, 0)
    )

    assert session.selection.nodes == (node,)
    assert line + 1 in panel.view.marked


def test_the_program_is_copied_whole(session: Session, show: Show, present: Callable[[CodePanel], CodePanel]) -> None:
    show("lenet5")
    panel = present(CodePanel(session))

    panel.copy.click()

    assert QGuiApplication.clipboard().text() == session.program.source  # type: ignore[union-attr]
    assert panel.copy.text() == "Copied"


def test_with_errors_the_last_program_stays_and_says_so(
    session: Session, show: Show, present: Callable[[CodePanel], CodePanel]
) -> None:
    show("lenet5")
    panel = present(CodePanel(session))
    source = panel.view.toPlainText()

    session.perform(SetParameter("linear_3", "features", 7))
    settle()

    assert panel.view.toPlainText() == source
    assert panel.view.isVisible()
    assert "errors" in panel._about.text()


# --- outline


def test_the_outline_says_in_words_what_the_canvas_shows(
    session: Session, show: Show, present: Callable[[OutlinePanel], OutlinePanel]
) -> None:
    document = show("lenet5")
    panel = present(OutlinePanel(session))

    def row(node: str) -> list[str]:
        return [str(panel.model.find((node,), column).data()) for column in range(panel.model.columnCount())]

    assert {panel.model.node(panel.model.index(at, 0)) for at in range(panel.model.rowCount())} == set(
        document.main.nodes
    )
    assert row("conv2d_2") == [
        "Conv 2d  (conv2d_2)",
        "Conv 2d",
        "5×5 · 16",
        "avg_pool2d_1",
        "N×16×10×10",
        "2\u202f416",
        "fits",
    ]
    assert row("accuracy_1")[FROM] == "label: input_2, logits: linear_3"
    session.perform(SetParameter("linear_3", "features", 7))
    settle()
    assert "10 classes" in row("cross_entropy_1")[PROBLEM]


def test_rows_and_nodes_are_selected_together(
    session: Session, show: Show, present: Callable[[OutlinePanel], OutlinePanel]
) -> None:
    show("lenet5")
    panel = present(OutlinePanel(session))
    asked: list[str] = []
    panel.edit_requested.connect(asked.append)
    panel.delete_requested.connect(lambda: asked.append("delete"))

    session.select(["conv2d_2", "tanh_1"])
    rows = {panel.model.node(index) for index in panel.tree.selectionModel().selectedRows()}
    assert rows == {"conv2d_2", "tanh_1"}
    panel.tree.setFocus()
    panel.select("flatten_1")
    assert session.selection.nodes == ("flatten_1",)
    QTest.keyClick(panel.tree, Qt.Key.Key_Down)
    assert session.selection.nodes == (panel.model.node(panel.tree.indexBelow(panel.model.find(("flatten_1",)))),)
    QTest.keyClick(panel.tree, Qt.Key.Key_Return)
    QTest.keyClick(panel.tree, Qt.Key.Key_Delete)

    assert asked == [session.selection.nodes[0], "delete"]


# --- presets


@pytest.fixture
def shelf(session: Session, qtbot: QtBot) -> PresetShelf:
    shelf = PresetShelf(session.jobs, session)
    shelf.load()
    qtbot.waitUntil(lambda: bool(shelf.presets), timeout=30_000)
    return shelf


def test_every_preset_has_a_card_with_its_figures(
    shelf: PresetShelf, present: Callable[[PresetsPanel], PresetsPanel]
) -> None:
    panel = present(PresetsPanel(shelf))

    assert {card.name for card in panel.cards()} == set(catalog())
    for shelved in shelf.presets:
        graph = shelved.preset.build().main
        assert len(shelved.sketch.boxes) == len(graph)
        assert len(shelved.sketch.wires) == len(graph.wires)


def test_presets_are_filtered(shelf: PresetShelf, present: Callable[[PresetsPanel], PresetsPanel]) -> None:
    panel = present(PresetsPanel(shelf))

    QTest.keyClicks(panel.filter, "haffner")

    assert [card.name for card in panel.cards() if card.isVisible()] == ["lenet5"]


def test_a_preset_is_opened_as_it_was_published(
    shelf: PresetShelf, present: Callable[[PresetsPanel], PresetsPanel]
) -> None:
    panel, opened = present(PresetsPanel(shelf)), []
    panel.chosen.connect(opened.append)
    card = next(card for card in panel.cards() if card.name == "sngan_images")
    card.unfold(unfolded=True)
    buttons = [each for each in card.findChildren(QPushButton) if each.text() == "Open as published"]
    for button in buttons:
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    assert opened == ["sngan_images:width=64,colour=true", "sngan_images:width=128,layers=residual,colour=true"]
    told = [label.text() for label in card.findChildren(QLabel) if label.text().startswith("Published, ")]
    assert f"{digits(3_805_699)} parameters" in told[0]
    assert any(label.text() == catalog()["sngan_images"].help for label in card.findChildren(QLabel))


def test_a_preset_is_opened_with_the_values_of_its_form(
    shelf: PresetShelf, present: Callable[[PresetsPanel], PresetsPanel]
) -> None:
    panel, opened = present(PresetsPanel(shelf)), []
    panel.chosen.connect(opened.append)
    card = next(card for card in panel.cards() if card.name == "plain_cnn")

    QTest.mouseDClick(card, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    card.unfold(unfolded=True)
    card.rows["width"].field.enter(8)
    QTest.keyClick(card, Qt.Key.Key_Return)

    assert opened == ["plain_cnn", "plain_cnn:width=8"]
    assert open_preset(opened[1])


def test_a_drawing_of_nothing_is_nothing() -> None:
    assert sketch_of(Document().main).boxes == ()


# --- plan


@pytest.mark.parametrize("name", [setting.name for settings in SECTIONS.values() for setting in settings])
def test_every_setting_changes_the_plan_in_one_undoable_step(
    name: str, session: Session, show: Show, present: Callable[[PlanPanel], PlanPanel]
) -> None:
    show("lenet5")
    panel = present(PlanPanel(session))
    setting = next(each for settings in SECTIONS.values() for each in settings if each.name == name)
    before = session.document.plan
    value = _OTHERS.get(name, _another(setting.get(before)))

    panel.rows[name].field.enter(value)

    assert setting.get(session.document.plan) == value
    assert len(session.history.labels) == 1
    session.undo()
    assert session.document.plan == before
    assert panel.rows[name].field.value() == setting.get(before)


_OTHERS: dict[str, object] = {
    "smoothing": 0.5,
    "average_decay": 0.99,
    "until": Goal(series="val_accuracy", value=0.9),
    "judge": Judgement(name="accuracy", better="greater"),
    "groups": (WeightGroup(of=("linear_1",), factor=0.1),),
    "decays": "kernels",
    "schedule_milestones": (3, 5),
    "name": "first",
    "data": Part(values=(0, 1, 2, 7)),
    "loads": (Loading(source="lenet5-1", of=("conv2d_1",)),),
    "resets": ("linear_1",),
    "update_name": "critic",
    "update_losses": (WeightedLoss(node="cross_entropy_1", weight=0.5),),
    "update_trains": ("conv2d_1", "#head"),
    "update_freezes": ("conv2d_1",),
    "update_penalties": (Penalty(kind="l1", weight=0.001), Penalty(kind="ewc", weight=50.0, stage="first")),
}


def _another(value: object) -> object:
    match value:
        case bool():
            return not value
        case int():
            return value + 3
        case float():
            return value / 2 + 0.01
        case None:
            return 5
    other = {"sgd": "adam", "adam": "sgd", "adamw": "sgd", "constant": "cosine", "auto": "cpu", "fp32": "bf16"}
    return other.get(str(value), "constant")


def test_only_what_means_something_is_shown(
    session: Session, show: Show, present: Callable[[PlanPanel], PlanPanel]
) -> None:
    show(Document())
    panel = present(PlanPanel(session))
    panel.more.setChecked(True)

    panel.rows["kind"].field.enter("sgd")
    assert panel.rows["momentum"].isVisible()
    assert not panel.rows["beta_1"].isVisible()
    panel.rows["kind"].field.enter("adamw")
    assert not panel.rows["momentum"].isVisible()
    assert panel.rows["beta_1"].isVisible()
    panel.rows["schedule_kind"].field.enter("step")
    assert panel.rows["schedule_every"].isVisible()
    assert not panel.rows["schedule_rise"].isVisible()
    panel.more.setChecked(False)
    assert panel.rows["schedule_every"].isVisible(), "a schedule is shown with all there is to it"
    assert session.document.plan.first_update.schedule.kind == "step"


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_data_of_ones_own_are_chosen_in_a_dialog(
    session: Session, show: Show, present: Callable[[PlanPanel], PlanPanel], tmp_path: Path, kind: str
) -> None:
    show("lenet5")
    panel = present(PlanPanel(session))
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces.csv").write_text("1,2,0\n")
    chosen = tmp_path / ("faces" if kind == "folder" else "faces.csv")

    menu = panel.own.menu()
    next(action for action in menu.actions() if action.text().lower().startswith(kind)).trigger()
    dialog = panel.findChild(QFileDialog, "own-data")
    assert dialog is not None
    dialog.setDirectory(str(tmp_path))
    line = dialog.findChild(QLineEdit)
    assert line is not None
    line.setText(str(chosen))
    QTest.keyClick(line, Qt.Key.Key_Return)

    assert session.document.binding.dataset == str(chosen)
    assert panel.dataset.value() == str(chosen)


def test_data_of_ones_own_are_among_the_choices(
    session: Session, show: Show, present: Callable[[PlanPanel], PlanPanel], tmp_path: Path
) -> None:
    show("lenet5")
    panel = present(PlanPanel(session))

    session.perform(SetBinding(Binding(dataset=str(tmp_path / "faces"))))

    assert panel.dataset.value() == str(tmp_path / "faces")
    assert panel.dataset.error() is None
    panel.dataset.enter("xor")
    assert session.document.binding.dataset == "xor"


def test_the_plan_form_covers_the_whole_of_a_simple_plan() -> None:
    from dataclasses import fields

    names = {setting.name for settings in SECTIONS.values() for setting in settings}
    own = {"stages", "search"}  # a list, and a panel, of their own
    assert {field.name for field in fields(Plan)} - own <= names


# --- welcome


def test_the_welcome_page_offers_files_presets_and_recoveries(
    shelf: PresetShelf, settings: Settings, present: Callable[[WelcomePage], WelcomePage], tmp_path: Path
) -> None:
    file = tmp_path / "net.loom"
    settings.remember_file(file)
    page = present(WelcomePage(shelf, settings))
    chosen: list[object] = []
    for signal in (page.file_chosen, page.preset_chosen, page.recovery_chosen, page.recovery_given_up):
        signal.connect(chosen.append)
    recovery = Recovery(tmp_path / "x.journal", None, "My net", 3, 0.0)

    from app.panels.welcome import RecentFile

    row = page.findChild(RecentFile)
    assert row is not None
    row.click()
    QTest.mouseClick(page.cards()[0], Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    page.offer_recoveries([recovery])
    (banner,) = page.recoveries
    assert "My net" in banner.text()
    assert "3 unsaved changes" in banner.text()

    restore, discard = banner.findChildren(QPushButton)[:2]
    restore.click()

    assert chosen == [file.absolute(), page.cards()[0].name, recovery]
    assert page.recoveries == []
    assert discard.text() == "Discard"


def test_the_welcome_page_finds_a_preset(
    shelf: PresetShelf, settings: Settings, present: Callable[[WelcomePage], WelcomePage]
) -> None:
    page = present(WelcomePage(shelf, settings))
    chosen: list[str] = []
    page.preset_chosen.connect(chosen.append)
    everything = [card.name for card in page.cards()]

    QTest.keyClicks(page.filter, "lenet")
    shown = [card for card in page.cards() if card.isVisible()]
    assert 0 < len(shown) < len(everything) / 3
    grid = [card for card in shown if (card.x(), card.y()) == min((each.x(), each.y()) for each in shown)]
    assert [card.name for card in grid] == ["lenet5"], "the best match comes first"
    QTest.keyClick(page.filter, Qt.Key.Key_Return)
    QTest.keyClick(page.focusWidget(), Qt.Key.Key_Return)
    assert chosen == ["lenet5"]

    QTest.keyClicks(page.filter, "qqq")
    assert not [card for card in page.cards() if card.isVisible()]
    assert any("lenetqqq" in label.text() for label in page.findChildren(QLabel) if label.isVisible())
    page.filter.clear_text()
    assert [card.name for card in page.cards() if card.isVisible()] == everything
