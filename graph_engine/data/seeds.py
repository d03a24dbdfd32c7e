"""Seeds for each purpose from the one that a person gives, so that no two purposes share a stream of random numbers."""

from __future__ import annotations

_MASK = (1 << 64) - 1

SPLIT, ORDER, STEP, NOISE, FISHER, RESET = 1, 2, 3, 4, 5, 6
"""Purposes: which samples are held out, the order of an epoch, the noise (dropout) of a step, inputs that are drawn,
the samples that a Fisher information is estimated on, weights that are made anew."""


def mix(seed: int, purpose: int, number: int = 0) -> int:
    """A seed that depends on every bit of all three (splitmix64), of 32 bits: torch uses no more on a CPU."""
    value = (seed * 0x9E3779B97F4A7C15 + purpose * 0xD1B54A32D192ED03 + number * 0x8CB92BA72F3D8DD7 + 1) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return (value ^ (value >> 31)) & 0xFFFFFFFF
