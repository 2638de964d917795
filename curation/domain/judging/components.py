"""The components of a score: eyes, smile, focus, exposure, people and picture; see docs/scoring.md, section 3.

A photo is worth what it holds of the people who matter. Each of them adds to every component, in good state more, and
strangers add nothing. The functions below never fall if a measure improves, or if a person in good state comes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from curation.domain.judging.photo_facts import FaceFacts, PhotoFacts
from curation.domain.judging.photo_problems import PictureProblem, presence, remaining
from curation.domain.judging.scoring_rules import CategoryWeights, ScoringRules
from curation.domain.labelling.labels import EventPeople
from curation.domain.measuring.measures import PhotoMeasures

__all__ = ["Cast", "Components", "CountedPeople", "Group", "cast_of", "counted_people", "score_components"]

EXCUSED_EYES = 0.75  # least value of closed eyes that are no blink: a little less than open ones
NEUTRAL = 0.5  # value of a measure that cannot be told: neither for nor against the photo
FULL_MAIN_PEOPLE = 4  # this many main people make a photo full, even if the event has more
FULL_OTHER_PEOPLE = 3  # the same for important and for other people
FIRST_PERSON = 0.6  # what the first person alone fills of eyes, smile, focus and exposure, in a large cast
MATTERS_FROM = 0.25  # of the heaviest category's weight: people of lighter categories do not matter for the order
NOBODY_SHARE = 0.5  # what focus, exposure and picture count in a photo without anybody who matters

Components = tuple[float | None, float | None, float | None, float | None, float | None, float | None]
"""Eyes, smile, focus, exposure, people and picture, each in [0, 1] or None where it does not apply."""


@dataclass(frozen=True, slots=True)
class Group:
    """What a category counts in an event.

    Attributes:
        worth: Weight of the category relative to the heaviest of the event, in [0, 1].
        filled: By the number of people of the category, how much they fill of the component `people`; item 0 is 0, the
            last one is 1.
        held: The same for eyes, smile, focus and exposure.
    """

    worth: float
    filled: tuple[float, ...]
    held: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who counts in an event; a category that does not count has a worth of 0.

    Attributes:
        main: Main people.
        important: Important people.
        other: Other people.
        unknown: Unknown faces.
        has_strangers: Whether unknown faces and people without a label are strangers, who do not count: true where
            the event has main or important people.
        strangers_distract: Whether a stranger who stands in front is a problem; not if unknown faces weigh nothing.
    """

    main: Group
    important: Group
    other: Group
    unknown: Group
    has_strangers: bool
    strangers_distract: bool


@lru_cache(maxsize=64)
def cast_of(event: EventPeople, weights: CategoryWeights) -> Cast:
    """Who counts in an event.

    Args:
        event: The people of the event.
        weights: `ScoringRules.counting_weights`.
    """
    has_strangers = (event.main > 0 and weights.main > 0) or (event.important > 0 and weights.important > 0)
    known = (
        (event.main, weights.main, FULL_MAIN_PEOPLE),
        (event.important, weights.important, FULL_OTHER_PEOPLE),
        (event.other, weights.other, FULL_OTHER_PEOPLE),
    )
    heaviest = max((weight for number, weight, _ in known if number > 0), default=0.0)
    main, important, other = (
        _group(weight / heaviest if heaviest > 0 else 0.0, min(number, most)) for number, weight, most in known
    )
    if has_strangers:
        unknown = _group(0.0, 0)
    elif heaviest > 0:
        unknown = _group(min(1.0, weights.unknown / heaviest), FULL_OTHER_PEOPLE)
    else:
        # No person of this event is known or counts: all faces are equally good.
        unknown = _group(1.0 if weights.unknown > 0 else 0.0, 1)
    return Cast(main, important, other, unknown, has_strangers, weights.unknown > 0)


def _group(worth: float, full: int) -> Group:
    """Each further person fills less: 1 - (1 - n / full)^2."""
    if full <= 0 or worth <= 0:
        return Group(0.0, (0.0,), (0.0,))
    filled = tuple(1.0 - (1.0 - number / full) ** 2 for number in range(full + 1))
    held = (0.0, *(FIRST_PERSON + (1.0 - FIRST_PERSON) * value for value in filled[1:]))
    return Group(worth, filled, held)


Groups = tuple[tuple[tuple[FaceFacts, ...], Group], ...]


@dataclass(frozen=True, slots=True)
class CountedPeople:
    """The faces of a photo that count.

    Attributes:
        groups: Faces by category, with what the category counts; categories without a face are left out.
        key: The faces of the people who matter.
        strangers: The faces that do not count because nobody labelled them, if they can distract.
    """

    groups: Groups
    key: tuple[FaceFacts, ...]
    strangers: tuple[FaceFacts, ...]

    @property
    def faces(self) -> list[FaceFacts]:
        """All faces that count, the most important category first."""
        return [face for faces, _ in self.groups for face in faces]

    @property
    def well_shown(self) -> int:
        """How many of the people who matter are shown well, by faces that are not too small to be judged."""
        return len([face for face in self.key if face.shown_well and not face.is_tiny])


