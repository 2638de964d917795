"""What the user answered "no" to when a name of the gallery was proposed: the content of known_refused.json.

`{"version": 1, "refused": [{"id": "7f0c4be9d93c", "at": "2026-06-20T21:14:03.512+00:00", "person_id": "p1",
"faces": [["a.jpg", 96, 40, 310, 604]], "undone": false}]}`. The faces say whom the answer is about, not the id of the
cluster: clusters get other ids and other faces. An invalid file is rejected as a whole, with every mistake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from curation.domain.faces.face import Box
from curation.domain.identity.said import FacePlace
from curation.domain.labelling.answers import parse_answers
from curation.errors import RefusalsError

__all__ = ["REFUSALS_VERSION", "RefusedName", "parse_refusals", "refusals_json", "refused_pairs"]

REFUSALS_VERSION = 1
_MAX_ID_CHARS = 64
_MAX_PX = 10**6
_MOST_FACES = 100
_KEYS = ("id", "at", "person_id", "faces", "undone")
_EXAMPLE = '{"id": "7f0c4be9d93c", "person_id": "p1", "faces": [["a.jpg", 96, 40, 310, 604]]}'


@dataclass(frozen=True, slots=True)
class RefusedName:
    """One answer: these faces are not this person.

    Attributes:
        id: Of the answer.
        at: When it was given, UTC, ISO 8601; empty if it is not known.
        person_id: Of the gallery. The name is not kept here, so that forgetting a person needs no search for names.
        faces: Some faces of the cluster that the name was proposed for, by the path and box that they had then.
        undone: Whether the answer was taken back, so that it does not count.
    """

    id: str
    at: str
    person_id: str
    faces: tuple[FacePlace, ...]
    undone: bool = False

    def to_json(self) -> dict[str, Any]:
        """The entry in the file."""
        return {
            "id": self.id,
            "at": self.at,
            "person_id": self.person_id,
            "faces": [[path, *box] for path, box in self.faces],
            "undone": self.undone,
        }


def refused_pairs(
    refusals: Iterable[RefusedName],
    place_now: Callable[[FacePlace], FacePlace | None],
    clusters: Mapping[FacePlace, int],
    sizes: Mapping[int, int],
) -> frozenset[tuple[int, str]]:
    """Which people are not to be proposed for which clusters.

    An answer counts for a cluster that has at least half of the answer's faces that are still there, or half of whose
    own faces are among them: so it follows the person if clusters are merged or split, and one face that moved to the
    right person does not keep that person's name away.

    Args:
        refusals: The answers; those that were undone do not count.
        place_now: Where a face is now, by the path and box that it had; None if it was not found.
        clusters: The cluster of each face, by path and box.
        sizes: The number of faces of each cluster.

    Returns:
        Pairs of cluster and person.
    """
    out = set()
    for refusal in refusals:
        if refusal.undone:
            continue
        places = [now for face in refusal.faces if (now := place_now(face)) is not None and now in clusters]
        found = Counter(clusters[place] for place in places)
        for cluster, count in found.items():
            if cluster >= 0 and (2 * count >= len(places) or 2 * count >= sizes.get(cluster, 0)):
                out.add((cluster, refusal.person_id))
    return frozenset(out)


def refusals_json(refusals: Mapping[str, RefusedName]) -> list[dict[str, Any]]:
    """The member `refused` of the file, in the order in which the answers were given."""
    return [refusal.to_json() for refusal in refusals.values()]


def parse_refusals(data: object) -> dict[str, RefusedName]:
    """Check the content of the file.

    Args:
        data: The content, as parsed from JSON.

    Returns:
        The answers by id, in the order of the file.

    Raises:
        RefusalsError: If anything is wrong; the message names each entry and what is expected.
    """
    return parse_answers(
        data, "refused", version=REFUSALS_VERSION, example=_EXAMPLE, parse_entry=_entry, error=RefusalsError
    )


def _entry(where: str, value: object, mistakes: list[str]) -> RefusedName | None:
    if not isinstance(value, dict):
        mistakes.append(f"{where}: write {_EXAMPLE}")
        return None
    found = [f"{where}: {key!r} is not a known key; possible: {', '.join(_KEYS)}" for key in value if key not in _KEYS]
    id_, at, person, undone = value.get("id"), value.get("at", ""), value.get("person_id"), value.get("undone", False)
    if not (isinstance(id_, str) and 0 < len(id_) <= _MAX_ID_CHARS and id_.isascii() and id_.isalnum()):
        found.append(f"{where}: the id must be 1 to {_MAX_ID_CHARS} letters and digits, and no other entry may have it")
    if not isinstance(at, str):
        found.append(f"{where}: `at` must be a time in quotes, or be omitted")
    if not isinstance(person, str) or not 0 < len(person) <= _MAX_ID_CHARS:
        found.append(f"{where}: `person_id` must be the id of a known person, as `curation gallery list` shows it")
    if not isinstance(undone, bool):
        found.append(f"{where}: `undone` must be true or false")
    faces = _faces(value.get("faces"))
    if faces is None:
        found.append(f"{where}: `faces` must be 1 to {_MOST_FACES} faces: [path, x, y, width, height]")
    mistakes += found
    if found or faces is None:
        return None
    return RefusedName(str(id_), str(at), str(person), faces, bool(undone))


def _faces(value: object) -> tuple[FacePlace, ...] | None:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_FACES:
        return None
    out = []
    for face in value:
        if not isinstance(face, list) or len(face) != 5 or not isinstance(face[0], str) or not face[0]:
            return None
        if not all(type(side) is int and abs(side) <= _MAX_PX for side in face[1:]):
            return None
        out.append((face[0], Box(*face[1:])))
    return tuple(out)
