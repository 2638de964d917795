"""Dividing a foreground among the people in it.

Each pixel goes to the person from whose face and limbs it is reached first, on paths that cross neither edges of the
picture nor the background cheaply: a geodesic distance (Criminisi, Sharp, Blake, "GeoS: geodesic image
segmentation", ECCV 2008), with the skeletons as strokes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from curation.domain.bodies.person import Person
from curation.domain.faces.face import Box
from curation.engines.bodies.segmenters.strokes import (
    draw_arms,
    draw_hair,
    draw_head,
    draw_legs,
    draw_torso,
    draw_trunk,
    has_shoulders,
)

__all__ = ["shares_of", "without_islands"]

_GRID_PX = 192  # longer side of the grid on which distances are measured
# Cost of a step of one pixel of the grid: its length, plus so much per unit of colour difference (Lab, 0 to 255), plus
# so much where there is no foreground.
_COLOUR_COST = 0.35
_BACKGROUND_COST = 25.0
# A pattern on clothes has strong edges everywhere: crossing them never costs as much as the background.
_MAX_COLOUR_COST = 12.0
# A pixel outside of its owner's box, widened by this share, goes to the only one whose box it is in.
_BOX_MARGIN = 0.1
# Blur of the border between two people, in pixels of the grid, so that masks fade into each other.
_ISLAND_VALUE, _IN_BODY, _LARGE_ISLAND = 0.25, 0.5, 0.3
_BORDER_SIGMA = 0.7


def shares_of(
    picture: NDArray[np.uint8], foreground: NDArray[np.float32], area: Box, people: Sequence[Person]
) -> list[NDArray[np.float32]]:
    """What share of each pixel belongs to each person.

    Args:
        picture: (h, w, 3) uint8 RGB, the area at any size.
        foreground: (H, W) float32 in [0, 1], the foreground of the area, of any size.
        area: The part of the photo, in its pixels.
        people: Who are in the area; may reach beyond it.

    Returns:
        For each person (H, W) float32 in [0, 1]; they sum up to 1, except where nobody can be.
    """
    height, width = foreground.shape
    if len(people) == 1:
        return [np.ones((height, width), np.float32)]
    scale = min(1.0, _GRID_PX / max(area.w, area.h))
    size = (max(2, round(area.w * scale)), max(2, round(area.h * scale)))
    lab = cv2.cvtColor(
        np.ascontiguousarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)),
        cv2.COLOR_RGB2LAB,
    ).astype(np.float32)
    coarse = np.asarray(cv2.resize(foreground, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    seeds = _seeds(area, scale, size, people)
    owner = _inside_boxes(_nearest(lab, coarse, seeds), seeds, area, scale, people)
    shares = []
    for place in range(len(people)):
        own = cv2.GaussianBlur((owner == place).astype(np.float32), (0, 0), _BORDER_SIGMA)
        shares.append(np.asarray(cv2.resize(own, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32))
    return shares


def _inside_boxes(
    owner: NDArray[np.int32], seeds: NDArray[np.int32], area: Box, scale: float, people: Sequence[Person]
) -> NDArray[np.int32]:
    """The owners, corrected by the boxes of the bodies, which are widened to where limbs were drawn."""
    boxes = np.zeros((len(people), *owner.shape), np.bool_)
    for place, (inside, person) in enumerate(zip(boxes, people, strict=True)):
        x, y, w, h = person.box
        left, top = (x - _BOX_MARGIN * w - area.x) * scale, (y - _BOX_MARGIN * h - area.y) * scale
        right, bottom = left + (1 + 2 * _BOX_MARGIN) * w * scale, top + (1 + 2 * _BOX_MARGIN) * h * scale
        inside[max(0, int(top)) : max(0, round(bottom)), max(0, int(left)) : max(0, round(right))] = True
        rows, columns = np.nonzero(seeds == place)
        if len(rows):
            inside[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    own = np.take_along_axis(boxes, np.maximum(owner, 0)[np.newaxis], axis=0)[0] & (owner >= 0)
    moved = ~own & (boxes.sum(axis=0) == 1)
    return np.where(moved, boxes.argmax(axis=0), owner).astype(np.int32)


def without_islands(mask: NDArray[np.float32], body: NDArray[np.float32]) -> NDArray[np.float32]:
    """A person's mask without what is neither connected with the body nor large: other people's hands, things around.

    Args:
        mask: (H, W) float32 in [0, 1].
        body: Where the body may be, see `strokes.body_region`; (H, W) float32 in [0, 1].
    """
    count, parts, figures, _ = cv2.connectedComponentsWithStats((mask >= _ISLAND_VALUE).astype(np.uint8))
    if count <= 2:  # the background and one part
        return mask
    areas = figures[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    touching = np.bincount(parts.ravel(), weights=(body.ravel() >= _IN_BODY).astype(np.float64), minlength=count) > 0
    kept = touching | (areas >= _LARGE_ISLAND * areas.max())
    kept[0] = True
    return np.asarray(np.where(kept[parts], mask, 0), dtype=np.float32)


def _seeds(area: Box, scale: float, size: tuple[int, int], people: Sequence[Person]) -> NDArray[np.int32]:
    """The strokes: for each pixel of the grid the place of the person to whom it surely belongs, -1 for nobody."""
    seeds = np.full((size[1], size[0]), -1, np.int32)
    # Whoever shows the face is rather in front; and a skeleton that was only imagined has none.
    for has_face in (False, True):
        layer = [place for place, person in enumerate(people) if (person.face is not None) == has_face]
        layer.sort(key=lambda place: (people[place].box.y + people[place].box.h, place))
        for place in layer:
            if not has_shoulders(people[place]):
                draw_trunk(seeds, place, people[place], area, scale)
        for draw in (draw_torso, draw_legs, draw_hair, draw_arms, draw_head):
            for place in layer:
                draw(seeds, place, people[place], area, scale)
    for place, person in enumerate(people):
        if not np.any(seeds == place):  # wholly covered by others: at least the middle of the box is the person's own
            x = int(np.clip((person.box.x + person.box.w / 2 - area.x) * scale, 0, size[0] - 1))
            y = int(np.clip((person.box.y + person.box.h / 3 - area.y) * scale, 0, size[1] - 1))
            seeds[y, x] = place
    return seeds


def _nearest(lab: NDArray[np.float32], coarse: NDArray[np.float32], seeds: NDArray[np.int32]) -> NDArray[np.int32]:
    """The person whose strokes are nearest to each pixel of the grid."""
    height, width = seeds.shape
    count = height * width
    number = np.arange(count).reshape(height, width)
    ends, costs = [], []
    for rows, columns, length in ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 2**0.5), (1, -1, 2**0.5)):
        start = (slice(0, height - rows), slice(max(0, -columns), width - max(0, columns)))
        end = (slice(rows, height), slice(max(0, columns), width + min(0, columns)))
        difference = np.linalg.norm(lab[start] - lab[end], axis=2)
        background = 1 - np.minimum(coarse[start], coarse[end])
        ends.append((number[start].ravel(), number[end].ravel()))
        costs.append(
            (
                length * (1 + _BACKGROUND_COST * background) + np.minimum(_COLOUR_COST * difference, _MAX_COLOUR_COST)
            ).ravel()
        )
    first = np.concatenate([pair[0] for pair in ends])
    second = np.concatenate([pair[1] for pair in ends])
    graph = csr_matrix((np.concatenate(costs).astype(np.float64), (first, second)), shape=(count, count))
    flat = seeds.ravel()
    starts = np.nonzero(flat >= 0)[0]
    _, _, sources = dijkstra(graph, directed=False, indices=starts, min_only=True, return_predecessors=True)
    owner = np.where(sources >= 0, flat[np.maximum(sources, 0)], -1)
    return np.asarray(owner, dtype=np.int32).reshape(height, width)
