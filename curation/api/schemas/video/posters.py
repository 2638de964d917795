"""Posters of films as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Request
from pydantic import Field

from curation.api.http.urls import root_of
from curation.api.schemas.base import Out, Text
from curation.api.schemas.jobs import JobOut
from curation.api.schemas.video.films import FilmTaskOut
from curation.domain.film.people import PosterFace, PosterResult, PosterStatus
from curation.jobs.video.film_record import FilmTask, PosterRecord

__all__ = ["POSTER_ID_PATTERN", "PosterAnswer", "PosterFaceOut", "PosterOut", "PostersOut", "poster_out"]

POSTER_ID_PATTERN = "^[0-9a-f]{16}$"

Distance = Annotated[float | None, Field(ge=0, le=2, examples=[0.91])]


class PosterFaceOut(Out):
    """A face of a poster."""

    face_index: Annotated[int, Field(ge=0)]
    """From left to right."""
    x: int
    """Of its box, in pixels of the upright poster; so are the next three."""
    y: int
    w: int
    h: int
    status: PosterStatus
    """Only `matched` faces are characters of the film."""
    cluster_id: Annotated[int | None, Field(ge=0)]
    """The character; null unless matched."""
    name: Text | None
    """Its name; null without one."""
    confidence: Annotated[float, Field(ge=0, le=1)]
    distance: Distance
    """To the nearest character, between unit vectors; null without characters."""
    next_distance: Distance
    """To the second nearest."""
    occupied_area: Annotated[float, Field(ge=0, le=1)]
    """Share of the poster."""


class PosterOut(Out):
    """A poster of a film."""

    poster_id: Annotated[str, Field(pattern=POSTER_ID_PATTERN, examples=["9f86d081884c7d65"])]
    name: Text
    created_at: str
    task: FilmTaskOut
    """How far matching it is."""
    width: int | None
    """In pixels; null until it was matched, as all below."""
    height: int | None
    faces: tuple[PosterFaceOut, ...]
    unmatched: int | None
    """Faces that are no character."""
    picture_url: str


class PostersOut(Out):
    """The posters of a film, in the order in which they came."""

    video_id: str
    posters: tuple[PosterOut, ...]


class PosterAnswer(Out):
    """A poster that was taken, and the job that matches it."""

    poster: PosterOut
    job: JobOut | None
    """Null while it waits for its turn."""


def poster_out(
    request: Request,
    video_id: str,
    poster: PosterRecord,
    task: FilmTask,
    result: PosterResult | None,
    names: Mapping[int, str],
) -> PosterOut:
    """Convert a poster; `names` by cluster id."""
    root = root_of(request)
    return PosterOut(
        poster_id=poster.id,
        name=poster.name,
        created_at=poster.created_at,
        task=_task(task),
        width=None if result is None else result.width,
        height=None if result is None else result.height,
        faces=() if result is None else tuple(_face_out(face, names) for face in result.faces),
        unmatched=None if result is None else result.unmatched,
        picture_url=f"{root}/videos/{video_id}/posters/{poster.id}/picture",
    )


def _task(task: FilmTask) -> FilmTaskOut:
    out = FilmTaskOut.of(task)
    assert out is not None
    return out


def _face_out(face: PosterFace, names: Mapping[int, str]) -> PosterFaceOut:
    return PosterFaceOut(
        face_index=face.face_index,
        x=face.box.x,
        y=face.box.y,
        w=face.box.w,
        h=face.box.h,
        status=face.status,
        cluster_id=face.cluster_id,
        name=None if face.cluster_id is None else names.get(face.cluster_id),
        confidence=_bounded(face.confidence, 1.0),
        distance=None if face.distance is None else _bounded(face.distance, 2.0),
        next_distance=None if face.next_distance is None else _bounded(face.next_distance, 2.0),
        occupied_area=_bounded(face.occupied_area, 1.0),
    )


def _bounded(value: float, most: float) -> float:
    return min(most, max(0.0, round(value, 4)))
