"""The people of a photo's burst as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out, Score
from curation.api.schemas.faces import FaceId, PhotoId
from curation.domain.bursts.best_faces import BurstPerson
from curation.domain.labelling.labels import Category
from curation.event.catalog import PhotoEntry
from curation.event.one_photo.burst_faces import BurstFaces

__all__ = ["BurstFaceOut", "BurstOut", "BurstPersonOut", "BurstPhotoOut", "burst_out"]


class BurstPhotoOut(Out):
    """A photo of a burst."""

    photo_id: PhotoId
    image_path: Annotated[str, Field(examples=["day 2/IMG_0132.jpg"])]
    picture_url: Annotated[str, Field(examples=["/photos/5b41f1e3a0c9d27e/picture"])]
    best_of_burst: bool
    """Whether it is the best photo by its score and rules."""
    good_for: Annotated[int, Field(ge=0, examples=[4])]
    """How many of those who count look as good in it as they ever do in this burst."""
    all_eyes_open: bool


class BurstFaceOut(Out):
    """A person's face in one photo of a burst."""

    photo_id: PhotoId
    face_id: FaceId | None
    """Null if the person was not found in this photo."""
    picture_url: Annotated[str | None, Field(examples=["/faces/5b41f1e3a0c9d27e-0/picture"])]
    eyes: Score
    smile: Score
    focus: Score
    eyes_closed: bool
    blurred: bool
    """Blurred, or clearly softer than in another photo of the burst."""
    is_best: bool


class BurstPersonOut(Out):
    """A person in the photos of a burst."""

    person: Annotated[str, Field(examples=["Anna"])]
    category: Category
    counts: bool
    """Whether the best photo is chosen for this person, too."""
    best_photo_id: PhotoId
    faces: tuple[BurstFaceOut, ...]
    """One for each photo, in their order."""


class BurstOut(Out):
    """The people of a photo's burst, and which of its photos is best for most of them."""

    burst_id: Annotated[int | None, Field(ge=1, examples=[3])]
    """Null for a photo outside of bursts, which is then the only one."""
    photos: tuple[BurstPhotoOut, ...]
    """Best first."""
    best_photo_id: PhotoId | None
    """In which most people look as good as they ever do in this burst; null if there is nobody to judge by."""
    summary: Annotated[str, Field(examples=["Everybody's eyes are open in 3 of 5; Anna's only in DSC_0412"])]
    people: tuple[BurstPersonOut, ...]
    """The most important first."""


def burst_out(burst: BurstFaces, photo_url: Callable[[str], str], face_url: Callable[[str], str]) -> BurstOut:
    """A burst as JSON.

    Args:
        burst: The people of a burst.
        photo_url: The path of the picture of a photo, by its id.
        face_url: The same of a face.
    """
    ids = {photo.image_path: photo.photo_id for photo in burst.photos}
    counted = frozenset(burst.group.counted)
    good = {path: sum(path in person.good_in for person in burst.group.people if person.key in counted) for path in ids}
    by_key = {person.key: person for person in burst.group.people}
    return BurstOut(
        burst_id=burst.burst_id,
        photos=tuple(
            BurstPhotoOut(
                photo_id=photo.photo_id,
                image_path=photo.image_path,
                picture_url=photo_url(photo.photo_id),
                best_of_burst=photo.score is not None and photo.score.best_of_burst,
                good_for=good[photo.image_path],
                all_eyes_open=photo.image_path in burst.group.open_in,
            )
            for photo in burst.photos
        ),
        best_photo_id=None if burst.group.best is None else ids[burst.group.best],
        summary=burst.sentence,
        people=tuple(
            BurstPersonOut(
                person=person.display_name,
                category=person.category,
                counts=key in counted,
                best_photo_id=ids[by_key[key].best],
                faces=tuple(_face(face_url, burst, by_key[key], photo) for photo in burst.photos),
            )
            for key, person in burst.people.items()
        ),
    )


def _face(face_url: Callable[[str], str], burst: BurstFaces, person: BurstPerson, photo: PhotoEntry) -> BurstFaceOut:
    path = photo.image_path
    seen = burst.frames[path].get(person.key)
    return BurstFaceOut(
        photo_id=photo.photo_id,
        face_id=None if seen is None else seen.face_id,
        picture_url=None if seen is None else face_url(seen.face_id),
        eyes=None if seen is None else seen.eyes,
        smile=None if seen is None else seen.smile,
        focus=None if seen is None else seen.focus,
        eyes_closed=path in person.closed_in,
        blurred=path in person.blurred_in,
        is_best=path == person.best,
    )
