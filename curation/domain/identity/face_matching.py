"""Which face of a photo is which in its edited version, and the edit that their places and vectors tell of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from curation.domain.faces.face import Box
from curation.domain.faces.geometry import apply_transform, box_iou, similarity_transform, transform_scale
from curation.domain.identity.crop_search import likely_windows, refined_windows
from curation.domain.identity.frame_maps import WHOLE_MAPS, Map, in_pixels, is_edit, whole_turns
from curation.domain.identity.light_likeness import left_over, miniatures_of, turned
from curation.domain.identity.photo_looks import PhotoLook

__all__ = [
    "FaceAgreement",
    "agreement",
    "face_likeness",
    "faces_by_overlap",
    "map_of_faces",
    "matched_faces",
    "refitted_agreement",
]

_SAME_FACE = 0.55  # cosine of a face and its edited self; the map that they suggest still has to fit
_OTHER_PERSON = 0.3  # cosine below which two clear faces at one place are two people
_NEAR = 0.35  # distance of the places of one face, in distances of the eyes
_NEAR_ROUGHLY = 0.8  # if the map is known roughly
_SAME_PLACE = 0.4  # overlap of the boxes of one face on two forms of one photo
_NEAR_OTHER_ENGINE = 0.6  # detectors see the eyes and the mouth at other places
_SIZE_RANGE = (0.55, 1.8)  # of the faces' own sizes, after the map
_BEYOND = 0.25  # of the new photo's side: the landmarks of one face tell little of where the photo ends
_TRIED = 12  # maps from as many pairs of faces
_CROPPED_SHARE = 0.1  # of the light that a crop found without faces may leave unexplained


class FaceAgreement(NamedTuple):
    """How the faces of two photos agree under a map.

    Attributes:
        pairs: Rows of the old photo to rows of the new one, at the same place.
        distance: Median distance of the landmarks of the pairs, in distances of the eyes; infinite without pairs.
        likeness: Median cosine of the pairs whose vectors are known; NaN if none is.
        conflicts: Pairs at one place that are clearly two people.
        lost: Faces of the old photo that should be seen in the new one and are not.
    """

    pairs: dict[int, int]
    distance: float
    likeness: float
    conflicts: int
    lost: int


def matched_faces(old: PhotoLook, new: PhotoLook) -> dict[int, int]:
    """The faces of a photo in its edited version, or in the same photo as another engine sees it.

    Faces are matched by their place, under the map that the vectors of the faces suggest, or else the miniatures, or
    else the shapes of the photos. Where the vectors of both are known they have to be of one person.

    Args:
        old: The photo; rows of zeros in `vectors` are faces whose vector is not known, D may be 0.
        new: Its edited version.

    Returns:
        Rows of the old photo to rows of the new one, one to one, in ascending order. A face that was cut away, is
        covered or was not found is missing.
    """
    if len(old.boxes) == 0 or len(new.boxes) == 0:
        return {}
    best: tuple[tuple[float, float], dict[int, int]] = ((-1.0, 0.0), {})
    for pixels in _possible_maps(old, new):
        found = agreement(old, new, pixels)
        rank = (len(found.pairs) - 2.0 * found.conflicts, -found.distance)
        if rank > best[0]:
            best = rank, found.pairs
    return dict(sorted(best[1].items()))


def faces_by_overlap(old: PhotoLook, new: PhotoLook) -> dict[int, int]:
    """The faces of a photo in the same photo, turned by quarters or smaller, by the overlap of their boxes alone.

    For a photo that is known to be the same: a head on its side is found at its place, but its landmarks and its vector
    may be far off.

    Args:
        old: The photo.
        new: Its edited version.

    Returns:
        As `matched_faces`; nothing if the new photo does not show all of the old one.
    """
    miniatures = miniatures_of([old, new])
    if not np.isfinite(miniatures[:, 0, 0, 0]).all() or len(old.boxes) == 0 or len(new.boxes) == 0:
        return {}
    turns = whole_turns(old, new)
    left = [float(left_over(turned(miniatures[:1], turn), miniatures[1:]).share[0]) for turn in turns]
    if not left or min(left) > _CROPPED_SHARE:
        return {}
    pixels = in_pixels(WHOLE_MAPS[turns[left.index(min(left))]], old, new)
    x, y, w, h = old.boxes.T
    corners = np.stack([np.stack([x, y], axis=1), np.stack([x + w, y + h], axis=1)], axis=1)
    there = np.stack([apply_transform(pixels, two) for two in corners])
    low, high = there.min(axis=1), there.max(axis=1)
    boxes = [Box(*map(round, (*a, *np.maximum(b - a, 1)))) for a, b in zip(low, high, strict=True)]
    others = [Box(*map(round, box)) for box in new.boxes.tolist()]
    overlaps = sorted(
        ((-box_iou(box, other), row, column) for row, box in enumerate(boxes) for column, other in enumerate(others)),
    )
    out: dict[int, int] = {}
    for overlap, row, column in overlaps:
        if -overlap >= _SAME_PLACE and row not in out and column not in out.values():
            out[row] = column
    return dict(sorted(out.items()))


def face_likeness(old: PhotoLook, new: PhotoLook) -> NDArray[np.float32]:
    """The cosines of the faces' vectors: (F, G), NaN where one is not known."""
    out = np.full((len(old.boxes), len(new.boxes)), np.nan, dtype=np.float32)
    if old.vectors.shape[1] == 0 or old.vectors.shape[1] != new.vectors.shape[1]:
        return out
    known, also = (np.flatnonzero(np.abs(look.vectors).max(axis=1, initial=0) > 0) for look in (old, new))
    out[np.ix_(known, also)] = old.vectors[known] @ new.vectors[also].T
    return out


