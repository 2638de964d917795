"""The service in its own process, and the time and memory of its answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import httpx
import psutil

__all__ = ["Server", "Times", "serving"]

_ROOT = Path(__file__).resolve().parents[2]
_START_S = 120.0


@dataclass(frozen=True, slots=True)
class Times:
    """Times of some requests.

    Attributes:
        wall_ms: For each request, from sending it to the complete answer.
        cpu_ms: Mean CPU time of the server per request, which depends little on other work on the machine.
    """

    wall_ms: list[float]
    cpu_ms: float


class Server:
    """A service in its own process.

    Attributes:
        client: Keeps one connection to the service.
        first_s: Time of the first request for photos.
    """

    def __init__(self, process: subprocess.Popen[bytes], client: httpx.Client) -> None:
        self._process = psutil.Process(process.pid)
        self.client = client
        self.first_s = 0.0

    def memory_mb(self) -> float:
        """Resident memory in MB."""
        return float(self._process.memory_info().rss / 1e6)

    def times(self, urls: list[str], count: int, headers: dict[str, str] | None = None) -> Times:
        """Times of `count` requests, cycling through `urls`.

        If `urls` are requested more than once, one more request comes first and is not counted.
        """
        turns = cycle(urls)
        if count > len(urls):
            self._request(urls[0], headers)
        cpu_s = self._cpu_s()
        wall_ms = [self._request(next(turns), headers) for _ in range(count)]
        return Times(wall_ms, 1000 * (self._cpu_s() - cpu_s) / count)

    def times_after(self, change: Callable[[int], None], url: str, count: int) -> Times:
        """Times of `count` requests, each after a call of `change` with its number."""
        wall_ms, cpu_s = [], 0.0
        for number in range(count):
            change(number)
            before_s = self._cpu_s()
            wall_ms.append(self._request(url, None))
            cpu_s += self._cpu_s() - before_s
        return Times(wall_ms, 1000 * cpu_s / count)

    def _cpu_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def _request(self, url: str, headers: dict[str, str] | None) -> float:
        began = time.perf_counter()
        response = self.client.get(url, headers=headers)
        seconds = time.perf_counter() - began
        if response.status_code not in (200, 304):
            raise RuntimeError(f"GET {url} answered {response.status_code}: {response.text[:300]}")
        return 1000 * seconds


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A service for the event in this folder; it is stopped at the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "main_api:app", "--port", str(port), "--log-level", "warning"]
    environment = {**os.environ, "CURATION_CONFIG": str(folder / "config.yaml")}
    process = subprocess.Popen([*command, "--no-access-log"], cwd=_ROOT, env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_START_S) as client:
            server = Server(process, client)
            _wait(process, client)
            began = time.perf_counter()
            client.get("/photos").raise_for_status()
            server.first_s = time.perf_counter() - began
            yield server
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], client: httpx.Client) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s:
        try:
            if client.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    raise RuntimeError("the service did not start")
