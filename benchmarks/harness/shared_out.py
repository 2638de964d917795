"""A broker and workers of this machine, for benchmarks of photos that are shared out."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import yaml

from ground_truth.errors import Unavailable

__all__ = ["Broker", "cpu_s", "rabbitmq", "redis", "worker"]

_ROOT = Path(__file__).resolve().parents[2]
_START_S = 60.0
_END_S = 30.0


class Broker(NamedTuple):
    """A server: its address, as `workers.broker_url` takes it, and its process."""

    url: str
    process: psutil.Process


@contextmanager
def redis() -> Iterator[Broker]:
    """A Redis server of its own, without persistence; it ends with the block.

    Raises:
        Unavailable: If the program is missing, or does not start.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise Unavailable("there is no redis-server (Debian: apt install redis-server)")
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="curation-redis-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        with _serving([program, *options], Path(folder), {}, port, b"PING\r\n") as process:
            yield Broker(f"redis://127.0.0.1:{port}/0", process)


@contextmanager
def rabbitmq() -> Iterator[Broker]:
    """A RabbitMQ server of its own; it ends with the block.

    Raises:
        Unavailable: If the program is missing, or does not start.
    """
    script = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one in /usr/sbin changes the user
    if not script.exists():
        raise Unavailable("there is no rabbitmq-server (Debian: apt install rabbitmq-server)")
    port, distribution = _free_port(), _free_port()
    # Erlang's own paths below it get long.
    with tempfile.TemporaryDirectory(prefix="rabbit-") as folder:
        home = Path(folder)
        (home / "plugins").write_text("[].\n")
        (home / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\ndisk_free_limit.absolute = 1MB\n")
        (home / ".erlang.cookie").write_text("CURATIONBENCHMARK")
        (home / ".erlang.cookie").chmod(0o400)
        variables = {
            "HOME": folder,
            "RABBITMQ_NODENAME": f"bench{port}@localhost",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-start_epmd false -erl_epmd_port {distribution} +sbwt none",
        }
        with _serving([str(script)], home, variables, port, b"AMQP\x00\x00\x09\x01") as process:
            yield Broker(f"amqp://guest:guest@127.0.0.1:{port}//", process)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def _serving(
    command: list[str], folder: Path, variables: Mapping[str, str], port: int, hello: bytes
) -> Iterator[psutil.Process]:
    """A server that answers something to `hello`."""
    with (folder / "out.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **variables}, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        deadline_s = time.monotonic() + _START_S
        while not _answers(port, hello):
            if time.monotonic() > deadline_s or process.poll() is not None:
                raise Unavailable(f"{Path(command[0]).name} does not start: {(folder / 'out.log').read_text()[-500:]}")
            time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(port: int, hello: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(hello)
            return connection.recv(8) != b""
    except OSError:
        return False


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
