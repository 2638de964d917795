"""Load on servers: many clients at once, the latency of each answer, and what the servers' processes used meanwhile."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

__all__ = ["Load", "memory_mb", "put_under_load"]


@dataclass(frozen=True, slots=True)
class Load:
    """What a load test measured.

    Attributes:
        clients: How many requests were under way at the same time.
        wall_s: From the first request to the last answer.
        cpu_s: Processor time of the servers' processes in between.
        latencies_s: Of each request.
        failed: How many requests failed; they count as requests.
    """

    clients: int
    wall_s: float
    cpu_s: float
    latencies_s: tuple[float, ...]
    failed: int

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return (len(self.latencies_s) - self.failed) / self.wall_s

    @property
    def cpu_ms(self) -> float:
        """Processor time of a request, in milliseconds."""
        return 1000 * self.cpu_s / len(self.latencies_s)

    def latency_ms(self, share: float) -> float:
        """A quantile of the latencies, in milliseconds: 0.5 is the median."""
        ordered = statistics.quantiles(self.latencies_s, n=100, method="inclusive")
        return 1000 * ordered[round(100 * share) - 1]


def put_under_load(
    requests: Sequence[bytes], clients: int, send: Callable[[bytes], None], processes: Sequence[psutil.Process]
) -> Load:
    """Send requests, each client the next one as soon as its last one is answered.

    Args:
        requests: The pictures, in the order in which they are sent.
        clients: Threads that send.
        send: Sends one and waits for the answer; whatever it raises is a failed request.
        processes: Of the servers, without this one.
    """
    turns = iter(requests)
    lock = threading.Lock()
    latencies: list[float] = []
    failed: list[BaseException] = []

    def work() -> None:
        while True:
            with lock:
                picture = next(turns, None)
            if picture is None:
                return
            began = time.perf_counter()
            try:
                send(picture)
            except Exception as error:
                failed.append(error)
            latencies.append(time.perf_counter() - began)

    before_s = _cpu_s(processes)
    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall_s = time.perf_counter() - began
    if failed:
        print(f"{len(failed)} of {len(latencies)} requests failed, the first with {failed[0]!r}")
    return Load(clients, wall_s, _cpu_s(processes) - before_s, tuple(latencies), len(failed))


def memory_mb(processes: Sequence[psutil.Process]) -> float:
    """Memory of all processes together; what they share counts once (PSS, Linux only)."""
    return sum(process.memory_full_info().pss for process in processes) / 1e6


def _cpu_s(processes: Sequence[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))
