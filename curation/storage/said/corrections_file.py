"""corrections.json: what the user changed in the grouping. Every clustering run follows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.domain.faces.face import Box
from curation.domain.labelling.corrections import NOBODY, NOT_A_PERSON, CorrectedFace, Correction, CorrectionKind
from curation.errors import CorrectionsError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.locks import hold_file_lock
from curation.storage.run_records import CLUSTERING_RUN, read_run_record
from curation.storage.said.last_good import way_back
from curation.storage.together.finishing import finish_pending

__all__ = [
    "CORRECTIONS",
    "applied_ids",
    "corrections_content",
    "demand_readable",
    "hold_corrections",
    "read_corrections",
    "with_applied",
    "write_corrections",
]

CORRECTIONS = "corrections.json"
"""The name of the file in the output folder."""

_VERSION = 1
_LOCK_NAME = "corrections.lock"
_MAX_ID = 999_999_999
_MAX_TEXT = 100
_BY_PROGRAM = re.compile(r"[0-9a-f]{12}\.[0-9]+")
"""Ids as the program gives them. Earlier versions wrote corrections of no face, which say nothing and are left out."""


@contextmanager
def hold_corrections(state_dir: Path) -> Iterator[None]:
    """Hold the lock under which the service and runs assign cluster ids, and write labels and corrections.

    Raises:
        BusyError: If another process holds it for half a minute.
        StorageError: If the folder cannot be created or written into.
    """
    with hold_file_lock(state_dir / _LOCK_NAME):
        yield


def read_corrections(output_dir: Path, record: Mapping[str, Any] | None = None) -> tuple[Correction, ...]:
    """All corrections of an event, in the order in which they were made; none if there is no file.

    Args:
        output_dir: The output folder.
        record: Of the last clustering run, which says which corrections it followed; None reads it from the folder.

    Raises:
        CorrectionsError: If corrections.json is not valid; says where.
        StorageError: If a file cannot be read.
    """
    finish_pending(output_dir)
    path = output_dir / CORRECTIONS
    try:
        corrections = _parsed(read_json(path, unique=True))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        raise CorrectionsError(
            f"{path} is not valid: {error}. Correct it, or move it away to continue without these corrections"
            f"{way_back(path)}"
        ) from error
    return with_applied(corrections, read_run_record(output_dir / CLUSTERING_RUN) if record is None else record)


def with_applied(corrections: Sequence[Correction], record: Mapping[str, Any] | None) -> tuple[Correction, ...]:
    """The corrections, with `applied` set for those that a clustering run followed according to its record."""
    applied = set(applied_ids(record))
    return tuple(replace(c, applied=c.id in applied) for c in corrections)


def applied_ids(record: Mapping[str, Any] | None) -> list[str]:
    """The ids of the corrections that a clustering run followed according to its record."""
    ids = (record or {}).get("corrections")
    return [id_ for id_ in ids if isinstance(id_, str)] if isinstance(ids, list) else []


def write_corrections(output_dir: Path, corrections: Sequence[Correction]) -> None:
    """Write all corrections, one per line.

    Raises:
        StorageError: If they cannot be written; the old file is then unchanged.
    """
    write_bytes(output_dir / CORRECTIONS, corrections_content(corrections))


def corrections_content(corrections: Sequence[Correction]) -> bytes:
    """The content of corrections.json."""
    lines = ",\n".join(json.dumps(_json(c), ensure_ascii=False, separators=(", ", ": ")) for c in corrections)
    # Paths of files whose names are no text have marks that JSON escapes.
    return f'{{"version": {_VERSION}, "corrections": [\n{lines}\n]}}\n'.encode("utf-8", "backslashreplace")


def demand_readable(corrections: Sequence[Correction]) -> None:
    """Check that the file can be read again with new corrections; called before they are written.

    Raises:
        CorrectionsError: If it could not.
    """
    for correction in corrections:
        try:
            _correction(_json(correction))
        except ValueError as error:
            raise CorrectionsError(f"this cannot be saved: {error}; nothing was changed") from error


def _json(correction: Correction) -> dict[str, Any]:
    return {
        "id": correction.id,
        "at": correction.at,
        "kind": correction.kind.value,
        "cluster": correction.cluster,
        "undone": correction.undone,
        "faces": [_face_json(face) for face in correction.faces],
        "others": [_face_json(face) for face in correction.others],
    }


def _face_json(face: CorrectedFace) -> dict[str, Any]:
    return {"image_path": face.image_path, "facial_area": list(face.facial_area), "was": face.was}


def _parsed(data: object) -> list[Correction]:
    if not isinstance(data, dict) or not isinstance(data.get("corrections"), list):
        raise ValueError('it must look like {"version": 1, "corrections": [...]}')
    if data.get("version") != _VERSION:
        raise ValueError(f"version {_shown(data.get('version'))} is unknown; this program reads version {_VERSION}")
    out = []
    seen: set[str] = set()
    for number, entry in enumerate(data["corrections"], start=1):
        try:
            correction = _correction(entry)
            if correction.id in seen:
                raise ValueError(f"the id {_shown(correction.id)} is used twice")
        except ValueError as error:
            raise ValueError(f"correction {number}: {error}") from error
        seen.add(correction.id)
        if correction.faces:
            out.append(correction)
    return out


def _correction(entry: object) -> Correction:
    if not isinstance(entry, dict):
        raise ValueError(f"{_shown(entry)} is not an object")
    id_, at, kind = (_text(entry, key) for key in ("id", "at", "kind"))
    if kind not in list(CorrectionKind):
        raise ValueError(f"kind {_shown(kind)} is unknown; possible: {', '.join(CorrectionKind)}")
    undone = entry.get("undone", False)
    if not isinstance(undone, bool):
        raise ValueError(f"undone is {_shown(undone)}; it must be true or false")
    correction = Correction(
        id=id_,
        at=at,
        kind=CorrectionKind(kind),
        faces=_faces(entry, "faces"),
        others=_faces(entry, "others"),
        cluster=_id(entry, "cluster"),
        undone=undone,
    )
    if not correction.faces and not _BY_PROGRAM.fullmatch(id_):
        raise ValueError("faces is empty")
    if (correction.cluster >= 0) is not correction.kind.names_cluster:
        raise ValueError(f"cluster {correction.cluster} does not go with {kind}")
    is_of_one = correction.kind in (CorrectionKind.FACE, CorrectionKind.COVER)
    if is_of_one and (len(correction.faces) != 1 or correction.others):
        raise ValueError(f"{kind} is about exactly one face, without others")
    return correction


def _faces(entry: dict[str, Any], key: str) -> tuple[CorrectedFace, ...]:
    values = entry.get(key, [])
    if not isinstance(values, list):
        raise ValueError(f"{key} is {_shown(values)}; it must be a list of faces")
    return tuple(_face(value, key) for value in values)


def _face(value: object, key: str) -> CorrectedFace:
    if not isinstance(value, dict):
        raise ValueError(f"{key}: {_shown(value)} is not a face")
    path, box = value.get("image_path"), value.get("facial_area")
    if not isinstance(path, str) or not path:
        raise ValueError(f"{key}: image_path is {_shown(path)}; it must be the path of a photo")
    if (
        not isinstance(box, list)
        or len(box) != 4
        or not all(type(side) is int and 0 <= side <= _MAX_ID for side in box)
        or min(box[2:]) < 1
    ):
        raise ValueError(f"{key}: facial_area is {_shown(box)}; it must be [x, y, w, h] in whole pixels")
    return CorrectedFace(path, Box(*box), _id(value, "was", NOT_A_PERSON))


def _id(entry: Mapping[str, Any], key: str, lowest: int = NOBODY) -> int:
    value = entry.get(key, NOBODY)
    if type(value) is not int or not lowest <= value <= _MAX_ID:
        raise ValueError(f"{key} is {_shown(value)}; it must be the number of a cluster, or -1")
    return value


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise ValueError(f"{key} is {_shown(value)}; it must be a text of 1 to {_MAX_TEXT} characters")
    return value


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."
