"""Sets of keys: the usual ones, and those that hands know from other node editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

KeySet = Literal["layerloom", "blender", "comfyui"]
KEY_SETS: tuple[KeySet, ...] = get_args(KeySet)

TITLES: Mapping[KeySet, str] = {"layerloom": "Layerloom", "blender": "Blender-like", "comfyui": "ComfyUI-like"}

_KEYS: Mapping[KeySet, Mapping[str, tuple[str, ...]]] = {
    "layerloom": {},
    "blender": {
        "canvas.add_block": ("Shift+A",),
        "canvas.connect": ("F",),
        "canvas.fit_selection": (".",),
        "canvas.delete": ("X", "Del"),
        "canvas.dissolve": ("Ctrl+X",),
        "canvas.cut": (),
        "canvas.cut_wires": ("Shift+X",),
        "canvas.duplicate": ("Shift+D",),
        "canvas.select_all": ("A",),
        "canvas.add_after": ("Alt+A",),
        "canvas.select_none": ("Ctrl+Shift+A",),
        "canvas.frame": ("Ctrl+J",),
        "composite.enter": ("Tab",),
        "composite.unpack": ("Ctrl+Alt+G",),
        "help.palette": ("F3", "Ctrl+K"),
    },
    "comfyui": {
        "canvas.add_block": ("Tab",),
        "canvas.frame": ("Ctrl+G",),
        "canvas.collapse": ("Alt+C",),
        "canvas.zoom_in": ("Alt+=", "Ctrl+="),
        "canvas.zoom_out": ("Alt+-", "Ctrl+-"),
        "canvas.fit_all": (".",),
        "canvas.fit_selection": ("F",),
        "composite.make": ("Ctrl+Shift+E",),
    },
}


def usual_keys(action: str, own: tuple[str, ...], key_set: KeySet = "layerloom") -> tuple[str, ...]:
    """The keys of an action in a set; `own` are those that the action names itself."""
    return _KEYS[key_set].get(action, own)


def changed_by(key_set: KeySet) -> frozenset[str]:
    """The actions that have other keys in a set than the usual ones."""
    return frozenset(_KEYS[key_set])
