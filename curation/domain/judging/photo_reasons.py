"""What is right and what is wrong with a photo, in plain sentences, and which photo of its burst is better.

"Anna (main) blinks; 0132 in the same burst has Anna's eyes open": each fault is stated for each person who matters,
together with the photo of the same burst in which exactly this is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from curation.domain.judging.photo_facts import FaceFacts, PhotoFacts, ScoringInput, photo_facts
from curation.domain.judging.photo_problems import face_problems, picture_problems
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.score_summary import POOR_EXPOSURE
from curation.domain.judging.scoring_rules import Excuses, Thresholds
from curation.domain.measuring.measures import Reason

__all__ = ["PhotoReason", "ReasonKind", "photo_reasons"]

_CLEARLY_SOFTER = 0.25  # than the same face elsewhere in the burst, as in choosing the best of a burst


class ReasonKind(StrEnum):
    """Whether a sentence is for the photo or against it."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PhotoReason:
    """A sentence about a photo.

    Attributes:
        kind: Whether it is for the photo or against it.
        text: The sentence.
        person: Key of the person that it is about; None if it is about the photo.
        face_index: Number of the face that it is about; None if it is about the photo, or about a missing person.
        better: Image path of a photo of the same burst in which this is right; None if there is none.
    """

    kind: ReasonKind
    text: str
    person: str | None = None
    face_index: int | None = None
    better: str | None = None


def photo_reasons(
    score: PhotoScore,
    inputs: Mapping[str, ScoringInput],
    burst: Sequence[PhotoScore],
    thresholds: Thresholds,
    excuses: Excuses | None = None,
) -> tuple[PhotoReason, ...]:
    """State what is wrong with a photo, and then what is right.

    Args:
        score: Score of the photo.
        inputs: The photos that were measured, by image path.
        burst: The other photos of its burst; they are examined in the order of their `burst_rank`.
        thresholds: The thresholds that the scores were made with.
        excuses: The excuses for closed eyes that the scores were made with; None takes all.

    Returns:
        What is wrong first, main people before important ones; then what cannot be told and what is right.
    """
    photo = inputs.get(score.image_path)
    if score.final_score is None or photo is None:
        return (PhotoReason(ReasonKind.BAD, score.error or "the photo was not measured"),)
    excused = excuses or Excuses()
    facts = photo_facts(photo.faces, photo.measures.focus, thresholds, excused)
    order = sorted(burst, key=lambda other: (other.burst_rank or 0, other.image_path))
    others = [
        _Other(other.image_path, photo_facts(seen.faces, seen.measures.focus, thresholds, excused))
        for other in order
        if other.image_path != score.image_path and (seen := inputs.get(other.image_path)) is not None
    ]
    teller = _Teller(score, photo, facts, others)
    return (*teller.wrong(), *teller.untold(), *teller.right())


@dataclass(frozen=True, slots=True)
class _Other:
    """Another photo of the burst."""

    image_path: str
    facts: PhotoFacts

    def face(self, key: str) -> FaceFacts | None:
        return next((f for f in self.facts.key_people if f.person is not None and f.person.key == key), None)


