"""Who may draw from torch's random numbers, which all threads share: one at a time, from seeding to the last draw.

Making a network and a training step with dropout both seed first. A thread that draws between them would change both.
"""

from __future__ import annotations

import threading

RANDOM = threading.RLock()
"""Held from seeding to the last draw."""
