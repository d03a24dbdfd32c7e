"""Custom blocks as the check sees them: run on the meta device like any block, but only once their code is trusted.

Whatever goes wrong in a user's code becomes a refusal with the line of it.
"""

from __future__ import annotations

import linecache
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import FrameType
from typing import TYPE_CHECKING, Any

from graph_engine.blocks import Block, Refusal
from graph_engine.blocks.block import flat
from graph_engine.blocks.custom import CustomBlock, fingerprint
from graph_engine.check.draft import Draft
from graph_engine.check.report import Code, Fix, NodeReport, TrustCode
from graph_engine.check.trust import is_trusted
from graph_engine.document.graph import Node

if TYPE_CHECKING:
    from torch import nn

LIMIT = 30.0
"""How long (s) the code of one block may take for its check: more is a loop without an end."""
_LONGEST = 300
_NEEDS_TRUST = "This file holds code, which runs only once you trust it."


class UntrustedCodeError(Exception):
    """Code that nobody has trusted was about to run: a mistake of ours, since the check refuses it first."""


def fault_of(draft: Draft, node: Node, block: CustomBlock, *, trusted: bool) -> NodeReport | None:
    """What is wrong with a custom block before it is run: what its source says, or that it is not trusted."""
    if block.definition.faults:
        first, *others = block.definition.faults
        more = f" ({len(others)} more)" if others else ""
        detail = "\n".join(map(str, others))
        return draft.fault(node.id, Code.CUSTOM_CODE, f"{first}{more}", detail=detail, tell=block.tell())
    if trusted or node.bypassed:
        return None
    fix = Fix("Trust this document", TrustCode())
    return draft.fault(node.id, Code.NOT_TRUSTED, _NEEDS_TRUST, extra=(fix,), tell=block.tell())


def load_class(source: str, class_name: str) -> type[nn.Module]:
    """The class that a source defines. This runs the source.

    Raises: UntrustedCodeError; whatever the source raises.
    """
    if not is_trusted(source):
        raise UntrustedCodeError("This code may not run: it is not trusted.")
    return _loaded(source, class_name)


@contextmanager
def classes_of(block: Block) -> Iterator[Mapping[str, type[nn.Module]]]:
    """Target → class of what a block needs beside torch, for a body that runs it.

    Raises: Refusal for whatever a custom block's own code raises in the body, with its line.
    """
    if not isinstance(block, CustomBlock):
        yield {}
        return
    file = file_of(block.source)
    try:
        with _limited(file):
            yield {block.target: load_class(block.source, block.definition.class_name)}
    except Refusal:
        raise
    except (Exception, SystemExit, _TooLong) as error:  # noqa: BLE001  a user's code may raise anything
        raise Refusal(_sentence(error, file)) from None


def check_module(block: Block, module: nn.Module) -> None:
    """Raises: Refusal for a module that only its first data would complete."""
    if not isinstance(block, CustomBlock):
        return
    from torch.nn.parameter import is_lazy

    if any(is_lazy(each) for each in (*module.parameters(), *module.buffers())):
        port = block.inputs[0].name
        message = "Lazy layers can't be used, since nothing is run to be checked. "
        raise Refusal(f"{message}Let __init__ take in_channels or in_features: they are filled from {port}.")


def check_returned(block: Block, value: Any) -> None:
    """Raises: Refusal when a custom block gives something else than it says."""
    if not isinstance(block, CustomBlock):
        return
    from torch import Tensor

    names = list(flat(block.pattern()))
    values = [value] if len(names) == 1 else value
    if not isinstance(values, (tuple, list)) or len(values) != len(names):
        raise Refusal(f"forward says that it gives {_tensors(len(names))}, but returns {_told(value)}.")
    for name, each in zip(names, values, strict=True):
        if not isinstance(each, Tensor):
            what = "a Tensor" if len(names) == 1 else f"a Tensor as {name}"
            raise Refusal(f"forward must return {what}, but returns {_told(each)}.")
        if not each.is_meta:
            message = f"{name} was made apart from the input, so it would stay on the CPU. "
            raise Refusal(f"{message}Make new tensors with device=x.device, or with x.new_zeros(…).")
        dtype = str(each.dtype).removeprefix("torch.")
        if dtype not in ("float32", "float64", "int64", "bool"):
            raise Refusal(f"{name} is {dtype}; blocks pass on float32, float64, int64 and bool. Convert it.")


def file_of(source: str) -> str:
    """What tracebacks call a source."""
    return f"<custom block {fingerprint(source)[:12]}>"


class _TooLong(BaseException):
    """The code took too long; no ordinary `except` of a user stops it."""


@contextmanager
def _limited(file: str) -> Iterator[None]:
    """Ends what the source in `file` does after `LIMIT` seconds, at its next line."""
    end = time.monotonic() + LIMIT
    before = sys.gettrace()

    def at_line(_frame: FrameType, _event: str, _value: Any) -> Any:
        if time.monotonic() > end:
            raise _TooLong
        return at_line

    def at_call(frame: FrameType, _event: str, _value: Any) -> Any:
        return at_line if frame.f_code.co_filename == file else None

    sys.settrace(at_call)
    try:
        yield
    finally:
        sys.settrace(before)


@lru_cache(maxsize=256)
def _loaded(source: str, class_name: str) -> type[nn.Module]:
    import torch
    import torch.nn.functional as F
    from torch import Tensor, nn

    file = file_of(source)
    namespace: dict[str, Any] = {"__name__": "layerloom_custom", "torch": torch, "nn": nn, "F": F, "Tensor": Tensor}
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec", dont_inherit=True), namespace)  # noqa: S102  the user has trusted it
    made = namespace[class_name]
    if not (isinstance(made, type) and issubclass(made, nn.Module)):
        raise TypeError(f"{class_name} is no nn.Module any more once the code has run")
    return made


def _sentence(error: BaseException, file: str) -> str:
    """An error of a user's code in a sentence, with the last line of the code that it went through."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    from graph_engine.check.shapes import BATCH

    text = _words(error)
    text += f" The batch N counts {BATCH[0]} here." if f"[{BATCH[0]}, " in text else ""
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"Line {line}: {text}" if line else text


def _words(error: BaseException) -> str:
    said = str(error).strip().split("\n")[0].strip().rstrip(".")
    match error:
        case _TooLong():
            return f"This ran for more than {LIMIT:g} seconds and was stopped. Is there a loop without an end?"
        case SystemExit():
            return "The code tried to end the program."
        case AssertionError():
            return f"An assertion does not hold{f': {said}' if said else ''}."
        case KeyError():
            return f"There is no {said}."
        case RecursionError():
            return "A function calls itself without an end."
    if "meta tensor" in said or "item()" in said or "Cannot copy out of meta" in said:
        return (
            "This needs the values of a tensor (as .item(), .tolist(), float(…) or an `if` on it do), but shapes are "
            "found without any. Compute with tensors alone."
        )
    if "on the same device" in said or "device meta" in said:
        return "A tensor made here is not where the input is. Make it with device=x.device, or with x.new_zeros(…)."
    return f"{said[:1].upper()}{said[1:]}." if said else f"{type(error).__name__}."


def _told(value: Any) -> str:
    match value:
        case tuple() | list():
            return f"a {type(value).__name__} of {len(value)}"
        case None:
            return "nothing"
        case _ if type(value).__name__ == "Tensor":
            return "one Tensor"
        case _:
            return f"a {type(value).__name__}"


def _tensors(count: int) -> str:
    return "one Tensor" if count == 1 else f"{count} Tensors"
