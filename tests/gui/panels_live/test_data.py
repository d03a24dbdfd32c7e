"""The data panel says what is trained on, whose it is, how it is split, and lets it be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton

from app.panels.data import DataPanel
from app.panels.data_grid import SampleGrid
from app.panels.data_thumbnails import thumbnail, vector_text
from app.session import Session
from app.widgets import Banner
from graph_engine.data import FieldKind, Sample
from graph_engine.document import SetParameter, SetPlan
from tests.gui.panels_live.making import PATIENCE, open_in

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def panel(session: Session, show: Callable[..., DataPanel], qtbot: QtBot) -> DataPanel:
    made = show(DataPanel(session), (240, 800))
    qtbot.waitUntil(lambda: made.overview() is not None, timeout=PATIENCE)
    return made


def words(panel: DataPanel) -> str:
    return " ".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def banners(panel: DataPanel) -> list[Banner]:
    return [banner for banner in panel.findChildren(Banner) if banner.isVisible()]


def wait_for_dataset(qtbot: QtBot, panel: DataPanel, name: str) -> None:
    def there() -> bool:
        overview = panel.overview()
        return overview is not None and overview.dataset.name == name

    qtbot.waitUntil(there, timeout=PATIENCE)


def test_digits_are_described(panel: DataPanel) -> None:
    said = words(panel)

    for part in ("handwritten digits", "CC BY 4.0", "1\u202f797", "Held out", "image, 1×8×8", "label, a number"):
        assert part in said
    overview = panel.overview()
    assert overview is not None
    assert overview.train + overview.validation == 1797
    assert sum(overview.train_counts) == overview.train
    assert sum(overview.validation_counts) == overview.validation
    assert not banners(panel)


def test_only_the_samples_in_view_are_loaded(panel: DataPanel, qtbot: QtBot) -> None:
    grid = panel._grid
    qtbot.waitUntil(lambda: grid.loaded() > 8, timeout=PATIENCE)
    assert grid.loaded() < 400

    bar = grid.verticalScrollBar()
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: 1796 in grid._pictures, timeout=PATIENCE)
    assert 800 not in grid._pictures


def test_pictures_show_the_digit(panel: DataPanel, qtbot: QtBot) -> None:
    grid = panel._grid
    qtbot.waitUntil(lambda: grid.loaded() > 8, timeout=PATIENCE)
    image, label, _ = grid._pictures[0]

    assert (image.width(), image.height()) == (8, 8)
    assert label == "0"
    assert image.pixelColor(3, 0).lightness() > image.pixelColor(0, 0).lightness()


def test_a_click_on_a_class_shows_it_alone(panel: DataPanel, qtbot: QtBot) -> None:
    histogram = panel._histogram
    x = round(histogram.width() * 7.5 / 10)
    qtbot.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=QPoint(x, 40))
    overview = panel.overview()
    assert overview is not None
    assert overview.labels is not None

    shown = list(panel._grid.indices())
    assert len(shown) == 179
    assert set(overview.labels[shown].tolist()) == {7}
    assert "“7”" in words(panel)
    qtbot.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=QPoint(x, 40))
    assert len(panel._grid.indices()) == 1797


def test_the_keyboard_walks_through_classes_and_samples(panel: DataPanel, qtbot: QtBot) -> None:
    qtbot.keyClick(panel._histogram, Qt.Key.Key_Right)
    qtbot.keyClick(panel._histogram, Qt.Key.Key_Right)
    assert panel._histogram.chosen() == 1
    assert "trained on" in panel._histogram.accessibleDescription()
    qtbot.keyClick(panel._histogram, Qt.Key.Key_Escape)
    assert panel._histogram.chosen() is None

    qtbot.keyClick(panel._grid, Qt.Key.Key_Right)
    qtbot.keyClick(panel._grid, Qt.Key.Key_Down)
    assert panel._grid.current() == 1 + panel._grid._columns()
    qtbot.keyClick(panel._grid, Qt.Key.Key_End)
    assert panel._grid.current() == 1796
    assert panel._grid.viewport().rect().intersects(panel._grid.cell(1796))


def test_the_split_follows_the_plan(panel: DataPanel, session: Session, qtbot: QtBot) -> None:
    session.perform(SetPlan(replace(session.document.plan, validation=0.5)))

    def halved() -> bool:
        overview = panel.overview()
        return overview is not None and overview.validation in (898, 899)

    qtbot.waitUntil(halved, timeout=PATIENCE)


def test_pictures_have_the_shape_that_the_input_asks_for(panel: DataPanel, session: Session, qtbot: QtBot) -> None:
    session.perform(SetParameter("input_1", "shape", [1, 28, 28]))
    qtbot.waitUntil(lambda: "image, 1×28×28" in words(panel), timeout=PATIENCE)
    qtbot.waitUntil(lambda: panel._grid.loaded() > 8, timeout=PATIENCE)

    assert panel._grid._pictures[0][0].width() == 28


def test_other_data_is_chosen_by_an_edit_that_can_be_undone(panel: DataPanel, session: Session, qtbot: QtBot) -> None:
    panel.choice.enter("xor")
    wait_for_dataset(qtbot, panel, "xor")
    assert session.document.binding.dataset == "xor"
    assert "judged on the same" in words(panel)

    session.undo()
    wait_for_dataset(qtbot, panel, "digits")
    assert panel.choice.value() == "digits"


def test_what_does_not_fit_is_said_and_mended_by_a_click(panel: DataPanel, session: Session, qtbot: QtBot) -> None:
    panel.choice.enter("xor")
    qtbot.waitUntil(lambda: len(banners(panel)) == 2, timeout=PATIENCE)
    assert "fits image" in banners(panel)[0].text()

    button = banners(panel)[0].findChild(QPushButton)
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(banners(panel)) == 1, timeout=PATIENCE)
    assert session.document.main["input_1"].parameters["shape"] == [2]


def test_short_vectors_are_written(panel: DataPanel, qtbot: QtBot) -> None:
    panel.choice.enter("xor")
    wait_for_dataset(qtbot, panel, "xor")
    qtbot.waitUntil(lambda: 1 in panel._grid._pictures, timeout=PATIENCE)

    assert panel._grid._pictures[1][1:] == ("different", "0, 1")


def test_a_missing_folder_is_said_and_nothing_is_lost(panel: DataPanel, session: Session, qtbot: QtBot) -> None:
    panel.use("/not/there")
    qtbot.waitUntil(lambda: panel.overview() is None and bool(banners(panel)), timeout=PATIENCE)

    assert "/not/there" in banners(panel)[0].text()
    assert panel.choice.value() == "/not/there"
    session.undo()
    wait_for_dataset(qtbot, panel, "digits")
    assert not banners(panel)


def test_a_file_of_ones_own_is_shown(panel: DataPanel, session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    rng = np.random.default_rng(0)
    np.savez(path, image=rng.random((40, 1, 8, 8)).astype(np.float32), label=np.arange(40) % 4)
    panel.use(str(path))
    wait_for_dataset(qtbot, panel, str(path))

    overview = panel.overview()
    assert overview is not None
    assert len(overview.class_names) == 4
    assert panel.choice.currentText() == "mine.npz"


def test_a_broken_file_is_named(panel: DataPanel, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(b"no data")
    panel.use(str(path))
    qtbot.waitUntil(lambda: panel.overview() is None and bool(banners(panel)), timeout=PATIENCE)

    assert "broken.npz" in banners(panel)[0].text()


def test_another_document_shows_its_data(panel: DataPanel, session: Session, qtbot: QtBot) -> None:
    from presets import open_preset

    open_in(qtbot, session, open_preset("xor"))
    wait_for_dataset(qtbot, panel, "xor")
    assert panel.choice.value() == "xor"


def test_thumbnails_of_every_kind() -> None:
    rng = np.random.default_rng(0)
    assert thumbnail(rng.random((1, 5, 6))).width() == 6
    colored = thumbnail(np.stack([np.ones((4, 4)), np.zeros((4, 4)), np.zeros((4, 4))]))
    assert colored.pixelColor(1, 1).name() == "#ff0000"
    assert thumbnail(rng.random(30)).width() == 6
    assert not thumbnail(np.full((1, 3, 3), np.nan)).isNull()
    beyond = thumbnail(np.array([[[-5.0, 5.0]]]))
    assert (beyond.pixelColor(0, 0).lightness(), beyond.pixelColor(1, 0).lightness()) == (0, 255)
    assert vector_text(np.array([0.0, 1.5])) == "0, 1.5"
    assert vector_text(np.zeros(5)) == ""


def test_a_grid_asks_for_each_sample_once(qtbot: QtBot) -> None:
    asked: list[int] = []
    grid = SampleGrid(asked.extend)
    qtbot.addWidget(grid)
    grid.resize(300, 200)
    grid.set_indices(range(1000))
    with qtbot.waitExposed(grid):
        grid.show()
    qtbot.waitUntil(lambda: bool(asked), timeout=PATIENCE)
    grid.viewport().repaint()
    grid.viewport().repaint()

    assert asked == sorted(set(asked))
    assert 10 < len(asked) <= 160
    grid.add([Sample(index, "image", FieldKind.IMAGE, np.zeros((1, 2, 2), np.float32)) for index in asked])
    assert grid.loaded() == len(asked)