def map_of_faces(old: PhotoLook, new: PhotoLook) -> Map | None:
    """The edit, as a map of pixels, on which the faces of one person in both photos agree; None if there is none."""
    alike = np.nan_to_num(face_likeness(old, new), nan=-1.0)
    best: tuple[tuple[float, float], Map] | None = None
    order = np.argsort(-alike, axis=None, kind="stable")[:_TRIED]
    for first, second in zip(*np.unravel_index(order, alike.shape), strict=True):
        if alike[first, second] < _SAME_FACE:
            break
        pixels = _fitted(old, new, {int(first): int(second)})
        if pixels is None or not is_edit(pixels, old, new, beyond=2 * _BEYOND):
            continue
        found = agreement(old, new, pixels)
        again = _fitted(old, new, found.pairs) if len(found.pairs) > 1 else None
        if again is not None:
            pixels, found = again, agreement(old, new, again)
        if not is_edit(pixels, old, new, beyond=_BEYOND) or found.conflicts:
            continue
        rank = (float(len(found.pairs) - found.lost), -found.distance)
        if best is None or rank > best[0]:
            best = rank, pixels
    return None if best is None else best[1]


def agreement(old: PhotoLook, new: PhotoLook, pixels: Map, *, near: float | None = None) -> FaceAgreement:
    """How the faces agree under a map of pixels; `near` is the farthest distance of one face, in that of the eyes."""
    alike = face_likeness(old, new)
    one_engine = old.vectors.shape[1] == new.vectors.shape[1] > 0
    if near is None:
        near = _NEAR if one_engine else _NEAR_OTHER_ENGINE
    here = np.stack([apply_transform(pixels, five) for five in old.landmarks]) if len(old.landmarks) else old.landmarks
    sizes, other_sizes = _sizes(here), _sizes(new.landmarks)
    far = (
        np.linalg.norm(here[:, None] - new.landmarks[None], axis=3).mean(axis=2) if here.size else np.zeros(alike.shape)
    )
    unit = np.maximum(np.minimum(sizes[:, None], other_sizes[None]), 1e-6)
    distance = far / unit
    ratio = other_sizes[None] / np.maximum(sizes[:, None], 1e-6)
    possible = (distance <= near) & (ratio >= _SIZE_RANGE[0]) & (ratio <= _SIZE_RANGE[1])
    pairs: dict[int, int] = {}
    conflicts = 0
    if possible.any():
        cost = np.where(possible, distance, 1e3)
        for first, second in zip(*linear_sum_assignment(cost), strict=True):
            if not possible[first, second]:
                continue
            if alike[first, second] < _OTHER_PERSON:
                conflicts += 1
            else:
                pairs[int(first)] = int(second)
    likenesses = [float(alike[pair]) for pair in pairs.items() if np.isfinite(alike[pair])]
    margin = 0.5 * sizes[:, None]
    middles = here.mean(axis=1) if here.size else np.zeros((0, 2))
    seen = ((middles > margin) & (middles < np.array([new.width, new.height]) - margin)).all(axis=1)
    lost = sum(row not in pairs for row in np.flatnonzero(seen).tolist())
    return FaceAgreement(
        pairs,
        float(np.median([distance[pair] for pair in pairs.items()])) if pairs else np.inf,
        float(np.median(likenesses)) if likenesses else np.nan,
        conflicts,
        lost,
    )


