"""Every block's examples as test cases, real tensors for specs, and a block run without the checker or the compiler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from graph_engine.blocks import Axis, Block, Layer, Role, Specs, TensorSpec, all_blocks
from graph_engine.blocks.block import unpacked
from graph_engine.blocks.call import layers_of
from graph_engine.check.evaluate import evaluate, make_layer

LENGTH = 5
"""What a symbolic axis other than the batch is in a real tensor."""


@dataclass(frozen=True)
class Case:
    """A block with parameters (as JSON has them) and what arrives at its ports."""

    block: type[Block]
    parameters: Mapping[str, Any]
    inputs: Mapping[str, TensorSpec]

    def __str__(self) -> str:
        values = ",".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.block.key()}({values}) {' & '.join(map(str, self.inputs.values()))}"

    @property
    def made(self) -> Block:
        return self.block.make(self.parameters)

    @property
    def specs(self) -> Specs:
        return Specs(self.inputs)


def computing_blocks() -> list[type[Block]]:
    """All but the borders."""
    return [block for block in all_blocks().values() if block.role not in (Role.INPUT, Role.OUTPUT)]


def declared_cases() -> list[Case]:
    return [Case(block, *example) for block in computing_blocks() for example in block.examples]


def real(spec: TensorSpec, batch: int, seed: int = 0) -> Tensor:
    """A tensor as `spec` says; labels within their classes."""
    random = torch.Generator().manual_seed(seed)
    shape = [_length(dim.symbol, dim, batch) if isinstance(dim, Axis) else dim for dim in spec.shape]
    if spec.dtype == "int64":
        return torch.randint(spec.classes or 3, shape, generator=random)
    return torch.randn(shape, generator=random)


def _length(symbol: str, axis: Axis, batch: int) -> int:
    return axis.at(batch if symbol == "N" else LENGTH)


def reals(inputs: Mapping[str, TensorSpec], batch: int) -> dict[str, Tensor]:
    return {port: real(spec, batch, seed) for seed, (port, spec) in enumerate(inputs.items())}


class Direct:
    """A block made and run from its expression alone."""

    def __init__(self, case: Case) -> None:
        self.expression = case.made.expression(case.specs)
        self.pattern = case.block.pattern()
        self.names = [port.name for port in case.block.outputs]
        self.layers: dict[Layer, nn.Module] = {
            layer: make_layer(layer) for layer in dict.fromkeys(layers_of(self.expression))
        }

    def __call__(self, values: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        held = unpacked(self.pattern, evaluate(self.expression, values, self.layers))
        return tuple(held[name] for name in self.names)

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        return {
            f"{layer.name or 'main'}.{name}": parameter
            for layer, module in self.layers.items()
            for name, parameter in module.named_parameters()
        }


def shape_at(spec: TensorSpec, batch: int) -> tuple[int, ...]:
    """The shape of a real tensor of `spec`."""
    return tuple(_length(dim.symbol, dim, batch) if isinstance(dim, Axis) else dim for dim in spec.shape)
