"""Photos of one moment: finding them, see docs/scoring.md, section 6.

Two photos belong together if they look alike and nobody was exchanged: a long row of portraits in front of one wall
is no burst. The more time lies between two photos, the more alike they must be. Photos without a time
are compared with their neighbours by name; copies (exports, other sizes) with all.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from curation.domain.likeness import hash_bands, likeness, unpacked

__all__ = ["BurstPhoto", "BurstRules", "find_bursts"]

# Photos after each one, by time or by name, that it is compared with; without times a burst ends there, too.
_NEIGHBOURS = 12
# How alike photos must be by the seconds between them; steps between cuts of films stay below 0.47.
_GAPS_S = (0.0, 2.0, 5.0, 15.0)
_LIKENESS = (0.5, 0.56, 0.72, 0.80)
_SAME_PEOPLE_BONUS = 0.05  # the same people in both photos are evidence too
_NAMED_LIKENESS = 0.86  # of neighbours by name, about whose time nothing is known, with the same people
_UNNAMED_LIKENESS = 0.92  # the same without people, or if not all can be told
_COPY_LIKENESS = 0.985
_TWIN_LIKENESS = 0.6  # of a RAW file and the JPEG beside it, developed in different ways
_MAX_ASPECT_RATIO = 1.12  # between the shapes of two photos: trimmed, but not turned
_SWAP_GAP_S = 1.5  # within this time nobody changes places; a cluster may still be torn by a turned head
_MIN_SHARE = 0.6  # of the compared pairs between two parts must be alike, so that no chain forms
_NEVER = -2.0
_NEVER = -2.0  # a margin that no likeness makes good
_BUCKET_NEIGHBOURS = 6  # photos of the same hash that each one is compared with


@dataclass(frozen=True, slots=True)
class BurstRules:
    """When photos are one burst.

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
    """What is known of a photo.

    Attributes:
        image_path: Of the photo.
        capture_time: By the camera's clock; None if it is not known.
        width: Of the upright photo, in pixels.
        height: Of the upright photo, in pixels.
        miniature: See `curation.photos.likeness`.
        people: Keys of the people who are well seen in it: identified, not small, not in profile.
    """

    image_path: str
    capture_time: datetime | None
    width: int
    height: int
    miniature: bytes = field(repr=False)
    people: frozenset[str] = frozenset()


def find_bursts(photos: Sequence[BurstPhoto], rules: BurstRules) -> list[tuple[str, ...]]:
    """Group the photos of one moment.

    Args:
        photos: Of the event, in any order.
        rules: When photos are one burst.

    Returns:
        The image paths of each burst of two or more photos, by time and then by name; the bursts in the order of
        their first photos. The same for any order of `photos`.
    """
    if not rules.enabled or len(photos) < 2:
        return []
    ordered = sorted(photos, key=_by_time)
    places = _places_by_name(ordered)
    pairs = _candidates(ordered, places, rules)
    if not pairs:
        return []
    groups = _joined(ordered, pairs, _margins(ordered, pairs, places, rules), places, rules)
    return [tuple(ordered[i].image_path for i in group) for group in groups]


def _by_time(photo: BurstPhoto) -> tuple[bool, datetime, object, str]:
    """By time, those without one last; then by name, numbers by their value."""
    time = photo.capture_time
    return time is None, time or datetime.min, _natural(photo.image_path), photo.image_path


