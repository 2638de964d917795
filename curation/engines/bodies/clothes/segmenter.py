"""Clothing masks of people: a network's maps joined with the person's mask, head, skeleton and skin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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
        return mask._replace(values=np.clip(window.grid_on_mask(joined, mask), 0, 1))
