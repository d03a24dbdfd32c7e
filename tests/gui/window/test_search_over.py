"""Searching from where one is: the menu of a field opens the search with a range, and searches outlive the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QPushButton, QWidget

from app.dialogs.search import SearchDialog
from app.panels.inspector import InspectorPanel
from app.panels.plan import PlanPanel
from app.runs.searches import SEARCH_OVER
from app.session import Session
from app.window import MainWindow
from graph_engine.document import Average, Document, Range, SetPlan
from graph_engine.runs.searchable import searchable
from graph_engine.runs.settings import with_values
from tests.gui.panels_live.making import PATIENCE, small_network
from tests.gui.window.conftest import settle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

Show = Callable[[Document | str], Document]
Present = Callable[[QWidget], QWidget]


def choose(widget: QWidget, text: str) -> list[str]:
    """Opens the menu of a widget by a right click, and chooses an entry; what else it offered."""
    at = QPoint(5, 5)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, widget.mapToGlobal(at))
    QApplication.sendEvent(widget, event)
    menu = next(each for each in QApplication.topLevelWidgets() if isinstance(each, QMenu) and each.isVisible())
    actions = {action.text().partition("\t")[0].replace("&", ""): action for action in menu.actions()}
    if text in actions:
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(actions[text]).center())
    menu.close()
    settle()
    return list(actions)


def test_the_menu_of_a_parameter_asks_for_a_search_over_it(session: Session, show: Show, present: Present) -> None:
    asked: list[str] = []
    session.search_requested.connect(asked.append)
    show("resnet:depth=50")
    inspector = InspectorPanel(session)
    present(inspector)
    session.select(["conv2d_1"])
    form = inspector.node_page.form
    assert form is not None
    offered = choose(form.rows["channels"].widget, SEARCH_OVER)
    assert {"Copy", "Paste"} <= set(offered), "what the field has is still there"
    choose(form.rows["padding"].widget, SEARCH_OVER)
    session.show_place("bottleneck:conv2d_2")
    form = inspector.node_page.form
    assert form is not None
    choose(form.rows["kernel"], SEARCH_OVER)
    assert asked == ["conv2d_1.channels", "conv2d_1.padding", "bottleneck:conv2d_2.kernel"]


def test_the_menu_of_the_plan_asks_for_a_search_over_the_update_that_is_shown(
    session: Session, show: Show, present: Present
) -> None:
    asked: list[str] = []
    session.search_requested.connect(asked.append)
    show("lenet5")
    panel = PlanPanel(session)
    present(panel)
    for name in ("learning_rate", "batch_size", "weight_decay"):
        choose(panel.rows[name].widget, SEARCH_OVER)
    show("gan")
    choose(panel.rows["learning_rate"].widget, SEARCH_OVER)
    assert asked == [
        "learning_rate",
        "batch_size",
        "weight_decay",
        "stages.1.updates.1.optimiser.learning_rate",
    ]
    assert SEARCH_OVER not in choose(panel.rows["update_trains"].widget, "")


def test_the_running_mean_can_be_searched_over_once_there_is_one(
    session: Session, show: Show, present: Present
) -> None:
    asked: list[str] = []
    session.search_requested.connect(asked.append)
    document = show("lenet5")
    panel = PlanPanel(session)
    panel.more.setChecked(True)
    present(panel)
    without = f"{SEARCH_OVER} (give it a value first)"
    decay = panel.rows["average_decay"]
    assert without in choose(decay.widget, without)
    assert asked == []
    decay.field.enter(0.99)
    for name in ("average_decay", "average_used", "average_warm_up"):
        choose(panel.rows[name].widget, SEARCH_OVER)
    assert asked == ["average.decay", "average.used", "average.warm_up"]
    assert set(asked) <= set(searchable(document))
    found = with_values(document, {"average.decay": 0.95, "average.warm_up": "true"}).plan.first_update.average
    assert found == Average(decay=0.95, warm_up=True)


def test_what_is_asked_for_is_proposed_in_the_one_search_window(
    window: MainWindow, open_in: Callable[[Document | str], MainWindow]
) -> None:
    open_in("lenet5")
    window.session.search_requested.emit("conv2d_1.channels")
    window.session.search_requested.emit("conv2d_1.kernel")
    (dialog,) = window.findChildren(SearchDialog)
    assert (dialog.ranges.setting.value(), dialog.ranges.values.text()) == ("conv2d_1.kernel", "3, 5, 7")
    QTest.keyClick(dialog.ranges.values, Qt.Key.Key_Return)
    assert dialog.ranges.names == ["conv2d_1.kernel"]
    dialog.close()
    settle()


def test_what_is_offered_is_of_the_document_in_front(
    window: MainWindow, open_in: Callable[[Document | str], MainWindow]
) -> None:
    open_in("lenet5")
    window.show_search("conv2d_1.channels")
    (dialog,) = window.findChildren(SearchDialog)
    ranges = dialog.ranges
    ranges.values.setText("1..x")
    QTest.keyClick(ranges.values, Qt.Key.Key_Return)
    assert "is no range" in dialog.said.text()
    assert not dialog.start.isEnabled()
    open_in("mlp")
    assert ranges.setting.value() == "learning_rate"
    assert "is no range" not in dialog.said.text()
    assert (
        dialog.said.text()
        == dialog.start.toolTip()
        == ("Mark what is to be searched over first: choose a setting, then Mark.")
    )
    QTest.keyClick(ranges.values, Qt.Key.Key_Return)
    assert ranges.names == ["learning_rate"]
    assert dialog.start.isEnabled()
    dialog.close()
    settle()


def test_closing_the_window_asks_whether_a_search_goes_on(
    qtbot: QtBot, window: MainWindow, open_in: Callable[[Document | str], MainWindow]
) -> None:
    open_in(small_network(100_000))
    session = window.session
    plan = replace(session.document.plan, search=(Range(of="batch_size", choices=(32,)),))
    session.perform(SetPlan(plan))
    window.show_search()
    dialog = window.findChild(SearchDialog)
    assert dialog is not None
    dialog.start.click()
    qtbot.waitUntil(lambda: bool(session.searches.live), timeout=PATIENCE)
    dialog.close()
    settle()
    name = session.searches.live[0]
    assert window.statusbar.search.isVisible()
    qtbot.waitUntil(lambda: window.statusbar.search.text() == f"{name}  0 / 20", timeout=PATIENCE)
    QTest.mouseClick(window.statusbar.search, Qt.MouseButton.LeftButton)
    settle()
    again = window.findChild(SearchDialog)
    assert again is not None
    assert again.which.value() == name
    again.close()
    settle()
    window.close()
    box = window.findChild(QMessageBox, "searching")
    assert box is not None
    assert name in box.text()
    next(each for each in box.findChildren(QPushButton) if each.text() == "Cancel").click()
    settle()
    assert window.isVisible()
    session.searches.stop(name)
    qtbot.waitUntil(lambda: not session.searches.live, timeout=PATIENCE)
    assert not window.statusbar.search.isVisible()
    (toast,) = window.notices.toasts.toasts()
    assert toast.text().startswith(f"{name} has ended")
    button = next(each for each in toast.findChildren(QPushButton) if each.text() == "Show its trials")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settle()
    found = next(each for each in window.findChildren(SearchDialog) if each.isVisible())
    assert found.which.value() == name
    found.close()
    settle()
