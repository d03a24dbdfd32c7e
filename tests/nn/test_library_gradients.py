"""The derivatives of our own modules and functions, in double precision against finite differences."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck

from graph_engine.nn.convolution import LargeKernelConv2d, MaskedConv2d, MlpConv2d
from graph_engine.nn.losses import contrastive_loss, dice_loss, distillation_loss, gaussian_kl
from graph_engine.nn.nonlocal_attention import NonLocal, SpatialAttention
from graph_engine.nn.pooling import resize_as, rms_pool2d
from graph_engine.nn.position import add_sinusoids
from graph_engine.nn.pyramid import AtrousPyramidPooling, PyramidPooling, spatial_pyramid_pool
from graph_engine.nn.units import BoundaryRefinement, Fire, ShuffleUnit, SqueezeExcitation


def tensor(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, requires_grad=True)


MODULES: list[tuple[Callable[[], nn.Module], tuple[int, ...]]] = [
    (lambda: MaskedConv2d(2, 4, 3, colours=2), (2, 2, 3, 3)),
    (lambda: LargeKernelConv2d(2, 2, 3), (2, 2, 3, 3)),
    (lambda: MlpConv2d(2, (3, 3), 2, 3, padding=1), (2, 2, 3, 3)),
    (lambda: SqueezeExcitation(3, 2), (2, 3, 2, 2)),
    (lambda: Fire(2, 2, 2, 3), (2, 2, 3, 3)),
    (lambda: ShuffleUnit(8, 8, 2), (2, 8, 2, 2)),
    (lambda: ShuffleUnit(4, 12, 1, stride=2), (2, 4, 4, 4)),
    (lambda: BoundaryRefinement(2), (2, 2, 3, 3)),
    (lambda: PyramidPooling(2, (1, 2)), (3, 2, 3, 3)),
    (lambda: AtrousPyramidPooling(2, 2, (1, 2), dropout=0.0), (3, 2, 3, 3)),
    (lambda: NonLocal(2, 2, start=0.5), (2, 2, 2, 3)),
    (lambda: NonLocal(2, 2, "gaussian", subsample=True, start=0.5), (2, 2, 2, 3)),
    (lambda: NonLocal(2, 2, "dot product", start=0.5), (2, 2, 2, 3)),
    (lambda: NonLocal(2, 2, "concatenation", start=0.5), (2, 2, 2, 3)),
    (lambda: SpatialAttention(3, 2, start=0.5), (2, 3, 2, 2)),
]


@pytest.mark.parametrize(("make", "shape"), MODULES)
def test_of_a_module_by_input_and_weights(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    module = make().double()
    names = [name for name, _ in module.named_parameters()]

    def call(x: Tensor, *weights: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(module, dict(zip(names, weights, strict=True)), (x,))
        return result

    assert gradcheck(call, (tensor(*shape), *module.parameters()), atol=1e-4)


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda x: spatial_pyramid_pool(x, (2, 1)), [(2, 2, 3, 4)]),
        (lambda x: rms_pool2d(x, 2, 1), [(2, 2, 3, 3)]),
        (lambda x, like: resize_as(x, like, "bilinear"), [(1, 2, 2, 3)]),
        (add_sinusoids, [(2, 3, 5)]),
        (dice_loss, [(2, 3), (2, 3)]),
        (lambda student, teacher: distillation_loss(student, teacher, 2.0), [(2, 3)]),
        (gaussian_kl, [(2, 3), (2, 3)]),
        (lambda a, b: contrastive_loss(a, b, torch.tensor([1, 0]), 3.0), [(2, 3), (2, 3)]),
    ],
)
def test_of_a_function(function: Callable[..., Tensor], shapes: list[tuple[int, ...]]) -> None:
    values = [tensor(*shape) for shape in shapes]
    if len(shapes) < function.__code__.co_argcount - len(function.__defaults__ or ()):
        values.append(
            torch.randn(2, 3, dtype=torch.float64) if len(shapes[0]) == 2 else torch.randn(1, 1, 3, 5).double()
        )

    assert gradcheck(function, values)


def test_positions_are_told_in_the_precision_of_the_sequence() -> None:
    assert add_sinusoids(torch.zeros(1, 4, 6, dtype=torch.float64)).dtype == torch.float64
