"""Who a person without a face may be: somebody of the same event whose face shows who it is, in the same clothes.

Only people who can be told by their clothes are suggested. How well that is possible is measured on the people of the
event themselves: each of their bodies whose face is known is taken as if it had none (`measured_spread`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lookalike", "LookalikeRules", "Lookalikes", "Spread", "Worn", "lookalikes", "signature_distances"]

_TOP_WEIGHT, _BOTTOM_WEIGHT = 0.6, 0.4  # as `curation.domain.outfits.signature.distance` has them
_BLOCK = 128
_LEAST_PEOPLE = 2  # of one alone nothing can be said about how people differ
_FAR = 9.0  # more than any distance


@dataclass(frozen=True, slots=True)
class LookalikeRules:
    """When a suggestion is made. The constants were chosen by benchmarks/evaluation/outfits.py on half of its data.

    Attributes:
        within_s: People change clothes: only photos that were taken at most so far apart are compared, in seconds.
            Photos without a time are compared with each other only.
        most_distance: Between the body and the one that it is like.
        least_lead: By how much everybody else must be further away.
        apart_s: Photos of one moment say nothing of how well somebody can be told by clothes: the spread is measured
            between photos that lie further apart, in seconds.
        usual_distance: Between two photos of one person in the same clothes, for people of whom there is only one.
        most_mistaken: Of the bodies of two people: if more of them could be taken for the other's, the two dress alike.
        most_alike: If more of the people with names dress like somebody else, nothing is suggested at all.
        most_wrong: If more of the suggestions for people who are known would be wrong, nothing is suggested at all.
        least_tried: So many known bodies must have been tried before anything is suggested.
        bodies_each: Of each person at most so many bodies are compared for the spread.
        anchors_each: Of each person suggestions are learnt from at most so many bodies, spread over the event.
    """

    within_s: float = 3 * 3600.0
    most_distance: float = 0.09
    least_lead: float = 0.04
    apart_s: float = 3.0
    usual_distance: float = 0.08
    most_mistaken: float = 0.10
    most_alike: float = 0.5
    most_wrong: float = 0.05
    least_tried: int = 6
    bodies_each: int = 24
    anchors_each: int = 64


_USUAL = LookalikeRules()


@dataclass(frozen=True, slots=True, eq=False)
class Worn:
    """A body of an event with what it wears.

    Attributes:
        photo: Number of its photo.
        time_s: When the photo was taken, in seconds of any clock; None if unknown.
        signature: (D,) float32, a histogram of the top and one of the bottom, each with sum 1 or all 0.
        person: Key of the person whom the face shows, named or not; None for a body without a face.
    """

    photo: int
    time_s: float | None
    signature: NDArray[np.float32]
    person: str | None


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A suggestion.

    Attributes:
        body: Number of the body without a face.
        person: Who it may be.
        learnt_from: Number of the body with a face that it is most like.
        distance: Between the two, in [0, 1].
        lead: By how much the next person is further away; up to 1.
    """

    body: int
    person: str
    learnt_from: int
    distance: float
    lead: float


@dataclass(frozen=True, slots=True)
class Spread:
    """How well the people of an event can be told by their clothes.

    Attributes:
        tried: How many bodies with known faces were tried as if they had none.
        right: For how many of them the right person would have been suggested.
        wrong: For how many somebody else.
        alike: For people with names who dress like somebody else: who these are.
        off: Why nothing is suggested for this event, in words; empty if suggestions are made.
    """

    tried: int = 0
    right: int = 0
    wrong: int = 0
    alike: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    off: str = ""


@dataclass(frozen=True, slots=True)
class Lookalikes:
    """What can be suggested: the likeliest first, and how well people can be told at all."""

    found: tuple[Lookalike, ...]
    spread: Spread


def lookalikes(bodies: Sequence[Worn], named: frozenset[str], rules: LookalikeRules = _USUAL) -> Lookalikes:
    """Suggest who the bodies without a face are.

    Args:
        bodies: Of one event; those with a face must have the person's key.
        named: Keys of the people whom the user gave names; only they are suggested.
        rules: When a suggestion is made.
    """
    known = [number for number, body in enumerate(bodies) if body.person is not None]
    faceless = [number for number, body in enumerate(bodies) if body.person is None]
    spread = _measured_spread(bodies, known, named, rules)
    if spread.off or not faceless or not known:
        return Lookalikes((), spread)
    known = _some_of_each(bodies, known, rules.anchors_each)
    found = _nearest_people(bodies, faceless, known, named, rules, apart_s=-1.0, alike=spread.alike)
    return Lookalikes(tuple(sorted(found, key=lambda one: (one.distance - one.lead, one.body))), spread)


