"""How the people who matter lie in the frame of a photo: cut at the feet, the head against the edge, hidden by others.

It is told from the records of assets (`curation.domain.bodies.composition`), and judged only if `weights.composition`
is above 0. As the problems of faces, each has a strength in [0, 1] that grows gradually.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.judging.photo_facts import FaceFacts, ScoredFace
from curation.domain.judging.photo_problems import NAMED_FROM

__all__ = ["BodyProblem", "JudgedComposition", "PhotoComposition", "body_problems", "judged_composition", "worth_of"]

# What a problem that is fully there takes away of a person.
_COSTS = {"cut": 0.4, "head_at_edge": 0.3, "hidden": 0.3}
_CUT_WORDS = {
    CutAt.FEET: "is cut at the feet",
    CutAt.KNEES: "is cut at the knees",
    CutAt.WRISTS: "has a hand cut off",
    CutAt.HEAD: "has the top of the head cut off",
}
_SOMEWHERE = 0.5  # of the strength where it cannot be told whether shins (a fault) or thighs (on purpose) are cut
_HEADROOM = (0.03, 0.0)  # of the photo's height; where "the head against the edge" begins and where it is fully there
_CLOSE_UP = 0.5  # of the strength in close-ups, where the hair is often cut on purpose
_CLOSE_UP_CUTS = (CutAt.CHEST, CutAt.HIPS)
_MOST_HIDDEN = 3  # in larger groups people always stand in front of each other


@dataclass(frozen=True, slots=True)
class PhotoComposition:
    """How the people of a photo lie in its frame, by the record of its asset.

    Attributes:
        by_face: The people with a face, by the number of the face in its photo.
        people: How many bodies there are, those without a face too.
    """

    by_face: Mapping[int, Composition]
    people: int


@dataclass(frozen=True, slots=True)
class BodyProblem:
    """A problem of one person: its name, the strength, and the words after the person's name."""

    name: str
    strength: float
    words: str


@dataclass(frozen=True, slots=True)
class JudgedComposition:
    """The component `composition` of a photo.

    Attributes:
        value: In [0, 1]; None where it cannot be told or does not apply.
        results: The same for `results_string`; empty where it does not apply.
        problems: Sentences for the column `problems`.
    """

    value: float | None
    results: str
    problems: tuple[str, ...]


def body_problems(lies: Composition, people: int) -> tuple[BodyProblem, ...]:
    """The problems of one person.

    Args:
        lies: How the person lies in the frame.
        people: How many people are in the photo.
    """
    found = []
    if lies.cut_at in _CUT_WORDS:
        found.append(BodyProblem("cut", lies.cut_certainty, _CUT_WORDS[lies.cut_at]))
    elif lies.cut_at is CutAt.LEGS:
        found.append(BodyProblem("cut", _SOMEWHERE * lies.cut_certainty, "is cut at the legs"))
    if lies.headroom is not None and lies.cut_at is not CutAt.HEAD and lies.headroom < _HEADROOM[0]:
        strength = min(1.0, (_HEADROOM[0] - lies.headroom) / (_HEADROOM[0] - _HEADROOM[1]))
        strength *= _CLOSE_UP if lies.cut_at in _CLOSE_UP_CUTS and lies.headroom < 0 else 1.0
        found.append(BodyProblem("head_at_edge", strength, "has the head against the edge"))
    if lies.overlapped_by and people <= _MOST_HIDDEN:
        found.append(BodyProblem("hidden", 1.0, "is partly hidden by somebody"))
    return tuple(found)


def worth_of(problems: Sequence[BodyProblem]) -> float:
    """What the problems of a person leave of 1."""
    left = 1.0
    for problem in problems:
        left *= 1.0 - _COSTS[problem.name] * problem.strength
    return left


def judged_composition(
    photo: PhotoComposition | None, faces: Sequence[ScoredFace], key_people: Sequence[FaceFacts]
) -> JudgedComposition:
    """Judge the people who matter: the mean over them of what their problems leave of 1.

    Args:
        photo: None for a photo without a record, of which nothing can be told.
        faces: All faces of the photo.
        key_people: Of them those of the people who matter.
    """
    if photo is None:
        return JudgedComposition(None, "composition cannot tell", ())
    faces_of: dict[str, list[ScoredFace]] = {}
    for face in faces:
        faces_of.setdefault(face.person.key if face.person else f"face {face.face_index + 1}", []).append(face)
    values: list[float] = []
    notes: list[str] = []
    problems: list[str] = []
    for person in key_people:
        of_person = faces_of.get(person.person.key if person.person else person.name, ())
        largest = max(of_person, key=lambda face: (face.measures.size_px, -face.face_index), default=None)
        lies = None if largest is None else photo.by_face.get(largest.face_index)
        if lies is None:
            continue
        found = body_problems(lies, photo.people)
        for problem in found:
            if problem.strength >= NAMED_FROM:
                notes.append(f"{person.name} {_short(problem.words)}")
                problems.append(f"{person.title} {problem.words}")
        values.append(worth_of(found))
    if not values:
        # Nobody who matters, or nobody whose body was found.
        return JudgedComposition(None, "composition cannot tell" if key_people else "", ())
    told = f"composition ({', '.join(notes)})" if notes else "composition ok"
    return JudgedComposition(sum(values) / len(values), told, tuple(problems))


def _short(words: str) -> str:
    return words.removeprefix("is ").removeprefix("has ").removeprefix("the ")
