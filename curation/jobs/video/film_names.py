"""Names that were typed for the characters of one film: they follow the tracks when the film is looked at again.

Characters that are people of the event are named by the event's labels; here are only the others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from curation.domain.faces.face import Box
from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.film.times import Interval, rational, rational_text
from curation.domain.film.track import Track
from curation.domain.labelling.labels import Category
from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes

__all__ = ["Anchor", "FilmName", "anchors_of", "followed", "names_version", "read_names", "write_names"]

_FORMAT = 1
_MOST_ANCHORS = 12
_SAME_PLACE = 0.3
"""Boxes of one face that two looks saw at other times overlap at least by this (intersection over union)."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """An appearance of a character: when, and where in the picture in the middle of it.

    Attributes:
        span: When it is seen.
        time: Of the box.
        box: Of the face, in pixels of the upright full-size picture.
    """

    span: Interval
    time: Fraction
    box: Box


@dataclass(frozen=True, slots=True)
class FilmName:
    """What a user said of a character.

    Attributes:
        name: Empty if only a category was given.
        category: `main`, `important` or `other`; empty if only a name was given.
        anchors: Its longest appearances.
    """

    name: str
    category: str
    anchors: tuple[Anchor, ...]


Names = Mapping[int, FilmName]


def anchors_of(result: TrailerResult, person: FilmPerson) -> tuple[Anchor, ...]:
    """The appearances that a name is kept with: the longest."""
    tracks = sorted((result.film.tracks[index] for index in person.tracks), key=lambda track: -track.span.length)
    return tuple(_anchor(track) for track in tracks[:_MOST_ANCHORS])


def _anchor(track: Track) -> Anchor:
    seen = track.sightings[len(track.sightings) // 2]
    return Anchor(track.span, seen.time, seen.box)


def followed(names: Names, result: TrailerResult) -> dict[int, FilmName]:
    """The names by the cluster ids of another look at the same film.

    A name goes to the character that is on screen longest at the times and places of its anchors; of two names for one
    character that with more time wins.
    """
    claims: list[tuple[Fraction, int, int]] = []
    for before, said in names.items():
        shared: dict[int, Fraction] = {}
        for person in result.people:
            tracks = [result.film.tracks[index] for index in person.tracks]
            time = sum((_shared(anchor, tracks) for anchor in said.anchors), Fraction(0))
            if time > 0:
                shared[person.cluster_id] = time
        if shared:
            best = max(shared, key=lambda cluster: (shared[cluster], -cluster))
            claims.append((shared[best], before, best))
    out: dict[int, FilmName] = {}
    for _, before, now in sorted(claims, key=lambda claim: (-claim[0], claim[1])):
        out.setdefault(now, names[before])
    return out


def _shared(anchor: Anchor, tracks: Sequence[Track]) -> Fraction:
    """How long tracks are seen at the time and place of an anchor."""
    total = Fraction(0)
    for track in tracks:
        time = min(track.span.end, anchor.span.end) - max(track.span.start, anchor.span.start)
        if time <= 0:
            continue
        nearest = min(track.sightings, key=lambda sighting: abs(sighting.time - anchor.time))
        if _overlap(nearest.box, anchor.box) >= _SAME_PLACE:
            total += time
    return total


def _overlap(one: Box, other: Box) -> float:
    width = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    height = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.w * one.h + other.w * other.h - shared)


def read_names(path: Path) -> dict[int, FilmName]:
    """The names of a film; empty without a file.

    Raises:
        StorageError: If the file cannot be read, or is damaged.
    """
    try:
        data = read_json(path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        raise _damaged(path, error) from error
    try:
        return {int(cluster): _name(entry) for cluster, entry in data["names"].items()}
    except PARSER_ERRORS as error:
        raise _damaged(path, error) from error


def write_names(path: Path, names: Names) -> None:
    """Write the names of a film.

    Raises:
        StorageError: If the file cannot be written.
    """
    data = {
        "format": _FORMAT,
        "names": {
            str(cluster): {
                "name": said.name,
                "category": said.category,
                "anchors": [
                    {
                        "start": rational_text(anchor.span.start),
                        "end": rational_text(anchor.span.end),
                        "time": rational_text(anchor.time),
                        "box": list(anchor.box),
                    }
                    for anchor in said.anchors
                ],
            }
            for cluster, said in sorted(names.items())
        },
    }
    write_bytes(path, json.dumps(data, ensure_ascii=True, indent=1).encode())


def names_version(names: Names) -> str:
    """A short digest of names and categories, for entity tags."""
    text = json.dumps(sorted((cluster, said.name, said.category) for cluster, said in names.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _name(entry: Mapping[str, Any]) -> FilmName:
    category = str(entry["category"])
    if category:
        Category(category)
    return FilmName(
        str(entry["name"]),
        category,
        tuple(
            Anchor(
                Interval(rational(anchor["start"]), rational(anchor["end"])),
                rational(anchor["time"]),
                Box(*(int(value) for value in anchor["box"])),
            )
            for anchor in entry["anchors"]
        ),
    )


def _damaged(path: Path, error: Exception) -> StorageError:
    return StorageError(f"{path} is damaged ({error}): delete it, and type the names again")
