"""A real PostgreSQL server for tests: on a free port of this machine, in a folder of its own.

As root it runs as the user `postgres`, which Debian's package adds, because the server refuses to run as root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.processes import wait_until
from tests.redis_server import free_port

__all__ = ["PostgresServer", "killable_postgres", "postgres_server", "postgres_url"]

_USER = "postgres"
_SETTINGS = (
    "fsync=off",  # a killed server loses nothing without it, only a power cut would, and the tests are faster
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=32MB",
    "jit=off",
)


def binaries() -> Path | None:
    """Where the programs of the newest server are; None if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return None if program is None else Path(program).parent


class PostgresServer:
    """A server that a test may kill and start again; what was committed stays."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._data = folder / "data"
        init: list[str | Path] = [
            *self._as_user(),
            programs / "initdb",
            "-D",
            self._data,
            "-U",
            _USER,
            "-A",
            "trust",
            "-N",
        ]
        init += ["-E", "UTF8", "--locale=C"]
        done = subprocess.run(init, capture_output=True, text=True, cwd=folder, check=False)
        assert done.returncode == 0, done.stderr

    def _as_user(self) -> Sequence[str | Path]:
        if os.geteuid() != 0:
            return ()
        return ("setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups")

    def url(self) -> str:
        """As in assets.database_url."""
        return f"postgresql://{_USER}@127.0.0.1:{self._port}/{_USER}"

    def start(self) -> None:
        assert self._server is None
        command: list[str | Path] = [
            *self._as_user(),
            self._programs / "postgres",
            "-D",
            self._data,
            "-p",
            str(self._port),
        ]
        command += ["-k", self._folder]
        for setting in _SETTINGS:
            command += ["-c", setting]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder, start_new_session=True
            )
        wait_until(self._answers, f"a PostgreSQL server on port {self._port}")

    def _answers(self) -> bool:
        assert self._server is not None and self._server.poll() is None, (self._folder / "log").read_text()
        asked: list[str | Path] = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(asked, check=False).returncode == 0

    def kill(self) -> None:
        """Kill the server and all its processes at once, as a crash of the machine does."""
        if self._server is not None:
            # Its processes have sessions of their own.
            family = psutil.Process(self._server.pid).children(recursive=True)
            for pid in [self._server.pid, *(child.pid for child in family)]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._server.wait()
            psutil.wait_procs(family, timeout=10)
            self._server = None

    def empty_database(self) -> str:
        """The address of its database, in which nothing is left."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self.url()


def _new_server() -> Iterator[PostgresServer]:
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL: install it (Debian: apt install postgresql)")
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_USER)
        except KeyError:
            pytest.skip(f"PostgreSQL does not run as root, and there is no user {_USER}")
    # Not pytest's folders: another user cannot enter them.
    folder = Path(tempfile.mkdtemp(prefix="curation-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        server = PostgresServer(folder, programs)
        server.start()
        yield server
        server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server that all tests of a process share, each in a database of its own; never to be killed."""
    yield from _new_server()


@pytest.fixture
def killable_postgres() -> Iterator[PostgresServer]:
    """A server of the test's own, which it may kill."""
    yield from _new_server()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The address of an empty database of the test's own."""
    return postgres_server.empty_database()
