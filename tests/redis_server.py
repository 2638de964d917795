"""A real Redis server for tests: on a free port, in a folder of its own, without persistence."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.processes import wait_until

__all__ = ["RedisProcess", "RedisServer", "free_port", "redis_process", "redis_server", "started"]


class RedisServer(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class RedisProcess:
    """A server that a test may stop and start again; its data are gone then unless it keeps them, its address stays."""

    def __init__(self, folder: Path, *, keeps: bool = False) -> None:
        self._folder = folder
        self._keeps = keeps
        self.address = RedisServer("127.0.0.1", free_port())
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert self._process is None
        program = shutil.which("redis-server")
        assert program is not None
        command = [program, "--port", str(self.address.port), "--bind", self.address.host, "--save", ""]
        command += ["--appendonly", "yes" if self._keeps else "no", "--daemonize", "no", "--dir", str(self._folder)]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._answers, f"a Redis server on port {self.address.port}")

    def _answers(self) -> bool:
        assert self._process is not None and self._process.poll() is None, (self._folder / "redis.log").read_text()
        try:
            with socket.create_connection(self.address, timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def stop(self) -> None:
        """Kill it, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def started(folder: Path, *, keeps: bool = False) -> RedisProcess:
    """A server that runs; the test is skipped where the program is missing."""
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server: install it (Debian: apt install redis-server)")
    process = RedisProcess(folder, keeps=keeps)
    process.start()
    return process


@pytest.fixture
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """A server of the test's own, which it may stop."""
    process = started(tmp_path_factory.mktemp("redis"))
    yield process
    process.stop()


@pytest.fixture
def redis_server(redis_process: RedisProcess) -> RedisServer:
    """Host and port of an empty server of the test's own."""
    return redis_process.address
