"""What speaks for one photo being the edited version of another, and whether it is enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.geometry import transform_scale
from curation.domain.identity.crop_search import refined_windows
from curation.domain.identity.face_matching import FaceAgreement, agreement, refitted_agreement
from curation.domain.identity.frame_maps import (
    WHOLE_MAPS,
    Map,
    Window,
    in_pixels,
    is_edit,
    tilt_deg,
    whole_turns,
    window_maps,
)
from curation.domain.identity.light_likeness import Miniatures, left_over, left_over_in_windows, smoothed, turned
from curation.domain.identity.photo_hints import Hint, hint, times_differ
from curation.domain.identity.photo_looks import PhotoLook

__all__ = ["Evidence", "certainty", "cropped_evidence", "whole_evidence"]

# What may be left over of the light, and where most: only sizes, turns and compression; other light; crops.
_SAME_SHARE, _SAME_PEAK, _SMALL_PX = 0.003, 3.0, 185.0
_TONED_SHARE, _TONED_PEAK, _TONED = 0.02, 40.0, 2.0
_ALONE_SHARE, _SERIES_SHARE = 0.015, 0.003
_MUCH_TONED, _WELL_TONED_SHARE = 6.0, 0.0012  # so well explained that the faces need not tell
_HINTED_CROP_SHARE, _CROPPED_SHARE, _CROPPED_PEAK = 0.06, 0.04, 25.0
_HOPELESS_START, _PAIRS_A_PHOTO = 0.8, 4  # share before a window is refined; pairs that are refined for each photo
_FARTHEST_SHARE = 0.15  # beyond, two photos have nothing to do with each other

# Of the faces: in distances of the eyes, and cosines.
_TONED_DISTANCE, _RESIZED_DISTANCE, _TONED_LIKENESS = 0.06, 0.12, 0.8
_RESIZED = 0.1  # logarithm of the scale, beyond which detectors place the landmarks less exactly
_CROPPED_DISTANCE, _CROPPED_LIKENESS = 0.12, 0.6
_SAME_ARRANGEMENT = 0.04

_ENLARGED = 1.08  # a crop is not enlarged; its scale is known to a few hundredths
_AS_LARGE = (
    0.98  # of the long side: a crop has fewer pixels; another photo, taken from nearer, has as many as the first
)
_WHOLE_SCALE, _WHOLE_TILT_DEG = 0.97, 0.4  # a crop by less is none

SAME_CERTAINTY, TONED_CERTAINTY, CROPPED_CERTAINTY = 0.99, 0.97, 0.95


class Evidence(NamedTuple):
    """What two photos have in common.

    Attributes:
        old: Row of the photo.
        new: Row of the possible edit.
        whole: Whether the new photo shows all of the old one.
        share: Of the light, left over; 1 if it cannot be compared.
        peak: Of the light, left over.
        toned: Of the light, see `light_likeness.LeftOver`.
        faces: How the faces agree.
        hint: What names and times say.
        enlarged: How much larger things are in the new photo.
        as_large: Whether the new photo has as many pixels as the old one.
        smallest_side: Of both photos, in pixels.
        comparable: Whether the light of both is known.
    """

    old: int
    new: int
    whole: bool
    share: float
    peak: float
    toned: float
    faces: FaceAgreement
    hint: Hint
    enlarged: float
    as_large: bool
    smallest_side: int
    comparable: bool

    @property
    def unlikeness(self) -> float:
        """How much the photos differ, to compare evidence of one photo with."""
        if not self.comparable:
            return 0.1 if not self.faces.pairs else 0.01 + self.faces.distance
        return float(np.sqrt(self.share)) * (self.peak + 0.5)


def whole_evidence(
    olds: Sequence[PhotoLook],
    news: Sequence[PhotoLook],
    old_miniatures: Miniatures,
    new_miniatures: Miniatures,
    pairs: Sequence[tuple[int, int]],
) -> list[Evidence]:
    """The evidence of pairs of rows as whole photos, perhaps turned; without those that cannot be one photo."""
    tried: list[tuple[int, int, int]] = []
    for old, new in pairs:
        if not times_differ(olds[old], news[new]):
            tried += [(old, new, turn) for turn in whole_turns(olds[old], news[new])]
    left = [np.ones(len(tried)), np.full(len(tried), np.inf), np.zeros(len(tried))]
    numbers = np.array(tried, dtype=np.intp).reshape(-1, 3)
    for turn in range(4):
        chosen = np.flatnonzero(numbers[:, 2] == turn)
        part = left_over(turned(old_miniatures[numbers[chosen, 0]], turn), new_miniatures[numbers[chosen, 1]])
        for values, some in zip(left, part, strict=True):
            values[chosen] = some
    best: dict[tuple[int, int], Evidence] = {}
    for number, (old, new, turn) in enumerate(tried):
        share, peak, toned = (float(values[number]) for values in left)
        comparable = bool(np.isfinite(old_miniatures[old, 0, 0, 0]) and np.isfinite(new_miniatures[new, 0, 0, 0]))
        known = best.get((old, new))
        if comparable and (share > _FARTHEST_SHARE or (known is not None and known.share <= share)):
            continue
        pixels = in_pixels(WHOLE_MAPS[turn], olds[old], news[new])
        found = _evidence(olds, news, (old, new), pixels, (share, peak, toned), comparable, True)
        if not comparable and known is not None and len(known.faces.pairs) >= len(found.faces.pairs):
            continue
        best[old, new] = found
    return [one for one in best.values() if not _other_people(one)]


def cropped_evidence(
    olds: Sequence[PhotoLook],
    news: Sequence[PhotoLook],
    old_miniatures: Miniatures,
    new_miniatures: Miniatures,
    windows: Sequence[tuple[int, int, Window]],
) -> list[Evidence]:
    """The evidence of pairs of rows whose second photo may be the window of the first."""
    windows = _best_starts(olds, news, old_miniatures, new_miniatures, windows)
    if not windows:
        return []
    rows = np.array([window[:2] for window in windows], dtype=np.intp)
    maps, left = refined_windows(
        [(olds[old], news[new]) for old, new, _ in windows],
        old_miniatures[rows[:, 0]],
        new_miniatures[rows[:, 1]],
        [window for *_, window in windows],
    )
    best: dict[tuple[int, int], Evidence] = {}
    for number, (old, new, _) in enumerate(windows):
        light = (float(left.share[number]), float(left.peak[number]), float(left.toned[number]))
        share = light[0]
        if share > _FARTHEST_SHARE or ((old, new) in best and best[old, new].share <= share):
            continue
        pixels = in_pixels(maps[number], olds[old], news[new])
        if not is_edit(pixels, olds[old], news[new]) or _is_whole(pixels, olds[old], news[new]):
            continue
        best[old, new] = _evidence(olds, news, (old, new), pixels, light, True, False)
    return [one for one in best.values() if not _other_people(one)]


def _best_starts(
    olds: Sequence[PhotoLook],
    news: Sequence[PhotoLook],
    old_miniatures: Miniatures,
    new_miniatures: Miniatures,
    windows: Sequence[tuple[int, int, Window]],
) -> list[tuple[int, int, Window]]:
    """The best window of each pair of photos that were not taken at different times, of the few best pairs of each."""
    windows = [window for window in windows if not times_differ(olds[window[0]], news[window[1]])]
    if not windows:
        return []
    rows = np.array([window[:2] for window in windows], dtype=np.intp)
    sizes = np.array(
        [(olds[a].width, olds[a].height, news[b].width, news[b].height) for a, b, _ in windows], dtype=float
    )
    turns = np.array([window[0] for *_, window in windows], dtype=np.intp)
    maps = window_maps(sizes, turns, np.array([window[1:] for *_, window in windows]))
    share = left_over_in_windows(smoothed(old_miniatures[rows[:, 0]]), new_miniatures[rows[:, 1]], maps).share
    pairs: dict[tuple[int, int], int] = {}
    seen: dict[int, int] = defaultdict(int)
    for number in np.argsort(share, kind="stable").tolist():
        pair = windows[number][:2]
        if pair not in pairs and share[number] < _HOPELESS_START and seen[pair[0]] < _PAIRS_A_PHOTO:
            pairs[pair] = number
            seen[pair[0]] += 1
    return [windows[number] for number in sorted(pairs.values())]


def certainty(evidence: Evidence, *, series: bool) -> float:
    """How certain it is that this is one photo, without regard to others; 0 if it is not enough.

    Args:
        evidence: Of two photos.
        series: Whether there are other photos that look much like either.
    """
    faces, hinted = evidence.faces, evidence.hint
    seen = len(faces.pairs)
    faces_agree = seen > 0 and faces.lost <= seen and not faces.likeness < _TONED_LIKENESS
    if not evidence.comparable:
        arranged = faces_agree and faces.distance <= _SAME_ARRANGEMENT and (seen >= 3 or faces.likeness > 0)
        told = hinted in (Hint.SAME_MOMENT, Hint.SAME_SECOND_AND_NAME) and faces.lost == 0
        return TONED_CERTAINTY if arranged or told else 0.0
    if evidence.whole:
        peak = _SAME_PEAK + (_SMALL_PX / max(1, evidence.smallest_side)) ** 2
        if evidence.share <= _SAME_SHARE and evidence.peak <= peak:
            return SAME_CERTAINTY
        if evidence.share > _TONED_SHARE or evidence.peak > _TONED_PEAK:
            return 0.0
        if hinted == Hint.SAME_MOMENT:
            return TONED_CERTAINTY
        if evidence.toned < _TONED:
            return 0.0
        if hinted in (Hint.SAME_NAME, Hint.SAME_SECOND_AND_NAME):
            return TONED_CERTAINTY
        if evidence.toned >= _MUCH_TONED and evidence.share <= _WELL_TONED_SHARE:
            return TONED_CERTAINTY
        limit = _SERIES_SHARE if series else _ALONE_SHARE
        resized = abs(np.log(max(evidence.enlarged, 1e-6))) > _RESIZED
        placed = faces_agree and faces.distance <= (_RESIZED_DISTANCE if resized else _TONED_DISTANCE)
        if seen and not placed:
            return 0.0
        return TONED_CERTAINTY if evidence.share <= (limit if placed or not series else limit / 2) else 0.0
    hinted_to_be = hinted >= Hint.SAME_SECOND_AND_NAME
    if evidence.share > (_HINTED_CROP_SHARE if hinted_to_be else _CROPPED_SHARE) or faces.lost > seen:
        return 0.0
    if (evidence.enlarged > _ENLARGED or evidence.as_large) and not hinted_to_be:
        return 0.0
    if evidence.peak > _CROPPED_PEAK and not hinted_to_be:
        return 0.0
    if seen and faces.likeness >= _CROPPED_LIKENESS and faces.distance <= _CROPPED_DISTANCE:
        return CROPPED_CERTAINTY
    if faces.likeness < _CROPPED_LIKENESS:  # the same person, but not the same look into the camera
        return 0.0
    if hinted >= Hint.SAME_NAME or not series:
        return CROPPED_CERTAINTY
    return 0.0


def _evidence(
    olds: Sequence[PhotoLook],
    news: Sequence[PhotoLook],
    rows: tuple[int, int],
    pixels: Map,
    light: tuple[float, float, float],
    comparable: bool,
    whole: bool,
) -> Evidence:
    old, new = olds[rows[0]], news[rows[1]]
    return Evidence(
        *rows,
        whole,
        *light,
        agreement(old, new, pixels) if whole else refitted_agreement(old, new, pixels),
        hint(old, new),
        transform_scale(pixels),
        max(new.width, new.height) >= _AS_LARGE * max(old.width, old.height),
        min(old.width, old.height, new.width, new.height),
        comparable,
    )


def _other_people(evidence: Evidence) -> bool:
    return evidence.faces.conflicts > 0 and evidence.faces.conflicts >= len(evidence.faces.pairs)


def _is_whole(pixels: NDArray[np.float64], old: PhotoLook, new: PhotoLook) -> bool:
    if not whole_turns(old, new) or abs(tilt_deg(pixels)) > _WHOLE_TILT_DEG:
        return False
    shown = max(new.width, new.height) / transform_scale(pixels)
    return shown >= _WHOLE_SCALE * max(old.width, old.height)
