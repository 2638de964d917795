"""One mask for each person, from a network that only tells people from the background."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.domain.faces.face import Box
from curation.engines.base import PhotoPixels, Pixels
from curation.engines.bodies.base import BodyMask, BodySpec
from curation.engines.bodies.segmenters.areas import LookedAt, areas_of
from curation.engines.bodies.segmenters.filling import filled
from curation.engines.bodies.segmenters.network import ForegroundNetwork
from curation.engines.bodies.segmenters.separation import shares_of, without_islands
from curation.engines.bodies.segmenters.strokes import body_region

__all__ = ["NetworkSegmenter"]


# A photo that takes 25 MB decoded; of larger ones the network's memory is given back before they are decoded in full.
_LARGE_PHOTO_PX = 8_000_000


class NetworkSegmenter:
    """Implements `curation.engines.bodies.base.Segmenter` with any of the networks in `forms`."""

    def __init__(self, spec: BodySpec, network: ForegroundNetwork, beside: Sequence[ForegroundNetwork] = ()) -> None:
        """Take loaded networks.

        Args:
            spec: What they were loaded from.
            network: Of that spec.
            beside: Those that the spec names beside it.
        """
        self._spec = spec
        self._network = network
        self._beside = tuple(beside)

    @property
    def spec(self) -> BodySpec:
        """See `Segmenter`."""
        return self._spec

    def segment(self, photo: PhotoPixels, people: Sequence[Person]) -> list[BodyMask]:
        """See `Segmenter`."""
        if not people:
            return []
        looks = areas_of([person.box for person in people], photo.width, photo.height)
        # As fine as the smallest area needs.
        scale = min(1.0, max(self._network.side_px / max(look.area.w, look.area.h) for look in looks))
        pixels = photo.detailed(scale)
        masks: list[BodyMask | None] = [None] * len(people)
        release = photo.width * photo.height > _LARGE_PHOTO_PX
        for look in looks:
            for member, mask in zip(look.members, self._masks(pixels, look, people, release), strict=True):
                masks[member] = mask
        return [mask for mask in masks if mask is not None]

    def _masks(self, pixels: Pixels, look: LookedAt, people: Sequence[Person], release: bool) -> list[BodyMask]:
        """The masks of an area's members."""
        area = look.area
        picture = _part(pixels, area)
        scale = min(1.0, self._network.side_px / max(area.w, area.h))
        size = (max(1, round(area.w * scale)), max(1, round(area.h * scale)))
        present = [place for place, person in enumerate(people) if _touch(person.box, area)]
        foreground = _resized(self._network.foreground(picture, release=release), size)
        foregrounds = [foreground] * len(present)
        bodies = [body_region(area, scale, size, people[place]) for place in present]
        for network in self._beside:
            foregrounds = filled(foreground, _resized(network.foreground(picture), size), bodies)
        anybody = np.maximum.reduce(foregrounds)
        shares = shares_of(picture, anybody, area, [people[place] for place in present])
        own = {
            place: without_islands(np.asarray(part * share, dtype=np.float32), body)
            for place, part, share, body in zip(present, foregrounds, shares, bodies, strict=True)
        }
        return [BodyMask(own[member], area, scale) for member in look.members]


def _resized(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _touch(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.w and other.x < one.x + one.w and one.y < other.y + other.h and other.y < one.y + one.h
    )


def _part(pixels: Pixels, area: Box) -> NDArray[np.uint8]:
    """The pixels of an area of the full-size photo; at least one."""
    height, width = pixels.array.shape[:2]
    left = min(int(area.x * pixels.scale), width - 1)
    top = min(int(area.y * pixels.scale), height - 1)
    right = min(width, max(left + 1, round((area.x + area.w) * pixels.scale)))
    bottom = min(height, max(top + 1, round((area.y + area.h) * pixels.scale)))
    return pixels.array[top:bottom, left:right]
