"""What the user's words are about: photos by their content, faces by their place in them, people by their faces.

The words themselves stand in cluster_labels.json, corrections.json, picks.json and people_seen.json, which name
clusters, paths and boxes. Those are only hints: clusters get other faces, files other names. So what a word was about
when it was first read is kept here, as anchors: the content of the photo (its SHA-256) and the place of the face in it.
A later run finds the anchors again and says where they are now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from curation.domain.faces.face import Box

__all__ = [
    "ANSWERS",
    "NOTHING_SAID",
    "AsidePick",
    "FaceAnchor",
    "FacePlace",
    "Missing",
    "Said",
    "SaidLabel",
    "SaidPhoto",
    "SaidPick",
    "content_of",
    "is_copy",
    "is_known_by_path",
    "key_at",
    "known_by_path",
]

FacePlace = tuple[str, Box]
"""A face by the path of its photo and its box in pixels of the upright full-size photo."""

FaceAnchor = tuple[str, Box]
"""A face by the key of its photo (see `SaidPhoto`) and its box in that photo as it was then."""

ANSWERS = "answers"
"""Under this id the faces of grouping_answers.json have their anchors among those of the corrections."""

_BY_PATH = "path:"
_COPY = "+"
_MOST_COPIES = 20


def known_by_path(image_path: str) -> str:
    """The key of a photo whose content is not known: only its path tells which it is."""
    return _BY_PATH + image_path


def is_known_by_path(key: str) -> bool:
    """Whether a key is one of `known_by_path`."""
    return key.startswith(_BY_PATH)


def content_of(key: str) -> str:
    """The SHA-256 of the content of a photo by its key; a key of `known_by_path` as it is."""
    return key if is_known_by_path(key) else key.partition(_COPY)[0]


def is_copy(key: str) -> bool:
    """Whether a key is that of a copy of a photo that has a key of its own."""
    return content_of(key) != key


def key_at(
    photos: Mapping[str, SaidPhoto], content: str, image_path: str, content_at: Callable[[str], str | None]
) -> str:
    """The key of the photo at a path: its content, unless that is the key of a copy that lies elsewhere.

    Args:
        photos: That have keys.
        content: Of the photo.
        image_path: Of the photo.
        content_at: Returns the content of the photo at another path.
    """
    keys = [content, *(f"{content}{_COPY}{number}" for number in range(2, _MOST_COPIES + 1))]
    here = next((key for key in keys if key in photos and photos[key].now == image_path), None)
    if here is not None or is_known_by_path(content) or content not in photos:
        return here or content
    elsewhere = photos[content].now
    if elsewhere is None or content_at(elsewhere) != content:
        return content
    return next((key for key in keys if key not in photos), content)


class Missing(StrEnum):
    """Why a photo that the user said something about is not found."""

    AWAY = "away"
    """No photo of the folder has its content, nor is there one under its path."""
    REPLACED = "replaced"
    """Another photo lies under its path now."""
    UNREADABLE = "unreadable"
    """There is a file under its path that could not be read in this run."""


@dataclass(frozen=True, slots=True)
class SaidPhoto:
    """A photo that the user said something about.

    Attributes:
        image_path: Where it was when it was first read.
        versions: SHA-256 of other contents that were recognised as this photo, the latest last.
        now: Path of the photo that the last clustering found it to be; None if it found none.
        missing: Why it was not found; None if it was.
        certainty: That `now` is this photo: 1 for equal content, see `RecognisedPhoto` for edited ones.
        faces: For each face that was said something about, by its box then, its box now; None if it was not found.
    """

    image_path: str
    versions: tuple[str, ...] = ()
    now: str | None = None
    missing: Missing | None = None
    certainty: float = 1.0
    faces: Mapping[Box, Box | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SaidLabel:
    """The label of a cluster, and who was meant.

    Attributes:
        said: The label as cluster_labels.json has it.
        faces: Some faces of the cluster when it was labelled, those that show best who it is.
    """

    said: object
    faces: tuple[FaceAnchor, ...]


@dataclass(frozen=True, slots=True)
class SaidPick:
    """What the user said of a photo as a whole, as picks.json has it, and the key of the photo that was meant."""

    said: object
    photo: str


@dataclass(frozen=True, slots=True)
class AsidePick:
    """A pick whose photo is not there and whose path another photo has, which has a pick of its own."""

    image_path: str
    said: object
    photo: str


@dataclass(frozen=True, slots=True)
class Said:
    """All that the user said, with what it is about.

    Attributes:
        photos: By key: the SHA-256 of the content, or `known_by_path` where it is not known. Of copies of one photo
            the others have a number behind it, see `key_at`.
        labels: By cluster id.
        corrections: By id of the correction: for each face that it names, by the path and box in corrections.json, the
            face that was meant.
        picks: By the path in picks.json.
        aside: Picks that picks.json has no place for.
        seen: Answers about people without a face, by id: what people_seen.json has, and the photo that was meant.
    """

    photos: Mapping[str, SaidPhoto] = field(default_factory=dict)
    labels: Mapping[int, SaidLabel] = field(default_factory=dict)
    corrections: Mapping[str, Mapping[FacePlace, FaceAnchor]] = field(default_factory=dict)
    picks: Mapping[str, SaidPick] = field(default_factory=dict)
    aside: tuple[AsidePick, ...] = ()
    seen: Mapping[str, SaidPick] = field(default_factory=dict)

    def face_now(self, face: FaceAnchor) -> FacePlace | None:
        """Where a face is now, by path and box; None if it was not found."""
        photo = self.photos.get(face[0])
        if photo is None or photo.now is None:
            return None
        box = photo.faces.get(face[1])
        return None if box is None else (photo.now, box)

    def photo_now(self, key: str) -> str | None:
        """The path of a photo now; None if it was not found."""
        photo = self.photos.get(key)
        return None if photo is None else photo.now


NOTHING_SAID = Said()
"""The words of an event about which nothing was said."""
