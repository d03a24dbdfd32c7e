"""What can train here: the processor and the GPUs that torch sees."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

# Instructions that multiply bfloat16 numbers; without one of them bf16 works, but slower than fp32.
_BF16_FLAGS = {"amx_bf16", "avx512_bf16", "bf16"}


@dataclass(frozen=True, slots=True)
class Device:
    """A device by the name that torch takes (`cpu`, `cuda:0`)."""

    name: str
    title: str
    memory: int | None  # bytes
    threads: int | None
    bf16: bool  # in hardware


def find_devices() -> tuple[Device, ...]:
    """The processor, then every GPU. Imports torch.

    Raises:
        ImportError, OSError, RuntimeError: torch or a driver cannot be loaded.
    """
    import torch

    devices = [_processor(torch.get_num_threads())]
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            gpu = torch.cuda.get_device_properties(index)
            # bfloat16 came with Ampere, compute capability 8.0
            devices.append(Device(f"cuda:{index}", gpu.name, gpu.total_memory, None, bf16=gpu.major >= 8))
    return tuple(devices)


def _processor(threads: int) -> Device:
    facts = _processor_facts()
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    title = facts.get("model name") or platform.processor() or platform.machine()
    return Device("cpu", title, memory, threads, bf16=bool(flags & _BF16_FLAGS))


def _processor_facts() -> dict[str, str]:
    """The first processor's lines of /proc/cpuinfo; empty where there is no such file."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
