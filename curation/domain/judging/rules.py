"""The rules that a user can turn on, and what they look at.

`photo_facts` turns faces, people and measures into facts with the thresholds applied; each rule is
a small function over the facts. `RULES` names them; config.yaml turns them on: a rule in the mode
`veto` puts the photos that break it below all others, in the mode `weight` it is one more component
of the score. "Cannot tell" never breaks a rule, and no rule looks at the eyes, smile or focus of an
unknown face.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

from curation.domain.judging.measures import FaceMeasures, Measure, Reason
from curation.domain.labelling.labels import Category, Person

__all__ = [
    "RULES",
    "CountRule",
    "FaceFacts",
    "PhotoFacts",
    "Rule",
    "RuleMode",
    "Rules",
    "ScoredFace",
    "SwitchRule",
    "Thresholds",
    "Verdict",
    "photo_facts",
]


class RuleMode(StrEnum):
    """What happens to a photo that breaks a rule."""

    OFF = "off"
    VETO = "veto"
    WEIGHT = "weight"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's parameters: its mode, and its weight beside the components' weights."""

    mode: RuleMode = RuleMode.OFF
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class CountRule(Rule):
    """A rule about a number of people or faces."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class SwitchRule:
    """A rule that is on or off."""

    enabled: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """The parameters of all rules; the fields are the names in config.yaml."""

    require_all_eyes_open: Rule = Rule()
    require_main_eyes_open: Rule = Rule(RuleMode.VETO)
    require_smile: Rule = Rule()
    require_in_focus: Rule = Rule()
    min_main_people: CountRule = CountRule()
    min_important_people: CountRule = CountRule()
    ignore_others: SwitchRule = SwitchRule()
    max_unknown_faces: CountRule = CountRule(count=5)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Mapping[str, Any]]) -> Rules:
        """Build from plain values, as in config.yaml's `scoring.rules`; absent keys take the default.

        Raises:
            ValueError: If a rule or a parameter is not known; lists the known ones.
        """
        defaults = cls()
        known = [f.name for f in fields(cls)]
        made: dict[str, Rule | CountRule | SwitchRule] = {}
        for name, params in data.items():
            if name not in known:
                raise ValueError(f"there is no rule {name!r}; known rules: {', '.join(known)}")
            made[name] = _with_params(name, getattr(defaults, name), params)
        return cls(**made)  # type: ignore[arg-type]


R = TypeVar("R", Rule, CountRule, SwitchRule)


def _with_params(name: str, default: R, params: Mapping[str, Any]) -> R:
    known = [f.name for f in fields(default)]
    values = {key: getattr(default, key) for key in known}
    for key, value in params.items():
        if key not in known:
            raise ValueError(f"the rule {name} has no parameter {key!r}; known: {', '.join(known)}")
        values[key] = RuleMode(value) if key == "mode" else value
    return type(default)(**values)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a measure counts as fulfilled, and which faces are judged at all.

    Attributes:
        eyes_open: In [0, 1].
        smile: In [0, 1].
        focus: In [0, 1].
        min_face_px: Eyes, smile and focus of smaller faces are not judged.
        max_yaw_deg: Eyes and smile of faces turned further are not judged.
    """

    eyes_open: float = 0.5
    smile: float = 0.5
    focus: float = 0.4
    min_face_px: float = 40.0
    max_yaw_deg: float = 45.0


@dataclass(frozen=True, slots=True)
class ScoredFace:
    """A face of a photo with its person and its measures.

    Attributes:
        face_index: Of the face in its photo.
        person: Whose face it is; None for an unknown face.
        measures: What was measured on it.
    """

    face_index: int
    person: Person | None
    measures: FaceMeasures


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
        photo_in_focus: Whether the sharpest parts of the photo reach the focus threshold.
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


def photo_facts(faces: Iterable[ScoredFace], photo_focus: Measure, thresholds: Thresholds) -> PhotoFacts:
    """Apply the thresholds, and keep one face of each person: the largest.

    A person who is in a photo twice (a mirror, a poster) counts once.

    Args:
        faces: All faces of the photo, in any order.
        photo_focus: Of the whole photo.
        thresholds: To apply.

    Returns:
        The facts; the same for any order of `faces`.
    """
    largest: dict[str, ScoredFace] = {}
    unknown: list[ScoredFace] = []
    for face in faces:
        if face.person is None:
            unknown.append(face)
            continue
        other = largest.get(face.person.key)
        if other is None or (-face.measures.size_px, face.face_index) < (-other.measures.size_px, other.face_index):
            largest[face.person.key] = face
    groups: dict[Category, list[FaceFacts]] = {Category.MAIN: [], Category.IMPORTANT: [], Category.OTHER: []}
    for face in sorted(largest.values(), key=_by_name) if len(largest) > 1 else largest.values():
        person = face.person
        if person is not None:
            groups[person.category].append(_face_facts(face, person.display_name, thresholds))
    unknown.sort(key=lambda face: face.face_index)
    return PhotoFacts(
        main=tuple(groups[Category.MAIN]),
        important=tuple(groups[Category.IMPORTANT]),
        other=tuple(groups[Category.OTHER]),
        unknown=tuple(_face_facts(face, f"face {face.face_index + 1}", thresholds) for face in unknown),
        photo_in_focus=_reaches(photo_focus.value, thresholds.focus),
    )


