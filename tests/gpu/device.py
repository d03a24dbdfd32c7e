"""The device that these tests compute on: `LAYERLOOM_TEST_DEVICE=cuda python -m pytest tests/gpu`.

With `cpu` they show that they test what they say, where there is no GPU.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from graph_engine.compile import compile_document
from graph_engine.data import load_samples, resolve, served_inputs, split
from graph_engine.document import Document
from graph_engine.train import Trainer

_NAME = os.environ.get("LAYERLOOM_TEST_DEVICE", "")
if not _NAME:
    pytest.skip("runs on a GPU: LAYERLOOM_TEST_DEVICE=cuda python -m pytest tests/gpu", allow_module_level=True)

DEVICE = torch.device(_NAME)
ON_GPU = DEVICE.type == "cuda"
gpu_only = pytest.mark.skipif(not ON_GPU, reason="a matter of GPUs")


def trainer_on(device: torch.device, document: Document, folder: Path | None = None, **options: Any) -> Trainer:
    """A trainer of `document` with its data in the memory of a device."""
    document.plan = replace(document.plan, device=device.type)
    found = resolve(document)
    assert found.dataset is not None
    parts = split(found.dataset, document.plan.validation, document.plan.seed)
    samples = load_samples(found.dataset, dict(served_inputs(found)), parts, device)
    return Trainer(document, compile_document(document), samples, folder=folder, **options)
