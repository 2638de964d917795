from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.storage.databases.transactions import transaction


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(tmp_path / "one.sqlite", isolation_level=None)
    made.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY)")
    made.execute("CREATE TABLE later (number INTEGER REFERENCES rows DEFERRABLE INITIALLY DEFERRED)")
    made.execute("PRAGMA foreign_keys = ON")
    yield made
    made.close()


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [number for (number,) in connection.execute("SELECT number FROM rows ORDER BY number")]


def test_all_of_it_stays(connection: sqlite3.Connection) -> None:
    with transaction(connection, "BEGIN IMMEDIATE", sqlite3.Error) as inside:
        inside.execute("INSERT INTO rows VALUES (1)")
        inside.execute("INSERT INTO rows VALUES (2)")
    assert numbers(connection) == [1, 2] and not connection.in_transaction


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, sqlite3.OperationalError])
def test_nothing_of_it_stays_if_anything_fails(connection: sqlite3.Connection, error: type[BaseException]) -> None:
    with pytest.raises(error), transaction(connection, "BEGIN", sqlite3.Error) as inside:
        inside.execute("INSERT INTO rows VALUES (1)")
        raise error
    assert numbers(connection) == [] and not connection.in_transaction


def test_a_commit_that_fails_is_told_and_rolled_back(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError), transaction(connection, "BEGIN", sqlite3.Error) as inside:
        inside.execute("INSERT INTO later VALUES (7)")  # noticed at the end only
    assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,) and not connection.in_transaction


def test_one_that_sqlite_has_ended_by_itself_tells_the_first_error(connection: sqlite3.Connection) -> None:
    with pytest.raises(ValueError, match="first"), transaction(connection, "BEGIN", sqlite3.Error) as inside:
        inside.execute("ROLLBACK")
        raise ValueError("first")
    assert not connection.in_transaction
