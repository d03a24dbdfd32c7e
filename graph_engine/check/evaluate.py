"""Run what a block stands for on the meta device: shapes and costs without memory or arithmetic."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Self, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from graph_engine.blocks.call import PARAMETRIZATIONS, Apply, Function, Infix, Layer, Method, Ref, Weight
from graph_engine.nn import homes


@cache
def resolve(target: str) -> Any:
    """The class or function that a dotted target names.

    Raises: LookupError when there is none.
    """
    if target in homes():
        return getattr(importlib.import_module(f"graph_engine.nn.{homes()[target]}"), target)
    if target in PARAMETRIZATIONS:
        return getattr(parametrizations, target)
    space, _, name = target.partition(".")
    roots: dict[str, Any] = {"nn": nn, "F": F, "torch": torch}
    if space not in roots or not hasattr(roots[space], name):
        raise LookupError(f"no target {target!r}")
    return getattr(roots[space], name)


def make_layer(layer: Layer, classes: Mapping[str, type[nn.Module]] = MappingProxyType({})) -> nn.Module:
    """The module that a layer constructs, on the current default device. `classes` are targets of no library."""
    module = (classes.get(layer.target) or resolve(layer.target))(*layer.arguments, **dict(layer.options))
    for wrapper in layer.wrappers:
        module = resolve(wrapper.target)(module, **dict(wrapper.options))
    return cast("nn.Module", module)


def evaluate(expression: Any, values: Mapping[str, Tensor], modules: Mapping[Layer, nn.Module]) -> Any:
    """The value of an expression on tensors at the ports and modules for its layers."""
    match expression:
        case Ref(port):
            return values[port]
        case Apply(layer, inputs):
            return modules[layer](*(evaluate(part, values, modules) for part in inputs))
        case Weight(layer):
            return modules[layer].weight
        case Function(target, arguments, options):
            return resolve(target)(
                *(evaluate(part, values, modules) for part in arguments),
                **{name: evaluate(part, values, modules) for name, part in options},
            )
        case Method(value, name, arguments, options):
            return getattr(evaluate(value, values, modules), name)(
                *(evaluate(part, values, modules) for part in arguments),
                **{key: evaluate(part, values, modules) for key, part in options},
            )
        case Infix(operator, operands):
            first, *rest = (evaluate(part, values, modules) for part in operands)
            for other in rest:
                first = first + other if operator == "+" else first - other if operator == "-" else first * other
            return first
        case list():
            return [evaluate(part, values, modules) for part in expression]
        case _:
            return expression


class CountMacs(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the multiply-adds of convolutions and matrix products that run under it."""

    _without: ClassVar[set[Any]] = set()
    """Composite operations that were taken apart once and had no products inside: norms, mostly, which take long."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.macs = 0
        self._recurrences = _OneStepForAll(self)

    def __enter__(self) -> Self:
        super().__enter__()  # type: ignore[no-untyped-call]
        self._recurrences.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: object) -> None:
        self._recurrences.__exit__(*raised)  # type: ignore[no-untyped-call]
        super().__exit__(*raised)  # type: ignore[no-untyped-call]

    def __torch_dispatch__(
        self, func: Any, types: Iterable[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        packet = func._overloadpacket  # noqa: SLF001  the registry is keyed by it
        if packet not in flop_registry and packet not in self._without:
            before = self.macs
            super().__enter__()  # type: ignore[no-untyped-call]
            try:
                decomposed = func.decompose(*args, **kwargs)  # a composite operation shows its products only in parts
            finally:
                super().__exit__(None, None, None)  # type: ignore[no-untyped-call]
            if self.macs == before:
                self._without.add(packet)
            if decomposed is not NotImplemented:
                return decomposed
        out = func(*args, **kwargs)
        if packet in flop_registry:
            self.macs += flop_registry[packet](*args, **kwargs, out_val=out) // 2
        return out


class _OneStepForAll(TorchFunctionMode):
    """Runs torch's recurrent layers for one step on the meta device, where every step costs and gives the same.

    Ten thousand steps, as the checker tries for an unknown length, would take twenty seconds one by one.
    """

    _recurrent: ClassVar = (torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu)

    def __init__(self, count: CountMacs) -> None:
        super().__init__()
        self.count = count

    def __torch_function__(
        self, func: Any, types: Iterable[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        whole = len(args) == _ARGUMENTS and isinstance(args[-1], bool)  # that of packed steps ends otherwise
        if func not in self._recurrent or not whole or not args[0].is_meta:
            return func(*args, **(kwargs or {}))
        axis = 1 if args[-1] else 0
        steps = args[0].shape[axis]
        before = self.count.macs
        y, *states = func(args[0].narrow(axis, 0, 1), *args[1:])
        self.count.macs += (steps - 1) * (self.count.macs - before)
        shape = [steps if at == axis else length for at, length in enumerate(y.shape)]
        return y.new_empty(shape), *states


_ARGUMENTS = 9
"""Of a recurrent layer over steps that are not packed."""
