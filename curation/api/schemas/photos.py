"""Photos as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import Request
from pydantic import Field

from curation.api.http.urls import photo_picture_url
from curation.api.schemas.base import Out, Page, Score
from curation.api.schemas.faces import FaceOut, PhotoId
from curation.domain.faces.ids import photo_id
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import MAX_RATING, Pick
from curation.domain.measuring.camera import CameraFacts

__all__ = ["CameraOut", "PhotoDetailOut", "PhotoOut", "PhotoPage", "camera_out", "photo_out", "split_list"]

SEPARATOR = "; "  # of photo_scores.csv's lists


class PhotoOut(Out):
    """One row of photo_scores.csv. Components are null where they do not apply."""

    photo_id: PhotoId
    """The id of the photo in requests; the same in every run."""
    rank: Annotated[int, Field(ge=1, examples=[1])]
    """1 is the best photo."""
    image_path: Annotated[str, Field(examples=["day 2/IMG_0132.jpg"])]
    """The path, relative to the folder of photos."""
    final_score: Score
    """Null for a photo that could not be read."""
    results_string: Annotated[str, Field(examples=["main 2/2 · eyes 2/2 · smile 1/2 (Anna serious) · focus ok"])]
    """The score in words."""
    people: Annotated[tuple[str, ...], Field(examples=[("Anna", "person 3")])]
    """The people in the photo, the most important first."""
    main_count: int
    important_count: int
    other_count: int
    unknown_count: int
    eyes_score: Score
    smile_score: Score
    focus_score: Score
    exposure_score: Score
    people_score: Score
    picture_score: Score
    well_shown_count: Annotated[int | None, Field(ge=0, examples=[2])]
    """Number of people who matter and are shown well; photos without anybody like that rank below. Null in tables of
    earlier versions."""
    vetoes: Annotated[tuple[str, ...], Field(examples=[("Anna (main) blinks",)])]
    """The vetoes that rank this photo below all photos without a veto."""
    problems: Annotated[tuple[str, ...], Field(examples=[("Anna blinks",)])]
    error: str
    """Why the photo could not be read; empty if it could."""
    burst_id: Annotated[int | None, Field(ge=1, examples=[3])]
    """The same number for all photos of one burst; null for a photo outside of bursts."""
    best_of_burst: bool
    """Whether it is the best photo of its burst, or outside of bursts."""
    burst_size: Annotated[int, Field(ge=1, examples=[1])]
    """The number of photos in its burst; 1 for a photo outside of bursts."""
    pick: Annotated[Pick | None, Field(examples=["picked"])]
    """Whether the user picked or rejected it; null for neither."""
    rating: Annotated[int | None, Field(ge=1, le=MAX_RATING, examples=[4])]
    """The user's stars; null without a rating."""
    file_rating: Annotated[int | None, Field(ge=1, le=MAX_RATING, examples=[4])]
    """The stars that another program wrote into the photo's files; never the user's here, as the three below."""
    file_pick: Annotated[Pick | None, Field(examples=["rejected"])]
    """Whether the files say that it is picked or rejected."""
    file_people: Annotated[tuple[str, ...], Field(examples=[("Anna",)])]
    """The people whose names the files have."""
    file_label: Annotated[str, Field(examples=["Red"])]
    """The colour label in the files; empty without one."""
    picture_url: Annotated[str, Field(examples=["/photos/5b41f1e3a0c9d27e/picture"])]
    """The photo as a JPEG; `?size=` selects `thumbnail`, `screen` or `full`."""


class PhotoPage(Page):
    """Photos, best first unless another order was asked for."""

    unknown: Annotated[int, Field(ge=0, examples=[0])] = 0
    """How many more photos pass all filters but those by camera, lens, aperture, time or scene: their files do not say
    it, or were not read yet."""
    photos: tuple[PhotoOut, ...]
    current: bool
    """Whether this is the ranking by what is said now; false while it is being made again, which takes a moment."""


