"""One transaction of SQLite, or of a library with the same interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

__all__ = ["transaction"]

C = TypeVar("C", bound=Any)


@contextmanager
def transaction(connection: C, begin: str, error: type[Exception]) -> Iterator[C]:
    """Begin a transaction, and commit it at the end of the block, or roll it back if anything failed.

    Args:
        connection: In autocommit mode (`isolation_level=None`).
        begin: The statement, such as `BEGIN IMMEDIATE`.
        error: The base of the library's exceptions; they leave this function as they are.
    """
    connection.execute(begin)
    try:
        yield connection
    except BaseException:
        _roll_back(connection, error)
        raise
    try:
        connection.execute("COMMIT")
    except error:
        _roll_back(connection, error)
        raise


def _roll_back(connection: Any, error: type[Exception]) -> None:
    # After some errors SQLite has rolled back by itself; the first error is the one to tell.
    with suppress(error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
