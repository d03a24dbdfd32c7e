"""The look: contrast of every colour, one switch for all, sizes that follow the text, icons in every colour."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from typing import get_args

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFontInfo, QIcon, QImage, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QListWidget, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.theme import (
    DARK,
    LIGHT,
    Palette,
    ThemeManager,
    UnknownIcon,
    category_icon,
    contrast,
    icon,
    icon_names,
    mix,
    set_role,
    theme_manager,
)
from app.theme import manager as manager_module
from app.theme.colors import ColorRole, luminance
from app.theme.spacing import Spacing
from app.theme.stylesheet import stylesheet
from app.theme.typography import BASE_PIXELS, system_typography
from graph_engine.blocks import Category
from graph_engine.blocks.tensor import Kind

PALETTES = pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
SURFACES = ("window", "panel", "canvas", "raised", "hover", "field", "node_body", "group_body", "selection")
TEXTS = ("text", "text_dim", "text_faint", "accent", "danger", "warning", "success")

# Machado, Oliveira, Fernandes (2009): how colours look without one kind of cone, in linear RGB
BLIND = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red cones": ((0.1523, 1.0526, -0.2049), (0.1145, 0.7863, 0.0992), (-0.0039, -0.0481, 1.0520)),
    "no green cones": ((0.3673, 0.8606, -0.2280), (0.2801, 0.6725, 0.0474), (-0.0118, 0.0429, 0.9689)),
    "no blue cones": ((1.2555, -0.0767, -0.1788), (-0.0784, 0.9308, 0.1476), (0.0047, 0.6914, 0.3039)),
}


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[ThemeManager]:
    manager = theme_manager()
    manager.set_mode("dark")
    manager.set_font_scale(1.0)
    yield manager
    manager.set_mode("dark")
    manager.set_font_scale(1.0)


# ------------------------------------------------------------------------------------------------------- colours


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == pytest.approx(1)


@PALETTES
@pytest.mark.parametrize("text", TEXTS)
def test_text_is_readable_on_every_surface(palette: Palette, text: ColorRole) -> None:
    ratios = {surface: contrast(palette.color(text), palette.color(surface)) for surface in SURFACES}
    assert min(ratios.values()) >= 4.5, ratios


@PALETTES
def test_text_is_readable_on_filled_buttons(palette: Palette) -> None:
    fills = ("accent_fill", "accent_fill_hover", "accent_fill_pressed", "danger_fill", "danger_fill_hover")
    ratios = {fill: contrast(palette.accent_text, palette.color(fill)) for fill in fills}
    assert min(ratios.values()) >= 4.5, ratios
    assert contrast(palette.group_text, palette.group_body) >= 4.5


@PALETTES
def test_text_is_readable_on_banners_and_invalid_fields(palette: Palette) -> None:
    grounds = [mix(palette.color(role), palette.raised, 0.12) for role in ("accent", "success", "warning", "danger")]
    grounds.append(mix(palette.danger, palette.field, 0.10))
    assert min(contrast(palette.text, ground) for ground in grounds) >= 4.5


@PALETTES
def test_what_is_no_text_stands_out_three_to_one(palette: Palette) -> None:
    ratios = {
        **{f"strip {name}": contrast(color, palette.node_body) for name, color in palette.categories.items()},
        **{f"dot {name}": contrast(color, palette.panel) for name, color in palette.categories.items()},
        **{f"wire {name}": contrast(color, palette.canvas) for name, color in palette.kinds.items()},
        **{f"curve {color}": contrast(color, palette.panel) for color in palette.series},
        "outline of a check box": contrast(palette.line_strong, palette.panel),
        "selected node": contrast(palette.node_selected, palette.canvas),
        "faulty node": contrast(palette.danger, palette.canvas),
    }
    assert {name: ratio for name, ratio in ratios.items() if ratio < 3} == {}


@PALETTES
def test_source_is_readable(palette: Palette) -> None:
    assert {name: color for name, color in palette.syntax.items() if contrast(color, palette.field) < 4.5} == {}


@PALETTES
@pytest.mark.parametrize("eyes", BLIND)
def test_curves_stay_apart_for_colour_blind_eyes(palette: Palette, eyes: str) -> None:
    seen = [_lab(color, BLIND[eyes]) for color in palette.series]
    apart = {
        (one, other): sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
        for one, other in itertools.combinations(range(len(seen)), 2)
    }
    assert min(apart.values()) >= 16
    assert min(gap for (_, other), gap in apart.items() if other < 4) >= 28  # the first four most


@PALETTES
def test_every_role_category_and_kind_has_a_colour(palette: Palette) -> None:
    for role in get_args(ColorRole):
        assert 0 <= luminance(palette.color(role)) <= 1
    for category in Category:
        assert palette.category(category) != palette.category("no such category") or category is Category.NORMALISATION
    for kind in Kind:
        assert palette.color(f"kind:{kind}") == palette.kinds[kind]
    with pytest.raises(KeyError):
        palette.color("no_such_role")


def test_both_themes_name_the_same_colours() -> None:
    assert set(DARK.categories) == set(LIGHT.categories)
    assert set(DARK.kinds) == set(LIGHT.kinds)
    assert set(DARK.syntax) == set(LIGHT.syntax)
    assert len(DARK.series) == len(LIGHT.series)
    assert luminance(DARK.panel) < 0.05
    assert luminance(LIGHT.panel) > 0.8


# ----------------------------------------------------------------------------------------------------- switching


def test_switching_the_theme_recolours_what_is_on_screen_at_once(qtbot: QtBot, theme: ThemeManager) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    button, box = QPushButton("Train"), QCheckBox("probe")
    box.setChecked(True)
    button.setIcon(icon("play", "text"))
    column.addWidget(button)
    column.addWidget(box)
    window.show()
    dark = button.grab().toImage()
    assert _has(dark, DARK.raised)
    with qtbot.waitSignal(theme.changed, timeout=1000):
        theme.set_mode("light")
    light = button.grab().toImage()
    assert _has(light, LIGHT.raised)
    assert not _has(light, DARK.raised)
    assert _has(light, LIGHT.text)  # the icon with it
    assert window.palette().color(QPalette.ColorRole.Window).name() == LIGHT.panel
    theme.set_mode("dark")
    assert _has(button.grab().toImage(), DARK.raised)


def test_a_window_is_put_together_without_the_style_sheet_and_gets_it_after(
    qapp: QApplication, theme: ThemeManager
) -> None:
    theme.set_mode("dark")
    dark = qapp.styleSheet()
    with theme.assembling():
        within = qapp.styleSheet()
        theme.set_mode("light")
    light = qapp.styleSheet()
    theme.set_mode("dark")

    assert within == ""
    assert light
    assert light != dark
    assert qapp.styleSheet() == dark


def test_setting_the_same_look_again_does_nothing(qtbot: QtBot, theme: ThemeManager) -> None:
    with qtbot.assertNotEmitted(theme.changed):
        theme.set_mode("dark")
        theme.set_font_scale(1.0)
        theme.refresh()


def test_system_mode_follows_the_system_and_is_dark_without_an_answer(
    qtbot: QtBot, theme: ThemeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = Qt.ColorScheme.Unknown
    monkeypatch.setattr(ThemeManager, "_system_scheme", lambda manager: scheme)
    theme.set_mode("system")
    assert theme.palette is DARK
    scheme = Qt.ColorScheme.Light
    theme._app.styleHints().colorSchemeChanged.emit(scheme)
    assert theme.palette is LIGHT
    theme.set_mode("dark")
    theme._app.styleHints().colorSchemeChanged.emit(scheme)
    assert theme.palette is DARK, "a choice of the user's own is kept"


def test_there_is_one_manager_for_the_application(theme: ThemeManager) -> None:
    assert theme_manager() is theme
    assert theme.parent() is QApplication.instance()


def test_importing_the_theme_loads_qt_and_nothing_heavy() -> None:
    code = (
        "import sys, app.theme, app.widgets; "
        "print([name for name in ('numpy', 'torch', 'pyqtgraph', 'pydantic', 'networkx') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


# --------------------------------------------------------------------------------------------------- type, sizes


def test_the_bundled_faces_are_used(theme: ThemeManager) -> None:
    assert QFontInfo(theme.typography.font("body")).family() == "Inter"
    assert QFontInfo(theme.typography.font("mono")).family() == "JetBrains Mono"
    assert QApplication.font().families()[0] == "Inter"


def test_text_and_distances_scale_together(qtbot: QtBot, theme: ThemeManager) -> None:
    button = QPushButton("Train")
    qtbot.addWidget(button)
    button.show()
    small = button.sizeHint()
    assert theme.typography.pixels >= BASE_PIXELS
    before = theme.spacing.m
    theme.set_font_scale(2.0)
    assert theme.spacing.m == 2 * before
    assert button.fontInfo().pixelSize() >= 2 * BASE_PIXELS - 1
    assert button.sizeHint().height() >= 1.8 * small.height()
    theme.set_font_scale(99)
    assert theme.font_scale == 3.0


def test_tabular_figures_are_of_one_width(theme: ThemeManager) -> None:
    from PySide6.QtGui import QFontMetricsF

    metrics = QFontMetricsF(theme.typography.tabular())
    assert metrics.horizontalAdvance("1111") == pytest.approx(metrics.horizontalAdvance("8888"), abs=0.1)


def test_no_distance_vanishes_at_a_small_scale() -> None:
    assert Spacing(0.1).xs == 1
    assert Spacing(0.1).px(0) == 0


# --------------------------------------------------------------------------------------------------- style sheet


@PALETTES
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_style_sheet_is_filled_in_completely(qapp: QApplication, palette: Palette, scale: float) -> None:
    sheet = stylesheet(palette, system_typography(scale), Spacing(scale))
    assert "$" not in sheet
    assert sheet.count("{") == sheet.count("}")
    assert palette.panel in sheet


@pytest.mark.parametrize("text", ["$no_such_role", "$alpha(nothing, 3)", "$font(huge)", "$what(text)"])
def test_a_misspelt_token_is_refused(qapp: QApplication, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("app.theme.stylesheet._template", lambda: f"QLabel {{ color: {text}; }}")
    with pytest.raises(KeyError):
        stylesheet(DARK, system_typography(), Spacing())


def test_a_role_changes_the_look_at_once(qtbot: QtBot, theme: ThemeManager) -> None:
    label = QLabel("text")
    qtbot.addWidget(label)
    label.show()
    set_role(label, "danger")
    assert label.palette().color(QPalette.ColorRole.WindowText).name() == DARK.danger
    set_role(label, "dim")
    assert label.palette().color(QPalette.ColorRole.WindowText).name() == DARK.text_dim


def test_a_list_with_a_role_measures_its_rows_with_the_style_sheet(qtbot: QtBot, theme: ThemeManager) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    view = QListWidget()
    view.addItems(["one", "two"])
    set_role(view, "panel")
    QVBoxLayout(window).addWidget(view)
    window.show()
    first, second = (view.visualItemRect(view.item(row)) for row in range(2))
    assert second.top() == first.bottom() + 1
    assert first.height() >= theme.spacing.px(23)


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_focus_is_visible_on_every_control(qtbot: QtBot, theme: ThemeManager, mode: manager_module.Mode) -> None:
    from PySide6.QtWidgets import (
        QComboBox,
        QLineEdit,
        QPlainTextEdit,
        QRadioButton,
        QSlider,
        QSpinBox,
        QTabBar,
        QToolButton,
    )

    theme.set_mode(mode)
    tabs, tool = QTabBar(), QToolButton()
    tabs.addTab("one")
    tool.setText("x")
    tool.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    primary = QPushButton("x")
    set_role(primary, "primary")
    controls = [
        *(QPushButton("x"), primary, tool, QCheckBox("x"), QRadioButton("x"), QLineEdit("x"), QPlainTextEdit("x")),
        *(QComboBox(), QSpinBox(), QSlider(Qt.Orientation.Horizontal), tabs),
    ]
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    for control in controls:
        column.addWidget(control)
    window.show()
    window.activateWindow()
    QApplication.processEvents()
    for control in controls:
        window.setFocus()
        calm = control.grab().toImage()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        assert control.hasFocus()
        focused = control.grab().toImage()
        assert _changed(calm, focused) > control.width() / 2, type(control).__name__


# --------------------------------------------------------------------------------------------------------- icons


@pytest.mark.parametrize("name", icon_names())
def test_every_icon_draws_in_its_colour(theme: ThemeManager, name: str) -> None:
    image = icon(name, "danger").pixmap(QSize(32, 32)).toImage()
    painted = [image.pixelColor(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() > 200]
    assert len(painted) > 20
    wanted = QColor(DARK.danger)  # but for what is rounded where the edge is half clear
    assert max(_gap(color, wanted) for color in painted) <= 2


def test_the_icons_the_window_needs_are_there() -> None:
    needed = """
        undo redo play pause stop step search plus trash copy paste cut duplicate folder save export download
        settings sun moon chart grid code warning error info check close chevron-down chevron-up chevron-left
        chevron-right fit zoom-in zoom-out eye snowflake link data history keyboard help wand refresh palette
        layout chip
    """.split()  # noqa: SIM905
    assert set(needed) <= set(icon_names())


def test_every_category_has_an_icon_of_its_own(theme: ThemeManager) -> None:
    images = [category_icon(category).pixmap(QSize(32, 32)).toImage() for category in Category]
    assert all(one != other for one, other in itertools.combinations(images, 2))


def test_an_icon_is_sharp_at_any_scale_and_grey_when_disabled(theme: ThemeManager) -> None:
    made = icon("undo", "text")
    twice = made.pixmap(QSize(16, 16), 2.0)
    assert (twice.width(), twice.devicePixelRatio()) == (32, 2.0)
    assert _has(twice.toImage(), DARK.text)
    disabled = made.pixmap(QSize(64, 64), QIcon.Mode.Disabled).toImage()
    assert _has(disabled, DARK.text_disabled)


def test_an_icon_follows_the_theme_without_being_set_again(theme: ThemeManager) -> None:
    made = icon("stop", "text")
    assert _has(made.pixmap(QSize(32, 32)).toImage(), DARK.text)
    theme.set_mode("light")
    assert _has(made.pixmap(QSize(32, 32)).toImage(), LIGHT.text)


def test_an_unknown_icon_or_colour_is_refused(theme: ThemeManager) -> None:
    with pytest.raises(UnknownIcon, match="no_such_icon"):
        icon("no_such_icon")
    with pytest.raises(KeyError):
        icon("undo", "no_such_role")
    assert not icon("undo", "kind:image").pixmap(QSize(16, 16)).isNull()


# ------------------------------------------------------------------------------------------------------- helpers


def _lab(color: str, cones: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """CIE L*a*b* of a colour as seen with the given cones."""

    def linear(start: int) -> float:
        value = int(color[start : start + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    rgb = [linear(start) for start in (1, 3, 5)]
    r, g, b = (min(1, max(0, sum(k * v for k, v in zip(row, rgb, strict=True)))) for row in cones)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    fx, fy, fz = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in xyz)
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _gap(one: QColor, other: QColor) -> int:
    return max(abs(one.red() - other.red()), abs(one.green() - other.green()), abs(one.blue() - other.blue()))


def _has(image: QImage, color: str) -> bool:
    """Whether some pixel has exactly that colour."""
    return any(
        image.pixelColor(x, y).name() == color and image.pixelColor(x, y).alpha() == 255
        for x in range(image.width())
        for y in range(image.height())
    )


def _changed(one: QImage, other: QImage) -> int:
    """How many pixels differ."""
    return sum(
        one.pixel(x, y) != other.pixel(x, y)
        for x in range(min(one.width(), other.width()))
        for y in range(min(one.height(), other.height()))
    )
