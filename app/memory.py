"""Too little memory, for whatever is done: told in words, since it is nobody's mistake."""

from __future__ import annotations

import sys

LACK = "There is not enough memory for this. Close other programs."


def lack_of_memory(error: BaseException) -> str | None:
    """What to say of an error that means that there is not enough memory; None for any other.

    Imports torch only if something else did: before that, only Python itself can have asked for memory.
    """
    if "torch" not in sys.modules:
        return LACK if isinstance(error, MemoryError) else None
    from graph_engine.train.memory import is_memory, lack_in_words

    return lack_in_words(error) if is_memory(error) else None