class CameraOut(Out):
    """How a photo was taken, as its file says."""

    camera: Annotated[str, Field(examples=["NIKON D750"])]
    """Empty if the file does not say it; likewise the lens."""
    lens: Annotated[str, Field(examples=["AF-S 85mm f/1.8"])]
    focal_length_mm: Annotated[float | None, Field(gt=0, examples=[85])]
    focal_length_35mm: Annotated[int | None, Field(gt=0, examples=[85])]
    """The focal length that sees as much on 35 mm film."""
    aperture: Annotated[float | None, Field(gt=0, examples=[1.8])]
    """The f-number."""
    exposure_s: Annotated[float | None, Field(gt=0, examples=[0.004])]
    iso: Annotated[int | None, Field(gt=0, examples=[400])]


def camera_out(facts: CameraFacts) -> CameraOut:
    """Convert what a file says."""
    return CameraOut(
        camera=facts.camera,
        lens=facts.lens,
        focal_length_mm=facts.focal_length_mm,
        focal_length_35mm=facts.focal_length_35mm,
        aperture=facts.aperture,
        exposure_s=facts.exposure_s,
        iso=facts.iso,
    )


class PhotoDetailOut(Out):
    """A photo with its faces and its score."""

    photo_id: PhotoId
    image_path: Annotated[str, Field(examples=["day 2/IMG_0132.jpg"])]
    """The path, relative to the folder of photos."""
    picture_url: Annotated[str, Field(examples=["/photos/5b41f1e3a0c9d27e/picture"])]
    """The photo as a JPEG; `?size=` selects `thumbnail`, `screen` or `full`."""
    width: Annotated[int | None, Field(ge=1, examples=[6000])]
    """The width of the upright full-size photo in pixels; null if the file is missing or cannot be read."""
    height: Annotated[int | None, Field(ge=1, examples=[4000])]
    capture_time: Annotated[datetime | None, Field(examples=["2026-06-20T21:14:03"])]
    """When it was taken, without a time zone: by the camera's clock, or by its name if the file tells nothing."""
    time_source: Annotated[str, Field(examples=["EXIF DateTimeOriginal"])]
    """Where that stands: a field of the file, or `file name`; empty if it is not known."""
    time_used: Annotated[datetime | None, Field(examples=["2026-06-20T20:14:03"])]
    """The time by which it is sorted and put into scenes and bursts, by clocks that are set by the pictures; null if
    its clock stood still."""
    error: Annotated[str | None, Field(examples=["the file is cut off after 31 of 98 kB"])]
    """Why the photo could not be read; null if it could."""
    score: PhotoOut | None
    """Null before scoring."""
    camera: CameraOut
    file_says: Annotated[str, Field(examples=["4 stars, rejected, Anna (Lightroom)"])]
    """What other programs wrote into the photo's files, in one line; empty if nothing."""
    file_notes: Annotated[tuple[str, ...], Field(examples=[("a.xmp is damaged and was not used",)])]
    """What in the files could not be used."""
    faces: tuple[FaceOut, ...]
    """The faces from left to right."""


def split_list(text: str) -> tuple[str, ...]:
    """The items of a list in photo_scores.csv."""
    return tuple(text.split(SEPARATOR)) if text else ()


def photo_out(request: Request, score: PhotoScore, burst_sizes: Mapping[int, int]) -> PhotoOut:
    """Convert a ranked photo.

    Args:
        request: The client's request.
        score: The row of the photo.
        burst_sizes: See `Catalog.burst_sizes`.
    """
    photo = photo_id(score.image_path)
    return PhotoOut(
        photo_id=photo,
        rank=score.rank,
        image_path=score.image_path,
        final_score=score.final_score,
        results_string=score.results_string,
        people=split_list(score.people),
        main_count=score.main_count,
        important_count=score.important_count,
        other_count=score.other_count,
        unknown_count=score.unknown_count,
        eyes_score=score.eyes_score,
        smile_score=score.smile_score,
        focus_score=score.focus_score,
        exposure_score=score.exposure_score,
        people_score=score.people_score,
        picture_score=score.picture_score,
        well_shown_count=score.well_shown_count,
        vetoes=split_list(score.vetoes),
        problems=split_list(score.problems),
        error=score.error,
        burst_id=score.burst_id,
        best_of_burst=score.best_of_burst,
        burst_size=1 if score.burst_id is None else burst_sizes[score.burst_id],
        pick=score.pick,
        rating=score.rating,
        file_rating=score.file_rating,
        file_pick=score.file_pick,
        file_people=split_list(score.file_people),
        file_label=score.file_label,
        picture_url=photo_picture_url(request, photo),
    )
