"""What the user answered to "is this Anna?" about people without a face: the content of people_seen.json.

`{"version": 1, "people": [{"id": "7f0c4be9d93c", "at": "2026-06-20T21:14:03.512+00:00", "image_path": "a.jpg",
"body": [96, 40, 310, 604], "size": [4000, 3000], "name": "Anna", "answer": "accepted", "undone": false}]}`. An invalid
file is rejected as a whole, and the message lists every mistake.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from curation.domain.faces.face import Box
from curation.domain.labelling.answers import parse_answers
from curation.domain.labelling.labels import MAX_NAME_CHARS
from curation.errors import PeopleSeenError

__all__ = ["PEOPLE_SEEN_VERSION", "PersonSeen", "SeenAnswer", "parse_people_seen", "people_seen_json", "scaled_body"]

PEOPLE_SEEN_VERSION = 1
_MAX_ID_CHARS = 40
_MAX_PX = 10**6
_SAME_ASPECT = 0.02
_KEYS = ("id", "at", "image_path", "body", "size", "name", "answer", "undone")
_EXAMPLE = (
    '{"id": "7f0c4be9d93c", "image_path": "a.jpg", "body": [96, 40, 310, 604], "size": [4000, 3000], "name": "Anna", '
    '"answer": "accepted"}'
)


class SeenAnswer(StrEnum):
    """The user's answer to a suggestion."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """One answer.

    Attributes:
        id: Of the answer.
        at: When it was given, UTC, ISO 8601; empty if it is not known.
        image_path: Path of the photo when it was given.
        body: Bounds of the body in pixels of the upright full-size photo as it was then.
        size: Width and height of that photo, in pixels.
        name: Who it is, or is not.
        answer: Whether it is.
        undone: Whether the answer was taken back, so that it does not count.
    """

    id: str
    at: str
    image_path: str
    body: Box
    size: tuple[int, int]
    name: str
    answer: SeenAnswer
    undone: bool = False

    def to_json(self) -> dict[str, Any]:
        """The entry in people_seen.json."""
        return {
            "id": self.id,
            "at": self.at,
            "image_path": self.image_path,
            "body": list(self.body),
            "size": list(self.size),
            "name": self.name,
            "answer": self.answer.value,
            "undone": self.undone,
        }


def scaled_body(seen: PersonSeen, width: int, height: int) -> Box | None:
    """Where the body is on the photo as it is now; None if the photo was cropped or turned, so that nobody can tell.

    Args:
        seen: The answer.
        width: Of the photo now, in pixels.
        height: Likewise.
    """
    across, down = width / seen.size[0], height / seen.size[1]
    if abs(across / down - 1.0) > _SAME_ASPECT:
        return None
    x, y, w, h = seen.body
    return Box(round(x * across), round(y * down), max(1, round(w * across)), max(1, round(h * down)))


def people_seen_json(people: Mapping[str, PersonSeen]) -> list[dict[str, Any]]:
    """The member `people` of the file, in the order in which the answers were given."""
    return [seen.to_json() for seen in people.values()]


def parse_people_seen(data: object) -> dict[str, PersonSeen]:
    """Check the content of people_seen.json.

    Args:
        data: The content of the file, as parsed from JSON.

    Returns:
        The answers by id, in the order of the file.

    Raises:
        PeopleSeenError: If anything is wrong; the message names each entry and what is expected.
    """
    return parse_answers(
        data, "people", version=PEOPLE_SEEN_VERSION, example=_EXAMPLE, parse_entry=_entry, error=PeopleSeenError
    )


def _entry(where: str, value: object, mistakes: list[str]) -> PersonSeen | None:
    if not isinstance(value, dict):
        mistakes.append(f"{where}: write {_EXAMPLE}")
        return None
    found = [f"{where}: {key!r} is not a known key; possible: {', '.join(_KEYS)}" for key in value if key not in _KEYS]
    id_, at, path = value.get("id"), value.get("at", ""), value.get("image_path")
    if not (isinstance(id_, str) and 0 < len(id_) <= _MAX_ID_CHARS and id_.isascii() and id_.isalnum()):
        found.append(f"{where}: the id must be 1 to {_MAX_ID_CHARS} letters and digits, and no other entry may have it")
    if not isinstance(at, str):
        found.append(f"{where}: `at` must be a time in quotes, or be omitted")
    if not isinstance(path, str) or not path:
        found.append(f"{where}: `image_path` must be the photo's path inside the input folder")
    body, size = _numbers(value.get("body"), 4), _numbers(value.get("size"), 2)
    if body is None or body[2] < 1 or body[3] < 1:
        found.append(f"{where}: `body` must be four whole numbers: x, y, width and height in pixels")
    if size is None or min(size) < 1:
        found.append(f"{where}: `size` must be two whole numbers: width and height of the photo in pixels")
    name = value.get("name")
    name = unicodedata.normalize("NFC", " ".join(name.split())) if isinstance(name, str) else None
    if not name or len(name) > MAX_NAME_CHARS or any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        found.append(f"{where}: `name` must be a name of at most {MAX_NAME_CHARS} characters")
    answer = value.get("answer")
    if answer not in [each.value for each in SeenAnswer]:
        found.append(f"{where}: `answer` must be accepted or refused")
    undone = value.get("undone", False)
    if not isinstance(undone, bool):
        found.append(f"{where}: `undone` must be true or false")
    mistakes += found
    if found or body is None or size is None:
        return None
    return PersonSeen(
        str(id_), str(at), str(path), Box(*body), (size[0], size[1]), str(name), SeenAnswer(str(answer)), bool(undone)
    )


def _numbers(value: object, count: int) -> list[int] | None:
    if not isinstance(value, list) or len(value) != count:
        return None
    return value if all(type(item) is int and abs(item) <= _MAX_PX for item in value) else None
