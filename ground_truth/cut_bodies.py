"""Photos of whole people, cut at known heights: where the edge cuts them is known without any network.

The photos of `clothes` show one person who stands, with pixel labels, so the crown and the soles are known. Joints are
at fixed shares of the height of a body (Winter, "Biomechanics and Motor Control of Human Movement", 2009, figure 4.1):
ankles 0.039, knees 0.285, hips 0.53, shoulders 0.818 above the soles. Shoes, hats and bent knees move them by some
hundredths, so a cut at a joint is one within a few hundredths of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.domain.bodies.composition import CutAt
from ground_truth.errors import Unavailable
from ground_truth.splits import in_test_half

__all__ = ["HEIGHTS", "CutBody", "cut_bodies"]

HEIGHTS = {
    "feet": (0.02, frozenset({CutAt.FEET})),
    "ankles": (0.06, frozenset({CutAt.FEET})),
    "shins": (0.16, frozenset({CutAt.LEGS})),
    "knees": (0.285, frozenset({CutAt.KNEES})),
    "thighs": (0.41, frozenset({CutAt.LEGS})),
    "hips": (0.53, frozenset({CutAt.HIPS})),
    "waist": (0.63, frozenset({CutAt.CHEST})),
    "chest": (0.74, frozenset({CutAt.CHEST})),
}
"""Where the lower edge cuts: height above the soles per height of the body, and the words that are right."""
_SHOES = frozenset({"boots", "clogs", "flats", "heels", "loafers", "pumps", "sandals", "shoes", "sneakers", "wedges"})
_MIN_MARGIN = 0.01  # free room around a whole person, per side of the photo
_TOP_OF_HEAD = 0.07  # the upper edge cuts there, per height of the body


@dataclass(frozen=True, slots=True, eq=False)
class CutBody:
    """A photo of a person.

    Attributes:
        name: Of the photo.
        cut: Where it was cut: a key of `HEIGHTS`, `whole`, `whole, tight`, `head` or `side`.
        right: The words that are right.
        pixels: (H, W, 3) uint8 RGB.
    """

    name: str
    cut: str
    right: frozenset[CutAt]
    pixels: NDArray[np.uint8]


def cut_bodies(data: Path, *, test_half: bool, limit: int | None = None) -> Iterator[CutBody]:
    """Each photo whole, whole with little room below the soles, and cut at all places.

    Args:
        data: The folder of test data.
        test_half: Which half of the photos, see `in_test_half`.
        limit: At most so many photos.

    Raises:
        Unavailable: If the photos are missing.
    """
    folder = data / "photos/clothes"
    photos = sorted((folder / "photos").glob("*.jpg"))
    if not photos:
        raise Unavailable(f"{folder / 'photos'} has no photos")
    names = [line.split(maxsplit=1) for line in (folder / "classes.txt").read_text().splitlines() if line.strip()]
    shoes = [int(number) for number, name in names if name in _SHOES]
    count = 0
    for path in photos:
        if in_test_half(path.name) != test_half or count == limit:
            continue
        labels = np.asarray(Image.open(folder / "labels" / f"{path.stem}.png"))
        pixels = np.asarray(Image.open(path).convert("RGB"))
        bounds = _bounds(labels, shoes)
        if bounds is not None:
            count += 1
            yield from _cut(path.name, pixels, *bounds)


def _bounds(labels: NDArray[np.uint8], shoes: list[int]) -> tuple[int, int, int, int] | None:
    """Left, crown, right and soles of a person who is whole, with shoes on; None for others."""
    height, width = labels.shape
    rows, columns = np.flatnonzero((labels > 0).any(axis=1)), np.flatnonzero((labels > 0).any(axis=0))
    if not rows.size or not np.isin(labels, shoes).any():
        return None
    left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    margin = min(left / width, top / height, 1 - right / width, 1 - bottom / height)
    return (left, top, right, bottom) if margin >= _MIN_MARGIN else None


def _cut(name: str, pixels: NDArray[np.uint8], left: int, top: int, right: int, bottom: int) -> Iterator[CutBody]:
    height = bottom - top
    whole = frozenset({CutAt.NONE})
    yield CutBody(name, "whole", whole, pixels)
    yield CutBody(name, "whole, tight", whole, _part(pixels[: bottom + round(0.02 * height)]))
    for cut, (share, words) in HEIGHTS.items():
        yield CutBody(name, cut, words, _part(pixels[: bottom - round(share * height)]))
    yield CutBody(name, "head", frozenset({CutAt.HEAD}), _part(pixels[top + round(_TOP_OF_HEAD * height) :]))
    yield CutBody(name, "side", frozenset({CutAt.SIDE}), _part(pixels[:, (left + right) // 2 :]))


def _part(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(pixels)
