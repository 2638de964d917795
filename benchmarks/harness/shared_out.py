"""A broker and workers of this machine, for benchmarks of photos that are shared out."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import yaml

from ground_truth.errors import Unavailable

__all__ = ["cpu_s", "redis_url", "worker"]

_ROOT = Path(__file__).resolve().parents[2]
_START_S = 60.0
_END_S = 30.0


@contextmanager
def redis_url() -> Iterator[str]:
    """The address of a Redis server of its own, as `workers.broker_url` takes it; it ends with the block.

    Raises:
        Unavailable: If the program is missing.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise Unavailable("there is no redis-server (Debian: apt install redis-server)")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="curation-redis-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            deadline_s = time.monotonic() + _START_S
            while True:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                if time.monotonic() > deadline_s or process.poll() is not None:
                    raise Unavailable("the Redis server does not start")
                time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


@contextmanager
def worker(sections: Mapping[str, Mapping[str, Any]]) -> Iterator[psutil.Process]:
    """`python -m curation worker` with these settings, in a process of its own; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="curation-worker-") as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(yaml.safe_dump({name: dict(keys) for name, keys in sections.items()}))
        log = Path(folder) / "log.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "curation", "worker"],
                cwd=_ROOT,
                env={**os.environ, "CURATION_CONFIG": str(config)},
                stdout=output,
                stderr=output,
            )
        try:
            yield psutil.Process(process.pid)
            if process.poll() is not None:
                raise RuntimeError(f"the worker ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        finally:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def cpu_s(process: psutil.Process) -> float:
    """Processor time of a process and those that it started, as far as they live or it waited for them."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
