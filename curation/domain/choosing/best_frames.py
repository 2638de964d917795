"""The best pictures of clips: which of them are worth keeping beside the photos, and why, in words.

A picture of a clip is proposed for a person if it shows the person well and has something that no photo of the person
has: there is no photo, or no good one, or the person smiles on none, or is sharper here than on any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from curation.domain.faces.face import Box
from curation.domain.judging.photo_facts import FaceFacts
from curation.domain.judging.photo_score import PhotoScore

__all__ = [
    "BestFrame",
    "ClipScore",
    "FramePerson",
    "PersonPhotos",
    "Worth",
    "clock_text",
    "frame_id",
    "frame_value",
    "is_worth_keeping",
    "photos_of_person",
    "worth_of",
]

LAUGHS_FROM = 0.85
"""Of the smile's measure: a hearty one, with teeth."""
CLEARLY = 0.05
"""How much more focus than on any photo: below it, nobody sees the difference."""
UNTOLD = 0.25
"""For what cannot be told of a face: it is turned aside, looks down or is covered, and whoever looks for a picture of a
person wants to see the face."""
LARGEST_ROLL_DEG = 45.0
"""Of the head: who lies on a sofa is no portrait, and a clip whose file does not say how the phone was held is none."""
_WEIGHTS = (("focus", 0.4), ("eyes", 0.3), ("smile", 0.2), ("exposure", 0.1))


class Worth(StrEnum):
    """Why a picture of a clip is proposed, the strongest reason first; `ALSO`: it is good, and photos are, too."""

    NO_PHOTO = "no_photo"
    NO_GOOD_PHOTO = "no_good_photo"
    SMILES = "smiles"
    SHARPER = "sharper"
    ALSO = "also"


@dataclass(frozen=True, slots=True)
class ClipScore:
    """One row of clip_scores.csv: a clip, judged by its best moment as if that were a photo.

    Attributes:
        score: Its score; `image_path` is the path of the clip, `rank` the place that it would have among the photos.
        time: Of the moment, in seconds since the clip's start; None for a clip that could not be looked at.
        capture_time: Of the moment, ISO 8601; empty if unknown.
    """

    score: PhotoScore
    time: Fraction | None
    capture_time: str = ""


@dataclass(frozen=True, slots=True)
class FramePerson:
    """The person for whom a picture of a clip is proposed.

    Attributes:
        cluster_id: In the clip.
        name: Display name.
        category: As the user labelled the person.
    """

    cluster_id: int
    name: str
    category: str


@dataclass(frozen=True, slots=True)
class PersonPhotos:
    """What the photos of a person have to offer.

    Attributes:
        count: How many photos show the person.
        good: How many of them show the person well.
        best: Path of the best one; empty if there is none.
        focus: The highest focus of the person's face on any of them; None without one.
        smiles: Whether the person smiles on a good one; None if that cannot be told of any.
    """

    count: int = 0
    good: int = 0
    best: str = ""
    focus: float | None = None
    smiles: bool | None = None


@dataclass(frozen=True, slots=True)
class BestFrame:
    """One row of best_frames.csv: a picture of a clip that shows a person well.

    Attributes:
        frame_id: 16 hex digits, see `frame_id`.
        video_path: Of the clip.
        time: Of the picture, in seconds since the clip's start.
        person: Whom it is proposed for.
        worth: Why.
        sentence: The same in words for the user.
        rank: The place that the picture would have among the photos.
        final_score: Its score, in [0, 1].
        results_string: Its score in words.
        people: Names of everybody in it.
        eyes: Of the person's face, as all measures here; None if it cannot be told.
        smile: Likewise.
        focus: Likewise.
        exposure: Likewise.
        facial_area: Of the person's face, in pixels of the upright picture.
        best_photo: Path of the person's best photo; empty if there is none.
        capture_time: ISO 8601; empty if unknown.
    """

    frame_id: str
    video_path: str
    time: Fraction
    person: FramePerson
    worth: Worth
    sentence: str
    rank: int
    final_score: float
    results_string: str
    people: str
    eyes: float | None
    smile: float | None
    focus: float | None
    exposure: float | None
    facial_area: Box
    best_photo: str
    capture_time: str = ""

    @property
    def order(self) -> tuple[int, int, str, Fraction]:
        """Sort key, the most useful first: by reason, then by rank."""
        return list(Worth).index(self.worth), self.rank, self.video_path, self.time


