"""Filters of ranked photos, which the API and the pages combine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import TypeVar

from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.labelling.labels import Category
from curation.domain.measuring.camera import CameraFacts
from curation.event.taken.times import EventTimes

__all__ = [
    "FactFilter",
    "FileFilter",
    "PhotoFilter",
    "PickFilter",
    "filter_photos",
    "in_burst",
    "in_scene",
    "sifted",
    "taken_between",
    "with_aperture",
    "with_camera",
    "with_category",
    "with_file",
    "with_key_person_blinking",
    "with_lens",
    "with_min_rating",
    "with_path_in",
    "with_pick",
    "with_score_between",
    "with_words",
]

PhotoFilter = Callable[[PhotoScore], bool]
"""Returns whether a photo passes."""

Fact = TypeVar("Fact")
FactFilter = Callable[[PhotoScore], bool | None]
"""Returns whether a photo passes; None if what it depends on is not known of the photo."""

_KEY_PERSON_BLINKS = re.compile(r"\((?:main|important)\) blinks")


class PickFilter(StrEnum):
    """Which picks to show."""

    PICKED = "picked"
    REJECTED = "rejected"
    NONE = "none"


class FileFilter(StrEnum):
    """What other programs said in the files of photos."""

    STARS = "stars"
    PICKED = "picked"
    REJECTED = "rejected"
    PEOPLE = "people"
    ANYTHING = "anything"
    NOTHING = "nothing"


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


def with_file(said: FileFilter) -> PhotoFilter:
    """Photos whose files say this."""
    return _FILE_TESTS[said]


def _says_anything(photo: PhotoScore) -> bool:
    return bool(photo.file_rating or photo.file_pick or photo.file_people or photo.file_label)


_FILE_TESTS: Mapping[FileFilter, PhotoFilter] = {
    FileFilter.STARS: lambda photo: photo.file_rating is not None,
    FileFilter.PICKED: lambda photo: photo.file_pick is Pick.PICKED,
    FileFilter.REJECTED: lambda photo: photo.file_pick is Pick.REJECTED,
    FileFilter.PEOPLE: lambda photo: bool(photo.file_people),
    FileFilter.ANYTHING: _says_anything,
    FileFilter.NOTHING: lambda photo: not _says_anything(photo),
}


def with_min_rating(stars: int) -> PhotoFilter:
    """Photos with at least this many stars; no rating counts as 0."""
    return lambda photo: (photo.rating or 0) >= stars


def with_words(text: str) -> PhotoFilter:
    """Photos whose path contains all words of a text; case does not matter."""
    words = text.casefold().split()
    return lambda photo: all(word in photo.image_path.casefold() for word in words)


def with_key_person_blinking(photo: PhotoScore) -> bool:
    """Whether a main or important person blinks."""
    return _KEY_PERSON_BLINKS.search(f"{photo.problems}; {photo.vetoes}") is not None


def sifted(photos: Sequence[PhotoScore], filters: Sequence[FactFilter]) -> tuple[tuple[PhotoScore, ...], int]:
    """The photos that pass all filters, in their order, and of how many others it is not known whether they would."""
    if not filters:
        return tuple(photos), 0
    passed: list[PhotoScore] = []
    unknown = 0
    for photo in photos:
        answers = [passes(photo) for passes in filters]
        if all(answers):
            passed.append(photo)
        elif False not in answers:
            unknown += 1
    return tuple(passed), unknown


def with_camera(cameras: Mapping[str, CameraFacts], name: str) -> FactFilter:
    """Photos that were taken with a camera; case does not matter."""
    return _with_fact(cameras, lambda facts: facts.camera.casefold() or None, lambda camera: camera == name.casefold())


def with_lens(cameras: Mapping[str, CameraFacts], name: str) -> FactFilter:
    """Photos that were taken with a lens; case does not matter."""
    return _with_fact(cameras, lambda facts: facts.lens.casefold() or None, lambda lens: lens == name.casefold())


def with_aperture(cameras: Mapping[str, CameraFacts], low: float, high: float) -> FactFilter:
    """Photos with an f-number from `low` to `high`, both inclusive."""
    return _with_fact(cameras, lambda facts: facts.aperture, lambda aperture: low <= aperture <= high)


def _with_fact(
    cameras: Mapping[str, CameraFacts], fact: Callable[[CameraFacts], Fact | None], passes: Callable[[Fact], bool]
) -> FactFilter:
    def test(photo: PhotoScore) -> bool | None:
        facts = cameras.get(photo.image_path)
        value = None if facts is None else fact(facts)
        return None if value is None else passes(value)

    return test


def taken_between(times: EventTimes, from_s: float | None, to_s: float | None) -> FactFilter:
    """Photos that were taken from `from_s` to `to_s`, both inclusive, by the clock of the camera; None is no limit."""

    def test(photo: PhotoScore) -> bool | None:
        time_s = times.taken_s.get(photo.image_path)
        if time_s is None:
            return None
        return (from_s is None or from_s <= time_s) and (to_s is None or time_s <= to_s)

    return test


def in_scene(times: EventTimes, number: int) -> FactFilter:
    """Photos of a scene."""

    def test(photo: PhotoScore) -> bool | None:
        scene = times.scene_of.get(photo.image_path)
        return None if scene is None else scene == number

    return test
