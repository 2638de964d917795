"""said.json: what the user's words are about. Written by this program only; the words stand in the user's own files."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curation.domain.faces.face import Box
from curation.domain.identity.said import (
    NOTHING_SAID,
    AsidePick,
    FaceAnchor,
    FacePlace,
    Missing,
    Said,
    SaidLabel,
    SaidPhoto,
    SaidPick,
)
from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, set_aside, write_bytes
from curation.storage.locks import hold_file_lock
from curation.storage.together.finishing import finish_pending

__all__ = ["SAID", "change_said", "hold_said", "parse_said", "read_said", "said_json", "write_said"]

logger = logging.getLogger(__name__)

SAID = "said.json"
"""The name of the file in the output folder."""

_VERSION = 1
_LOCK_NAME = "said.lock"


@contextmanager
def hold_said(state_dir: Path) -> Iterator[None]:
    """Hold the lock under which said.json is read, changed and written. It is taken after all other locks.

    Raises:
        BusyError: If another process holds it for half a minute.
        StorageError: If the folder cannot be created or written into.
    """
    with hold_file_lock(state_dir / _LOCK_NAME):
        yield


def change_said(output_dir: Path, state_dir: Path, change: Callable[[Said], Said]) -> Said:
    """Read said.json, change it and write it, under its lock.

    Args:
        output_dir: The output folder.
        state_dir: The folder of the lock.
        change: Returns what is to be written; the same object leaves the file as it is.

    Raises:
        BusyError: If another process holds the lock for half a minute.
        StorageError: If the file cannot be read or written.
    """
    with hold_said(state_dir):
        before = read_said(output_dir)
        after = change(before)
        if after is not before:
            write_said(output_dir, after)
        return after


def read_said(output_dir: Path) -> Said:
    """What is known of the user's words; nothing if there is no file. A damaged file is renamed, and begun anew.

    Raises:
        StorageError: If it cannot be read, or was written by a newer version.
    """
    finish_pending(output_dir)
    path = output_dir / SAID
    try:
        data = read_json(path)
        if isinstance(data, dict) and isinstance(data.get("version"), int) and data["version"] > _VERSION:
            raise StorageError(f"{path} was written by a newer version of Curation: update")
        return parse_said(data)
    except FileNotFoundError:
        return NOTHING_SAID
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        aside = set_aside(path)
        logger.warning(
            "%s is damaged (%s) and was renamed to %s; what your labels, corrections and picks are about is taken from "
            "the last clustering instead",
            path,
            error,
            aside.name,
        )
        return NOTHING_SAID


def write_said(output_dir: Path, said: Said) -> None:
    """Write said.json, unless it has the same content already.

    Raises:
        StorageError: If it cannot be written; the old file is then unchanged.
    """
    parts = _parts(said)
    # One entry a line, so that a backup that keeps differences stays small.
    text = "".join(
        f',\n"{name}": {{\n' + ",\n".join(_line(*entry) for entry in part.items()) + "\n}"
        for name, part in parts.items()
    )
    aside = _compact(_aside_json(said))
    write_bytes(output_dir / SAID, f'{{"version": {_VERSION}{text},\n"aside": {aside}}}\n'.encode())


def said_json(said: Said) -> dict[str, Any]:
    """Words in the form of the file, which `parse_said` reads."""
    return {"version": _VERSION, **_parts(said), "aside": _aside_json(said)}


def _aside_json(said: Said) -> list[dict[str, Any]]:
    return [{"image_path": pick.image_path, "said": pick.said, "photo": pick.photo} for pick in said.aside]


def _parts(said: Said) -> dict[str, dict[str, Any]]:
    return {
        "photos": {key: _photo_json(photo) for key, photo in said.photos.items()},
        "labels": {
            str(cluster): {"said": label.said, "faces": [_anchor_json(face) for face in label.faces]}
            for cluster, label in said.labels.items()
        },
        "corrections": {
            id_: [[path, *box, *_anchor_json(anchor)] for (path, box), anchor in faces.items()]
            for id_, faces in said.corrections.items()
        },
        "picks": {path: {"said": pick.said, "photo": pick.photo} for path, pick in said.picks.items()},
        # Only where there are any: most events have none.
        **({"seen": {id_: {"said": s.said, "photo": s.photo} for id_, s in said.seen.items()}} if said.seen else {}),
    }


def _line(key: str, entry: object) -> str:
    return f"{json.dumps(key)}: {_compact(entry)}"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _photo_json(photo: SaidPhoto) -> dict[str, Any]:
    out: dict[str, Any] = {"image_path": photo.image_path}
    if photo.versions:
        out["versions"] = list(photo.versions)
    if photo.now != photo.image_path:
        out["now"] = photo.now
    if photo.missing is not None:
        out["missing"] = photo.missing.value
    if photo.certainty != 1.0:
        out["certainty"] = round(photo.certainty, 4)
    if photo.faces:
        out["faces"] = [
            list(box) if now == box else [*box, None if now is None else list(now)] for box, now in photo.faces.items()
        ]
    return out


def _anchor_json(face: FaceAnchor) -> list[Any]:
    return [face[0], *face[1]]


def parse_said(data: Any) -> Said:
    """Words from the form of the file.

    Raises:
        ValueError: If they are not valid; also TypeError, KeyError or AttributeError.
    """
    if data["version"] != _VERSION:
        raise ValueError(f"version {data['version']!r} is unknown")
    return Said(
        photos={str(key): _photo(entry) for key, entry in data["photos"].items()},
        labels={
            int(cluster): SaidLabel(entry["said"], tuple(_anchor(face) for face in entry["faces"]))
            for cluster, entry in data["labels"].items()
        },
        corrections={
            str(id_): {_place(entry): _anchor(entry[5:]) for entry in faces}
            for id_, faces in data["corrections"].items()
        },
        picks={str(path): SaidPick(entry["said"], str(entry["photo"])) for path, entry in data["picks"].items()},
        aside=tuple(AsidePick(str(entry["image_path"]), entry["said"], str(entry["photo"])) for entry in data["aside"]),
        seen={str(id_): SaidPick(entry["said"], str(entry["photo"])) for id_, entry in data.get("seen", {}).items()},
    )


def _photo(entry: Mapping[str, Any]) -> SaidPhoto:
    path = str(entry["image_path"])
    now = entry.get("now", path)
    faces: dict[Box, Box | None] = {}
    for face in entry.get("faces", ()):
        box = _box(face[:4])
        faces[box] = box if len(face) == 4 else None if face[4] is None else _box(face[4])
    return SaidPhoto(
        image_path=path,
        versions=tuple(map(str, entry.get("versions", ()))),
        now=None if now is None else str(now),
        missing=Missing(entry["missing"]) if "missing" in entry else None,
        certainty=float(entry.get("certainty", 1.0)),
        faces=faces,
    )


def _box(sides: Any) -> Box:
    x, y, w, h = sides
    if not all(type(side) is int for side in (x, y, w, h)):
        raise ValueError(f"{sides!r} is not a box")
    return Box(x, y, w, h)


def _anchor(entry: Any) -> FaceAnchor:
    return str(entry[0]), _box(entry[1:5])


def _place(entry: Any) -> FacePlace:
    return str(entry[0]), _box(entry[1:5])
