"""Assets in SQLite, the database of one machine."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.domain.assets.asset import Asset, AssetQuery, Claim, NewAsset
from curation.domain.assets.states import AssetState, FailCode, RejectCode
from curation.storage.assets.people_index import people_of_document
from curation.storage.assets.rows import (
    COLOUR_BITS,
    LOST,
    LOST_FOR_GOOD,
    asks_for_people,
    asset_of_row,
    checked_document_text,
    escaped,
)
from curation.storage.assets.sqlite_database import BUSY_TIMEOUT_S, AssetDatabase

__all__ = ["SqliteAssetStore"]

_SHORT = "id, sha256, settings_hash, name, state, code, message, attempts, created_at, updated_at, version, sequence"
_FROM = "FROM assets LEFT JOIN asset_documents ON asset = sequence"
_AGAIN: Mapping[str, object] = {"state": AssetState.PENDING, "code": None, "message": "", "attempts": 0}
_NO_OTHER_SUSPECT = (
    "(code IS NOT 'worker_lost' OR NOT EXISTS "
    "(SELECT 1 FROM assets AS other WHERE other.state = 'PROCESSING' AND other.code = 'worker_lost'))"
)
# One parameter for all: there may be tens of thousands.
_PHOTOS_ASKED = "SELECT asset FROM asset_photos WHERE image_path IN (SELECT value FROM json_each(:paths))"
_PEOPLE_ASKED = (
    "SELECT sequence AS asset, json_extract(value, '$[1]') AS person_index FROM json_each(:people) "
    "JOIN assets ON assets.id = json_extract(value, '$[0]')"
)
_PARAMETERS = 500  # SQLite takes only so many in one statement


class SqliteAssetStore:
    """See `AssetStore`. Several processes may have the same file open."""

    def __init__(
        self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S, clock: Callable[[], float] = time.time
    ) -> None:
        """Open the database, or create it.

        Args:
            path: Of the file; its folder is created if it is missing. It should be on a local disk.
            busy_timeout_s: How long to wait for others that write, in seconds.
            clock: Seconds since 1970.

        Raises:
            StorageError: If it cannot be used, is damaged, or was written by a newer version.
            DatabaseBusyError: If another process uses it for too long.
        """
        self._database = AssetDatabase(path, busy_timeout_s=busy_timeout_s)
        self._clock = clock

    @property
    def identity(self) -> str:
        """See `AssetStore.identity`."""
        return self._database.identity

    def add(self, new: NewAsset) -> tuple[Asset, bool]:
        """See `AssetStore.add`."""
        asset = self.get(new.id)
        # The same upload many times must not wait for those who write.
        if (
            asset is not None
            and asset.state is not AssetState.FAILED
            and (new.image_path is None or new.image_path in asset.image_paths)
        ):
            return asset, False
        with self._database.transaction() as connection:
            row = connection.execute("SELECT sequence, state FROM assets WHERE id = ?", (new.id,)).fetchone()
            if row is None:
                sequence = self._insert(connection, new, AssetState.PENDING)
                return _asset(connection, sequence), True
            sequence, is_again = row["sequence"], row["state"] == AssetState.FAILED
            is_new_photo = _add_photo(connection, sequence, new.image_path)
            if is_again:
                self._change(connection, sequence, **_AGAIN, due_at=self._clock())
            elif is_new_photo:
                self._change(connection, sequence)
            return _asset(connection, sequence), is_again

    def reject(self, new: NewAsset, code: RejectCode, message: str) -> Asset:
        """See `AssetStore.reject`."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT sequence FROM assets WHERE id = ?", (new.id,)).fetchone()
            sequence = (
                self._insert(connection, new, AssetState.REJECTED, code, message) if row is None else row["sequence"]
            )
            return _asset(connection, sequence)

    def _insert(
        self,
        connection: sqlite3.Connection,
        new: NewAsset,
        state: AssetState,
        code: RejectCode | None = None,
        message: str = "",
    ) -> int:
        now = self._clock()
        row = {
            "id": new.id,
            "sha256": new.sha256,
            "settings_hash": new.settings_hash,
            "name": escaped(new.name),
            "state": state,
            "code": code,
            "message": escaped(message),
            "created_at": now,
            "updated_at": now,
            "due_at": None if state.is_final else now,
            "version": _next_version(connection),
        }
        cursor = connection.execute(
            f"INSERT INTO assets ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
        )
        sequence = int(cursor.lastrowid or 0)
        _add_photo(connection, sequence, new.image_path)
        return sequence

    def _change(self, connection: sqlite3.Connection, sequence: int, **values: object) -> int:
        version = _next_version(connection)
        values |= {"updated_at": self._clock(), "version": version}
        connection.execute(
            f"UPDATE assets SET {', '.join(f'{name} = ?' for name in values)} WHERE sequence = ?",
            (*values.values(), sequence),
        )
        return version

    def claim(self, owner: str, *, lease_s: float, max_attempts: int) -> Claim | None:
        """See `AssetStore.claim`."""
        # Looked at without the lock first: workers that wait for work ask often.
        with self._database.reading() as connection:
            if not self._is_any_due(connection):
                return None
        with self._database.transaction() as connection:
            self._sweep(connection, max_attempts)
            row = connection.execute(
                "SELECT sequence, attempts FROM assets WHERE state = 'PENDING' AND due_at <= ? "
                f"AND {_NO_OTHER_SUSPECT} ORDER BY due_at, sequence LIMIT 1",
                (self._clock(),),
            ).fetchone()
            if row is None:
                return None
            attempt = row["attempts"] + 1
            version = self._change(
                connection,
                row["sequence"],
                state=AssetState.PROCESSING,
                attempts=attempt,
                due_at=self._clock() + lease_s,
                owner=owner,
            )
            connection.execute("UPDATE assets SET claimed = ? WHERE sequence = ?", (version, row["sequence"]))
            return Claim(_asset(connection, row["sequence"]), attempt)

    def _is_any_due(self, connection: sqlite3.Connection) -> bool:
        found = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM assets WHERE state = 'PENDING' AND due_at <= :now) "
            "OR EXISTS (SELECT 1 FROM assets WHERE state = 'PROCESSING' AND due_at <= :now)",
            {"now": self._clock()},
        ).fetchone()
        return bool(found[0])

    def renew(self, claim: Claim, *, lease_s: float) -> bool:
        """See `AssetStore.renew`."""
        with self._database.transaction() as connection:
            return bool(
                connection.execute(
                    "UPDATE assets SET due_at = ? WHERE id = ? AND state = 'PROCESSING' AND claimed = ?",
                    (self._clock() + lease_s, claim.asset.id, claim.asset.version),
                ).rowcount
            )

    def complete(self, claim: Claim, document: Mapping[str, Any]) -> bool:
        """See `AssetStore.complete`."""
        text = checked_document_text(document)
        people = people_of_document(document)
        with self._database.transaction() as connection:
            sequence = self._finish(connection, claim, state=AssetState.COMPLETED, code=None, message="")
            if sequence is None:
                return False
            connection.execute("INSERT OR REPLACE INTO asset_documents VALUES (?, ?)", (sequence, text))
            connection.executemany(
                "INSERT OR REPLACE INTO asset_people VALUES (?, ?, ?, ?, ?)",
                [(sequence, one.person_index, one.tops, one.bottoms, one.cut_at) for one in people],
            )
            return True

    def finish_rejected(self, claim: Claim, code: RejectCode, message: str) -> bool:
        """See `AssetStore.finish_rejected`."""
        with self._database.transaction() as connection:
            values = {"state": AssetState.REJECTED, "code": code, "message": escaped(message)}
            return self._finish(connection, claim, **values) is not None

    def finish_failed(self, claim: Claim, code: FailCode, message: str, *, retry_in_s: float | None) -> bool:
        """See `AssetStore.finish_failed`."""
        with self._database.transaction() as connection:
            values: dict[str, object] = {"state": AssetState.FAILED, "code": code, "message": escaped(message)}
            if retry_in_s is not None:
                values |= {"state": AssetState.PENDING, "due_at": self._clock() + retry_in_s}
            return self._finish(connection, claim, **values) is not None

    def release(self, claim: Claim) -> bool:
        """See `AssetStore.release`."""
        with self._database.transaction() as connection:
            values = {"state": AssetState.PENDING, "due_at": self._clock(), "attempts": claim.attempt - 1}
            return self._finish(connection, claim, **values) is not None

    def _finish(self, connection: sqlite3.Connection, claim: Claim, **values: object) -> int | None:
        row = connection.execute(
            "SELECT sequence FROM assets WHERE id = ? AND state = 'PROCESSING' AND claimed = ?",
            (claim.asset.id, claim.asset.version),
        ).fetchone()
        if row is None:
            return None
        self._change(connection, row["sequence"], **{"due_at": None, "claimed": None, "owner": None} | values)
        return int(row["sequence"])

    def sweep(self, *, max_attempts: int) -> int:
        """See `AssetStore.sweep`."""
        with self._database.reading() as connection:
            if not self._is_any_due(connection):
                return 0
        with self._database.transaction() as connection:
            return self._sweep(connection, max_attempts)

    def _sweep(self, connection: sqlite3.Connection, max_attempts: int) -> int:
        now = self._clock()
        rows = connection.execute(
            "SELECT sequence, attempts FROM assets WHERE state = 'PROCESSING' AND due_at <= ? ORDER BY due_at", (now,)
        ).fetchall()
        for row in rows:
            is_over = row["attempts"] >= max_attempts
            self._change(
                connection,
                row["sequence"],
                state=AssetState.FAILED if is_over else AssetState.PENDING,
                code=FailCode.WORKER_LOST,
                message=escaped(LOST_FOR_GOOD if is_over else LOST),
                due_at=None if is_over else now,
                claimed=None,
                owner=None,
            )
        return len(rows)

    def get(self, asset_id: str) -> Asset | None:
        """See `AssetStore.get`."""
        with self._database.reading() as connection:
            row = connection.execute(f"SELECT {_SHORT}, document {_FROM} WHERE id = ?", (asset_id,)).fetchone()
            return None if row is None else _assets(connection, [row])[0]

    def find(self, query: AssetQuery, *, limit: int, offset: int = 0) -> tuple[int, Sequence[Asset]]:
        """See `AssetStore.find`."""
        if asks_for_people(query) and query.state not in (None, AssetState.COMPLETED):
            return 0, []
        found, values = _people_found(query) if asks_for_people(query) else _rows_found(query)
        with self._database.reading() as connection:
            if query.people is not None:  # a long list of names is read once, not for the count and the page
                numbers = [
                    number for (number,) in connection.execute(f"SELECT DISTINCT {found} ORDER BY 1 DESC", values)
                ]
                return len(numbers), [_asset(connection, number) for number in numbers[offset : offset + limit]]
            (count,) = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT {found})", values).fetchone()
            page = connection.execute(
                f"SELECT DISTINCT {found} ORDER BY 1 DESC LIMIT :limit OFFSET :offset",
                {**values, "limit": limit, "offset": offset},
            ).fetchall()
            return count, [_asset(connection, sequence) for (sequence,) in page]

    def changes(self, after_version: int, *, limit: int) -> Sequence[Asset]:
        """See `AssetStore.changes`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_SHORT} FROM assets WHERE version > ? ORDER BY version LIMIT ?", (after_version, limit)
            ).fetchall()
            return _assets(connection, rows)

    def counts(self) -> Mapping[AssetState, int]:
        """See `AssetStore.counts`."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT state, count(*) FROM assets GROUP BY state").fetchall()
        return dict.fromkeys(AssetState, 0) | {AssetState(state): count for state, count in rows}

    def delete(self, asset_id: str) -> bool:
        """See `AssetStore.delete`."""
        with self._database.transaction() as connection:
            return bool(connection.execute("DELETE FROM assets WHERE id = ?", (asset_id,)).rowcount)

    def close(self) -> None:
        """See `AssetStore.close`."""
        self._database.close()


