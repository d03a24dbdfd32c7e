"""The look: colours, type, spacing, icons and the style sheet, in one place."""

from __future__ import annotations

from app.theme.colors import DARK, LIGHT, Palette, contrast, mix, qcolor, rgba
from app.theme.icons import UnknownIcon, icon_names
from app.theme.manager import Mode, ThemeManager, category_icon, icon, theme_manager
from app.theme.spacing import Spacing
from app.theme.stylesheet import Role, Surface, set_invalid, set_role, set_surface
from app.theme.typography import Typography

__all__ = [
    "DARK",
    "LIGHT",
    "Mode",
    "Palette",
    "Role",
    "Spacing",
    "Surface",
    "ThemeManager",
    "Typography",
    "UnknownIcon",
    "category_icon",
    "contrast",
    "icon",
    "icon_names",
    "mix",
    "qcolor",
    "rgba",
    "set_invalid",
    "set_role",
    "set_surface",
    "theme_manager",
]
