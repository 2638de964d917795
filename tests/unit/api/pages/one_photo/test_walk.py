"""Where the arrow keys lead from a photo."""

from __future__ import annotations

from dataclasses import replace

from curation.api.pages.gallery import Gallery
from curation.api.pages.one_photo.walk import steps
from curation.api.pages.photo_query import PhotoQuery
from curation.domain.judging.photo_score import PhotoScore, failed_photo_score

SINGLES = ("a", "b1", "b2", "c", "b3", "d")
BURSTS = {"b1": 1, "b2": 1, "b3": 1}


def scores() -> dict[str, PhotoScore]:
    return {path: replace(failed_photo_score(path, ""), burst_id=BURSTS.get(path)) for path in SINGLES}


def gallery(query: PhotoQuery) -> Gallery:
    is_stacked = query.stacked and query.burst is None
    fronts = ("a", "b2", "c", "d") if is_stacked else SINGLES
    places = {path: place for place, path in enumerate(SINGLES)}
    return Gallery(key="key", query=query, singles=SINGLES, fronts=fronts, places=places, members={})


def test_from_stack_to_stack_from_any_photo_of_it() -> None:
    for photo in ("b1", "b2", "b3"):
        way = steps(gallery(PhotoQuery()), scores(), photo)
        assert (way.before, way.after, way.place, way.total, way.by_stack) == ("a", "c", 2, 4, True)


def test_the_ends_and_a_photo_outside_of_the_view() -> None:
    view = gallery(PhotoQuery())
    assert (steps(view, scores(), "a").before, steps(view, scores(), "d").after) == (None, None)
    way = steps(view, scores(), "elsewhere")
    assert (way.before, way.after, way.place) == (None, None, None)


def test_without_stacks_photo_by_photo() -> None:
    for query in (PhotoQuery(stacked=False), PhotoQuery(burst=1)):
        way = steps(gallery(query), scores(), "b2")
        assert (way.before, way.after, way.place, way.total, way.by_stack) == ("b1", "c", 3, 6, False)
