"""Saving what is whole of a damaged gallery into a new one.

The damaged file is only copied. The copy is read row by row, around the places where SQLite gives up, and if there are
any, page by page, too; rows with a wrong checksum are left out. Nothing is guessed but this: faces whose person cannot
be read any more become somebody without a name, whom the user may name or forget.
"""

from __future__ import annotations

import base64
import glob
import importlib
import shutil
import sqlite3
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from curation.disk.temporaries import TEMPORARY_SUFFIX, OwnFolder, own_name, sweep_left
from curation.errors import GalleryError, InputError
from curation.extras import Extra, extra_for
from curation.gallery.checked_rows import CHIPS, EVENTS, EXEMPLARS, PEOPLE, TABLES, counted
from curation.gallery.enrolment import new_id, now, same_name
from curation.gallery.page_sweep import swept_rows
from curation.gallery.sqlite_database import GalleryDatabase, salt_of
from curation.storage.atomic import explained
from curation.storage.databases.checked_tables import CheckedTable

__all__ = ["Rescued", "rescue"]

_HEADER_BYTES = 100
_FEWEST_BYTES = 512
_SALT_BYTES = 16
_SALT_BYTES = 16
_MOST_UNREADABLE = 50_000
"""So many keys are tried one by one in damaged pages: behind them hardly anything is found any more."""
_FIRST, _PERSON, _ADDED = 0, 2, 14
_GREY_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBk"
    "eFxlZ2P/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z"
)
"""A grey picture, where the picture of a face is lost."""


@dataclass(frozen=True, slots=True)
class Rescued:
    """What became of a damaged gallery.

    Attributes:
        people: How many people are in the new one with all that their own row says.
        faces: How many faces.
        events: How many notes that a person was in an event.
        nameless: The names that were given to people whose own row is lost, each with the count of their faces.
        without_picture: How many of the faces have lost their picture.
        faceless: Names of people of whom no face is left.
        damaged_rows: How many rows could be read and were not what was written; those of pages that cannot be read are
            not among them, as nobody knows how many they were.
        unreadable: Whether there are pages that cannot be read.
        vanished_rows: How many rows the file has counted more than can be found in it, where all of it can be read.
    """

    people: int
    faces: int
    events: int
    nameless: Mapping[str, int]
    without_picture: int
    faceless: Sequence[str]
    damaged_rows: int
    unreadable: bool
    vanished_rows: int = 0

    @property
    def is_all(self) -> bool:
        """Whether nothing is known to be lost."""
        lost = self.without_picture or self.damaged_rows or self.unreadable or self.vanished_rows
        return not (self.nameless or lost)


def rescue(source: Path, to: Path, *, key: str | None = None) -> Rescued:
    """Save what is whole of a gallery into a new one.

    Args:
        source: The file; it and its log are only read.
        to: A folder that is not there yet, or is empty; it gets a file of the same name, as a whole or not at all.
        key: 64 hexadecimal digits, if the gallery is encrypted; the new one gets the same.

    Raises:
        InputError: If there is no such file, or something lies in the new folder.
        GalleryError: If nothing of it can be read.
        StorageError: If something cannot be read or written.
        ExtraMissingError: If there is a key, and the extra `gallery` is not installed.
    """
    if not source.is_file():
        raise InputError(f"there is no gallery {source}: name its folder as gallery.path")
    try:
        if to.is_dir() and any(to.iterdir()):
            raise InputError(f"{to} is not empty: name a new folder for what is saved")
        to.parent.mkdir(parents=True, exist_ok=True)
        deque(sweep_left(to.parent, f".{glob.escape(to.name)}.*{TEMPORARY_SUFFIX}"), 0)
        # Names and faces of people: only for the owner, and gone whatever happens.
        with OwnFolder(lambda: to.parent / own_name(to.name), mode=0o700) as own:
            copy = own.path / "damaged"
            for suffix in ("", "-wal"):
                with suppress(FileNotFoundError):
                    shutil.copyfile(f"{source}{suffix}", f"{copy}{suffix}")
            new = own.path / "new"
            new.mkdir(mode=0o700)
            rescued = _saved(copy, new / source.name, key)
            if to.is_dir():
                to.rmdir()
            new.replace(to)
    except OSError as error:
        raise explained(error, to, "written") from error
    return rescued


