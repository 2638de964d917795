"""Filters of ranked photos, which the API and the pages combine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from operator import attrgetter

from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.labelling.labels import Category

__all__ = [
    "PhotoFilter",
    "PickFilter",
    "filter_photos",
    "in_burst",
    "with_category",
    "with_min_rating",
    "with_path_in",
    "with_pick",
    "with_score_between",
]

PhotoFilter = Callable[[PhotoScore], bool]
"""Returns whether a photo passes."""


class PickFilter(StrEnum):
    """Which picks to show."""

    PICKED = "picked"
    REJECTED = "rejected"
    NONE = "none"


def filter_photos(photos: tuple[PhotoScore, ...], filters: Sequence[PhotoFilter]) -> tuple[PhotoScore, ...]:
    """The photos that pass all filters, in their order."""
    return tuple(photo for photo in photos if all(passes(photo) for passes in filters)) if filters else photos


def with_path_in(paths: Iterable[str]) -> PhotoFilter:
    """Photos with one of these image paths."""
    known = frozenset(paths)
    return lambda photo: photo.image_path in known


def with_category(category: Category) -> PhotoFilter:
    """Photos that show at least one person of the category."""
    count = attrgetter(f"{category.value}_count")
    return lambda photo: bool(count(photo) > 0)


def with_score_between(low: float, high: float) -> PhotoFilter:
    """Photos with a score from `low` to `high`, both inclusive; a photo without a score never passes."""
    return lambda photo: photo.final_score is not None and low <= photo.final_score <= high


def in_burst(burst_id: int) -> PhotoFilter:
    """Photos of a burst."""
    return lambda photo: photo.burst_id == burst_id


def with_pick(pick: PickFilter) -> PhotoFilter:
    """Photos that the user picked, rejected, or neither."""
    wanted = None if pick is PickFilter.NONE else Pick(pick.value)
    return lambda photo: photo.pick is wanted


def with_min_rating(stars: int) -> PhotoFilter:
    """Photos with at least this many stars; no rating counts as 0."""
    return lambda photo: (photo.rating or 0) >= stars
