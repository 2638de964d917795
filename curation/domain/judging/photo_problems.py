"""What is wrong with a photo besides eyes, focus and light: a face turned away, a collage, a tiny file.

Each problem has a strength in [0, 1], which grows gradually, so that no photo drops because of one degree or
one pixel; what the full strength costs is `ProblemCosts`. From a strength of one half on it is named in words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from curation.domain.judging.photo_facts import FaceFacts
from curation.domain.judging.presets import ProblemCosts
from curation.domain.measuring.measures import PhotoMeasures

__all__ = ["NAMED_FROM", "FaceProblem", "PictureProblem", "face_problems", "picture_problems", "presence", "remaining"]

NAMED_FROM = 0.5
"""The strength from which on a problem is named."""

# Where a problem begins, and where it is fully there.
_TURNED_DEG = (40.0, 75.0)  # yaw; a profile is at 90, and estimates beyond 45 are several degrees off
_CUT_OFF = (0.05, 0.25)  # share of the face outside; hair and ears are no part of it
_SMALL = (0.03, 0.012)  # shorter side of the box per shorter side of the photo; heads of full figures have 0.06
_LOOKS_AWAY_DEG = (25.0, 50.0)  # yaw, or nod beyond the scatter of its estimate
_NOD_SCATTER_DEG = 8.0
_STRANGER = (1.1, 2.0)  # size of a stranger's face per size of the largest face of the people who matter
_LOOKS_DEG = 45.0  # a stranger turned further is not in front of the camera, but passes by
_MEGAPIXELS = (1.0, 0.1)


@dataclass(frozen=True, slots=True)
class FaceProblem:
    """A problem of one face: the name in `ProblemCosts`, the strength, and the words after the person's name."""

    name: str
    strength: float
    words: str


@dataclass(frozen=True, slots=True)
class PictureProblem:
    """A problem of the whole picture: the name in `ProblemCosts`, the strength, and a sentence."""

    name: str
    strength: float
    sentence: str


def _strength(value: float, span: tuple[float, float]) -> float:
    """0 at the beginning of the span, 1 at its end, linear; a span may fall."""
    begin, full = span
    return min(1.0, max(0.0, (value - begin) / (full - begin)))


def face_problems(face: FaceFacts, short_side_px: int) -> list[FaceProblem]:
    """The problems of a face.

    Args:
        face: The face.
        short_side_px: Shorter side of the photo, in pixels.
    """
    measures = face.measures
    yaw_deg, cut_off, share = abs(measures.yaw_deg), measures.cut_off, measures.size_px / max(1, short_side_px)
    if yaw_deg <= _TURNED_DEG[0] and cut_off <= _CUT_OFF[0] and share >= _SMALL[0]:
        return []  # of nearly all faces, and there are many
    problems = (
        FaceProblem("turned_away", _strength(yaw_deg, _TURNED_DEG), "is turned away"),
        FaceProblem("cut_off", _strength(cut_off, _CUT_OFF), "is cut by the edge of the photo"),
        FaceProblem("small", _strength(share, _SMALL), "is very small in the photo"),
    )
    return [problem for problem in problems if problem.strength > 0]


def presence(face: FaceFacts, short_side_px: int, costs: ProblemCosts) -> float:
    """How much a person is really in the photo, in [0, 1]: 1 without a problem of the face."""
    problems = face_problems(face, short_side_px)
    return remaining(problems, costs) if problems else 1.0


def picture_problems(
    people: Sequence[FaceFacts], strangers: Sequence[FaceFacts], measures: PhotoMeasures
) -> list[PictureProblem]:
    """The problems of the picture as a whole.

    Args:
        people: The faces of the people who matter.
        strangers: The faces of people whom nobody labelled, in an event with people who matter.
        measures: Of the photo.
    """
    found = []
    artefacts = measures.artefacts
    if artefacts.collage > 0.0:
        found.append(PictureProblem("collage", artefacts.collage, "it looks like a collage"))
    if artefacts.screenshot > 0.0:
        found.append(PictureProblem("screenshot", artefacts.screenshot, "it looks like a screenshot"))
    if artefacts.cut_out > 0.0:
        found.append(PictureProblem("cut_out", artefacts.cut_out, "the background is empty, as of a cut-out"))
    megapixels = measures.width * measures.height / 1e6
    if megapixels < _MEGAPIXELS[0]:
        strength = _strength(math.log(max(megapixels, 1e-6)), (math.log(_MEGAPIXELS[0]), math.log(_MEGAPIXELS[1])))
        found.append(PictureProblem("tiny_file", strength, f"it has only {measures.width} x {measures.height} pixels"))
    turn_deg = _least_turn_deg(people)
    if turn_deg > _LOOKS_AWAY_DEG[0]:
        strength = _strength(turn_deg, _LOOKS_AWAY_DEG)
        found.append(PictureProblem("nobody_looks", strength, "nobody looks at the camera"))
    if people and strangers:
        largest = max(face.measures.size_px for face in people)
        in_front = [
            face.measures.size_px for face in strangers if face.in_focus and abs(face.measures.yaw_deg) <= _LOOKS_DEG
        ]
        ratio = max(in_front, default=0) / max(1, largest)
        if ratio > _STRANGER[0]:
            strength = _strength(ratio, _STRANGER)
            found.append(PictureProblem("stranger_in_front", strength, "a stranger stands in front"))
    return found


def _least_turn_deg(people: Sequence[FaceFacts]) -> float:
    """How far the person is turned who looks into the camera most; 0 if nobody can be told."""
    least = math.inf
    for face in people:
        if not face.is_tiny:
            measures = face.measures
            least = min(least, max(abs(measures.yaw_deg), abs(measures.pitch_deg) - _NOD_SCATTER_DEG))
    return 0.0 if least == math.inf else least


def remaining(problems: Sequence[FaceProblem] | Sequence[PictureProblem], costs: ProblemCosts) -> float:
    """What the problems leave of 1: the product of 1 - cost * strength."""
    left = 1.0
    for problem in problems:
        left *= 1.0 - getattr(costs, problem.name) * problem.strength
    return left