def _by_name(face: ScoredFace) -> tuple[str, str]:
    person = face.person
    return ("", "") if person is None else (person.display_name, person.key)


def _reaches(value: float | None, threshold: float) -> bool | None:
    return None if value is None else value >= threshold


def _face_facts(face: ScoredFace, name: str, thresholds: Thresholds) -> FaceFacts:
    measures = face.measures
    eyes_reason: Reason | None
    smile_reason: Reason | None
    tiny = measures.size_px < thresholds.min_face_px
    turned = abs(measures.yaw_deg) > thresholds.max_yaw_deg
    eyes = smile = None
    if tiny or turned:
        eyes_reason = smile_reason = Reason.TINY if tiny else Reason.TURNED
    else:
        both = measures.eyes
        eyes, eyes_reason = both.value, both.reason
        smile, smile_reason = measures.smile.value, measures.smile.reason
    focus = None if tiny else measures.focus.value
    return FaceFacts(
        name,
        face.person,
        eyes,
        smile,
        focus,
        measures.exposure.value,
        _reaches(eyes, thresholds.eyes_open),
        _reaches(smile, thresholds.smile),
        _reaches(focus, thresholds.focus),
        eyes_reason,
        smile_reason,
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of a photo.

    Attributes:
        value: In [0, 1], how far the rule is kept; None if it does not apply to the photo.
        violations: A sentence for each way in which it is broken; empty if it is kept.
    """

    value: float | None
    violations: tuple[str, ...]


_KEPT = Verdict(1.0, ())
_NOT_APPLICABLE = Verdict(None, ())


def _share(answers: Sequence[tuple[bool | None, str]]) -> Verdict:
    """The share of the people who pass, among those who can be told."""
    judged = [(good, sentence) for good, sentence in answers if good is not None]
    if not judged:
        return _NOT_APPLICABLE
    broken = tuple(sentence for good, sentence in judged if not good)
    return Verdict(1.0 - len(broken) / len(judged), broken) if broken else _KEPT


def _require_main_eyes_open(facts: PhotoFacts, rules: Rules) -> Verdict:
    """Every main person's eyes are open."""
    return _share([(face.eyes_open, f"{face.title} blinks") for face in facts.main])


def _require_all_eyes_open(facts: PhotoFacts, rules: Rules) -> Verdict:
    """The eyes of all people that the user labelled are open.

    Main and important people, and others that the labels name (unless `ignore_others`). Clusters
    that the labels leave out and unknown faces are strangers: their blink never counts.
    """
    judged = list(facts.key_people)
    if not rules.ignore_others.enabled:
        judged += [face for face in facts.other if face.person is not None and face.person.labelled]
    return _share([(face.eyes_open, f"{face.title} blinks") for face in judged])


def _require_smile(facts: PhotoFacts, rules: Rules) -> Verdict:
    """Every main and important person smiles."""
    return _share([(face.smiles, f"{face.title} does not smile") for face in facts.key_people])


def _require_in_focus(facts: PhotoFacts, rules: Rules) -> Verdict:
    """Every main and important person is in focus; without such people, the photo is."""
    if facts.key_people:
        return _share([(face.in_focus, f"{face.title} is out of focus") for face in facts.key_people])
    return _share([(facts.photo_in_focus, "the photo is out of focus")])


def _min_main_people(facts: PhotoFacts, rules: Rules) -> Verdict:
    """At least `count` different main people are in the photo."""
    return _at_least(len(facts.main), rules.min_main_people.count, "main")


def _min_important_people(facts: PhotoFacts, rules: Rules) -> Verdict:
    """At least `count` different people of the category important are in the photo."""
    return _at_least(len(facts.important), rules.min_important_people.count, "important")


def _at_least(found: int, wanted: int, category: str) -> Verdict:
    if found >= wanted:
        return _KEPT
    return Verdict(found / wanted, (f"{found} of at least {wanted} {category} people",))


def _max_unknown_faces(facts: PhotoFacts, rules: Rules) -> Verdict:
    """At most `count` faces belong to nobody known."""
    found, allowed = len(facts.unknown), rules.max_unknown_faces.count
    if found <= allowed:
        return _KEPT
    # One face too many should cost less where many are allowed; the value falls as allowed / found.
    return Verdict(allowed / found, (f"{found} unknown faces, at most {allowed} allowed",))


RuleFunction = Callable[[PhotoFacts, Rules], Verdict]

RULES: Mapping[str, RuleFunction] = {
    "require_all_eyes_open": _require_all_eyes_open,
    "require_main_eyes_open": _require_main_eyes_open,
    "require_smile": _require_smile,
    "require_in_focus": _require_in_focus,
    "min_main_people": _min_main_people,
    "min_important_people": _min_important_people,
    "max_unknown_faces": _max_unknown_faces,
}
"""The rules with a mode, by name. `ignore_others` is a switch that scoring and the rules read."""