def _next_version(connection: sqlite3.Connection) -> int:
    connection.execute("UPDATE asset_facts SET value = value + 1 WHERE name = 'version'")
    return int(connection.execute("SELECT value FROM asset_facts WHERE name = 'version'").fetchone()[0])


def _add_photo(connection: sqlite3.Connection, sequence: int, image_path: str | None) -> bool:
    if image_path is None:
        return False
    cursor = connection.execute(
        "INSERT OR IGNORE INTO asset_photos (asset, image_path) VALUES (?, ?)", (sequence, escaped(image_path))
    )
    return bool(cursor.rowcount)


def _asset(connection: sqlite3.Connection, sequence: int) -> Asset:
    row = connection.execute(f"SELECT {_SHORT}, document {_FROM} WHERE sequence = ?", (sequence,)).fetchone()
    return _assets(connection, [row])[0]


def _assets(connection: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> list[Asset]:
    paths: dict[int, list[str]] = {row["sequence"]: [] for row in rows}
    for sequence, path in _photos(connection, list(paths)):
        paths[sequence].append(path)
    return [asset_of_row(dict(row), paths[row["sequence"]]) for row in rows]


def _photos(connection: sqlite3.Connection, sequences: Sequence[int]) -> Iterable[tuple[int, str]]:
    for begin in range(0, len(sequences), _PARAMETERS):
        some = sequences[begin : begin + _PARAMETERS]
        yield from connection.execute(
            f"SELECT asset, image_path FROM asset_photos WHERE asset IN ({', '.join('?' * len(some))})", some
        )


def _rows_found(query: AssetQuery) -> tuple[str, dict[str, object]]:
    """The end of a SELECT of the numbers of the rows that answer a query, and its parameters."""
    parts: list[str] = []
    values: dict[str, object] = {}
    if query.state is not None:
        parts.append("state = :state")
        values["state"] = query.state
    if query.image_paths is not None:
        parts.append(f"sequence IN ({_PHOTOS_ASKED})")
        values["paths"] = _paths_asked(query.image_paths)
    return f"sequence FROM assets {'WHERE ' if parts else ''}{' AND '.join(parts)}", values


def _people_found(query: AssetQuery) -> tuple[str, dict[str, object]]:
    """As `_rows_found`, of a query that asks for people: only completed rows have some."""
    parts = ["TRUE"]
    values: dict[str, object] = {}
    tables = "asset_people"
    if query.people is not None:
        tables = f"({_PEOPLE_ASKED}) JOIN asset_people USING (asset, person_index)"
        values["people"] = json.dumps([list(one) for one in query.people])
    if query.top is not None:
        parts.append("tops & :top != 0")
        values["top"] = COLOUR_BITS[query.top]
    if query.bottom is not None:
        parts.append("bottoms & :bottom != 0")
        values["bottom"] = COLOUR_BITS[query.bottom]
    if query.cut_at is not None:
        parts.append("cut_at = :cut_at")
        values["cut_at"] = query.cut_at
    if query.image_paths is not None:
        parts.append(f"asset IN ({_PHOTOS_ASKED})")
        values["paths"] = _paths_asked(query.image_paths)
    return f"asset FROM {tables} WHERE {' AND '.join(parts)}", values


def _paths_asked(paths: Iterable[str]) -> str:
    return json.dumps([escaped(path) for path in paths])
