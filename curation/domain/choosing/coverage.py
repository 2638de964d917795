"""Coverage: how many good photos there are of each person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from curation.domain.judging.photo_facts import PhotoFacts, ScoringInput, photo_facts
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.judging.scoring_rules import Excuses, Thresholds
from curation.domain.labelling.labels import Category, Person
from curation.domain.told.taking import said_rejected

__all__ = ["PersonCoverage", "PhotoPeople", "coverage", "people_of_photos", "well_shown"]


NOBODY_WITHOUT_FACE: Mapping[str, Collection[str]] = {}


@dataclass(frozen=True, slots=True)
class PhotoPeople:
    """The main and important people of a photo, by their keys.

    Attributes:
        seen: All who are in it.
        well: Those of them who are shown well: eyes open and in focus, as far as that can be told.
    """

    seen: frozenset[str]
    well: frozenset[str]


@dataclass(frozen=True, slots=True)
class PersonCoverage:
    """How a main or important person is covered.

    Attributes:
        person: The person.
        photos: Image paths of all photos of the person, best first.
        good: Those of them that show the person well, that no rule vetoes and that the user did not reject.
        picked: How many of the photos the user picked.
    """

    person: Person
    photos: tuple[str, ...]
    good: tuple[str, ...]
    picked: int


def people_of_photos(
    inputs: Mapping[str, ScoringInput], thresholds: Thresholds, excuses: Excuses | None = None
) -> dict[str, PhotoPeople]:
    """The main and important people of every photo.

    Args:
        inputs: The photos that were measured, by image path.
        thresholds: Thresholds for open eyes and for focus.
        excuses: Which closed eyes are no blink; None takes all excuses.
    """
    excused = excuses or Excuses()
    return {
        path: _people(photo_facts(photo.faces, photo.measures.focus, thresholds, excused)) if photo.faces else _NOBODY
        for path, photo in inputs.items()
    }


_NOBODY = PhotoPeople(frozenset(), frozenset())


def _people(facts: PhotoFacts) -> PhotoPeople:
    key_people = [(face.person.key, face) for face in facts.key_people if face.person is not None]
    return PhotoPeople(
        frozenset(key for key, _ in key_people),
        frozenset(key for key, face in key_people if not face.blinks and face.in_focus is not False),
    )


def well_shown(image_path: str, people: Mapping[str, PhotoPeople]) -> frozenset[str]:
    """Keys of the main and important people whom a photo shows well; none for a photo that was not measured."""
    return people.get(image_path, _NOBODY).well


def coverage(
    ranked: Sequence[PhotoScore],
    people: Mapping[str, PhotoPeople],
    persons: Iterable[Person],
    without_face: Mapping[str, Collection[str]] = NOBODY_WITHOUT_FACE,
) -> tuple[PersonCoverage, ...]:
    """How each main and important person is covered: main people first, then by name.

    Args:
        ranked: All photos, best first.
        people: People of these photos, by image path.
        persons: All people of the event; only main and important ones are covered.
        without_face: Keys of people whom photos show without a face, as the user said, by image path: such a photo is
            one of the person, but none that shows the person well.
    """
    asked = [person for person in persons if person.category is not Category.OTHER]
    photos: dict[str, list[str]] = {person.key: [] for person in asked}
    good: dict[str, list[str]] = {person.key: [] for person in asked}
    picked = dict.fromkeys(photos, 0)
    for score in ranked:
        in_photo = people.get(score.image_path, _NOBODY)
        is_good = not score.vetoes and score.pick is not Pick.REJECTED and not said_rejected(score)
        for key in (in_photo.seen | set(without_face.get(score.image_path, ()))) & photos.keys():
            photos[key].append(score.image_path)
            picked[key] += score.pick is Pick.PICKED
            if is_good and key in in_photo.well:
                good[key].append(score.image_path)
    order = sorted(asked, key=lambda person: (person.category is not Category.MAIN, person.display_name, person.key))
    return tuple(
        PersonCoverage(person, tuple(photos[person.key]), tuple(good[person.key]), picked[person.key])
        for person in order
    )
