"""Which photo of a folder is the edited, converted or renamed version of a photo that is missing there.

A wrong match puts a user's words on another photo, so it is far worse than a missed one. A photo is taken for an edit
of another if its light is explained by the other's (see `light_likeness`) as closely as its kind of edit allows, its
faces are those of the other at the same places, its capture time does not differ, and no other photo explains it about
as well. The more a photo is one of a series, the closer it has to be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from curation.domain.identity.crop_search import likely_windows
from curation.domain.identity.face_matching import map_of_faces
from curation.domain.identity.frame_maps import Window, window_of
from curation.domain.identity.light_likeness import Miniatures, miniatures_of
from curation.domain.identity.photo_evidence import Evidence, certainty, cropped_evidence, whole_evidence
from curation.domain.identity.photo_hints import name_keys
from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.similar_photos import alike_by_faces, alike_by_light

__all__ = ["RecognisedPhoto", "recognised_photos"]

_RIVAL = 0.6  # of the unlikeness of the next best photo: above, the two are about equally good
_SERIES = 0.15  # share of the light left over: a photo that is nearer to another is one of a series
_WHOLE = 0.003  # share of the light left over: a photo that is nearer is no crop
_MOST_CROP_PAIRS = 200_000  # that are searched for crops; of larger events those that show one face
_MOST_HINTED = 16  # photos of one name or moment that are looked at for each missing one


class RecognisedPhoto(NamedTuple):
    """A photo that was recognised.

    Attributes:
        candidate: Row of the candidates.
        certainty: In (0, 1], by the kind of edit: 0.99 for photos that only sizes, turns and compression changed, 0.97
            for other light and colours, 0.95 for crops. Chosen below the shares that were right on photos with known
            edits, not measured one by one.
    """

    candidate: int
    certainty: float


def recognised_photos(
    missing: Sequence[PhotoLook], candidates: Sequence[PhotoLook], *, present: Sequence[PhotoLook] = ()
) -> dict[int, RecognisedPhoto]:
    """Find the photos that are missing among those that are new.

    Args:
        missing: Photos whose exact content is no longer in the folder.
        candidates: Photos of the folder whose content was never seen before.
        present: Photos that are still in the folder as they were. A candidate that looks more like one of them is not
            taken for a missing photo.

    Returns:
        Rows of `missing` to what they were recognised as, in ascending order; each candidate once. The same in
        whatever order the photos are given.
    """
    if not missing or not candidates:
        return {}
    olds = [*missing, *present]
    old_miniatures, new_miniatures = miniatures_of(olds), miniatures_of(candidates)
    looked_at = alike_by_light(old_miniatures, new_miniatures) | _hinted(missing, candidates)
    looked_at |= _without_light(olds, candidates, old_miniatures, new_miniatures)
    evidence = whole_evidence(olds, candidates, old_miniatures, new_miniatures, sorted(looked_at))
    taken = _decided(evidence)
    left = [row for row in range(len(missing)) if row not in taken]
    free = sorted(set(range(len(candidates))) - {found.new for found, _ in taken.values()})
    if left and free:
        whole = {(one.old, one.new) for one in evidence if one.share <= _WHOLE}
        windows = _windows(olds, candidates, old_miniatures, new_miniatures, left, free)
        windows = [window for window in windows if window[:2] not in whole]
        evidence = evidence + cropped_evidence(olds, candidates, old_miniatures, new_miniatures, windows)
        taken = _decided(evidence)
    return {
        row: RecognisedPhoto(found.new, certain)
        for row, (found, certain) in sorted(taken.items())
        if row < len(missing)
    }


def _without_light(
    olds: Sequence[PhotoLook], news: Sequence[PhotoLook], old_miniatures: Miniatures, new_miniatures: Miniatures
) -> set[tuple[int, int]]:
    """Pairs of which one photo's light is not known, by their faces."""
    dark, also_dark = (
        np.flatnonzero(~np.isfinite(one[:, 0, 0, 0])).tolist() for one in (old_miniatures, new_miniatures)
    )
    found = {(dark[row], column) for row, column in alike_by_faces([olds[row] for row in dark], news)}
    return found | {(row, also_dark[column]) for row, column in alike_by_faces(olds, [news[row] for row in also_dark])}


