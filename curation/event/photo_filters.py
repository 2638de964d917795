"""Which photos a list shows: small tests of a ranked photo, that the API and the pages put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from operator import attrgetter

from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.labelling.labels import Category

__all__ = [
    "PhotoTest",
    "PickFilter",
    "fitting",
    "in_one_of",
    "of_burst",
    "said",
    "scored_within",
    "with_category",
    "with_stars",
]

PhotoTest = Callable[[PhotoScore], bool]


class PickFilter(StrEnum):
    """What the user said of a photo."""

    PICKED = "picked"
    REJECTED = "rejected"
    NONE = "none"


def fitting(photos: tuple[PhotoScore, ...], tests: Sequence[PhotoTest]) -> tuple[PhotoScore, ...]:
    """The photos that pass all tests, in their order."""
    return tuple(photo for photo in photos if all(test(photo) for test in tests)) if tests else photos


def in_one_of(paths: Iterable[str]) -> PhotoTest:
    """Photos of these image paths."""
    known = frozenset(paths)
    return lambda photo: photo.image_path in known


def with_category(category: Category) -> PhotoTest:
    """Photos that somebody of the category is in."""
    count = attrgetter(f"{category.value}_count")
    return lambda photo: bool(count(photo) > 0)


def scored_within(low: float, high: float) -> PhotoTest:
    """Photos with a score from `low` to `high`, both included; one without a score never passes."""
    return lambda photo: photo.final_score is not None and low <= photo.final_score <= high


def of_burst(burst_id: int) -> PhotoTest:
    """Photos of one burst."""
    return lambda photo: photo.burst_id == burst_id


def said(pick: PickFilter) -> PhotoTest:
    """Photos that the user picked, rejected, or did neither with."""
    wanted = None if pick is PickFilter.NONE else Pick(pick.value)
    return lambda photo: photo.pick is wanted


def with_stars(least: int) -> PhotoTest:
    """Photos with so many stars or more."""
    return lambda photo: (photo.rating or 0) >= least
