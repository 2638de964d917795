"""Roles as processes of their own, with a stand-in for the analysis, on free ports, in a folder of the test's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import yaml

from curation.services.client import AttributeClient
from curation.services.role import GRPC_ROLES, Role
from curation.settings import Settings, load_settings
from tests.conftest import PROJECT_ROOT
from tests.processes import wait_until
from tests.redis_server import RedisServer, free_port
from tests.services_program import DELAY_VARIABLE

__all__ = ["RoleProcesses", "role_processes"]


class RoleProcesses:
    """Processes of roles that a test may kill and start again."""

    def __init__(
        self,
        folder: Path,
        redis: RedisServer,
        *,
        analysis_s: float = 0,
        program: str = "tests.services_program",
        **services: object,
    ) -> None:
        self.folder = folder
        self._program = program
        self.config = folder / "config.yaml"
        listen = {role.value: free_port() for role in GRPC_ROLES}
        chosen = {"listen": listen, "redis": {"port": redis.port}, "threads": 2, "drain_s": 5, **services}
        self.config.write_text(yaml.safe_dump({"io": {"state_dir": "state"}, "services": chosen}))
        self.settings: Settings = load_settings(self.config, default_root=folder)
        self._variables = {**os.environ, DELAY_VARIABLE: str(analysis_s)}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.starts = 0

    def command(self, *words: str) -> list[str]:
        """The command line of the program with these settings."""
        return [sys.executable, "-m", self._program, "--config", str(self.config), "services", *words]

    def start(self, *roles: Role) -> None:
        """Start one process for these roles; see `wait`."""
        name = ",".join(roles)
        self.starts += 1
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                self.command("run", "--roles", name),
                cwd=PROJECT_ROOT,
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_hear_interrupts,
            )

    def wait(self, roles: Sequence[Role] = GRPC_ROLES) -> None:
        """Until the roles answer."""
        with AttributeClient(self.settings.services) as client:
            wait_until(lambda: {client.health()[role] for role in roles} == {"SERVING"}, "the roles answer")

    def end(self, *roles: Role, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to the process of these roles and wait for its end; returns its exit code."""
        process = self._running.pop(",".join(roles))
        process.send_signal(number)
        return process.wait(60)

    def family(self, *roles: Role) -> list[psutil.Process]:
        """The processes that the process of these roles has started, and itself."""
        process = psutil.Process(self._running[",".join(roles)].pid)
        return [process, *process.children(recursive=True)]

    def logs(self) -> str:
        """What all processes printed."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        """Kill what still runs."""
        for process in self._running.values():
            process.kill()
            process.wait(60)


def _hear_interrupts() -> None:
    # A test run in the background may have told all its children to ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def role_processes(
    folder: Path,
    redis: RedisServer,
    groups: Sequence[Sequence[Role]],
    *,
    analysis_s: float = 0,
    program: str = "tests.services_program",
    **services: object,
) -> Iterator[RoleProcesses]:
    """Processes that answer; one for each group of roles."""
    processes = RoleProcesses(folder, redis, analysis_s=analysis_s, program=program, **services)
    try:
        for group in groups:
            processes.start(*group)
        processes.wait([role for group in groups for role in group if role in GRPC_ROLES])
        yield processes
    finally:
        processes.close()
