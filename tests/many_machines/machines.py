"""Machines of a test: each has a folder of its own with its settings, models and state, and shares no file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import yaml

from tests.conftest import PROJECT_ROOT
from tests.many_machines.fake_parts import HOURS, WEIGHTS_CONTENT

__all__ = ["Machine", "Worker"]


class Machine:
    """A machine on which one command runs at a time, in a session of its own.

    Attributes:
        folder: All that it has.
        log: What its commands printed.
    """

    def __init__(
        self,
        folder: Path,
        sections: Mapping[str, Mapping[str, Any]],
        *,
        variables: Mapping[str, str],
        has_models: bool,
        hours: Path | None = None,
    ) -> None:
        self.folder = folder
        self.log = folder / "log.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self._variables = dict(variables) | ({} if hours is None else {HOURS: str(hours)})
        (folder / "models").mkdir(parents=True)
        if has_models:
            for name, content in WEIGHTS_CONTENT.items():
                (folder / "models" / name).write_bytes(content)
        (folder / "config.yaml").write_text(yaml.safe_dump({name: dict(keys) for name, keys in sections.items()}))

    def start(self, *command: str) -> None:
        """Start a command of `tests.many_machines.program`."""
        assert not self.is_running
        # They are started and killed so often that measuring their coverage would take longer than all else.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")}
        with self.log.open("ab") as log:
            log.write(f"\n--- {' '.join(command)} at {time.time():.2f}\n".encode())
            log.flush()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.many_machines.program", *command],
                cwd=PROJECT_ROOT,
                env={**inherited, **self._variables, "CURATION_CONFIG": str(self.folder / "config.yaml")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def code(self) -> int | None:
        """Exit code of the last command that ended; negative after a signal."""
        return None if self._process is None else self._process.poll()

    def processes(self) -> list[psutil.Process]:
        """The command and all that it started."""
        if self._process is None:
            return []
        with suppress(psutil.NoSuchProcess):
            mine = psutil.Process(self._process.pid)
            return [mine, *mine.children(recursive=True)]
        return []

    def children(self) -> list[psutil.Process]:
        """What the command started and works."""
        alive = []
        for process in self.processes()[1:]:
            with suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_ZOMBIE:
                    alive.append(process)
        return alive

    def kill(self) -> bool:
        """Kill the command alone with -9; what it started has to end by itself. Whether there was one."""
        if self._process is None or not self.is_running:
            return False
        self._process.kill()
        self._process.wait()
        return True

    def crash(self) -> bool:
        """Kill everything at once, as a machine without power does. Whether anything ran."""
        if self._process is None:
            return False
        was_running = self.is_running
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        return was_running

    def told(self, last: int = 40) -> str:
        """The end of what its commands printed."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"{self.folder.name}: {line}" for line in lines[-last:])


class Worker(Machine):
    """A machine with `python -m curation worker`."""

    def begin(self) -> None:
        self.start("worker")