def _hinted(missing: Sequence[PhotoLook], candidates: Sequence[PhotoLook]) -> set[tuple[int, int]]:
    """Pairs of one name or one moment."""
    by_key: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, look in enumerate(candidates):
        for key in _keys(look):
            by_key[key].append(row)
    return {
        (row, column)
        for row, look in enumerate(missing)
        for key in _keys(look)
        if len(by_key[key]) <= _MOST_HINTED
        for column in by_key[key]
    }


def _keys(look: PhotoLook) -> list[tuple[str, str]]:
    keys = [("name", name_keys(look.image_path)[1])]
    return keys + ([("time", look.capture_time[:19])] if look.capture_time else [])


def _windows(
    olds: Sequence[PhotoLook],
    news: Sequence[PhotoLook],
    old_miniatures: Miniatures,
    new_miniatures: Miniatures,
    left: Sequence[int],
    free: Sequence[int],
) -> list[tuple[int, int, Window]]:
    """Where the photos that are still free may be crops of those that are left, by faces and by light."""
    here, there = [olds[row] for row in left], [news[row] for row in free]
    known, also = old_miniatures[left], new_miniatures[free]
    found: list[tuple[int, int, Window]] = []
    for row, column in sorted(alike_by_faces(here, there)):
        pixels = map_of_faces(here[row], there[column])
        if pixels is not None:
            found.append((left[row], free[column], window_of(pixels, here[row], there[column])))
    if len(left) * len(free) <= _MOST_CROP_PAIRS:
        likely = likely_windows(here, there, known, also)
        found += [(left[row], free[column], window) for (row, column), windows in likely.items() for window in windows]
    return found


def _decided(evidence: Sequence[Evidence]) -> dict[int, tuple[Evidence, float]]:
    """Of each old photo the evidence that is enough and clearly better than all others of both photos.

    Those that are clear are taken first; what they leave may then be clear.
    """
    series = _in_series(evidence)
    certainties = [certainty(one, series=one.old in series[0] or one.new in series[1]) for one in evidence]
    order = sorted(range(len(evidence)), key=lambda number: evidence[number].unlikeness)
    left = set(order)
    taken: dict[int, tuple[Evidence, float]] = {}
    while True:
        of_old: dict[int, list[int]] = defaultdict(list)
        of_new: dict[int, list[int]] = defaultdict(list)
        for number in order:
            if number in left:
                of_old[evidence[number].old].append(number)
                of_new[evidence[number].new].append(number)
        clear = [
            number
            for number in order
            if number in left
            and certainties[number] > 0
            and _is_clear(number, of_old[evidence[number].old], evidence)
            and _is_clear(number, of_new[evidence[number].new], evidence)
        ]
        if not clear:
            return taken
        for number in clear:
            taken[evidence[number].old] = evidence[number], certainties[number]
        news = {evidence[number].new for number in clear}
        left = {number for number in left if evidence[number].old not in taken and evidence[number].new not in news}


def _is_clear(number: int, rivals: Sequence[int], evidence: Sequence[Evidence]) -> bool:
    """Whether an evidence is better than its rivals: clearly nearer, or about as near with a better hint."""
    own = evidence[number]
    for rival in (evidence[other] for other in rivals if other != number):
        if own.unlikeness <= _RIVAL * rival.unlikeness:
            continue
        if own.hint > rival.hint and own.unlikeness * _RIVAL <= rival.unlikeness:
            continue
        return False
    return True


def _in_series(evidence: Iterable[Evidence]) -> tuple[set[int], set[int]]:
    """The old and the new photos that look much like several others."""
    of_old: dict[int, set[int]] = defaultdict(set)
    of_new: dict[int, set[int]] = defaultdict(set)
    for one in evidence:
        if one.share <= _SERIES:
            of_old[one.old].add(one.new)
            of_new[one.new].add(one.old)
    return {row for row, news in of_old.items() if len(news) > 1}, {
        row for row, olds in of_new.items() if len(olds) > 1
    }
