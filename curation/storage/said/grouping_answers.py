"""grouping_answers.json: the user's answers to "is this the same person?" for pairs of faces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from curation.domain.faces.face import Box
from curation.errors import FaceDataError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.said.last_good import way_back

__all__ = ["GROUPING_ANSWERS", "FacePlace", "read_grouping_answers", "write_grouping_answers"]

GROUPING_ANSWERS = "grouping_answers.json"

FacePlace = tuple[str, Box]
"""image_path and box: identifies a face, independently of its cluster."""

Answers = Mapping[tuple[FacePlace, FacePlace], bool | None]


def read_grouping_answers(path: Path) -> dict[tuple[FacePlace, FacePlace], bool | None]:
    """The saved answers: True (same person), False (two persons) or None (cannot tell).

    Raises:
        FaceDataError: If there is a file but its content is not valid.
        StorageError: If it cannot be read.
    """
    try:
        data = read_json(path)
        out = {}
        for entry in data["answers"]:
            if entry["same"] not in (True, False, None):
                raise ValueError(f"{entry['same']!r} is not an answer")
            out[_place(entry["first"]), _place(entry["second"])] = entry["same"]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        raise FaceDataError(
            f"{path} does not contain answers about faces ({error}): correct it, or move it away to be asked again"
            f"{way_back(path)}"
        ) from error
    return out


def _place(entry: Mapping[str, object]) -> FacePlace:
    path, box = entry["image_path"], entry["box"]
    if not isinstance(path, str) or not isinstance(box, list) or not all(type(side) is int for side in box):
        raise ValueError(f"{entry} is not a face")
    return path, Box(*box)


def write_grouping_answers(path: Path, answers: Answers) -> None:
    """Write all answers atomically.

    Raises:
        StorageError: If they cannot be written; the old file is then unchanged.
    """
    entries = [
        {
            "first": {"image_path": first[0], "box": list(first[1])},
            "second": {"image_path": second[0], "box": list(second[1])},
            "same": same,
        }
        for (first, second), same in answers.items()
    ]
    write_bytes(
        path, json.dumps({"answers": entries}, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    )
