"""A copy of what the gallery knows of people, for their right to their data: JSON, and the faces as pictures."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.gallery.store import Exemplar, GalleryStore, KnownPerson
from curation.storage.export_target import FolderTarget
from curation.storage.new_files import file_stem

__all__ = ["export_people", "person_json"]

_DIGITS = 7


def export_people(store: GalleryStore, people: Sequence[KnownPerson], folder: Path) -> Path:
    """Write a folder for each person with `person.json` and a picture of each face, and `people.json` beside them.

    Args:
        store: The gallery.
        people: Whom.
        folder: Where; a number is added to a name that is taken. It appears whole or not at all.

    Returns:
        The folder that was written.

    Raises:
        KnownPersonNotFoundError: If one of them is not there any more.
        GalleryError: If the gallery cannot be read.
        StorageError: If something cannot be written.
    """
    target = FolderTarget(folder.parent, folder.name)
    try:
        at = time.time_ns()
        listed = []
        for person in people:
            faces = store.exemplars(person.person_id)
            place = f"{file_stem(person.name)} {person.person_id[:8]}"
            names = [f"face_{number:02d}.jpg" for number in range(1, len(faces) + 1)]
            for name, face in zip(names, faces, strict=True):
                target.add(f"{place}/{name}", [face.chip_jpeg], mtime_ns=at, size_bytes=len(face.chip_jpeg))
            content = _json(person_json(person, faces, names))
            target.add(f"{place}/person.json", [content], mtime_ns=at, size_bytes=len(content))
            listed.append({"person_id": person.person_id, "name": person.name, "folder": place})
        content = _json({"people": listed})
        target.add("people.json", [content], mtime_ns=at, size_bytes=len(content))
        return target.finish()
    except BaseException:
        target.discard()
        raise


def person_json(person: KnownPerson, faces: Sequence[Exemplar], names: Sequence[str] | None = None) -> dict[str, Any]:
    """All that the gallery knows of a person as plain JSON values.

    Args:
        person: The person.
        faces: Of the person.
        names: The file of each face; None leaves files and vectors out.
    """
    return {
        "person_id": person.person_id,
        "name": person.name,
        "category": person.category,
        "events": list(person.events),
        "added": person.added,
        "last_seen": person.last_seen,
        "faces": [_face(face, None if names is None else names[number]) for number, face in enumerate(faces)],
    }


def _face(face: Exemplar, name: str | None) -> dict[str, Any]:
    out: dict[str, Any] = {
        "face_id": face.exemplar_id,
        "event": face.event,
        "photo_sha256": face.photo_sha256,
        "face_box": list(face.face_box),
        "quality": round(face.quality, 4),
        "engine": face.engine,
        "embedder": face.embedder,
        "added": face.added,
    }
    if name is None:
        return out
    return {**out, "file": name, "vector": [round(float(value), _DIGITS) for value in face.vector]}


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
