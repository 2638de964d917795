"""Clothing masks of people: the network's maps joined with the person's mask and head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.engines.base import PhotoPixels, Pixels
from curation.engines.bodies.base import BodyMask, BodySpec
from curation.engines.bodies.clothes.head import head_of
from curation.engines.bodies.clothes.parsing_network import SIDE_PX, ParsedPicture, ParsingNetwork
from curation.engines.bodies.clothes.window import Window, window_of

__all__ = ["GRID_PX", "JoinedClothesSegmenter"]

GRID_PX = 192
"""Cells of the longer side of the grid that evidence is joined on."""


class JoinedClothesSegmenter:
    """Implements `curation.engines.bodies.base.ClothesSegmenter`."""

    def __init__(self, spec: BodySpec, network: ParsingNetwork) -> None:
        """Take a loaded network.

        Args:
            spec: What it was loaded from.
            network: Of that spec.
        """
        self._spec = spec
        self._network = network

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
        if not mask.values.size or not (mask.values > 0).any():
            return mask._replace(values=np.zeros_like(mask.values))
        picture = window.picture(pixels)
        joined = _joined(window, self._network.parse(picture), person, window.mask_on_grid(mask))
        values = np.minimum(window.grid_on_mask(joined, mask), mask.values)
        return mask._replace(values=np.clip(values, 0, 1).astype(np.float32))


def _joined(window: Window, parsed: ParsedPicture, person: Person, mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """The person less skin, hair and head: each cell goes to the class that the network gives most."""
    skin, clothes, hair = (window.on_grid(each) for each in parsed)
    joined = np.asarray(mask * clothes / np.maximum(clothes + np.maximum(skin, hair), 1e-3), dtype=np.float32)
    head = head_of(person)
    if head is not None:
        joined[head.inside(window)] = 0
    return joined
