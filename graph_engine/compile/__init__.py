"""Document → Python source → module. Names are loaded on first use: programs need torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graph_engine.compile.program import CompileError, Computation, Program, compile_document

__all__ = ["CompileError", "Computation", "Program", "compile_document"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from graph_engine.compile import program

        return getattr(program, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
