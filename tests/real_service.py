"""The service in a process of its own, as a server: started, asked over HTTP, told to end, and looked at afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil

from curation.settings import Settings
from tests.processes import is_running
from tests.redis_server import free_port

__all__ = ["RealService"]

_PROJECT = Path(__file__).resolve().parent.parent
_START_S = 120.0
_LEFT_S = 30.0


class RealService:
    """A service process; what is left of it is killed with the block."""

    def __init__(
        self,
        settings: Settings,
        log: Path,
        *,
        command: Callable[[int], Sequence[str]] = lambda port: ("-m", "tests.slow_service", str(port)),
        variables: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Start it and wait until it answers.

        Args:
            settings: The folders of the event.
            log: A file for what it prints.
            command: What Python is called with, for a port.
            variables: More settings, as of the environment.
            headers: Of every request: a token, for example.
        """
        self.port = free_port()
        self.log = log
        io = settings.io
        folders = {
            "INPUT_DIR": io.input_dir,
            "OUTPUT_DIR": io.output_dir,
            "STATE_DIR": io.state_dir,
            "MODELS_DIR": io.models_dir,
            "EXPORT_DIR": io.export_dir,
        }
        environment = {
            **os.environ,
            **{f"CURATION_IO__{key}": str(folder) for key, folder in folders.items()},
            "CURATION_ENGINE__DOWNLOAD": "false",
            **(variables or {}),
        }
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, *command(self.port)],
                cwd=_PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_hear_interrupts,
            )
        limits = httpx.Limits(max_connections=200)
        address = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=address, timeout=120, limits=limits, headers=headers)
        end = time.monotonic() + _START_S
        while True:
            with suppress(httpx.TransportError):
                if self.http.get("/health").status_code == 200:
                    return
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"the service did not start:\n{self.said()}")
            time.sleep(0.05)

    def said(self) -> str:
        """What it printed."""
        return self.log.read_text(errors="replace")

    def get(self, address: str, **options: Any) -> httpx.Response:
        """Ask it; answers may take two minutes."""
        return self.http.get(address, **options)

    def family(self) -> list[psutil.Process]:
        """The processes that it has started and that are alive."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def decoders(self) -> list[psutil.Process]:
        """Its decoder processes."""
        found = []
        for process in self.family():
            with suppress(psutil.Error):
                if "spawn_main" in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def ends(self, number: signal.Signals, within_s: float) -> float:
        """Send it a signal; returns how long it took to end, in seconds, and fails if it or a child is left."""
        family = self.family()
        began = time.monotonic()
        self.process.send_signal(number)
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end within {within_s:g} s:\n{self.said()}") from None
        took_s = time.monotonic() - began
        end = time.monotonic() + _LEFT_S
        while left := [process.pid for process in family if is_running(process.pid)]:
            assert time.monotonic() < end, f"processes are left: {left}\n{self.said()}"
            time.sleep(0.05)
        return took_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
        family = self.family()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
