"""GoogLeNet: the size of the net of 2014, and a short training."""

from __future__ import annotations

import torch
from torch import nn

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from presets import open_preset
from tests.presets.training import accuracy


def test_the_net_of_2014_has_the_published_size() -> None:
    """Szegedy et al. 2014, table 1, as BVLC Caffe's bvlc_googlenet, without the classifiers at its side."""
    document = open_preset("googlenet:divide=1,norm=false,images=ImageNet")
    total = Checker().check(document).total
    assert (total.params, total.macs) == (6_998_552, 1_582_671_872)


def test_the_norms_of_the_net_of_2014_are_those_of_caffe() -> None:
    """lrn_param of bvlc_googlenet: local_size 5, alpha 0.0001, beta 0.75, and k 1, as Caffe has it; as torch's."""
    program = compile_document(open_preset("googlenet:divide=16,norm=false,images=ImageNet"))
    network = program.make(0).eval()
    norm, before = program.function([("local_response_norm_2", "y")]), program.function([("relu_3", "y")])
    image = torch.rand(1, 3, 224, 224)
    wanted = nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)(before(network, image=image)[0])
    torch.testing.assert_close(norm(network, image=image)[0], wanted)


def test_its_nine_modules_are_one_class() -> None:
    source = compile_document(open_preset("googlenet")).source
    assert source.count("class InceptionModule") == 1
    assert source.count(" = InceptionModuleWithNorm(") == 9


def test_it_learns_the_digits() -> None:
    assert accuracy("googlenet:divide=16", epochs=4) >= 0.85
