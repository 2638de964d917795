"""The ranked photos."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from curation.api.context import Context
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.http.urls import photo_picture_url
from curation.api.routes.people_responses import NO_AGES
from curation.api.schemas.faces import face_out
from curation.api.schemas.photos import PhotoDetailOut, PhotoPage, camera_out, photo_out, split_list
from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.bursts.scenes import clock_seconds
from curation.domain.faces.ids import PHOTO_ID_PATTERN
from curation.domain.judging.picks import MAX_RATING
from curation.domain.labelling.labels import MAX_NAME_CHARS, Category
from curation.domain.told.file_told import NOTHING_TOLD, told_words
from curation.errors import NOT_CLUSTERED, NOT_SCORED
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
from curation.event.taken.photo_order import PhotoOrder, in_order

__all__ = ["PHOTO_NOT_FOUND", "PhotoIdPath", "photo_not_found", "router"]

router = APIRouter(prefix="/photos", tags=["photos"])

MAX_PEOPLE = 50  # that one request may ask for
MAX_PROBLEM_CHARS = 200
MAX_BURST_ID = 999_999_999
MAX_SEARCH_CHARS = 200
MAX_CAMERA_CHARS = 80

PhotoIdPath = Annotated[
    str, Path(pattern=PHOTO_ID_PATTERN, description="From `GET /photos`.", examples=["5b41f1e3a0c9d27e"])
]
PHOTO_NOT_FOUND = {"photo_not_found": (404, "there is no photo 5b41f1e3a0c9d27e; GET /photos lists all")}
ScoreLimit = Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)]
Name = Annotated[str, Query(max_length=MAX_NAME_CHARS)]
_NAME_OR_ID = "A name from the labels, or a cluster's id."


def photo_not_found(photo_id: str) -> ApiProblem:
    """The problem of an unknown photo id."""
    return ApiProblem(404, "photo_not_found", f"there is no photo {photo_id}; GET /photos lists all")


@router.get(
    "",
    summary="The photos, best first",
    responses=problem_responses(
        not_scored=(409, NOT_SCORED),
        face_data_invalid=(409, "photo_scores.csv has no column `rank`; run the scoring again"),
        picks_invalid=(409, "picks.json: photo 'a.jpg': 'pickd' is not a pick; did you mean 'picked'?"),
        person_not_found=(404, "there is no person 'Ana'; known: Anna, Tom, and the ids of GET /clusters"),
        **NO_AGES,
    ),
)
def list_photos(
    request: Request,
    context: Context,
    person: Annotated[
        list[Name],
        Query(
            max_length=MAX_PEOPLE,
            description=f"{_NAME_OR_ID} Given several times, all of them are in the photo.",
            examples=[["Anna"]],
        ),
    ] = [],  # noqa: B006 - never changed
    people_any: Annotated[
        list[Name],
        Query(
            max_length=MAX_PEOPLE,
            description=f"{_NAME_OR_ID} Given several times, at least one of them is in the photo.",
            examples=[["Anna", "3"]],
        ),
    ] = [],  # noqa: B006 - never changed
    min_score: ScoreLimit = None,
    max_score: ScoreLimit = None,
    category: Annotated[Category | None, Query(description="Only photos with a person of this category.")] = None,
    age_group: Annotated[
        AgeGroup | None,
        Query(
            description="Only photos with a person who looks like a child or an adult, or of whom it cannot be told; "
            "needs `attributes.age` in config.yaml."
        ),
    ] = None,
    vetoed: Annotated[bool | None, Query(description="Only vetoed photos, or only those that are not.")] = None,
    burst_id: Annotated[int | None, Query(ge=1, le=MAX_BURST_ID, description="Only photos of this burst.")] = None,
    best_of_burst: Annotated[
        bool | None,
        Query(description="Only the best photo of each burst and photos outside of bursts, or only the others."),
    ] = None,
    problem: Annotated[
        str | None,
        Query(
            max_length=MAX_PROBLEM_CHARS,
            description="Only photos with a problem, a veto or an error that contains this text, such as `blinks`; "
            "case does not matter.",
            examples=["blinks"],
        ),
    ] = None,
    pick: Annotated[
        PickFilter | None, Query(description="Only picked photos, only rejected ones, or only those that are neither.")
    ] = None,
    rating: Annotated[int | None, Query(ge=1, le=MAX_RATING, description="Only photos with exactly so many stars.")] = (
        None
    ),
    min_rating: Annotated[
        int | None, Query(ge=1, le=MAX_RATING, description="Only photos with at least so many stars.")
    ] = None,
    file: Annotated[
        FileFilter | None,
        Query(
            description="Only photos whose files carry stars, a pick, a rejection, names of people, or anything of "
            "other programs, or nothing at all."
        ),
    ] = None,
    search: Annotated[
        str,
        Query(max_length=MAX_SEARCH_CHARS, description="Words that are all in the photo's path; case does not matter."),
    ] = "",
    blinks: Annotated[
        bool | None, Query(description="Only photos with a main or important person who blinks, or only the others.")
    ] = None,
    camera: Annotated[
        str, Query(max_length=MAX_CAMERA_CHARS, description="The camera as a photo's `camera` names it.")
    ] = "",
    lens: Annotated[
        str, Query(max_length=MAX_CAMERA_CHARS, description="The lens as a photo's `camera` names it.")
    ] = "",
    min_aperture: Annotated[
        float | None, Query(gt=0, le=200, description="The least f-number.", examples=[1.4])
    ] = None,
    max_aperture: Annotated[
        float | None, Query(gt=0, le=200, description="The largest f-number.", examples=[2.8])
    ] = None,
    taken_from: Annotated[
        datetime | None, Query(description="Not taken before, by the camera's clock: without a time zone.")
    ] = None,
    taken_to: Annotated[datetime | None, Query(description="Not taken later.")] = None,
    scene: Annotated[int | None, Query(ge=1, le=MAX_BURST_ID, description="From `GET /scenes`.")] = None,
    order: Annotated[
        PhotoOrder, Query(description="By rank (picks first), by score, by path, or by the time when they were taken.")
    ] = PhotoOrder.RANK,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PhotoPage:
    """A photo must pass all filters. A photo without a score never passes `min_score` or `max_score`.

    Cameras, lenses and apertures are read from the files when somebody first asks for them, which takes a while in a
    large event: `unknown` says how many more photos might pass.
    """
    is_current = context.ranking.settle()
    catalog = context.catalog
    photos = catalog.photos()
    wanted: list[PhotoFilter] = [*_people_filters(catalog, person, people_any)]
    if min_score is not None or max_score is not None:
        wanted.append(
            with_score_between(0.0 if min_score is None else min_score, 1.0 if max_score is None else max_score)
        )
    if category is not None:
        wanted.append(with_category(category))
    if age_group is not None:
        looks = catalog.attributes.now()
        looks.demand_ages()
        wanted.append(with_path_in(looks.photos[age_group]))
    if vetoed is not None:
        wanted.append(lambda p: bool(p.vetoes) is vetoed)
    if burst_id is not None:
        wanted.append(in_burst(burst_id))
    if best_of_burst is not None:
        wanted.append(lambda p: p.best_of_burst is best_of_burst)
    if problem is not None:
        text = problem.casefold()
        wanted.append(
            lambda p: any(text in part.casefold() for part in (*split_list(p.problems), *split_list(p.vetoes), p.error))
        )
    if pick is not None:
        wanted.append(with_pick(pick))
    if rating is not None:
        wanted.append(lambda p: p.rating == rating)
    if min_rating is not None:
        wanted.append(with_min_rating(min_rating))
    if file is not None:
        wanted.append(with_file(file))
    if search:
        wanted.append(with_words(search))
    if blinks is not None:
        wanted.append(lambda p: with_key_person_blinking(p) is blinks)
    facts: list[FactFilter] = []
    if camera or lens or min_aperture is not None or max_aperture is not None:
        cameras = catalog.cameras_now().by_path
        facts += [with_camera(cameras, camera)] if camera else []
        facts += [with_lens(cameras, lens)] if lens else []
        if min_aperture is not None or max_aperture is not None:
            facts.append(with_aperture(cameras, min_aperture or 0.0, max_aperture or math.inf))
    if taken_from is not None or taken_to is not None:
        facts.append(taken_between(catalog.times(), _clock_s(taken_from), _clock_s(taken_to)))
    if scene is not None:
        facts.append(in_scene(catalog.times(), scene))
    photos, unknown = sifted(filter_photos(photos, wanted), facts)
    if order is not PhotoOrder.RANK:
        photos = in_order(photos, order, catalog.times())
    sizes = catalog.burst_sizes()
    return PhotoPage(
        total=len(photos),
        limit=limit,
        offset=offset,
        unknown=unknown,
        photos=tuple(photo_out(request, photo, sizes) for photo in photos[offset : offset + limit]),
        current=is_current,
    )


@router.get(
    "/{photo_id}",
    summary="One photo with its faces",
    responses=problem_responses(
        not_clustered=(409, NOT_CLUSTERED),
        face_data_invalid=(409, "face_data.csv has no column `cluster_id`; run the clustering again"),
        labels_invalid=(422, "cluster_labels.json: key '0': 'mian' is not a category; did you mean 'main'?"),
        **PHOTO_NOT_FOUND,
    ),
)
def get_photo(request: Request, context: Context, photo_id: PhotoIdPath) -> PhotoDetailOut:
    """Its size and score, and for each face the box, the person and the measures."""
    photo = context.catalog.photo(photo_id)
    if photo is None:
        raise photo_not_found(photo_id)
    labels = context.catalog.labels()
    told = context.catalog.ranked.told().get(photo.image_path, NOTHING_TOLD)
    facts = context.analysis.facts(photo)
    measures = facts.measures or (None,) * len(photo.faces)
    taken = context.catalog.times().clocks.times.get(photo.image_path)
    clock = None if taken is None else taken.told
    return PhotoDetailOut(
        photo_id=photo.photo_id,
        image_path=photo.image_path,
        picture_url=photo_picture_url(request, photo.photo_id),
        width=facts.width,
        height=facts.height,
        capture_time=facts.capture_time if clock is None else clock.time,
        time_source="" if clock is None else clock.source,
        time_used=facts.capture_time if taken is None else taken.time,
        error=photo.error or (photo.score.error or None if photo.score is not None else None),
        score=None if photo.score is None else photo_out(request, photo.score, context.catalog.burst_sizes()),
        camera=camera_out(context.catalog.cameras.of(photo.image_path)),
        file_says=told_words(told),
        file_notes=told.notes,
        faces=tuple(face_out(request, face, labels, one) for face, one in zip(photo.faces, measures, strict=True)),
    )


def _clock_s(time: datetime | None) -> float | None:
    """Raises an ApiProblem for a time with a time zone, which no camera's clock has."""
    if time is None:
        return None
    if time.tzinfo is not None:
        raise ApiProblem(
            422, "request_invalid", "taken_from and taken_to are by the camera's clock: leave out the time zone"
        )
    return clock_seconds(time)


def _people_filters(catalog: Catalog, everyone: list[str], anyone: list[str]) -> list[PhotoFilter]:
    sets = [catalog.photos_of(name) for name in everyone]
    if anyone:
        sets.append(frozenset().union(*map(catalog.photos_of, anyone)))
    return [with_path_in(frozenset.intersection(*sets))] if sets else []