def _saved(copy: Path, place: Path, key: str | None) -> Rescued:
    with closing(GalleryDatabase(place, key=key)) as new:
        found = _Readable.of(copy, key)
        try:
            tables = {table.name: found.rows(table) for table in (PEOPLE, EXEMPLARS, CHIPS)}
            numbers = {row[_FIRST] for row in tables[PEOPLE.name]} | {row[_PERSON] for row in tables[EXEMPLARS.name]}
            events = found.rows(EVENTS, sorted(numbers))
            written = {table.name: found.written(table) for table in TABLES}
            if not found.seems_whole():
                swept = found.swept(copy, key)
                for table in (PEOPLE, EXEMPLARS, CHIPS):
                    tables[table.name] = _joined(tables[table.name], swept[table.name], table)
                events = _joined(events, swept[EVENTS.name], EVENTS)
            read = {**tables, EVENTS.name: events}
            missing = sum(max(0, written[name] - len(rows)) for name, rows in read.items())
            found.vanished = max(0, missing - found.damaged)
        finally:
            found.close()
        if not tables[PEOPLE.name] and not tables[EXEMPLARS.name]:
            other = "" if key is None else "see that gallery.key_file names the file with its own key, or "
            raise GalleryError(f"nothing of {place.name} can be read ({found.said}): {other}copy a backup there")
        return _written(new, tables, events, found)


def _joined(read: Sequence[tuple[Any, ...]], swept: Sequence[tuple[Any, ...]], table: CheckedTable) -> list[Any]:
    """The rows that were read in their order, and those that only lie in pages to which no way leads."""
    keys = len(table.keys)
    known = {row[:keys] for row in read}
    return sorted((*read, *(row for row in swept if row[:keys] not in known)), key=lambda row: row[:keys])


def _written(
    new: GalleryDatabase, tables: Mapping[str, Sequence[tuple[Any, ...]]], events: Sequence[Any], found: _Readable
) -> Rescued:
    people = _without_twins(tables[PEOPLE.name], found)
    chips = dict(tables[CHIPS.name])
    faces = tables[EXEMPLARS.name]
    known = {row[_FIRST] for row in people}
    lost: dict[int, list[str]] = defaultdict(list)
    for face in faces:
        if face[_PERSON] not in known:
            lost[face[_PERSON]].append(face[_ADDED])
    taken = {row[3] for row in people}
    nameless: dict[int, str] = {}
    for number in sorted(lost):
        name = next(name for name in _names() if same_name(name) not in taken)
        taken.add(same_name(name))
        nameless[number] = name
    with new.transaction() as connection:
        PEOPLE.put(connection, people)
        PEOPLE.put(
            connection,
            [
                (number, new_id(), name, same_name(name), "", min(lost[number], default=now()), max(lost[number]))
                for number, name in nameless.items()
            ],
        )
        own = [row for row in events if row[0] in known or row[0] in nameless]
        EVENTS.put(connection, own)
        EXEMPLARS.put(connection, faces)
        CHIPS.put(connection, [(face[_FIRST], chips.get(face[_FIRST], _GREY_JPEG)) for face in faces])
    with_faces = {face[_PERSON] for face in faces}
    return Rescued(
        people=len(people),
        faces=len(faces),
        events=len(own),
        nameless={name: len(lost[number]) for number, name in nameless.items()},
        without_picture=sum(face[_FIRST] not in chips for face in faces),
        faceless=sorted(row[2] for row in people if row[_FIRST] not in with_faces),
        damaged_rows=found.damaged,
        unreadable=found.unreadable > 0,
        vanished_rows=0 if found.unreadable else found.vanished,
    )


def _without_twins(people: Sequence[tuple[Any, ...]], found: _Readable) -> list[tuple[Any, ...]]:
    """Old galleries have no checksums: a damaged row may have the name or the id of another one."""
    out: list[tuple[Any, ...]] = []
    seen: set[tuple[str, object]] = set()
    for row in people:
        own = {("id", row[1]), ("name", row[3])}
        if own & seen or same_name(str(row[2])) != row[3]:
            found.damaged += 1
            continue
        seen |= own
        out.append(row)
    return out


def _names() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"Name lost {number}"


def _connected(path: Path, key: str | None) -> tuple[Any, type[BaseException]]:
    """An open file, and what its library raises."""
    sqlite: Any = sqlite3
    if key is not None:
        with extra_for(Extra.GALLERY, "gallery.key_file"):
            sqlite = importlib.import_module("sqlcipher3.dbapi2")
    connection = sqlite.connect(path, isolation_level=None)
    # A text that cannot be decoded has a wrong checksum, and ends no reading.
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    if key is not None:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
    return connection, sqlite.Error


def _unlocked(path: Path, *, key: str | None) -> Any:
    return _connected(path, key)[0]


