"""Who this worker is."""

from __future__ import annotations

import os
import platform
import re
import socket
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import curation
from curation.workers.distributed.messages import PROTOCOL, WorkerFacts

__all__ = ["worker_facts"]

# Vector instructions by which the libraries choose their kernels; another set can give other floats in the last bit.
_INSTRUCTIONS = ("avx512_bf16", "avx512_vnni", "avx512f", "avx2", "avx", "sse4_2", "asimd", "sve")


def worker_facts(name: str, processes: int) -> WorkerFacts:
    """The facts of a worker that runs here.

    Args:
        name: Its node name.
        processes: How many tasks it works on at once.
    """
    return WorkerFacts(
        name=name,
        host=socket.gethostname(),
        pid=os.getpid(),
        program=curation.__version__,
        protocol=PROTOCOL,
        runtime=_runtime(),
        cpu=_cpu(),
        processes=processes,
    )


@lru_cache(maxsize=1)
def _runtime() -> str:
    # Read from the packages' own records: the main process never loads what its children work with.
    found = []
    for package in ("onnxruntime", "numpy"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


@lru_cache(maxsize=1)
def _cpu() -> str:
    machine = platform.machine()
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return machine
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    there = set(flags.group(1).split()) if flags else set()
    best = next((name for name in _INSTRUCTIONS if name in there), "")
    return " ".join(part for part in (machine, model.group(1).strip() if model else "", best) if part)
