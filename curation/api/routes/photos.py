"""The ranked photos."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from curation.api.catalog import NOT_SCORED
from curation.api.context import Context
from curation.api.errors import problem_responses
from curation.api.paging import Limit, Offset
from curation.api.schemas import PhotoOut, PhotoPage
from curation.domain.labels import MAX_NAME_CHARS, Category
from curation.domain.ranking import PhotoScore

__all__ = ["router"]

router = APIRouter(prefix="/photos", tags=["photos"])

SEPARATOR = "; "  # of photo_scores.csv's lists

ScoreLimit = Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)]


@router.get(
    "",
    summary="The photos, best first",
    responses=problem_responses(
        not_scored=(409, NOT_SCORED),
        face_data_invalid=(409, "photo_scores.csv has no column `rank`; run the scoring again"),
        person_not_found=(404, "there is no person 'Ana'; known: Anna, Tom, and the ids of GET /clusters"),
    ),
)
def list_photos(
    context: Context,
    person: Annotated[
        str | None,
        Query(max_length=MAX_NAME_CHARS, description="A name from the labels, or a cluster's id.", examples=["Anna"]),
    ] = None,
    min_score: ScoreLimit = None,
    max_score: ScoreLimit = None,
    category: Annotated[Category | None, Query(description="Only photos with a person of this category.")] = None,
    vetoed: Annotated[bool | None, Query(description="Only vetoed photos, or only those that are not.")] = None,
    best_of_burst: Annotated[
        bool | None, Query(description="Only the best photo of each burst and photos alone, or only the others.")
    ] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PhotoPage:
    """Filters work together. A photo without a score never passes `min_score` or `max_score`."""
    photos = context.catalog.photos()
    if person is not None:
        in_photo = context.catalog.photos_of(person)
        photos = tuple(photo for photo in photos if photo.image_path in in_photo)
    if min_score is not None:
        photos = tuple(p for p in photos if p.final_score is not None and p.final_score >= min_score)
    if max_score is not None:
        photos = tuple(p for p in photos if p.final_score is not None and p.final_score <= max_score)
    if category is not None:
        photos = tuple(p for p in photos if _count(p, category) > 0)
    if vetoed is not None:
        photos = tuple(p for p in photos if bool(p.vetoes) is vetoed)
    if best_of_burst is not None:
        photos = tuple(p for p in photos if p.best_of_burst is best_of_burst)
    return PhotoPage(
        total=len(photos),
        limit=limit,
        offset=offset,
        photos=tuple(_photo_out(photo) for photo in photos[offset : offset + limit]),
    )


def _count(photo: PhotoScore, category: Category) -> int:
    return {
        Category.MAIN: photo.main_count,
        Category.IMPORTANT: photo.important_count,
        Category.OTHER: photo.other_count,
    }[category]


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split(SEPARATOR)) if text else ()


def _photo_out(photo: PhotoScore) -> PhotoOut:
    return PhotoOut(
        rank=photo.rank,
        image_path=photo.image_path,
        final_score=photo.final_score,
        results_string=photo.results_string,
        people=_list(photo.people),
        main_count=photo.main_count,
        important_count=photo.important_count,
        other_count=photo.other_count,
        unknown_count=photo.unknown_count,
        eyes_score=photo.eyes_score,
        smile_score=photo.smile_score,
        focus_score=photo.focus_score,
        exposure_score=photo.exposure_score,
        people_score=photo.people_score,
        vetoes=_list(photo.vetoes),
        problems=_list(photo.problems),
        error=photo.error,
        burst_id=photo.burst_id,
        best_of_burst=photo.best_of_burst,
    )
