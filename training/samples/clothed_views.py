"""Views of labelled people for training: whole, cut by the photo's edge, and beside somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from ground_truth.clothed_photos import ClothedPhoto, PixelKind

__all__ = ["ClothedView", "views"]

# Parts of a body's height at which a photo ends: portraits, down to the hips, down to the knees.
_CUTS = ((0.2, 0.3), (0.35, 0.5), (0.6, 0.8))
_SIDE_MARGIN = (0.05, 0.6)  # of the part's width, beside a person in a cut photo
_APART = (0.55, 0.95)  # of a width, between the middles of two people
_SIZES = (0.85, 1.1)  # of the other person


@dataclass(frozen=True, slots=True, eq=False)
class ClothedView:
    """A picture and what each pixel counts as for one person.

    Attributes:
        name: Of the photo that the person is from.
        form: `whole`, `cut` or `beside`.
        photo: (H, W, 3) uint8 RGB.
        kinds: (H, W) uint8 values of `PixelKind`; pixels of anybody else are BACKGROUND.
        box: Of the person's labelled pixels.
    """

    name: str
    form: str
    photo: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    box: Box


def views(photos: list[ClothedPhoto], *, seed: int = 0) -> Iterator[ClothedView]:
    """Three or four views of each photo: whole, cut once, and beside the next photo's person, behind or in front."""
    random = np.random.default_rng(seed)
    for place, photo in enumerate(photos):
        pixels, kinds = photo.pixels(), photo.kinds()
        other = photos[(place + 1) % len(photos)]
        yield _view(photo.name, "whole", pixels, kinds)
        yield _cut(photo.name, pixels, kinds, _CUTS[place % len(_CUTS)], random)
        yield from _beside(photo.name, pixels, kinds, other.name, other.pixels(), other.kinds(), random)


def _view(name: str, form: str, photo: NDArray[np.uint8], kinds: NDArray[np.uint8]) -> ClothedView:
    return ClothedView(name, form, np.ascontiguousarray(photo), np.ascontiguousarray(kinds), _bounds(kinds))


def _bounds(kinds: NDArray[np.uint8]) -> Box:
    rows, columns = np.nonzero(kinds)
    left, top = int(columns.min()), int(rows.min())
    return Box(left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)


def _cut(
    name: str,
    photo: NDArray[np.uint8],
    kinds: NDArray[np.uint8],
    between: tuple[float, float],
    random: np.random.Generator,
) -> ClothedView:
    box = _bounds(kinds)
    lower = box.y + round(box.h * random.uniform(*between))
    part = _bounds(kinds[:lower])
    left, right = (round(part.w * random.uniform(*_SIDE_MARGIN)) for _ in range(2))
    upper = max(0, part.y - round(0.15 * part.h * random.uniform(0.2, 1.5)))
    rows = slice(upper, lower)
    columns = slice(max(0, part.x - left), min(photo.shape[1], part.x + part.w + right))
    return _view(name, "cut", photo[rows, columns], kinds[rows, columns])


def _beside(
    name: str,
    photo: NDArray[np.uint8],
    kinds: NDArray[np.uint8],
    other_name: str,
    other_photo: NDArray[np.uint8],
    other_kinds: NDArray[np.uint8],
    random: np.random.Generator,
) -> Iterator[ClothedView]:
    """The person with another one pasted in front; one view for each of the two."""
    box, other = _bounds(kinds), _bounds(other_kinds)
    scale = box.h / other.h * random.uniform(*_SIZES)
    size = (max(1, round(other.w * scale)), max(1, round(other.h * scale)))
    inside = (slice(other.y, other.y + other.h), slice(other.x, other.x + other.w))
    pasted = cv2.resize(other_photo[inside], size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    pasted_kinds = cv2.resize(other_kinds[inside], size, interpolation=cv2.INTER_NEAREST)
    apart = random.uniform(*_APART) * (box.w + size[0]) / 2 * random.choice([-1, 1])
    left = round(box.x + box.w / 2 + apart - size[0] / 2)
    top = round(box.y + box.h - size[1] + box.h * random.uniform(-0.03, 0.03))
    # A person beside the photo's edge makes the photo wider.
    before, after = max(0, -left), max(0, left + size[0] - photo.shape[1])
    above, below = max(0, -top), max(0, top + size[1] - photo.shape[0])
    wide = np.asarray(cv2.copyMakeBorder(photo, above, below, before, after, cv2.BORDER_REFLECT), dtype=np.uint8)
    wide_kinds = np.pad(kinds, ((above, below), (before, after)))
    mirrored = np.pad(np.ones_like(kinds), ((above, below), (before, after))) == 0
    wide[mirrored] = cv2.GaussianBlur(wide, (0, 0), 15)[mirrored]
    left, top = left + before, top + above
    target = (slice(top, top + size[1]), slice(left, left + size[0]))
    shown = pasted_kinds != PixelKind.BACKGROUND
    wide[target][shown] = pasted[shown]
    wide_kinds[target][shown] = PixelKind.BACKGROUND
    others_kinds = np.zeros_like(wide_kinds)
    others_kinds[target][shown] = pasted_kinds[shown]
    yield _view(name, "beside", wide, wide_kinds)
    yield _view(other_name, "beside", wide, others_kinds)