@dataclass(frozen=True, slots=True)
class _Teller:
    score: PhotoScore
    photo: ScoringInput
    facts: PhotoFacts
    others: Sequence[_Other]

    @property
    def named(self) -> frozenset[str]:
        """The problems that the score names: it knows who is a stranger in this event, and what costs nothing."""
        return frozenset(self.score.problems.split("; "))

    def wrong(self) -> list[PhotoReason]:
        found: list[PhotoReason] = []
        for face in self.facts.key_people:
            name = face.name
            if face.blinks:
                found.append(self._bad(face, "blinks", lambda f: f.eyes_open is True, f"has {_whose(name)} eyes open"))
            if face.in_focus is False:
                found.append(self._bad(face, "is out of focus", lambda f: f.in_focus is True, f"has {name} sharp"))
            elif (focus := face.focus) is not None and (sharper := self._much_sharper(face, focus)) is not None:
                text = f"{face.title} is softer than in {_short(sharper, self.score.image_path)} of the same burst"
                found.append(self._reason(ReasonKind.BAD, face, text, sharper))
            if face.exposure is not None and face.exposure < POOR_EXPOSURE:
                found.append(
                    self._bad(
                        face,
                        "is badly exposed",
                        lambda f: f.exposure is not None and f.exposure >= POOR_EXPOSURE,
                        f"has {name} in better light",
                    )
                )
            found += self._face_problems(face)
        found += self._missing()
        if not self.facts.key_people:
            if self.facts.photo_in_focus is False:
                found.append(PhotoReason(ReasonKind.BAD, "the photo is out of focus"))
            exposure = self.photo.measures.exposure.value
            if exposure is not None and exposure < POOR_EXPOSURE:
                found.append(PhotoReason(ReasonKind.BAD, "the photo is badly exposed"))
        return found + self._picture_problems()

    def _face_problems(self, face: FaceFacts) -> list[PhotoReason]:
        measures = self.photo.measures
        found = face_problems(face, min(measures.width, measures.height))
        sentences = [f"{face.title} {problem.words}" for problem in found]
        return [self._reason(ReasonKind.BAD, face, text, None) for text in sentences if text in self.named]

    def _picture_problems(self) -> list[PhotoReason]:
        strangers = [f for f in self.facts.other if f.person is not None and not f.person.labelled]
        found = picture_problems(self.facts.key_people, [*strangers, *self.facts.unknown], self.photo.measures)
        return [PhotoReason(ReasonKind.BAD, problem.sentence) for problem in found if problem.sentence in self.named]

    def untold(self) -> list[PhotoReason]:
        found = []
        for face in self.facts.key_people:
            if face.eyes_open is None and face.eyes_reason is not None:
                verb = "was" if face.eyes_reason is Reason.NOT_MEASURED else "is"
                text = f"{face.title} {verb} {face.eyes_reason.value}, the eyes cannot be told"
                better = self._where(face, lambda f: f.eyes_open is True)
                if better is not None:
                    text += (
                        f"; {_short(better, self.score.image_path)} in the same burst has {_whose(face.name)} eyes open"
                    )
                found.append(self._reason(ReasonKind.UNKNOWN, face, text, better))
            elif face.excuse is not None:
                text = f"{face.title} {face.excuse.value}, which is no blink"
                better = self._where(face, lambda f: f.eyes_open is True)
                if better is not None:
                    where = _short(better, self.score.image_path)
                    text += f"; {where} in the same burst has {_whose(face.name)} eyes open"
                found.append(self._reason(ReasonKind.UNKNOWN, face, text, better))
        return found

    def right(self) -> list[PhotoReason]:
        people = self.facts.key_people
        found = []
        if people and all(face.eyes_open for face in people):
            found.append(PhotoReason(ReasonKind.GOOD, f"{_all(people)} {_has(people)} open eyes"))
        smiling = [face for face in people if face.smiles]
        if smiling:
            verb = "smiles" if len(smiling) == 1 else "smile"
            who = _all(people) if len(smiling) == len(people) else _names(smiling)
            found.append(PhotoReason(ReasonKind.GOOD, f"{who} {verb}"))
        if people and all(face.in_focus for face in people):
            found.append(PhotoReason(ReasonKind.GOOD, f"{_all(people)} {'is' if len(people) == 1 else 'are'} in focus"))
        elif not people and self.facts.photo_in_focus:
            found.append(PhotoReason(ReasonKind.GOOD, "the photo is in focus"))
        return found

    def _missing(self) -> list[PhotoReason]:
        here = {face.person.key for face in self.facts.key_people if face.person is not None}
        found: dict[str, PhotoReason] = {}
        for other in self.others:
            for face in other.facts.key_people:
                if face.person is not None and face.person.key not in here | found.keys():
                    where = _short(other.image_path, self.score.image_path)
                    text = f"{face.title} is missing; {where} in the same burst has {face.name}"
                    found[face.person.key] = PhotoReason(ReasonKind.BAD, text, face.person.key, None, other.image_path)
        return list(found.values())

    def _much_sharper(self, face: FaceFacts, focus: float) -> str | None:
        return self._where(face, lambda f: f.focus is not None and f.focus > focus + _CLEARLY_SOFTER)

    def _bad(self, face: FaceFacts, what: str, is_right: Callable[[FaceFacts], bool], there: str) -> PhotoReason:
        better = self._where(face, is_right)
        text = f"{face.title} {what}"
        if better is not None:
            text += f"; {_short(better, self.score.image_path)} in the same burst {there}"
        return self._reason(ReasonKind.BAD, face, text, better)

    def _where(self, face: FaceFacts, is_right: Callable[[FaceFacts], bool]) -> str | None:
        """The best photo of the burst in which the same person meets a condition."""
        if face.person is None:
            return None
        for other in self.others:
            there = other.face(face.person.key)
            if there is not None and is_right(there):
                return other.image_path
        return None

    def _reason(self, kind: ReasonKind, face: FaceFacts, text: str, better: str | None) -> PhotoReason:
        key = None if face.person is None else face.person.key
        return PhotoReason(kind, text, key, self._index(key), better)

    def _index(self, key: str | None) -> int | None:
        """Number of the largest face of a person, which is the one that is judged."""
        faces = [face for face in self.photo.faces if face.person is not None and face.person.key == key]
        best = min(faces, key=lambda face: (-face.measures.size_px, face.face_index), default=None)
        return None if best is None else best.face_index


def _short(image_path: str, beside: str) -> str:
    """The short name that a photographer uses: 0132 for IMG_0132.jpg, if the other photo is named alike."""
    folder, _, name = image_path.rpartition("/")
    other_folder, _, other = beside.rpartition("/")
    if folder != other_folder:
        return image_path
    stem, other_stem = name.rpartition(".")[0] or name, other.rpartition(".")[0] or other
    head = stem.rstrip("0123456789")
    if stem == other_stem or head != other_stem.rstrip("0123456789") or len(stem) == len(head):
        return name
    return stem[len(head) :]


def _whose(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _names(faces: Sequence[FaceFacts]) -> str:
    names = [face.name for face in faces]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _all(faces: Sequence[FaceFacts]) -> str:
    return _names(faces) if len(faces) <= 2 else f"all {len(faces)}"


def _has(faces: Sequence[FaceFacts]) -> str:
    return "has" if len(faces) == 1 else "have"