def signature_distances(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """How different outfits are: `curation.domain.outfits.signature.distance` of many at once.

    Args:
        first: (N, D) signatures.
        second: (M, D) signatures.

    Returns:
        (N, M) in [0, 1]; NaN for "cannot tell": one shows only the top and the other only the bottom.
    """
    return _distances(_roots(first), _roots(second))


@dataclass(frozen=True, slots=True, eq=False)
class _Roots:
    """Signatures as they are compared.

    Attributes:
        roots: (N, D) square roots of the histograms: their products with others are Bhattacharyya coefficients. Scaled
            by the roots of the parts' weights.
        weights: (N, 2) weight of top and bottom, 0 for a part that is not in the photo.
    """

    roots: NDArray[np.float32]
    weights: NDArray[np.float32]

    def block(self, rows: slice) -> _Roots:
        return _Roots(self.roots[rows], self.weights[rows])


def _roots(signatures: NDArray[np.float32]) -> _Roots:
    half = signatures.shape[1] // 2
    parts = []
    weights = []
    for part, weight in ((signatures[:, :half], _TOP_WEIGHT), (signatures[:, half:], _BOTTOM_WEIGHT)):
        sums = part.sum(axis=1, keepdims=True)
        parts.append(np.sqrt(weight * part / np.where(sums > 0, sums, 1.0)))
        weights.append(np.where(sums[:, 0] > 0, weight, 0.0))
    return _Roots(np.concatenate(parts, axis=1).astype(np.float32), np.stack(weights, axis=1).astype(np.float32))


def _distances(first: _Roots, second: _Roots) -> NDArray[np.float32]:
    """(N, M), see `signature_distances`."""
    # The weight of what both show, and of that what they have in common.
    shown = sum(np.sqrt(np.outer(first.weights[:, part], second.weights[:, part])) for part in (0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt(np.maximum(0.0, 1.0 - (first.roots @ second.roots.T) / shown)), dtype=np.float32)


def _nearest_people(
    bodies: Sequence[Worn],
    asked: Sequence[int],
    known: Sequence[int],
    named: frozenset[str],
    rules: LookalikeRules,
    *,
    apart_s: float,
    alike: Mapping[str, tuple[str, ...]],
) -> list[Lookalike]:
    """Who the asked bodies are, by the known ones that are in other photos and not taken within `apart_s`."""
    people = sorted({person for number in known if (person := bodies[number].person) is not None})
    place = {person: column for column, person in enumerate(people)}
    known = sorted(known, key=lambda number: place[bodies[number].person or ""])
    owners = np.array([place[bodies[number].person or ""] for number in known], dtype=np.intp)
    starts = np.searchsorted(owners, np.arange(len(people)))
    signatures = _roots(np.stack([bodies[number].signature for number in known]))
    times, photos = _times(bodies, known), np.array([bodies[number].photo for number in known])
    on_photo: dict[int, set[int]] = defaultdict(set)
    for number in known:
        on_photo[bodies[number].photo].add(place[bodies[number].person or ""])
    out = []
    for begin in range(0, len(asked), _BLOCK):
        block = list(asked[begin : begin + _BLOCK])
        away = _distances(_roots(np.stack([bodies[number].signature for number in block])), signatures)
        gap = np.abs(_times(bodies, block)[:, None] - times[None, :])
        no_times = np.isnan(_times(bodies, block))[:, None] & np.isnan(times)[None, :]
        compared = ((gap <= rules.within_s) & (gap > apart_s)) | no_times
        compared &= np.array([bodies[number].photo for number in block])[:, None] != photos[None, :]
        away = np.where(compared & ~np.isnan(away), away, _FAR)
        for row, number in zip(away, block, strict=True):
            of_people = np.minimum.reduceat(row, starts)
            own = bodies[number].person
            there = on_photo[bodies[number].photo] - ({place[own]} if own is not None else set())
            of_people[list(there)] = _FAR  # nobody is on a photo twice
            first = int(of_people.argmin())
            distance = float(of_people[first])
            others = np.delete(of_people, first)
            lead = min(1.0, float(others.min(initial=_FAR)) - distance)
            if distance > rules.most_distance or lead < rules.least_lead or people[first] not in named:
                continue
            if any(place[other] not in there for other in alike.get(people[first], ())):
                continue
            columns = np.flatnonzero(owners == first)
            learnt_from = known[int(columns[row[columns].argmin()])]
            out.append(Lookalike(number, people[first], learnt_from, distance, lead))
    return out


def _times(bodies: Sequence[Worn], numbers: Sequence[int]) -> NDArray[np.float64]:
    times = [bodies[number].time_s for number in numbers]
    return np.array([np.nan if time is None else time for time in times], dtype=np.float64)


def _measured_spread(
    bodies: Sequence[Worn], known: Sequence[int], named: frozenset[str], rules: LookalikeRules
) -> Spread:
    chosen = _some_of_each(bodies, known, rules.bodies_each)
    present = named & {bodies[number].person for number in chosen}
    if not present:
        return Spread(off="nobody with a name is shown with clothes that could be read")
    alike = _dressed_alike(bodies, sorted(chosen), named, rules)
    answers = _nearest_people(bodies, chosen, chosen, named, rules, apart_s=rules.apart_s, alike=alike)
    right = sum(answer.person == bodies[answer.body].person for answer in answers)
    wrong = len(answers) - right
    off = ""
    if len(chosen) < rules.least_tried or len({bodies[number].person for number in chosen}) < _LEAST_PEOPLE:
        off = "too few people are shown with clothes that could be read"
    elif len(alike) > rules.most_alike * len(present) and len(present) > 1:
        off = f"people dress alike here: {len(alike)} of {len(present)} people with names could be taken for others"
    elif wrong > rules.most_wrong * len(answers):
        off = (
            f"people cannot be told by their clothes here: of {len(answers)} bodies whose face is known {wrong} would "
            "have got another name"
        )
    return Spread(len(chosen), right, wrong, alike, off)


def _some_of_each(bodies: Sequence[Worn], known: Sequence[int], most: int) -> list[int]:
    """Some bodies of each person, spread over the time and the photos of the event."""
    of_people: dict[str, list[int]] = defaultdict(list)
    for number in sorted(known, key=lambda each: (bodies[each].time_s or 0.0, bodies[each].photo, each)):
        of_people[bodies[number].person or ""].append(number)
    chosen: list[int] = []
    for numbers in of_people.values():
        count = min(len(numbers), most)
        chosen += [numbers[place] for place in np.linspace(0, len(numbers) - 1, count).round().astype(int).tolist()]
    return chosen


def _dressed_alike(
    bodies: Sequence[Worn], chosen: Sequence[int], named: frozenset[str], rules: LookalikeRules
) -> dict[str, tuple[str, ...]]:
    """For each person with a name all others for whom too many bodies of either could be taken."""
    people = sorted({bodies[number].person or "" for number in chosen})
    place = {person: column for column, person in enumerate(people)}
    ordered = sorted(chosen, key=lambda number: place[bodies[number].person or ""])
    owners = np.array([place[bodies[number].person or ""] for number in ordered], dtype=np.intp)
    starts = np.searchsorted(owners, np.arange(len(people)))
    signatures = _roots(np.stack([bodies[number].signature for number in ordered]))
    times = _times(bodies, ordered)
    photos = np.array([bodies[number].photo for number in ordered])
    mistaken = np.zeros((len(people), len(people)))
    compared_with = np.zeros_like(mistaken)
    for begin in range(0, len(ordered), _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        away = _distances(signatures.block(rows), signatures)
        gap = np.abs(times[rows, None] - times[None, :])
        no_times = np.isnan(times[rows, None]) & np.isnan(times[None, :])
        near = (gap <= rules.within_s) | no_times
        same = owners[rows, None] == owners[None, :]
        # Oneself is looked for in other moments, others also on the same photo.
        usable = near & np.where(same, (photos[rows, None] != photos[None, :]) & ((gap > rules.apart_s) | no_times), 1)
        away = np.where(usable & ~np.isnan(away), away, _FAR)
        nearest = np.minimum.reduceat(away, starts, axis=1)
        own = nearest[np.arange(len(nearest)), owners[rows]]
        # Whoever is seen at one moment only looks as much the same later as others do.
        own = np.minimum(np.where(own < _FAR, own, rules.usual_distance), rules.most_distance)
        taken = nearest < (own + rules.least_lead)[:, None]
        np.add.at(mistaken, owners[rows], taken & (nearest < _FAR))
        np.add.at(compared_with, owners[rows], nearest < _FAR)
    either = mistaken + mistaken.T
    tried = compared_with + compared_with.T
    np.fill_diagonal(either, 0)
    alike = either > rules.most_mistaken * np.maximum(tried, 1)
    return {
        person: tuple(people[other] for other in np.flatnonzero(alike[row]).tolist())
        for person, row in place.items()
        if person in named and alike[row].any()
    }
