"""Dress code: how many people wear a colour, and who does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from curation.domain.outfits.outfit import ColourName, Outfit
from curation.domain.outfits.searching import wears

__all__ = ["DressCount", "DressedBody", "DressedPerson", "dress_count"]


class DressedBody(NamedTuple):
    """A body of an event.

    Attributes:
        image_path: Of its photo.
        person: Key of the person; None for somebody who is not known.
        name: As it is shown; empty for somebody who is not known.
        outfit: What it wears; None for "cannot tell".
    """

    image_path: str
    person: str | None
    name: str
    outfit: Outfit | None


@dataclass(frozen=True, slots=True)
class DressedPerson:
    """A person and what was asked for.

    Attributes:
        name: As it is shown.
        wears: Whether the person wears it, on most photos on which that can be told; None for "cannot tell".
        photos: On how many photos it can be told.
        wearing: On how many of them the person wears it.
        example: Path of a photo that shows it: one that agrees with `wears`; None if it cannot be told.
    """

    name: str
    wears: bool | None
    photos: int
    wearing: int
    example: str | None


@dataclass(frozen=True, slots=True)
class DressCount:
    """How many people wear what was asked for.

    Attributes:
        people: The people of the event, those who do not wear it first, then those who cannot be told, by name.
        unknown_bodies: How many bodies of nobody who is known can be told; they count no person.
        unknown_wearing: How many of them wear it.
    """

    people: tuple[DressedPerson, ...]
    unknown_bodies: int
    unknown_wearing: int

    @property
    def wearing(self) -> int:
        """How many people wear it."""
        return sum(person.wears is True for person in self.people)

    @property
    def told(self) -> int:
        """Of how many people it can be told."""
        return sum(person.wears is not None for person in self.people)

    @property
    def share(self) -> float | None:
        """Of the people of whom it can be told, how many wear it, in [0, 1]; None if it can be told of nobody."""
        return self.wearing / self.told if self.told else None


def dress_count(bodies: Iterable[DressedBody], top: ColourName | None, bottom: ColourName | None) -> DressCount:
    """Count who wears a top and a bottom of some colours.

    Args:
        bodies: Of an event.
        top: The colour that is asked for above the hips; None asks nothing.
        bottom: The same below the hips; both must be worn by the same body.
    """
    of_people: dict[str, list[tuple[bool | None, str]]] = defaultdict(list)
    names: dict[str, str] = {}
    unknown = wearing = 0
    for body in bodies:
        answer = _answer(body.outfit, top, bottom)
        if body.person is None:
            unknown += answer is not None
            wearing += answer is True
            continue
        names[body.person] = body.name
        of_people[body.person].append((answer, body.image_path))
    people = [_person(names[key], answers) for key, answers in of_people.items()]
    people.sort(key=lambda person: ((False, None, True).index(person.wears), person.name))
    return DressCount(tuple(people), unknown, wearing)


def _answer(outfit: Outfit | None, top: ColourName | None, bottom: ColourName | None) -> bool | None:
    if outfit is None:
        return None
    asked = [(garment, name) for garment, name in ((outfit.top, top), (outfit.bottom, bottom)) if name is not None]
    told = [wears(garment, name) for garment, name in asked if garment.colours]
    if any(not worn for worn in told):
        return False
    return True if len(told) == len(asked) else None


def _person(name: str, answers: list[tuple[bool | None, str]]) -> DressedPerson:
    told = [(answer, path) for answer, path in answers if answer is not None]
    wearing = sum(answer for answer, _ in told)
    if not told:
        return DressedPerson(name, None, 0, 0, None)
    does = wearing * 2 >= len(told)
    return DressedPerson(name, does, len(told), wearing, next(path for answer, path in told if answer is does))
