"""A measured figure and what is asked of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit` (`ms`, `s`, `MB`, `×` for a ratio, empty for a count).

    At most `budget`, or at least `least`, where given.
    """

    value: float
    unit: str
    budget: float | None = None
    least: float | None = None

    @property
    def ok(self) -> bool | None:
        """Whether the budget holds; None without one."""
        if self.budget is not None:
            return self.value <= self.budget
        return None if self.least is None else self.value >= self.least

    @property
    def text(self) -> str:
        """The value with its unit: `4.1 ms`, `1.003 ×`."""
        if not self.unit:
            return f"{self.value:g}"
        places = 3 if self.unit == "×" else 0 if self.value >= 100 else 1 if self.value >= 10 else 2
        return f"{self.value:.{places}f} {self.unit}"

    @property
    def budget_text(self) -> str:
        """What is asked: `≤ 5 ms`; empty when nothing is."""
        if self.budget is not None:
            return f"≤ {self.budget:g} {self.unit}".rstrip()
        return "" if self.least is None else f"≥ {self.least:g} {self.unit}".rstrip()

    def as_data(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}
