"""The query part of a page's address: which photos are shown, and in which order.

An address that was bookmarked or typed must not lead to an error: values that are not valid are ignored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.bursts.scenes import clock_seconds
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import MAX_RATING
from curation.domain.labelling.labels import MAX_NAME_CHARS, Category
from curation.errors import PersonNotFoundError
from curation.event.catalog import Catalog
from curation.event.photo_filters import (
    FactFilter,
    FileFilter,
    PhotoFilter,
    PickFilter,
    filter_photos,
    in_burst,
    in_scene,
    sifted,
    taken_between,
    with_aperture,
    with_camera,
    with_category,
    with_file,
    with_key_person_blinking,
    with_lens,
    with_min_rating,
    with_path_in,
    with_pick,
    with_score_between,
    with_words,
)
from curation.event.taken.photo_order import PhotoOrder as Order
from curation.event.taken.photo_order import in_order
from curation.event.taken.times import NO_TIMES

__all__ = ["Heads", "Order", "PhotoQuery", "Problem", "matching", "read_query"]

MAX_PEOPLE = 50
MAX_BURST_ID = 999_999_999
MAX_SCENE = 999_999
MAX_SEARCH_CHARS = 200
MAX_CAMERA_CHARS = 80
MAX_F_NUMBER = 200.0
_MAX_TIME_CHARS = 32


class Problem(StrEnum):
    """A filter by what is wrong with a photo."""

    VETOED = "vetoed"
    BLINKS = "blinks"
    KEY_BLINKS = "key-blinks"
    FOCUS = "focus"
    EXPOSURE = "exposure"
    UNREADABLE = "unreadable"
    NONE = "none"


class Heads(StrEnum):
    """What the headings among photos by time say."""

    SCENE = "scene"
    HOUR = "hour"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PhotoQuery:
    """A view of the ranked photos; by default of all of them.

    Attributes:
        people: Names, or ids of clusters; all of these people are in the photo.
        category: At least one person of this category is in the photo.
        score: Lower and upper limit, in [0, 1]; a photo without a score never passes.
        burst: Only the photos of this burst.
        age: At least one person looks like this; everybody passes while there are no ages.
        problem: What is wrong with the photo.
        pick: Whether the user picked or rejected it, or did neither.
        min_rating: At least so many stars.
        file: What other programs said in its files.
        search: Words that all are in the photo's path.
        camera: The camera it was taken with.
        lens: The lens it was taken with.
        aperture: The least and the largest f-number.
        taken_from: Not taken before, by the camera's clock.
        taken_to: Not taken later.
        scene: The number of its scene.
        order: The order of the photos.
        heads: Headings, if the photos are in the order of time.
        stacked: Whether each burst is shown as a stack.
    """

    people: tuple[str, ...] = ()
    category: Category | None = None
    score: tuple[float, float] | None = None
    burst: int | None = None
    age: AgeGroup | None = None
    problem: Problem | None = None
    pick: PickFilter | None = None
    min_rating: int | None = None
    file: FileFilter | None = None
    search: str = ""
    camera: str = ""
    lens: str = ""
    aperture: tuple[float, float] | None = None
    taken_from: datetime | None = None
    taken_to: datetime | None = None
    scene: int | None = None
    order: Order = Order.RANK
    heads: Heads = Heads.SCENE
    stacked: bool = True

    @property
    def filters(self) -> PhotoQuery:
        """The same view without its order and its looks."""
        return replace(self, order=Order.RANK, heads=Heads.SCENE, stacked=True)

    @property
    def is_filtered(self) -> bool:
        """Whether the view filters photos."""
        return self.filters != PhotoQuery()

    @property
    def aperture_text(self) -> str:
        """The f-numbers as they appear in the address; empty without limits."""
        return "" if self.aperture is None else f"{self.aperture[0]:g}-{self.aperture[1]:g}"

    @property
    def score_text(self) -> str:
        """The limits of the score as they appear in the address; empty without limits."""
        return "" if self.score is None else f"{self.score[0]:g}-{self.score[1]:g}"

    def address(self, **changes: object) -> str:
        """The query part of an address, with some values changed; empty if all values are the defaults."""
        return replace(self, **changes)._encoded()  # type: ignore[arg-type]

    def _encoded(self) -> str:
        pairs: list[tuple[str, str]] = [("person", person) for person in self.people]
        values: Mapping[str, object] = {
            "category": self.category,
            "score": self.score_text,
            "burst": self.burst,
            "age": self.age,
            "problem": self.problem,
            "pick": self.pick,
            "stars": self.min_rating,
            "file": self.file,
            "q": self.search,
            "camera": self.camera,
            "lens": self.lens,
            "aperture": self.aperture_text,
            "from": None if self.taken_from is None else self.taken_from.isoformat(),
            "to": None if self.taken_to is None else self.taken_to.isoformat(),
            "scene": self.scene,
            "order": None if self.order is Order.RANK else self.order,
            "heads": None if self.heads is Heads.SCENE else self.heads,
            "stacks": None if self.stacked else "off",
        }
        pairs += [(name, str(value)) for name, value in values.items() if value not in (None, "")]
        return urlencode(pairs)


def read_query(params: QueryParams) -> PhotoQuery:
    """Read the query part of an address."""
    people = [name.strip() for name in params.getlist("person")][:MAX_PEOPLE]
    return PhotoQuery(
        people=tuple(dict.fromkeys(name for name in people if name and len(name) <= MAX_NAME_CHARS)),
        category=_one_of(Category, params.get("category")),
        score=_ends(params.get("score", "")),
        burst=_whole(params.get("burst"), MAX_BURST_ID),
        age=_one_of(AgeGroup, params.get("age")),
        problem=_one_of(Problem, params.get("problem")),
        pick=_one_of(PickFilter, params.get("pick")),
        min_rating=_whole(params.get("stars"), MAX_RATING),
        file=_one_of(FileFilter, params.get("file")),
        search=" ".join(params.get("q", "").split())[:MAX_SEARCH_CHARS],
        camera=params.get("camera", "").strip()[:MAX_CAMERA_CHARS],
        lens=params.get("lens", "").strip()[:MAX_CAMERA_CHARS],
        aperture=_ends(params.get("aperture", ""), MAX_F_NUMBER),
        taken_from=_time(params.get("from")),
        taken_to=_time(params.get("to")),
        scene=_whole(params.get("scene"), MAX_SCENE),
        order=_one_of(Order, params.get("order")) or Order.RANK,
        heads=_one_of(Heads, params.get("heads")) or Heads.SCENE,
        stacked=params.get("stacks") != "off",
    )


def matching(catalog: Catalog, query: PhotoQuery) -> tuple[tuple[PhotoScore, ...], int]:
    """The photos of a view in its order, without stacks, and how many more may belong to it.

    Of those it is not known, because their files do not say it or were not read yet.

    Args:
        catalog: The catalog of the event.
        query: The view. A person who is not known (any more) is in no photo.

    Raises:
        NotClusteredError: If there was no clustering yet.
        NotScoredError: If there was no scoring yet.
        FaceDataError: If a table is not valid.
        LabelsError: If cluster_labels.json is not valid.
        PicksError: If picks.json is not valid.
        StorageError: If a file cannot be read.
    """
    photos = catalog.photos()
    photos = filter_photos(photos, list(_tests(catalog, query)))
    photos, unknown = sifted(photos, list(_fact_tests(catalog, query)))
    times = catalog.times() if query.order is Order.TIME else NO_TIMES
    return in_order(photos, query.order, times), unknown


def _tests(catalog: Catalog, query: PhotoQuery) -> Iterator[PhotoFilter]:
    if query.people:
        yield with_path_in(frozenset.intersection(*(_photos_of(catalog, person) for person in query.people)))
    if query.category is not None:
        yield with_category(query.category)
    if query.score is not None:
        yield with_score_between(*query.score)
    if query.burst is not None:
        yield in_burst(query.burst)
    if query.age is not None and (looks := catalog.attributes.now()).has_ages:
        yield with_path_in(looks.photos[query.age])
    if query.problem is not None:
        yield _PROBLEMS[query.problem]
    if query.pick is not None:
        yield with_pick(query.pick)
    if query.min_rating is not None:
        yield with_min_rating(query.min_rating)
    if query.file is not None:
        yield with_file(query.file)
    if query.search:
        yield with_words(query.search)


def _fact_tests(catalog: Catalog, query: PhotoQuery) -> Iterator[FactFilter]:
    if query.camera or query.lens or query.aperture:
        cameras = catalog.cameras_now().by_path
        if query.camera:
            yield with_camera(cameras, query.camera)
        if query.lens:
            yield with_lens(cameras, query.lens)
        if query.aperture is not None:
            yield with_aperture(cameras, *query.aperture)
    if query.taken_from is not None or query.taken_to is not None:
        ends = (None if time is None else clock_seconds(time) for time in (query.taken_from, query.taken_to))
        yield taken_between(catalog.times(), *ends)
    if query.scene is not None:
        yield in_scene(catalog.times(), query.scene)


_PROBLEMS: Mapping[Problem, PhotoFilter] = {
    Problem.VETOED: lambda photo: bool(photo.vetoes),
    Problem.BLINKS: lambda photo: "blinks" in photo.problems or "blinks" in photo.vetoes,
    Problem.KEY_BLINKS: with_key_person_blinking,
    Problem.FOCUS: lambda photo: "out of focus" in photo.problems,
    Problem.EXPOSURE: lambda photo: "badly exposed" in photo.problems,
    Problem.UNREADABLE: lambda photo: bool(photo.error),
    Problem.NONE: lambda photo: not (photo.problems or photo.vetoes or photo.error),
}


def _photos_of(catalog: Catalog, person: str) -> frozenset[str]:
    try:
        return catalog.photos_of(person)
    except PersonNotFoundError:
        return frozenset()


E = TypeVar("E", bound=StrEnum)


def _one_of(kind: type[E], text: str | None) -> E | None:
    try:
        return kind(text) if text else None
    except ValueError:
        return None


def _whole(text: str | None, most: int) -> int | None:
    if not text or not text.isascii() or not text.isdecimal() or len(text) > len(str(most)):
        return None
    value = int(text)
    return value if 1 <= value <= most else None


def _time(text: str | None) -> datetime | None:
    if not text or len(text) > _MAX_TIME_CHARS:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is None else None  # the clock of a camera has no time zone


def _ends(text: str, most: float = 1.0) -> tuple[float, float] | None:
    """The limits of `0.5-0.8`, from 0 to `most`, which also stand for missing ones."""
    low, dash, high = text.partition("-")
    if not dash:
        return None
    try:
        ends = (float(low or 0), float(high or most))
    except ValueError:
        return None
    return ends if all(math.isfinite(end) for end in ends) and 0 <= ends[0] <= ends[1] <= most else None
