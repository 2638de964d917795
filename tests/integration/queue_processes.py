"""The queue with all that belongs to it as processes: the roles with a stand-in for the analysis, consumers, logger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from curation.services.queue.pictures import DeadLetter, PictureQueue, QueueCounts
from curation.services.results import ResultStore
from curation.settings import load_settings
from curation.settings.services import ServicesSettings
from tests.conftest import PROJECT_ROOT
from tests.processes import wait_until
from tests.redis_server import RedisServer, free_port

__all__ = ["Ends", "QueueWorld"]


class Ends:
    """How each picture ended."""

    def __init__(self, results: set[str], letters: tuple[DeadLetter, ...], counts: QueueCounts) -> None:
        self.results = results
        self.letters = letters
        self.dead = {letter.sha256 for letter in letters}
        self.counts = counts


class QueueWorld:
    """Starts roles as processes and ends exactly those."""

    def __init__(self, redis: RedisServer, folder: Path, *, delay_s: float = 0.0, **services: Any) -> None:
        self.folder = folder
        ports = {name: free_port() for name in ("image_input", "landmarks", "age_gender", "storage")}
        queue = {"claim_s": 1.5, "in_flight": 4, **services.pop("picture_queue", {})}
        content = {
            "io": {"state_dir": str(folder / "state")},
            "services": {
                "listen": ports,
                "redis": {"host": redis.host, "port": redis.port},
                "store": {"faces_dir": str(folder / "faces"), "results_dir": str(folder / "results")},
                "log_dir": str(folder / "logs"),
                "picture_queue": queue,
                "drain_s": 2,
                "deadline_s": 5,
                "threads": 2,
                **services,
            },
        }
        self._config = folder / "config.yaml"
        self._config.write_text(yaml.safe_dump(content))
        self._variables = {"TESTS_ANALYSIS_S": str(delay_s), "OMP_NUM_THREADS": "1"}
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self.settings: ServicesSettings = load_settings(self._config, default_root=folder).services
        self.queue = PictureQueue(self.settings)

    def start(self, roles: str) -> int:
        """Start a process and wait until it says that it runs."""
        output = (self.folder / f"{roles.replace(',', '-')}-{len(self._running)}.txt").open("ab")
        begin = output.tell()
        command = [sys.executable, "-m", "tests.services_program", "--config", str(self._config)]
        command += ["services", "run", "--roles", roles]
        environment: Mapping[str, str] = {**os.environ, **self._variables}
        process = subprocess.Popen(
            command, cwd=PROJECT_ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        output.close()
        self._running[process.pid] = process
        path = Path(output.name)

        def says_so() -> bool:
            said = path.read_bytes()[begin:].decode("utf-8", "replace")
            assert process.poll() is None, said
            return ": runs" in said or ": listens on" in said

        wait_until(says_so, f"{roles} runs")
        return process.pid

    def kill(self, pid: int) -> None:
        """End a process as a crash does."""
        self._running[pid].kill()
        self._running.pop(pid).wait()

    def close(self) -> None:
        """End all that still runs."""
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        self.queue.close()

    def wait_for_the_end(self, patience_s: float = 120) -> None:
        """Until no picture waits or is in flight; the numbers add up all the time."""

        def has_ended() -> bool:
            counts = self.queue.counts()
            assert counts.adds_up, counts
            return counts.waiting == counts.in_flight == 0

        wait_until(has_ended, "all pictures end", patience_s)

    def ends(self, sha256s: list[str]) -> Ends:
        """How these pictures ended."""
        store = ResultStore(self.settings.redis)
        try:
            found = {sha256 for sha256 in sha256s if (result := store.get(sha256)) and result.is_complete}
        finally:
            store.close()
        return Ends(found, self.queue.dead_letters(), self.queue.counts())
