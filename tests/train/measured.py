"""How much memory training takes in truth: run as a program, which measures itself. Arguments: preset batch …"""

from __future__ import annotations

import gc
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.data.made_up import made_up
from graph_engine.document import Document
from graph_engine.train.forecast import forecast, nothing_to_read
from graph_engine.train.stepper import Stepper
from presets import open_preset


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def _train(document: Document, batch: int) -> None:
    sized = document.snapshot()
    sized.plan = replace(document.plan, batch_size=batch)
    program = compile_document(sized, Checker().check(sized))
    columns = made_up(sized, program.input_nodes, batch, torch.device("cpu"))
    stepper = Stepper(sized, program, nothing_to_read(columns, batch), torch.device("cpu"))
    samples = {program.input_nodes[node]: values for node, values in columns.items()}
    for _ in range(2):
        stepper.step((samples,))


def main() -> None:
    found = {}
    for name, batch in zip(sys.argv[1::2], map(int, sys.argv[2::2]), strict=True):
        document = open_preset(name)
        document.plan = replace(document.plan, batch_size=batch)
        result = Checker().check(document)
        told = forecast(document, compile_document(document, result), result).memory.total
        _train(document, 4)  # what is loaded with the first step is no part of it
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = _status("VmRSS")
        _train(document, batch)
        found[name] = [told, _status("VmHWM") - before]
    print(json.dumps(found))  # noqa: T201  it is a program


if __name__ == "__main__":
    main()
