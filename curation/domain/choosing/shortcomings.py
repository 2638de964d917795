"""People who have no good photo yet, and why: what to look out for while the event goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from curation.domain.choosing.coverage import PersonCoverage
from curation.domain.judging.photo_facts import FaceFacts, ScoringInput, photo_facts
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.judging.scoring_rules import Excuses, Thresholds

__all__ = ["NoGoodPhoto", "Shortcoming", "WhyNot", "no_good_photos"]


class WhyNot(StrEnum):
    """Why a photo of a person is no good one."""

    BLINKS = "blinks"
    BLURRED = "blurred"
    SMALL = "small"
    """The face is too small for anything to be told of it."""
    NO_FACE = "no_face"
    """The user said that the person is in it, but the face is not seen."""
    VETOED = "vetoed"
    """By a rule, for something else."""
    REJECTED = "rejected"
    NO_PHOTO = "no_photo"
    """There is no photo of the person that was measured."""


_WORDS = {
    WhyNot.BLINKS: "blinks in",
    WhyNot.BLURRED: "blurred in",
    WhyNot.SMALL: "too small in",
    WhyNot.NO_FACE: "without a face in",
    WhyNot.VETOED: "vetoed by a rule in",
    WhyNot.REJECTED: "rejected by you in",
}


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """What is wrong with photos of a person.

    Attributes:
        why: What is wrong.
        photos: With how many of the photos.
        text: The same in words, such as `blinks in 3 of 4`.
    """

    why: WhyNot
    photos: int
    text: str


@dataclass(frozen=True, slots=True)
class NoGoodPhoto:
    """A person who has no good photo yet.

    Attributes:
        covered: The person's coverage.
        shortcomings: What is most often wrong first; at least one.
        best: Image path of the best photo so far; None if there is none.
    """

    covered: PersonCoverage
    shortcomings: tuple[Shortcoming, ...]
    best: str | None


def no_good_photos(
    covered: Iterable[PersonCoverage],
    scores: Mapping[str, PhotoScore],
    shots: Mapping[str, ScoringInput],
    thresholds: Thresholds,
    excuses: Excuses,
) -> tuple[NoGoodPhoto, ...]:
    """The main and important people without a good photo that shows them large enough to be judged.

    Args:
        covered: How the people are covered, in the order of the result.
        scores: The ranked photos by image path.
        shots: The photos that were measured, by image path.
        thresholds: For open eyes and for focus.
        excuses: Which closed eyes are no blink.
    """

    def face_in(path: str, key: str) -> FaceFacts | None:
        shot = shots.get(path)
        if shot is None:
            return None
        facts = photo_facts(shot.faces, shot.measures.focus, thresholds, excuses).key_people
        return next((face for face in facts if face.person is not None and face.person.key == key), None)

    out = []
    for one in covered:
        key = one.person.key
        if any((face := face_in(path, key)) is not None and not face.is_tiny for path in one.good):
            continue
        wrong = {path: _wrong(face_in(path, key), scores[path]) for path in one.photos}
        if not wrong:
            nothing = Shortcoming(WhyNot.NO_PHOTO, 1, "in no photo that was measured")
            out.append(NoGoodPhoto(one, (nothing,), None))
            continue
        counts = Counter(why for of_photo in wrong.values() for why in of_photo)
        order = list(WhyNot)
        found = sorted(counts, key=lambda why: (-counts[why], order.index(why)))
        best = min(wrong, key=lambda path: (WhyNot.REJECTED in wrong[path], len(wrong[path]), scores[path].rank))
        told = tuple(Shortcoming(why, counts[why], _told(why, counts[why], len(wrong))) for why in found)
        out.append(NoGoodPhoto(one, told, best))
    return tuple(out)


def _wrong(face: FaceFacts | None, score: PhotoScore) -> frozenset[WhyNot]:
    found = set()
    if face is None:
        found.add(WhyNot.NO_FACE)
    else:
        if face.is_tiny:
            found.add(WhyNot.SMALL)
        if face.blinks:
            found.add(WhyNot.BLINKS)
        if face.in_focus is False:
            found.add(WhyNot.BLURRED)
    if score.vetoes and not found:
        found.add(WhyNot.VETOED)
    if score.pick is Pick.REJECTED:
        found.add(WhyNot.REJECTED)
    return frozenset(found)


def _told(why: WhyNot, count: int, photos: int) -> str:
    if why is WhyNot.SMALL and count == photos:
        return "never seen large"
    if photos == 1:
        return f"{_WORDS[why]} the only photo"
    return f"{_WORDS[why]} {'all ' if count == photos else ''}{count}{'' if count == photos else f' of {photos}'}"
