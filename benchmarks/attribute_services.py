"""The attribute services as one process, as four processes, and beside deepface's gRPC server, on the same pictures.

    python -m benchmarks.attribute_services DATA --models DIR [--full]

The pictures are JPEGs of groups, each sent with a comment of its own in the file, so that no server has seen the same
bytes before. All servers run on this machine, and only one of them has work at a time; they take turns in each round.
deepface's server (its own module, with two threads) reads age and sex with the detector retinaface on the same three
ONNX files; ours find the faces with the same detector, read age and sex from the same two files, find 68 landmarks in
addition, store the results in Redis and write both files. Processor time is that of the servers without Redis, which is
a few per cent of it. Needs redis-server and the extra `services`.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psutil

from benchmarks.harness.load import Load, memory_mb, put_under_load
from benchmarks.harness.report import Row, main
from curation.services.role import GRPC_ROLES
from ground_truth.errors import Unavailable

__all__ = ["rows"]

_NAME = "attribute_services"
_ROOT = Path(__file__).resolve().parents[1]
_CLIENTS = (1, 4, 16)
_MEASURED_CLIENTS = 4  # for the figures that are compared
_START_S = 180.0
_WEIGHTS = ("age_model_weights.onnx", "gender_model_weights.onnx")


@dataclass(slots=True)
class _Server:
    """A way to answer, under load.

    Attributes:
        name: For the table.
        send: Sends one picture.
        processes: That answer.
        loads: What was measured, by the number of clients, in the order of the rounds.
    """

    name: str
    send: Callable[[bytes], None]
    processes: list[psutil.Process]
    loads: dict[int, list[Load]]

    def median(self, clients: int, figure: Callable[[Load], float]) -> float:
        """A figure of the rounds with so many clients."""
        return statistics.median(figure(load) for load in self.loads[clients])


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    redis = shutil.which("redis-server")
    weights = data / "weights" / "deepface_home" / ".deepface" / "weights"
    if redis is None:
        raise Unavailable("there is no redis-server")
    if not all((weights / name).is_file() for name in _WEIGHTS):
        raise Unavailable(f"{weights} lacks {' or '.join(_WEIGHTS)}")
    pictures = _pictures(data, 40 if quick else 140)
    with tempfile.TemporaryDirectory(prefix="curation-attributes-") as name, ExitStack() as stack:
        work = Path(name)
        for file in (*(weights / one for one in _WEIGHTS), models / "retinaface.onnx", models / "arcface_weights.onnx"):
            (work / "models").mkdir(exist_ok=True)
            if not file.is_file():
                raise Unavailable(f"there is no {file}")
            (work / "models" / file.name).symlink_to(file.resolve())
        redis_port = stack.enter_context(_redis(redis, work))
        servers = [
            stack.enter_context(_ours("one process", work, redis_port, apart=False)),
            stack.enter_context(_ours("four processes", work, redis_port, apart=True)),
            stack.enter_context(_deepface(work)),
        ]
        for server in servers:
            put_under_load(_new(pictures[:6]), 2, server.send, server.processes)  # first calls are slower everywhere
        for _ in range(1 if quick else 3):
            for clients in _CLIENTS:
                for server in servers:
                    load = put_under_load(_new(pictures), clients, server.send, server.processes)
                    server.loads.setdefault(clients, []).append(load)
        yield from _table(servers, len(pictures))


def _table(servers: Sequence[_Server], pictures: int) -> Iterator[Row]:
    first = servers[0]
    for server in servers:
        for clients in _CLIENTS:
            yield Row(
                _NAME,
                f"{server.name}, {clients} clients: {pictures} pictures; latency p50 "
                f"{server.median(clients, lambda load: load.latency_ms(0.5)):.0f} ms, p95 "
                f"{server.median(clients, lambda load: load.latency_ms(0.95)):.0f} ms, "
                f"{sum(load.failed for load in server.loads[clients])} failed",
                server.median(clients, lambda load: load.per_second),
                "pictures/s",
            )
    for server in servers[1:]:
        mine, other = (one.median(_MEASURED_CLIENTS, lambda load: load.cpu_ms) for one in (first, server))
        against = f"{server.name}: {other:.0f} ms"
        yield Row(_NAME, "processor time a picture, one process", mine, "ms", against, other / mine)
        mine, other = (one.median(_MEASURED_CLIENTS, lambda load: load.per_second) for one in (first, server))
        yield Row(_NAME, "one process", mine, "pictures/s", f"{server.name}: {other:.1f}", mine / other)
        mine, other = memory_mb(first.processes), memory_mb(server.processes)
        yield Row(_NAME, "memory, one process", mine, "MB", f"{server.name}: {other:.0f} MB", other / mine)


def _pictures(data: Path, most: int) -> list[bytes]:
    paths = sorted(path for path in (data / "photos" / "groups").rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not paths:
        raise Unavailable(f"{data / 'photos' / 'groups'} has no photos")
    step = max(1, len(paths) // most)
    return [path.read_bytes() for path in paths[::step][:most]]


_numbers = count(1)


def _new(pictures: Sequence[bytes]) -> list[bytes]:
    """The same pictures in files that nobody has seen: with a comment (marker FFFE) behind the start of the JPEG."""
    out = []
    for picture in pictures:
        text = f"copy {next(_numbers)}".encode("ascii")
        out.append(picture[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + picture[2:])
    return out


@contextmanager
def _redis(program: str, work: Path) -> Iterator[int]:
    (port,) = _free_ports(1)
    folder = work / "redis"
    folder.mkdir()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    with _process([program, *options], dict(os.environ), work / "redis.log", [port]):
        yield port


@contextmanager
def _ours(name: str, work: Path, redis_port: int, *, apart: bool) -> Iterator[_Server]:
    from curation.services.client import AttributeClient
    from curation.settings import load_settings

    folder = work / name.replace(" ", "-")
    folder.mkdir()
    ports = dict(zip(GRPC_ROLES, _free_ports(len(GRPC_ROLES)), strict=True))
    listen = "\n".join(f"    {role}: {port}" for role, port in ports.items())
    config = folder / "config.yaml"
    # The engine by name, so that another one cannot step in.
    config.write_text(
        f"io:\n  models_dir: {work / 'models'}\n"
        "engine:\n  name: retinaface-arcface\n"
        f"services:\n  listen:\n{listen}\n  redis:\n    port: {redis_port}\n"
        "  readers:\n    age: deepface\n    sex: deepface\n  queue: 64\n",
        encoding="utf-8",
    )
    program = [sys.executable, "-m", "curation", "--config", str(config), "services", "run", "--roles"]
    groups = [[role] for role in GRPC_ROLES] if apart else [list(GRPC_ROLES)]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                _process(
                    [*program, ",".join(group)],
                    dict(os.environ),
                    folder / f"{group[0]}.log",
                    [ports[role] for role in group],
                )
            )
            for group in groups
        ]
        client = stack.enter_context(AttributeClient(load_settings(config, default_root=folder).services))

        def send(picture: bytes) -> None:
            answer = client.process(picture)
            if answer.image is None:
                raise RuntimeError(answer.status)

        yield _Server(name, send, processes, {})


@contextmanager
def _deepface(work: Path) -> Iterator[_Server]:
    import grpc

    home = work / "deepface"
    (home / ".deepface").mkdir(parents=True)
    (home / ".deepface" / "weights").symlink_to(work / "models")
    (port,) = _free_ports(1)
    environment = {
        **os.environ,
        "DEEPFACE_HOME": str(home),
        "DEEPFACE_BACKEND_ENGINE": "onnx",
        "DEEPFACE_GRPC_PORT": str(port),
        "DEEPFACE_GRPC_MAX_WORKERS": "2",
        "PYTHONWARNINGS": "ignore",
    }
    os.environ.update(DEEPFACE_HOME=str(home), DEEPFACE_BACKEND_ENGINE="onnx")  # its messages import the whole package
    from deepface.api.proto import deepface_pb2, deepface_pb2_grpc

    command = [sys.executable, "-m", "deepface.api.src.grpc_server"]
    with (
        _process(command, environment, work / "deepface.log", [port]) as process,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        stub = deepface_pb2_grpc.DeepFaceServiceStub(channel)

        def send(picture: bytes) -> None:
            stub.Analyze(
                deepface_pb2.AnalyzeRequest(
                    img=deepface_pb2.Image(content=picture),
                    actions=["age", "gender"],
                    detector_backend="retinaface",
                    enforce_detection=False,
                ),
                timeout=_START_S,
            )

        yield _Server("deepface's gRPC server", send, [process], {})


@contextmanager
def _process(
    command: list[str], environment: dict[str, str], log: Path, ports: Sequence[int]
) -> Iterator[psutil.Process]:
    """A process that listens on `ports`; it is ended with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + _START_S
        for port in ports:
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{' '.join(command[1:])} did not start:\n{log.read_text()[-2000:]}")
                time.sleep(0.2)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


if __name__ == "__main__":
    main(__doc__, rows)