def frame_id(video_path: str, time: Fraction, cluster_id: int) -> str:
    """The id of a proposed picture in requests: 16 hex digits."""
    text = f"{video_path}\0{time}\0{cluster_id}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def clock_text(time: Fraction) -> str:
    """A time for people: `00:12`, `01:02:03`; a tenth of a second behind it unless it is 0."""
    tenths = int(time * 10)  # down, so that a player that jumps there shows the picture or the one just before it
    hours, rest = divmod(tenths // 10, 3600)
    clock = f"{rest // 60:02d}:{rest % 60:02d}"
    clock = f"{hours:02d}:{clock}" if hours else clock
    return f"{clock}.{tenths % 10}" if tenths % 10 else clock


def is_worth_keeping(face: FaceFacts, *, is_only_picture: bool = False) -> bool:
    """Whether a face alone would make a photo of the person: open eyes, in focus, lit, upright, not cut, not tiny.

    Args:
        face: Of the person.
        is_only_picture: Whether there is no photo of the person: then a profile, or one a little soft, is better than
            nothing.
    """
    if not face.shown_well or face.is_tiny or abs(face.measures.roll_deg) > LARGEST_ROLL_DEG:
        return False
    eyes_are_seen = face.eyes_open is True or face.excuse is not None
    return is_only_picture or (eyes_are_seen and face.in_focus is True)


def frame_value(face: FaceFacts) -> float:
    """How well a picture shows a person, in [0, 1], to choose among pictures of one person."""
    known = {"focus": face.focus, "eyes": face.eyes, "smile": face.smile, "exposure": face.exposure}
    values = ((UNTOLD if (value := known[name]) is None else value, weight) for name, weight in _WEIGHTS)
    return sum(value * weight for value, weight in values)


def photos_of_person(count: int, good: Sequence[str], faces: Iterable[FaceFacts]) -> PersonPhotos:
    """What the photos of a person have to offer.

    Args:
        count: Number of photos of the person.
        good: Paths of the good ones, best first.
        faces: The person's faces on all photos that were measured.
    """
    focus: float | None = None
    smiles: bool | None = None
    for face in faces:
        if face.focus is not None:
            focus = face.focus if focus is None else max(focus, face.focus)
        if face.shown_well and face.smiles is not None:
            smiles = bool(smiles) or face.smiles
    return PersonPhotos(count, len(good), good[0] if good else "", focus, smiles)


def worth_of(name: str, face: FaceFacts, photos: PersonPhotos, time: Fraction, video_path: str) -> tuple[Worth, str]:
    """Why a picture is worth keeping, and the same in words.

    Args:
        name: Of the person.
        face: The person's face in the picture.
        photos: What the photos of the person have.
        time: Of the picture.
        video_path: Of the clip.
    """
    clip, at = video_path.rpartition("/")[2], clock_text(time)
    smile = 0.0 if face.smile is None or not face.smiles else face.smile
    does = "laughs" if smile >= LAUGHS_FROM else "smiles" if face.smiles else "is seen well"
    if photos.count == 0:
        return Worth.NO_PHOTO, f"{name} is on no photo: take {at} of {clip}"
    if photos.good == 0:
        return Worth.NO_GOOD_PHOTO, f"{name} has no good photo: take {at} of {clip}"
    is_sharper = face.focus is not None and face.focus > (photos.focus or 0.0) + CLEARLY
    if face.smiles and photos.smiles is False:
        sharper = ", and is sharper there" if is_sharper else ""
        return Worth.SMILES, f"{name} {does} at {at} of {clip}, but on no good photo{sharper}"
    if is_sharper:
        return Worth.SHARPER, f"{name} {does} at {at} of {clip}, sharper than on any photo"
    return Worth.ALSO, f"{name} {does} at {at} of {clip}"
