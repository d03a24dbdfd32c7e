"""Formulas typed in the window: where they may stand, and what they give in the use that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.widgets.field import InvalidText
from graph_engine.blocks.named import FormulaError, evaluate
from graph_engine.document import MAIN

if TYPE_CHECKING:
    from app.session import Session


def may_hold_formulas(session: Session) -> bool:
    """Whether the values of the nodes shown may be formulas: in a composite, or a drawing that exposes parameters."""
    return session.graph_name != MAIN or bool(session.graph.declaration.exposes)


def meaning(session: Session, formula: str) -> Any:
    """What a formula gives where names stand for the values of the use that is shown.

    Raises: InvalidText with the reason why it gives nothing.
    """
    try:
        return evaluate(formula, session.front.values)
    except FormulaError as error:
        raise InvalidText(str(error)) from error
