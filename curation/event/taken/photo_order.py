"""The orders in which ranked photos can be looked through."""

from __future__ import annotations

import math
from enum import StrEnum

from curation.domain.judging.photo_score import PhotoScore
from curation.event.taken.times import EventTimes

__all__ = ["PhotoOrder", "in_order"]


class PhotoOrder(StrEnum):
    """The order of photos."""

    RANK = "rank"
    SCORE = "score"
    NAME = "name"
    TIME = "time"


def in_order(photos: tuple[PhotoScore, ...], order: PhotoOrder, times: EventTimes) -> tuple[PhotoScore, ...]:
    """Photos in an order; those without a score, or without a time, come last.

    Args:
        photos: Best first.
        order: The order.
        times: When they were taken.
    """
    if order is PhotoOrder.SCORE:
        return tuple(sorted(photos, key=lambda photo: -(-1 if photo.final_score is None else photo.final_score)))
    if order is PhotoOrder.NAME:
        return tuple(sorted(photos, key=lambda photo: photo.image_path))
    if order is PhotoOrder.TIME:
        taken_s = times.taken_s
        return tuple(sorted(photos, key=lambda photo: (taken_s.get(photo.image_path, math.inf), photo.image_path)))
    return photos
