"""Finding bursts, the photos of one moment; see docs/scoring.md, section 6.

Two photos belong together if they are similar and show the same people: a long series of portraits in front of one
wall is not a burst. The more time lies between two photos, the more similar they must be. Photos without a time
are compared with their neighbours by name; copies (exports, other sizes) with all.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from curation.domain.bursts.photo_similarity import hash_bands, photo_similarity, unpacked
from curation.domain.bursts.still_clocks import name_order

__all__ = ["BurstPhoto", "BurstRules", "find_bursts"]

# Each photo is compared with so many that follow it by time or by name; without times, a burst spans no more places.
_NEIGHBOURS = 12
_BUCKET_NEIGHBOURS = 6  # the same for photos that share a band of their hash
_TWINS = 4  # files that differ only in their extension
# Least similarity by the seconds between two photos; different shots of a film stay below 0.47.
_GAPS_S = (0.0, 2.0, 5.0, 15.0)
_SIMILARITY = (0.5, 0.56, 0.72, 0.80)
_TIMED_BONUS = 0.05  # the same people in both photos are evidence, too
_UNNAMED_SIMILARITY = 0.92  # of neighbours by name, about whose time nothing is known
_PEOPLE_BONUS = 0.06  # the same people in both of them
_COPY_SIMILARITY = 0.985
_TWIN_SIMILARITY = 0.6  # of a RAW file and the JPEG beside it, developed in different ways
_MAX_ASPECT_RATIO = 1.12  # between the shapes of two photos: cropped, but not rotated
_SWAP_GAP_S = 1.5  # within this time nobody is replaced, but a turned head may be in another cluster
_MIN_SHARE = 0.6  # of the compared pairs between two parts must be similar, so that no chain forms
_NEVER = -2.0  # a margin that no similarity can compensate
_EXACT_S = 1.0  # a clock with longer steps does not say which photos are of one moment, only which are not


@dataclass(frozen=True, slots=True)
class BurstRules:
    """Rules for bursts.

    Attributes:
        enabled: Whether to look for bursts at all.
        max_gap_s: Seconds between a photo and the next one of its burst.
        max_span_s: Seconds between the first and the last photo of a burst.
    """

    enabled: bool = True
    max_gap_s: float = 15.0
    max_span_s: float = 60.0


@dataclass(frozen=True, slots=True)
class BurstPhoto:
    """What is known about a photo.

    Attributes:
        image_path: Path of the photo.
        capture_time: By the camera's clock; None if it is not known.
        width: Width of the upright photo, in pixels.
        height: Height of the upright photo, in pixels.
        miniature: See `curation.photos.looks.miniature`.
        people: Keys of the people who are well seen in it: identified, not small, not in profile.
        step_s: The steps in which the clock shows time, if they are longer than a second.
    """

    image_path: str
    capture_time: datetime | None
    width: int
    height: int
    miniature: bytes = field(repr=False)
    people: frozenset[str] = frozenset()
    step_s: float = 0.0

    @property
    def exact_time(self) -> datetime | None:
        """The time, if it is known to the second."""
        return self.capture_time if self.step_s <= _EXACT_S else None


def find_bursts(photos: Sequence[BurstPhoto], rules: BurstRules) -> list[tuple[str, ...]]:
    """Group the photos of one moment.

    Args:
        photos: The photos of the event, in any order.
        rules: Rules for bursts.

    Returns:
        The image paths of each burst of two or more photos, by time and then by name; the bursts in the order of
        their first photos. The same for any order of `photos`.
    """
    if not rules.enabled or len(photos) < 2:
        return []
    event = _Event.of(photos)
    first, second = _candidates(event, rules)
    if not len(first):
        return []
    pairs, margins = _compared(event, first, second, rules)
    return [tuple(event.photos[i].image_path for i in group) for group in _joined(event, pairs, margins, rules)]


@dataclass(frozen=True, slots=True, eq=False)
class _Event:
    """The photos by time, those without a time last, and values that are needed often.

    Attributes:
        photos: The photos in this order.
        timed: How many of them have a time.
        times_s: (N,) seconds since the first photo; NaN without a time that is known to the second.
        about_s: (N,) the same for times that are known to the minute or to the day only.
        steps_s: (N,) the steps of the clock for these.
        places: (N,) the place of each photo among all by folder and name.
        folders: (N,) the same number for photos of one folder.
        stems: (N,) the same number for photos whose names differ in the extension only.
        shapes: (N,) logarithm of width over height.
        pictures: (N, 3, 16, 16), see `unpacked`.
    """

    photos: Sequence[BurstPhoto]
    timed: int
    times_s: NDArray[np.float64]
    about_s: NDArray[np.float64]
    steps_s: NDArray[np.float64]
    places: NDArray[np.intp]
    folders: NDArray[np.intp]
    stems: NDArray[np.intp]
    shapes: NDArray[np.float64]
    pictures: NDArray[np.float32]

    @classmethod
    def of(cls, photos: Sequence[BurstPhoto]) -> _Event:
        named = sorted(photos, key=lambda photo: (name_order(_folder(photo.image_path)), name_order(photo.image_path)))
        place_of = {photo.image_path: place for place, photo in enumerate(named)}
        latest = datetime.max
        ordered = sorted(named, key=lambda photo: (photo.exact_time is None, photo.exact_time or latest))
        times = [photo.exact_time for photo in ordered if photo.exact_time is not None]
        seconds = [(time - times[0]).total_seconds() for time in times]
        about = [None if photo.exact_time is not None else photo.capture_time for photo in ordered]
        start = min((time for time in about if time is not None), default=latest)
        return cls(
            ordered,
            len(times),
            np.array([*seconds, *[math.nan] * (len(ordered) - len(times))]),
            np.array([math.nan if time is None else (time - start).total_seconds() for time in about]),
            np.array([photo.step_s for photo in ordered]),
            np.array([place_of[photo.image_path] for photo in ordered], dtype=np.intp),
            _numbered([_folder(photo.image_path) for photo in ordered]),
            _numbered([_stem(photo.image_path) for photo in ordered]),
            np.log([photo.width / photo.height for photo in ordered]),
            unpacked([photo.miniature for photo in ordered]),
        )


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _stem(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name.rpartition('.')[0].casefold()}"


def _numbered(texts: Sequence[str]) -> NDArray[np.intp]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.intp)


# --- Which photos to compare ------------------------------------------------------------------------------

Places = NDArray[np.intp]


def _candidates(event: _Event, rules: BurstRules) -> tuple[Places, Places]:
    """Pairs i < j, each once: near in time, neighbours by name, of the same hash, or of the same name."""
    total, timed = len(event.photos), event.timed
    found: list[tuple[Places, Places]] = []
    everything = np.arange(total)
    for step in range(1, _NEIGHBOURS + 1):
        i, j = everything[: max(0, timed - step)], everything[step : max(step, timed)]
        near = event.times_s[j] - event.times_s[i] <= rules.max_gap_s
        found.append((i[near], j[near]))
    if timed < total:
        # A photo without a time may be an export that lies beside photos with one, so all are neighbours by name.
        found += _same(np.zeros_like(event.places), event.places, _NEIGHBOURS)
        for band in hash_bands(event.pictures).T:
            found += _same(band, event.places, _BUCKET_NEIGHBOURS)
    found += _same(event.stems, event.places, _TWINS)
    i = np.concatenate([np.minimum(a, b) for a, b in found])
    j = np.concatenate([np.maximum(a, b) for a, b in found])
    # Pairs with two times were all found by time, unless they are too far apart.
    wanted = (j >= timed) | (event.times_s[j] - event.times_s[i] <= rules.max_gap_s)
    codes = np.unique(i[wanted] * total + j[wanted])
    return codes // total, codes % total


def _same(keys: NDArray[np.integer], places: Places, neighbours: int) -> list[tuple[Places, Places]]:
    """Pairs with the same key, each photo with those that come next by name."""
    order = np.lexsort((places, keys))
    pairs = []
    for step in range(1, min(neighbours, len(keys) - 1) + 1):
        i, j = order[:-step], order[step:]
        same = keys[i] == keys[j]
        pairs.append((i[same], j[same]))
    return pairs


# --- Which pairs belong together --------------------------------------------------------------------------


def _compared(
    event: _Event, first: Places, second: Places, rules: BurstRules
) -> tuple[list[tuple[int, int]], list[float]]:
    """The pairs, and by how much the similarity of each exceeds the least one; below 0 they do not belong together."""
    gaps = np.abs(event.times_s[second] - event.times_s[first])
    by_time = np.interp(gaps, _GAPS_S, _SIMILARITY)
    untimed = np.isnan(gaps)
    near = np.abs(event.places[first] - event.places[second]) <= _NEIGHBOURS
    near &= event.folders[first] == event.folders[second]
    twins = event.stems[first] == event.stems[second]
    needed = np.select([~untimed, twins, near], [by_time, _TWIN_SIMILARITY, _UNNAMED_SIMILARITY], _COPY_SIMILARITY)
    # Of one minute and neighbours by name: as if as far apart as the photos of a burst may be.
    about = np.abs(event.about_s[second] - event.about_s[first])
    steps = np.maximum(event.steps_s[first], event.steps_s[second])
    needed[(about < steps) & near & ~twins] = _SIMILARITY[-1]
    margins = photo_similarity(event.pictures, first, second, at_least=needed - _PEOPLE_BONUS) - needed
    margins[about >= steps + rules.max_gap_s] = _NEVER
    margins[np.abs(event.shapes[first] - event.shapes[second]) > math.log(_MAX_ASPECT_RATIO)] = _NEVER
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    bonus = np.select([~untimed, twins, near], [_TIMED_BONUS, 0.0, _PEOPLE_BONUS], 0.0)
    # People are compared only where they can change the answer: it takes longer than all the rest.
    for number in np.flatnonzero(margins >= -bonus).tolist():
        i, j = pairs[number]
        people, others = event.photos[i].people, event.photos[j].people
        if people == others:
            margins[number] += bonus[number] if people else 0.0
        elif people - others and others - people and not gaps[number] <= _SWAP_GAP_S:
            margins[number] = _NEVER
    return pairs, np.round(margins, 4).tolist()  # so that the last digits of a sum do not decide the order


# --- Joining ----------------------------------------------------------------------------------------------


def _joined(
    event: _Event, pairs: Sequence[tuple[int, int]], margins: Sequence[float], rules: BurstRules
) -> list[list[int]]:
    """Join photos, the most similar first, as long as most pairs between two parts agree and the burst is short."""
    compared: defaultdict[int, dict[int, bool]] = defaultdict(dict)
    for (i, j), margin in zip(pairs, margins, strict=True):
        compared[i][j] = compared[j][i] = margin >= 0.0
    group_of = {i: i for i in compared}
    members = {i: [i] for i in compared}
    accepted = sorted((-margin, pair) for pair, margin in zip(pairs, margins, strict=True) if margin >= 0.0)
    for _, (i, j) in accepted:
        small, large = group_of[i], group_of[j]
        if small == large:
            continue
        if len(members[small]) > len(members[large]):
            small, large = large, small
        answers = [yes for one in members[small] for other, yes in compared[one].items() if group_of[other] == large]
        if sum(answers) < _MIN_SHARE * len(answers):
            continue
        together = members[small] + members[large]
        is_copy = j >= event.timed and abs(event.places[i] - event.places[j]) > _NEIGHBOURS
        if not is_copy and _too_long(event, together, rules):
            continue
        for one in members.pop(small):
            group_of[one] = large
        members[large] = together
    return sorted(sorted(group) for group in members.values() if len(group) > 1)


def _too_long(event: _Event, group: Sequence[int], rules: BurstRules) -> bool:
    times = [event.times_s[i] for i in group if i < event.timed]
    if times:
        return bool(max(times) - min(times) > rules.max_span_s)
    named = [event.places[i] for i in group]
    return bool(max(named) - min(named) > _NEIGHBOURS)
