"""Watching a run from outside: its memory, its children, its answer to signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["Finished", "Run", "is_running", "wait_until"]

_POLL_S = 0.05
_DUMP_S = 5.0  # for writing the stacks of all threads


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended. `peak_rss_bytes` is that of the largest single process, the parent or a child."""

    code: int
    stdout: str
    stderr: str
    peak_rss_bytes: int


class Run:
    """A command in a session of its own, with its memory watched until it ends."""

    def __init__(self, command: Sequence[str | Path], *, cwd: Path, variables: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [*map(str, command)],
            cwd=cwd,
            env={**os.environ, "PYTHONFAULTHANDLER": "1", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            # A test run in the background may have told all its children to ignore Ctrl-C.
            preexec_fn=_hear_interrupts,
        )
        self._peak_rss_bytes = 0
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def _watch(self) -> None:
        while self._process.returncode is None:
            for process in self.processes():
                try:
                    self._peak_rss_bytes = max(self._peak_rss_bytes, _peak_rss_bytes(process))
                except (psutil.Error, OSError):
                    continue
            time.sleep(_POLL_S)

    def processes(self) -> list[psutil.Process]:
        """The command and everything it started, as long as they are alive."""
        out = []
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == self.pid and process.status() != psutil.STATUS_ZOMBIE:
                    out.append(process)
            except (psutil.Error, OSError):
                continue
        return out

    def workers(self) -> list[psutil.Process]:
        """The worker processes, which multiprocessing's spawn starts."""
        out = []
        for process in self.processes():
            try:
                if "spawn_main" in " ".join(process.cmdline()):
                    out.append(process)
            except psutil.Error:
                continue
        return out

    def send(self, number: signal.Signals, *, to_group: bool = False) -> None:
        """Send a signal to the command, or, as a terminal does, to its whole group."""
        (os.killpg if to_group else os.kill)(self.pid, number)

    def finish(self, timeout_s: float = 240) -> Finished:
        """Wait for the end; what is left after a while is killed, and the failure shows what its threads waited for."""
        try:
            stdout, stderr = self._process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGABRT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_DUMP_S)
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            _, stderr = self._process.communicate()
            raise AssertionError(f"it did not end within {timeout_s:g} s:\n{stderr}") from None
        return Finished(self._process.returncode, stdout, stderr, self._peak_rss_bytes)


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _peak_rss_bytes(process: psutil.Process) -> int:
    # Linux remembers the peak itself, which no polling can miss.
    if sys.platform == "linux":
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return int(process.memory_info().rss)


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], object], what: str, patience_s: float = 60) -> None:
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, f"it did not happen in time: {what}"
        time.sleep(0.01)