def _natural(path: str) -> tuple[tuple[bool, int, str], ...]:
    parts = re.split(r"([0-9]+)", path.casefold())
    return tuple((part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _stem(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name.rpartition('.')[0].casefold()}"


# --- Which photos to compare ------------------------------------------------------------------------------


def _places_by_name(photos: Sequence[BurstPhoto]) -> list[int]:
    """The place of each photo among all, sorted by folder and name."""
    places = [0] * len(photos)
    names = [(_natural(_folder(photo.image_path)), _natural(photo.image_path), photo.image_path) for photo in photos]
    for place, i in enumerate(sorted(range(len(photos)), key=names.__getitem__)):
        places[i] = place
    return places


def _candidates(photos: Sequence[BurstPhoto], places: Sequence[int], rules: BurstRules) -> list[tuple[int, int]]:
    """Pairs (i, j) with i < j: near in time, neighbours by name, of the same hash, or of the same name."""
    pairs: set[tuple[int, int]] = set()
    timed = sum(photo.capture_time is not None for photo in photos)
    for i in range(timed):
        for j in range(i + 1, min(timed, i + 1 + _NEIGHBOURS)):
            if _gap_s(photos[i], photos[j]) > rules.max_gap_s:
                break
            pairs.add((i, j))
    if timed < len(photos):
        # A photo without a time may be an export that lies beside photos with one, so all are neighbours by name.
        by_name = sorted(range(len(photos)), key=places.__getitem__)
        for step in range(1, _NEIGHBOURS + 1):
            pairs |= {_pair(i, j) for i, j in zip(by_name, by_name[step:], strict=False) if max(i, j) >= timed}
        pairs |= _same_hash(photos, timed)
    stems: defaultdict[str, list[int]] = defaultdict(list)
    for i, photo in enumerate(photos):
        stems[_stem(photo.image_path)].append(i)
    for twins in stems.values():
        pairs |= {(i, j) for n, i in enumerate(twins[:_NEIGHBOURS]) for j in twins[n + 1 : _NEIGHBOURS]}
    return sorted(pairs)


def _pair(i: int, j: int) -> tuple[int, int]:
    return (i, j) if i < j else (j, i)


def _same_hash(photos: Sequence[BurstPhoto], timed: int) -> set[tuple[int, int]]:
    """Pairs that share a part of their hash, of which at least one has no time."""
    pairs: set[tuple[int, int]] = set()
    bands = hash_bands(unpacked([photo.miniature for photo in photos]))
    for band in bands.T:
        order = np.argsort(band, kind="stable")
        for step in range(1, _BUCKET_NEIGHBOURS + 1):
            i, j = order[:-step], order[step:]
            same = (band[i] == band[j]) & (np.maximum(i, j) >= timed)
            pairs.update(zip(np.minimum(i, j)[same].tolist(), np.maximum(i, j)[same].tolist(), strict=True))
    return pairs


# --- Which pairs belong together --------------------------------------------------------------------------


def _gap_s(a: BurstPhoto, b: BurstPhoto) -> float:
    """Seconds between two photos; infinite if a time is missing."""
    if a.capture_time is None or b.capture_time is None:
        return math.inf
    return abs((b.capture_time - a.capture_time).total_seconds())


def _margins(
    photos: Sequence[BurstPhoto], pairs: Sequence[tuple[int, int]], places: Sequence[int], rules: BurstRules
) -> list[float]:
    """By how much each pair is more alike than it must be; below 0 it does not belong together."""
    first, second = np.array(pairs, dtype=np.intp).T
    alike = likeness(unpacked([photo.miniature for photo in photos]), first, second)
    gaps = [_gap_s(photos[i], photos[j]) for i, j in pairs]
    by_time = np.interp(gaps, _GAPS_S, _LIKENESS)
    margins = []
    for (i, j), value, gap, timed in zip(pairs, alike.tolist(), gaps, by_time.tolist(), strict=True):
        a, b = photos[i], photos[j]
        if not _may_belong(a, b, gap, rules):
            margins.append(_NEVER)
        elif gap < math.inf:
            margins.append(value - timed + (_SAME_PEOPLE_BONUS if a.people and a.people == b.people else 0.0))
        elif _stem(a.image_path) == _stem(b.image_path):
            margins.append(value - _TWIN_LIKENESS)
        elif abs(places[i] - places[j]) <= _NEIGHBOURS and _folder(a.image_path) == _folder(b.image_path):
            margins.append(value - (_NAMED_LIKENESS if a.people and a.people == b.people else _UNNAMED_LIKENESS))
        else:
            margins.append(value - _COPY_LIKENESS)
    return [round(margin, 4) for margin in margins]  # so that the last digits of a sum decide no order


def _may_belong(a: BurstPhoto, b: BurstPhoto, gap_s: float, rules: BurstRules) -> bool:
    """Whether nothing but the look can keep two photos apart."""
    if rules.max_gap_s < gap_s < math.inf:
        return False
    shapes = (a.width * b.height) / (a.height * b.width)
    if not 1 / _MAX_ASPECT_RATIO <= shapes <= _MAX_ASPECT_RATIO:
        return False
    swapped = a.people - b.people and b.people - a.people
    return not swapped or gap_s <= _SWAP_GAP_S


# --- Joining ----------------------------------------------------------------------------------------------


def _joined(
    photos: Sequence[BurstPhoto],
    pairs: Sequence[tuple[int, int]],
    margins: Sequence[float],
    places: Sequence[int],
    rules: BurstRules,
) -> list[list[int]]:
    """Join photos, the most alike first, as long as most pairs between two parts agree and the burst is short."""
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
        is_copy = math.isinf(_gap_s(photos[i], photos[j])) and abs(places[i] - places[j]) > _NEIGHBOURS
        if not is_copy and _too_long(photos, together, places, rules):
            continue
        for one in members.pop(small):
            group_of[one] = large
        members[large] = together
    return sorted(sorted(group) for group in members.values() if len(group) > 1)


def _too_long(photos: Sequence[BurstPhoto], group: Sequence[int], places: Sequence[int], rules: BurstRules) -> bool:
    times = [time for i in group if (time := photos[i].capture_time) is not None]
    if times:
        return (max(times) - min(times)).total_seconds() > rules.max_span_s
    named = [places[i] for i in group]
    return max(named) - min(named) > _NEIGHBOURS