class _Readable:
    """A copy of a damaged file, and its rows as far as they are whole."""

    def __init__(self, connection: Any, errors: tuple[type[BaseException], ...]) -> None:
        self._connection = connection
        self._errors = errors
        self.damaged = 0
        self.unreadable = 0
        self.vanished = 0
        self.said = ""

    @classmethod
    def of(cls, copy: Path, key: str | None) -> _Readable:
        connection, sqlite_error = _connected(copy, key)
        found = cls(connection, (sqlite_error, MemoryError, OverflowError, UnicodeDecodeError))
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except found._errors as error:
            found.said = str(error)
            if key is None:
                found._mend_header(copy)
        return found

    def close(self) -> None:
        self._connection.close()

    def seems_whole(self) -> bool:
        """Whether nothing says that more rows may lie in the file than were read."""
        if self.said or self.damaged:
            return False
        try:
            return bool(self._connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
        except self._errors:
            return False

    def swept(self, copy: Path, key: str | None) -> Mapping[str, list[tuple[Any, ...]]]:
        """What lies in pages, whether a way leads there or not; `rows` cannot be asked any more then."""
        self._connection.close()
        if key is None:
            return swept_rows(copy, partial(_unlocked, key=None), self._errors)
        with copy.open("rb") as file:
            salts = dict.fromkeys((file.read(_SALT_BYTES).hex(), salt_of(key)))
        found = (
            swept_rows(copy, partial(_unlocked, key=f"{key}{salt}"), self._errors, is_encrypted=True) for salt in salts
        )
        return max(found, key=lambda tables: sum(map(len, tables.values())))

    def _mend_header(self, copy: Path) -> None:
        """Give the copy the header that every gallery has; only the sizes in it differ."""
        self._connection.close()
        content = bytearray(copy.read_bytes())
        if len(content) > _FEWEST_BYTES:
            fresh = copy.with_name("header")
            with closing(GalleryDatabase(fresh)):
                pass
            content[:_HEADER_BYTES] = fresh.read_bytes()[:_HEADER_BYTES]
            content[28:32] = (len(content) // int.from_bytes(content[16:18], "big")).to_bytes(4, "big")
            content[32:40] = bytes(8)  # no free pages
            copy.write_bytes(content)
        self.unreadable += 1
        self._connection, _ = _connected(copy, None)

    def rows(self, table: CheckedTable, keys: Sequence[int] | None = None) -> list[tuple[Any, ...]]:
        """The whole rows of a table, by its first column.

        Args:
            table: Which one.
            keys: Values of its first column; None for those that may be there.
        """
        try:
            described = self._connection.execute(f"PRAGMA table_info({table.name})").fetchall()
        except self._errors as error:
            self.said = str(error)
            self.unreadable += 1
            return []
        has_checksums = any(column[1] == "checksum" for column in described)
        out: list[tuple[Any, ...]] = []
        spans = [(0, self._last(table))] if keys is None else [(key, key) for key in keys]
        columns = ", ".join((*table.columns, "checksum") if has_checksums else table.columns)
        for span in spans:
            for row in self._between(f"SELECT {columns} FROM {table.name}", table.keys[0], span):
                if (has_checksums and not table.is_whole(row)) or (not has_checksums and not _is_sound(table, row)):
                    self.damaged += 1
                else:
                    out.append(row[: len(table.columns)])
        return out

    def written(self, table: CheckedTable) -> int:
        """How many rows of a table the file has counted; 0 if it cannot tell."""
        try:
            known = counted(self._connection, table)
        except self._errors:
            return 0
        return known.rows if known is not None and isinstance(known.rows, int) else 0

    def _between(self, query: str, key: str, span: tuple[int, int]) -> Iterator[tuple[Any, ...]]:
        """All rows that can be read; where one cannot, the halves around it are tried."""
        tries = _MOST_UNREADABLE
        waiting = [span]
        while waiting and tries:
            first, last = waiting.pop()
            try:
                rows = self._connection.execute(f"{query} WHERE {key} BETWEEN ? AND ?", (first, last)).fetchall()
            except self._errors as error:
                self.said = str(error)
                self.unreadable += 1
                if first < last:
                    middle = (first + last) // 2
                    waiting += [(middle + 1, last), (first, middle)]
                else:
                    tries -= 1
                continue
            yield from rows

    def _last(self, table: CheckedTable) -> int:
        """A number that no row's key exceeds."""
        try:
            (last,) = self._connection.execute(f"SELECT max({table.keys[0]}) FROM {table.name}").fetchone()
            (count,) = self._connection.execute("PRAGMA page_count").fetchone()
            return max(last if isinstance(last, int) else 0, int(count))
        except self._errors:
            with suppress(*self._errors):
                (count,) = self._connection.execute("PRAGMA page_count").fetchone()
                return int(count) * 64
            return _MOST_UNREADABLE


def _is_sound(table: CheckedTable, row: Sequence[Any]) -> bool:
    """Whether a row of a gallery without checksums may be right."""
    kinds: dict[str, type] = dict.fromkeys(("vector", "jpeg"), bytes)
    kinds.update((name, int) for name in ("person", "exemplar", "number", "x", "y", "w", "h"))
    for name, value in zip(table.columns, row, strict=True):
        if name == "yaw_deg" and (value is None or isinstance(value, float)):
            continue
        if not isinstance(value, float if name in ("quality", "yaw_deg") else kinds.get(name, str)):
            return False
        if isinstance(value, str) and "\ufffd" in value:
            return False
    return True
