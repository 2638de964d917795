"""Whether files are whole: each is read to its end by what knows its form."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

__all__ = ["torn_files"]

_SQLITE_HEAD = b"SQLite format 3\0"


def torn_files(folder: Path, *, made_up: Collection[str] = ()) -> list[str]:
    """What is wrong with the files of a folder, with their names; those under temporary names may be half written.

    Args:
        folder: The folder.
        made_up: Parts of paths of files that are not what their names say.
    """
    out = []
    for path in sorted(folder.rglob("*")):
        check = _CHECKS.get(path.suffix.lower())
        if any(part in path.as_posix() for part in made_up):
            continue
        if check is None or path.is_symlink() or not path.is_file() or _is_temporary(path, folder):
            continue
        try:
            check(path)
        except Exception as error:  # whatever it is, the file cannot be read
            out.append(f"{path.relative_to(folder)}: {type(error).__name__}: {error}")
    return out


def _is_temporary(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    # Files of an asset are written into the folder of an attempt, which is then renamed. An uploaded photo keeps its
    # ending, so that it can be checked.
    return any(
        part.endswith(("tmp", ".part", ".saving")) or part.startswith("attempt-") or ".curation-upload" in part
        for part in parts
    )


def _json(path: Path) -> None:
    json.loads(path.read_text(encoding="utf-8"))


def _json_lines(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        json.loads(line)


def _csv(path: Path) -> None:
    content = path.read_text(encoding="utf-8-sig")
    rows = list(csv.reader(content.splitlines()))
    if not rows or not content.endswith("\n") or len({len(row) for row in rows}) != 1:
        raise ValueError("a row is cut off")


def _npy(path: Path) -> None:
    np.load(path, allow_pickle=False)


def _npz(path: Path) -> None:
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            arrays[name]


def _picture(path: Path) -> None:
    with Image.open(path) as picture:
        picture.load()


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        broken = archive.testzip()
    if broken is not None:
        raise ValueError(f"{broken} is broken")


def _sqlite(path: Path) -> None:
    """On a copy with its journals, as opening a database finishes what was begun."""
    if path.stat().st_size == 0:
        return  # SQLite makes the file empty, and fills it later
    with tempfile.TemporaryDirectory(prefix="curation-crash-") as folder:
        copy = Path(folder) / path.name
        for suffix in ("", "-wal", "-journal"):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                shutil.copyfile(beside, copy.with_name(copy.name + suffix))
        with closing(sqlite3.connect(copy)) as connection:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    if said != ["ok"]:
        raise ValueError(f"{said}")


def _xml(path: Path) -> None:
    ElementTree.parse(path)


_CHECKS: Mapping[str, Callable[[Path], None]] = {
    ".json": _json,
    ".jsonl": _json_lines,
    ".csv": _csv,
    ".npy": _npy,
    ".npz": _npz,
    ".jpg": _picture,
    ".jpeg": _picture,
    ".png": _picture,
    ".webp": _picture,
    ".zip": _zip,
    ".sqlite": _sqlite,
    ".db": _sqlite,
    ".xmp": _xml,
}
