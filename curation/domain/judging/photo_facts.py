"""Facts of a photo: its faces with the thresholds applied, one for each person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.judging.scoring_rules import Excuses, Thresholds
from curation.domain.labelling.labels import Category, Person
from curation.domain.measuring.closed_eyes import Excuse, is_laugh, moments
from curation.domain.measuring.measures import FaceMeasures, Measure, PhotoMeasures, Reason

__all__ = [
    "CUT_FACE",
    "RUINED_EXPOSURE",
    "RUINED_FOCUS",
    "FaceFacts",
    "PhotoFacts",
    "ScoredFace",
    "ScoringInput",
    "photo_facts",
]


RUINED_FOCUS = 0.2
"""Below it, a face that is out of focus is blurred, above it is soft."""
RUINED_EXPOSURE = 0.2
"""Below it, a face is nearly black or blown out."""
CUT_FACE = 0.15
"""From this share of a face outside of the photo on, the photo does not show the person."""


@dataclass(frozen=True, slots=True)
class ScoredFace:
    """A face of a photo with its person and its measures.

    Attributes:
        face_index: Number of the face in its photo.
        person: Whose face it is; None for an unknown face.
        measures: Its measures.
        age_group: Whether the person looks like a child or an adult, by all faces of the person.
    """

    face_index: int
    person: Person | None
    measures: FaceMeasures
    age_group: AgeGroup = AgeGroup.CANNOT_TELL


@dataclass(frozen=True, slots=True)
class ScoringInput:
    """What scoring knows about one photo: its measures, and its faces with their people.

    Attributes:
        measures: Measures of the photo.
        faces: All faces of the photo.
    """

    measures: PhotoMeasures
    faces: Sequence[ScoredFace]


@dataclass(frozen=True, slots=True)
class FaceFacts:
    """A face with the thresholds applied; None stands for "cannot tell".

    Attributes:
        name: The person's name, or `face N` for an unknown face (N counts from 1, left to right).
        person: Whose face it is; None for an unknown face.
        eyes: Openness in [0, 1], see `joined_eyes`.
        smile: In [0, 1].
        focus: In [0, 1].
        exposure: In [0, 1].
        eyes_open: Whether `eyes` reaches its threshold.
        smiles: Whether `smile` reaches its threshold.
        in_focus: Whether `focus` reaches its threshold.
        eyes_reason: Why the eyes cannot be told.
        smile_reason: Why the smile cannot be told.
        measures: Its measures, for its size and pose.
        excuse: Why closed eyes are no blink; None if the eyes are open or cannot be told, or if they blink.
        age_group: Whether the person looks like a child or an adult.
    """

    name: str
    person: Person | None
    eyes: float | None
    smile: float | None
    focus: float | None
    exposure: float | None
    eyes_open: bool | None
    smiles: bool | None
    in_focus: bool | None
    eyes_reason: Reason | None
    smile_reason: Reason | None
    measures: FaceMeasures
    excuse: Excuse | None = None
    age_group: AgeGroup = AgeGroup.CANNOT_TELL

    @property
    def blinks(self) -> bool:
        """Whether the eyes are closed without an excuse."""
        return self.eyes_open is False and self.excuse is None

    @property
    def is_tiny(self) -> bool:
        """Whether the face is too small to be judged."""
        return self.eyes_reason is Reason.TINY

    @property
    def shown_well(self) -> bool:
        """Whether the person neither blinks nor is blurred, ruined by the light, or cut by the edge of the photo.

        A face that is a little soft is no ruined photo, and "cannot tell" is good enough.
        """
        return (
            not self.blinks
            and (self.in_focus is not False or self.focus is None or self.focus >= RUINED_FOCUS)
            and (self.exposure is None or self.exposure >= RUINED_EXPOSURE)
            and self.measures.cut_off < CUT_FACE
        )

    @property
    def title(self) -> str:
        """Name and category, like `Anna (main)`."""
        return self.name if self.person is None else f"{self.name} ({self.person.category.value})"


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """The faces of a photo, one for each person, by category and then by name.

    Attributes:
        main: Main people.
        important: Important people.
        other: Other people.
        unknown: Faces without a cluster, from left to right.
        photo_in_focus: Whether the sharpest parts of the photo reach the focus threshold, or a face in it does: a
            portrait on a soft background is in focus.
    """

    main: tuple[FaceFacts, ...]
    important: tuple[FaceFacts, ...]
    other: tuple[FaceFacts, ...]
    unknown: tuple[FaceFacts, ...]
    photo_in_focus: bool | None

    @property
    def key_people(self) -> tuple[FaceFacts, ...]:
        """Main and important people."""
        return self.main + self.important


_ALL_EXCUSES = Excuses()


def photo_facts(
    faces: Iterable[ScoredFace], photo_focus: Measure, thresholds: Thresholds, excuses: Excuses = _ALL_EXCUSES
) -> PhotoFacts:
    """Apply the thresholds, and keep one face of each person: the largest.

    A person who is in a photo twice (a mirror, a poster) counts once.

    Args:
        faces: All faces of the photo, in any order.
        photo_focus: Focus of the whole photo.
        thresholds: Thresholds to apply.
        excuses: Which closed eyes are no blink.

    Returns:
        The facts; the same for any order of `faces`.
    """
    faces = list(faces)
    largest: dict[str, ScoredFace] = {}
    unknown: list[ScoredFace] = []
    for face in faces:
        if face.person is None:
            unknown.append(face)
            continue
        other = largest.get(face.person.key)
        if other is None or (-face.measures.size_px, face.face_index) < (-other.measures.size_px, other.face_index):
            largest[face.person.key] = face
    embracing: Collection[int] = ()
    if excuses.moments and len(faces) > 1:
        key_people = [
            face.face_index
            for face in largest.values()
            if face.person is not None and face.person.category is not Category.OTHER
        ]
        seen = {face.face_index: (face.measures, _eyes_open(face.measures, thresholds)) for face in faces}
        embracing = moments(seen, key_people)

    def facts(face: ScoredFace, name: str) -> FaceFacts:
        made = _face_facts(face, name, thresholds)
        if made.eyes_open is not False:
            return made
        if face.face_index in embracing:
            return replace(made, excuse=Excuse.MOMENT)
        if excuses.laughs and is_laugh(made.eyes, made.smile):
            return replace(made, excuse=Excuse.LAUGH)
        if excuses.children and made.age_group is AgeGroup.CHILD:
            return replace(made, excuse=Excuse.CHILD)
        return made

    groups: dict[Category, list[FaceFacts]] = {Category.MAIN: [], Category.IMPORTANT: [], Category.OTHER: []}
    for face in sorted(largest.values(), key=_by_name) if len(largest) > 1 else largest.values():
        person = face.person
        if person is not None:
            groups[person.category].append(facts(face, person.display_name))
    unknown.sort(key=lambda face: face.face_index)
    people = {category: tuple(of_category) for category, of_category in groups.items()}
    strangers = tuple(facts(face, f"face {face.face_index + 1}") for face in unknown)
    a_face_is_sharp = any(face.in_focus for of_category in (*people.values(), strangers) for face in of_category)
    return PhotoFacts(
        main=people[Category.MAIN],
        important=people[Category.IMPORTANT],
        other=people[Category.OTHER],
        unknown=strangers,
        photo_in_focus=True if a_face_is_sharp else _reaches(photo_focus.value, thresholds.focus),
    )


def _by_name(face: ScoredFace) -> tuple[str, str]:
    person = face.person
    return ("", "") if person is None else (person.display_name, person.key)


def _reaches(value: float | None, threshold: float) -> bool | None:
    return None if value is None else value >= threshold


def _unjudged(measures: FaceMeasures, thresholds: Thresholds) -> Reason | None:
    """Why eyes and smile of a face are not judged, whatever was measured."""
    if measures.size_px < thresholds.min_face_px:
        return Reason.TINY
    return Reason.TURNED if abs(measures.yaw_deg) > thresholds.max_yaw_deg else None


def _eyes_open(measures: FaceMeasures, thresholds: Thresholds) -> bool | None:
    if _unjudged(measures, thresholds) is not None:
        return None
    return _reaches(measures.eyes.value, thresholds.eyes_open)


def _face_facts(face: ScoredFace, name: str, thresholds: Thresholds) -> FaceFacts:
    measures = face.measures
    eyes_reason: Reason | None
    smile_reason: Reason | None
    unjudged = _unjudged(measures, thresholds)
    eyes = smile = None
    if unjudged is not None:
        eyes_reason = smile_reason = unjudged
    else:
        both = measures.eyes
        eyes, eyes_reason = both.value, both.reason
        smile, smile_reason = measures.smile.value, measures.smile.reason
    focus = None if unjudged is Reason.TINY else measures.focus.value
    return FaceFacts(
        name,
        face.person,
        eyes,
        smile,
        focus,
        measures.exposure.value,
        None if eyes is None else eyes >= thresholds.eyes_open,
        None if smile is None else smile >= thresholds.smile,
        None if focus is None else focus >= thresholds.focus,
        eyes_reason,
        smile_reason,
        measures,
        age_group=face.age_group,
    )
