"""Draws the small residual net as `tests/gui/window/drawing.py` does, by keys and by mouse, and keeps pictures."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("LAYERLOOM_HOME", tempfile.mkdtemp())
sys.path.insert(0, str(Path(__file__).parents[1]))

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.settings import Settings
from app.start import Studio
from app.theme import theme_manager
from tests.gui.window.drawing import Hand, draw_by_keys, draw_by_mouse


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("docs/images/journey"), help="default: %(default)s"
    )
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication([])
    for draw in (draw_by_keys, draw_by_mouse):
        theme_manager().set_mode("dark")
        studio = Studio(Settings())
        window = studio.window
        window.resize(1280, 800)
        window.show_drawing()
        window.show()
        studio.begin()
        hand = Hand(window)

        def shot(name: str, window=window, hand=hand, studio=studio) -> None:
            while not studio.settled:
                app.processEvents()
            hand.settle()
            picture = window.grab().toImage().scaledToWidth(1000, Qt.TransformationMode.SmoothTransformation)
            _with_few_colours(picture).save(str(folder / f"{name}.png"))

        hand.shot = shot
        while not studio.settled:
            app.processEvents()
        draw(hand)
        print(f"{draw.__name__}: {hand.actions} actions")
        studio.discard()
    return 0


def _with_few_colours(picture: QImage) -> QImage:
    """The picture in its 256 most frequent colours, a third as large on disk."""
    picture = picture.convertToFormat(QImage.Format.Format_RGB32)
    pixels = memoryview(picture.constBits()).cast("B").cast("I")
    alike: dict[int, Counter[int]] = {}
    for color, count in Counter(pixels).items():
        alike.setdefault(color & 0xF8F8F8, Counter())[color] += count
    groups = sorted(alike.values(), key=lambda group: -group.total())[:256]
    table = [group.most_common(1)[0][0] for group in groups]
    return picture.convertToFormat(QImage.Format.Format_Indexed8, table, Qt.ImageConversionFlag.ThresholdDither)


if __name__ == "__main__":
    sys.exit(main())
