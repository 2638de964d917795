"""A poster of a film as files: the picture as it came, as a JPEG, and what was found on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from curation.domain.faces.face import Box
from curation.domain.film.people import PosterFace, PosterResult, PosterStatus
from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes

__all__ = ["ORIGINAL", "PICTURE", "read_poster", "write_poster"]

ORIGINAL = "original"
PICTURE = "picture.jpg"
_RESULT = "poster.json"
_FORMAT = 1
_PLAIN = (
    "face_index",
    "confidence",
    "cluster_id",
    "distance",
    "next_distance",
    "nearest_face_distance",
    "occupied_area",
)


def write_poster(folder: Path, result: PosterResult) -> None:
    """Write what was found; attributes and chips stay behind, as the page shows neither.

    Raises:
        StorageError: If it cannot be written.
    """
    data = {
        "format": _FORMAT,
        "width": result.width,
        "height": result.height,
        "unmatched": result.unmatched,
        "faces": [
            {"box": list(face.box), "status": face.status.value, **{name: getattr(face, name) for name in _PLAIN}}
            for face in result.faces
        ],
    }
    write_bytes(folder / _RESULT, json.dumps(data, indent=1).encode())


def read_poster(folder: Path) -> PosterResult | None:
    """What was found on a poster; None before it was looked at.

    Raises:
        StorageError: If the file cannot be read, or is damaged.
    """
    path = folder / _RESULT
    try:
        data = read_json(path)
        return PosterResult(
            int(data["width"]),
            int(data["height"]),
            tuple(_face(face) for face in data["faces"]),
            int(data["unmatched"]),
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        raise StorageError(f"{path} is damaged ({error}): delete the poster, and hand it in again") from error


def _face(data: dict[str, Any]) -> PosterFace:
    return PosterFace(
        box=Box(*(int(value) for value in data["box"])),
        status=PosterStatus(data["status"]),
        attributes=None,
        chip_jpeg=b"",
        **{name: data[name] for name in _PLAIN},
    )
