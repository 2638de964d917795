"""Clothing masks of people: a network's maps joined with the person's mask, head, skeleton and skin."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.engines.base import PhotoPixels, Pixels
from curation.engines.bodies.base import BodyMask, BodySpec
from curation.engines.bodies.clothes.evidence import evidence_of, worth_asking
from curation.engines.bodies.clothes.join import ClothesJoin
from curation.engines.bodies.clothes.parsing_network import SIDE_PX, ParsingNetwork
from curation.engines.bodies.clothes.window import Window, window_of

__all__ = ["GRID_PX", "JoinedClothesSegmenter"]

GRID_PX = 192
"""Cells of the longer side of the grid that evidence is joined on; the join was trained on it."""

_SMOOTHING = 0.8  # cells
_CLOTHES_FROM = 0.5
# Parts of clothes that are smaller than this part of the largest one are lips, buttons on the wall and noise.
_LEAST_ISLAND = 0.02
_SPECK = 0.45  # what remains of their probability


class JoinedClothesSegmenter:
    """Implements `curation.engines.bodies.base.ClothesSegmenter`."""

    def __init__(self, spec: BodySpec, network: ParsingNetwork, join: ClothesJoin) -> None:
        """Take a loaded network and the trees.

        Args:
            spec: What the network was loaded from.
            network: Of that spec.
            join: Tells clothes from all that is known of a cell.
        """
        self._spec = spec
        self._network = network
        self._join = join

    @property
    def specs(self) -> tuple[BodySpec, ...]:
        """See `ClothesSegmenter`."""
        return (self._spec,)

    def segment(self, photo: PhotoPixels, people: Sequence[Person], masks: Sequence[BodyMask]) -> list[BodyMask]:
        """See `ClothesSegmenter`."""
        if len(people) != len(masks):
            raise ValueError(f"there are {len(people)} people, but {len(masks)} masks")
        if not people:
            return []
        windows = [window_of(person.box, photo.width, photo.height, grid_px=GRID_PX) for person in people]
        # As fine as the smallest window needs.
        scale = max(SIDE_PX / max(window.area.w, window.area.h) for window in windows)
        pixels = photo.detailed(min(1.0, scale))
        return [
            self._clothes(pixels, window, person, mask)
            for window, person, mask in zip(windows, people, masks, strict=True)
        ]

    def _clothes(self, pixels: Pixels, window: Window, person: Person, mask: BodyMask) -> BodyMask:
        nothing = mask._replace(values=np.zeros_like(mask.values))
        if not mask.values.size:
            return nothing
        on_grid = window.mask_on_grid(mask)
        worth = worth_asking(on_grid)
        if not worth.any() or on_grid.max() <= 0:
            return nothing
        picture = window.picture(pixels)
        evidence = evidence_of(window, picture, self._network.parse(picture), on_grid, person)
        joined = np.zeros(on_grid.shape, dtype=np.float32)
        joined[worth] = self._join.clothes(evidence[worth])
        return mask._replace(values=np.clip(window.grid_on_mask(_tidied(joined), mask), 0, 1))


def _tidied(joined: NDArray[np.float32]) -> NDArray[np.float32]:
    """Smoothed a little, as cells were judged one by one, and without small islands."""
    smooth = np.asarray(cv2.GaussianBlur(joined, (0, 0), _SMOOTHING), dtype=np.float32)
    inside = (smooth > _CLOTHES_FROM).astype(np.uint8)
    count, island_of, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    small = [1 + place for place in range(count - 1) if sizes[place] < _LEAST_ISLAND * sizes.max()]
    specks = np.isin(island_of, small)
    smooth[specks] = np.minimum(smooth[specks], _SPECK)
    return smooth