def refitted_agreement(old: PhotoLook, new: PhotoLook, pixels: Map) -> FaceAgreement:
    """How the faces agree under a map that is known roughly, after it was fitted to the faces that it joins."""
    rough = agreement(old, new, pixels, near=_NEAR_ROUGHLY)
    again = _fitted(old, new, rough.pairs) if rough.pairs else None
    if again is None:
        return rough
    fine = agreement(old, new, again)
    return fine if len(fine.pairs) >= len(rough.pairs) else rough


def _sizes(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """(F,) sizes of faces in pixels: the distance of the eyes, or of eyes and mouth where a face is turned away."""
    if landmarks.size == 0:
        return np.zeros(0)
    eyes = np.linalg.norm(landmarks[:, 0] - landmarks[:, 1], axis=1)
    down = np.linalg.norm(landmarks[:, :2].mean(axis=1) - landmarks[:, 3:].mean(axis=1), axis=1)
    return np.asarray(np.maximum(eyes, 0.9 * down), dtype=np.float64)


def _fitted(old: PhotoLook, new: PhotoLook, pairs: dict[int, int]) -> Map | None:
    try:
        pixels = similarity_transform(
            np.concatenate([old.landmarks[row] for row in pairs]),
            np.concatenate([new.landmarks[row] for row in pairs.values()]),
        )
    except ValueError:
        return None
    return pixels if transform_scale(pixels) > 0 else None


def _possible_maps(old: PhotoLook, new: PhotoLook) -> list[Map]:
    """Maps that may be the edit, the likeliest first."""
    maps: list[Map] = []
    by_faces = map_of_faces(old, new)
    if by_faces is not None:
        maps.append(by_faces)
    turns = whole_turns(old, new)
    miniatures = miniatures_of([old, new])
    if np.isfinite(miniatures[:, 0, 0, 0]).all():
        left = [float(left_over(turned(miniatures[:1], turn), miniatures[1:]).share[0]) for turn in turns]
        if not left or min(left) > _CROPPED_SHARE:
            windows = likely_windows([old], [new], miniatures[:1], miniatures[1:]).get((0, 0), [])
            if windows:
                count = len(windows)
                units, rest = refined_windows(
                    [(old, new)] * count,
                    np.repeat(miniatures[:1], count, axis=0),
                    np.repeat(miniatures[1:], count, axis=0),
                    windows,
                )
                maps += [
                    in_pixels(units[row], old, new)
                    for row in np.argsort(rest.share, kind="stable")
                    if rest.share[row] <= _CROPPED_SHARE
                ]
        turns = [turn for _, turn in sorted(zip(left, turns, strict=True)) if _ <= max(_CROPPED_SHARE, min(left) * 3)]
    maps += [in_pixels(WHOLE_MAPS[turn], old, new) for turn in turns]
    return maps
