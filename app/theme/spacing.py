"""Distances and radii: one scale of steps that grows with the text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distances in device-independent pixels at `scale` (1 at the base text size of 13 px).

    Use the named steps: `xs` inside a control, `s` between an icon and its text, `m` between controls, `l` as
    the margin of a panel, `xl` between groups, `xxl` around what stands alone.
    """

    scale: float = 1.0

    def px(self, length: float) -> int:
        """`length` px of the base size at this scale, whole and at least 1 (0 and negative stay what they
        are).
        """
        return max(1, round(length * self.scale)) if length > 0 else round(length * self.scale)

    @property
    def xs(self) -> int:
        return self.px(2)

    @property
    def s(self) -> int:
        return self.px(4)

    @property
    def m(self) -> int:
        return self.px(8)

    @property
    def l(self) -> int:  # noqa: E743 - small, medium, large
        return self.px(12)

    @property
    def xl(self) -> int:
        return self.px(16)

    @property
    def xxl(self) -> int:
        return self.px(24)

    @property
    def radius(self) -> int:
        """The corner of a control."""
        return self.px(5)

    @property
    def icon(self) -> int:
        """The edge of an icon beside text."""
        return self.px(16)