def counted_people(facts: PhotoFacts, cast: Cast) -> CountedPeople:
    """Who counts in a photo, see `Cast`."""
    other, unknown = facts.other, facts.unknown
    strangers: tuple[FaceFacts, ...] = ()
    if cast.has_strangers and (other or unknown):
        if cast.strangers_distract:
            strangers = (*(face for face in other if not _is_labelled(face)), *unknown)
        other, unknown = tuple([face for face in other if _is_labelled(face)]), ()
    groups = []
    key: tuple[FaceFacts, ...] = ()
    for faces, group in (
        (facts.main, cast.main),
        (facts.important, cast.important),
        (other, cast.other),
        (unknown, cast.unknown),
    ):
        if faces and group.worth > 0:
            groups.append((faces, group))
            if group.worth >= MATTERS_FROM:
                key += faces
    return CountedPeople(tuple(groups), key, strangers)


def _is_labelled(face: FaceFacts) -> bool:
    return face.person is not None and face.person.labelled


def score_components(
    counted: CountedPeople, measures: PhotoMeasures, problems: Sequence[PictureProblem], rules: ScoringRules
) -> Components:
    """The components of a photo.

    Args:
        counted: Who counts in it.
        measures: Of the photo.
        problems: Of the picture as a whole.
        rules: The rules of scoring.
    """
    thresholds = rules.thresholds
    picture = remaining(problems, rules.problem_costs)
    if not counted.key and not rules.people_asked_for:
        return None, None, _scaled(measures.focus.value, thresholds.focus), _or_neutral(measures), None, picture
    groups = counted.groups
    eyes = _component([([_eyes(f, thresholds.eyes_open) for f in faces], group) for faces, group in groups])
    smile = _component([([_scaled(f.smile, thresholds.smile) for f in faces], group) for faces, group in groups])
    people = _people_there(groups, min(measures.width, measures.height), rules)
    if not counted.key:
        return (
            eyes,
            smile,
            NOBODY_SHARE * _scaled(measures.focus.value, thresholds.focus),
            NOBODY_SHARE * _or_neutral(measures),
            people,
            NOBODY_SHARE * picture,
        )
    return (
        eyes,
        smile,
        _component([([_scaled(f.focus, thresholds.focus) for f in faces], group) for faces, group in groups]),
        _component(
            [([NEUTRAL if f.exposure is None else f.exposure for f in faces], group) for faces, group in groups]
        ),
        people,
        picture,
    )


def _people_there(groups: Groups, short_side_px: int, rules: ScoringRules) -> float:
    """How many of the people who count are in the photo, and how far: the categories complement each other."""
    lacking = 1.0
    for faces, group in groups:
        there = [presence(face, short_side_px, rules.problem_costs) for face in faces]
        lacking *= 1.0 - group.worth * _ordered(there, group.filled)
    return 1.0 - lacking


def _or_neutral(measures: PhotoMeasures) -> float:
    return NEUTRAL if measures.exposure.value is None else measures.exposure.value


def _scaled(value: float | None, threshold: float) -> float:
    """Scale a measure so that its threshold becomes 0.5, piecewise linear; 0 and 1 stay."""
    if value is None:
        return NEUTRAL
    if value >= threshold:
        return 1.0 if threshold >= 1.0 else 0.5 + 0.5 * (value - threshold) / (1.0 - threshold)
    return 0.5 * value / threshold


def _eyes(face: FaceFacts, threshold: float) -> float:
    value = _scaled(face.eyes, threshold)
    return value if face.excuse is None else max(value, EXCUSED_EYES)


def _component(groups: Sequence[tuple[list[float], Group]]) -> float:
    """What the people hold, less the share of them who fail.

    (1 - prod(1 - worth * held)) * (1 - sum(worth * failing) / sum(worth)), where failing is 0 from the threshold on
    and 1 where a measure is 0.
    """
    total = failing = 0.0
    lacking = 1.0
    for values, group in groups:
        worth = group.worth
        total += worth * len(values)
        for value in values:
            if value < NEUTRAL:
                failing += worth * (1.0 - value / NEUTRAL)
        lacking *= 1.0 - worth * _ordered(values, group.held)
    held = 1.0 - lacking
    return held * (1.0 - min(1.0, failing / total)) if failing else held


def _ordered(values: list[float], filled: tuple[float, ...]) -> float:
    """The sum of the values, the best first, each times what the person adds: an ordered weighted average.

    With `filled` F and the values v in descending order it is sum((F[i] - F[i - 1]) * v[i]); here with the differences
    of the values instead, so that values of 1 give exactly F.
    """
    if len(values) == 1:
        return filled[1] * values[0]
    ranked = sorted(values, reverse=True)
    full = len(filled) - 1
    if len(ranked) >= full:
        del ranked[full:]
    last = ranked[-1]
    out = filled[len(ranked)] * last
    for number in range(len(ranked) - 1, 0, -1):
        value = ranked[number - 1]
        if value != last:
            out += filled[number] * (value - last)
            last = value
    return out
