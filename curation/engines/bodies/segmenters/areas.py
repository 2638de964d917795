"""Which parts of a photo a segmenter looks at: people close to each other are looked at together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from curation.domain.faces.face import Box

__all__ = ["LookedAt", "areas_of"]

# Around the box of a body; boxes are often a little too narrow for hands, hats and trains of dresses. Below that,
# networks for salient objects see a person as the background of itself.
_MARGIN = 0.12
# Two people share an area if it is at most so much longer than the longest of their own: the network sees less detail
# then, but sees both at once and only needs one run.
_MAX_GROWTH = 1.35


class LookedAt(NamedTuple):
    """A part of a photo that a network looks at once.

    Attributes:
        area: In pixels of the upright full-size photo.
        members: Places, in the list of boxes, of the people whose masks come from it; ascending.
    """

    area: Box
    members: tuple[int, ...]


def areas_of(boxes: Sequence[Box], width: int, height: int) -> list[LookedAt]:
    """Divide people among as few areas as still show each of them well.

    Args:
        boxes: Of the people's bodies.
        width: Of the photo.
        height: Of the photo.

    Returns:
        Each person is a member of exactly one area, which contains the whole box with a margin as far as it lies in the
        photo.
    """
    areas = [LookedAt(_with_margin(box, width, height), (place,)) for place, box in enumerate(boxes)]
    longest = {place: max(looked_at.area.w, looked_at.area.h) for place, looked_at in enumerate(areas)}
    while True:
        best: tuple[float, int, int, Box] | None = None
        for first in range(len(areas)):
            for second in range(first + 1, len(areas)):
                joined = _joined(areas[first].area, areas[second].area)
                members = (*areas[first].members, *areas[second].members)
                growth = max(joined.w, joined.h) / min(longest[member] for member in members)
                if growth <= _MAX_GROWTH and (best is None or growth < best[0]):
                    best = (growth, first, second, joined)
        if best is None:
            return areas
        _, first, second, area = best
        members = tuple(sorted((*areas[first].members, *areas[second].members)))
        areas[first] = LookedAt(area, members)
        del areas[second]


def _with_margin(box: Box, width: int, height: int) -> Box:
    margin = round(_MARGIN * max(box.w, box.h))
    # The same margin on each side would make a thin strip of a standing person, which is stretched to a square: widen
    # it to at least half of its height.
    wider = max(margin, round((0.5 * box.h - box.w) / 2))
    taller = max(margin, round((0.5 * box.w - box.h) / 2))
    left, top = max(0, box.x - wider), max(0, box.y - taller)
    right, bottom = min(width, box.x + box.w + wider), min(height, box.y + box.h + taller)
    left, top = min(left, width - 1), min(top, height - 1)
    return Box(left, top, max(1, right - left), max(1, bottom - top))


def _joined(one: Box, other: Box) -> Box:
    left, top = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.w, other.x + other.w)
    bottom = max(one.y + one.h, other.y + other.h)
    return Box(left, top, right - left, bottom - top)
