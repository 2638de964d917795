"""A real RabbitMQ server for tests: on free ports, in a folder of its own, ended by its process id.

Debian's `rabbitmq-server` runs as any user when its script is started directly. Its node has a name, a cookie and a
port for the distribution of its own, so that servers neither meet each other nor write into the user's home.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.processes import wait_until
from tests.redis_server import free_port

__all__ = ["RabbitServer", "rabbitmq_process", "rabbitmq_server", "started"]

# Debian's wrapper in /usr/sbin changes the user; this one is the server's own script.
_SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_HELLO = b"AMQP\x00\x00\x09\x01"  # protocol header of AMQP 0-9-1; a server that is ready answers with a frame
_PATIENCE_S = 90.0


class RabbitServer:
    """A server that a test may kill and start again; durable queues with kept messages survive, its address stays."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._distribution_port = free_port()
        self._names_port = free_port()
        self._names: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As in workers.broker_url."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self, *, wait: bool = True) -> None:
        """Start it; it is ready after some seconds.

        Args:
            wait: Whether to return only when it is ready; else call `wait_until_ready` later.
        """
        assert self._process is None
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        (self._folder / "enabled_plugins").write_text("[].\n")
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text("CURATIONTESTS")
            cookie.chmod(0o400)
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            "disk_free_limit.absolute = 1MB\n"
            "vm_memory_high_watermark.absolute = 1GB\n"
            "log.console = false\n"
        )
        variables = {
            "HOME": str(home),
            "PATH": os.environ.get("PATH", ""),
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"curation{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_LOGS": str(self._folder / "log" / "node.log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_PID_FILE": str(self._folder / "pid"),
            # Busy waiting is of use to servers that own their machine.
            "ERL_EPMD_PORT": str(self._names_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none"
            ),
        }
        (self._folder / "log").mkdir(exist_ok=True)
        with (self._folder / "out.log").open("ab") as out:
            # Nodes find each other by this daemon. Without one of its own, the node would start one for the whole
            # machine, and leave it running.
            self._names = subprocess.Popen(
                ["epmd", "-port", str(self._names_port), "-address", "127.0.0.1"],
                env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self._folder,
            )  # fmt: skip
            self._process = subprocess.Popen(
                [_SCRIPT], env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                cwd=self._folder,
            )  # fmt: skip
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        wait_until(self._answers, f"a RabbitMQ server on port {self.port}", _PATIENCE_S)

    def _answers(self) -> bool:
        assert self._process is not None and self._process.poll() is None, (self._folder / "out.log").read_text()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(_HELLO)
                return connection.recv(8) != b""
        except OSError:
            return False

    def stop(self) -> None:
        """Kill it, as a crash does, with the processes that it started."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        if self._names is not None:
            self._names.kill()
            self._names.wait()
            self._names = None


def started(folder: Path, *, wait: bool = True) -> RabbitServer:
    """A server that runs; the test is skipped where the program is missing."""
    if not _SCRIPT.exists() or shutil.which("epmd") is None:
        pytest.skip("no rabbitmq-server: install it (Debian: apt install rabbitmq-server)")
    server = RabbitServer(folder)
    server.start(wait=wait)
    return server


def _new_server() -> Iterator[RabbitServer]:
    # A short path: Erlang's own paths below it get long.
    folder = Path(tempfile.mkdtemp(prefix="curation-rabbit-"))
    try:
        server = started(folder)
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[RabbitServer]:
    """A server that all tests of a process share; one that kills it starts it again."""
    yield from _new_server()


@pytest.fixture
def rabbitmq_process() -> Iterator[RabbitServer]:
    """A server of the test's own, which it may kill."""
    yield from _new_server()
