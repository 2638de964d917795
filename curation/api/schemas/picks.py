"""Picks and ratings over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from curation.api.schemas.base import Out, Page
from curation.domain.faces.ids import PHOTO_ID_PATTERN, photo_id
from curation.domain.judging.picks import MAX_RATING, PhotoPick, Pick

__all__ = ["MAX_CHANGES", "PickChange", "PickChangeOut", "PickIn", "PickOut", "PickPage", "PicksChanged", "PicksPatch"]

MAX_CHANGES = 20_000
"""Photos in one request; a large event at once."""

Rating = Annotated[int | None, Field(ge=1, le=MAX_RATING, examples=[5])]
PhotoIdText = Annotated[str, Field(pattern=PHOTO_ID_PATTERN, examples=["1f0c4be9d93c4c3c"])]


class PickIn(BaseModel):
    """What is said of a photo; what is left out is not said (any more)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    pick: Annotated[Pick | None, Field(examples=["picked"], description="Null for neither.")] = None
    rating: Annotated[Rating, Field(description="Stars; null for none.")] = None


class PickChange(PickIn):
    """What changes for one photo; what is left out stays as it is, null takes it back."""

    photo_id: PhotoIdText


class PicksPatch(BaseModel):
    """Changes of many photos."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "changes": [
                        {"photo_id": "1f0c4be9d93c4c3c", "pick": "picked", "rating": 5},
                        {"photo_id": "9b9f9ad0b5f1e2aa", "pick": None},
                    ]
                }
            ]
        },
    )

    changes: Annotated[tuple[PickChange, ...], Field(min_length=1, max_length=MAX_CHANGES)]


class PickOut(Out):
    """What the user said of a photo."""

    photo_id: PhotoIdText
    image_path: Annotated[str, Field(examples=["day 2/IMG_0132.jpg"])]
    pick: Pick | None
    rating: Rating

    @classmethod
    def of(cls, image_path: str, said: PhotoPick) -> PickOut:
        """Of a photo, by its path."""
        return cls(photo_id=photo_id(image_path), image_path=image_path, pick=said.pick, rating=said.rating)


class PickChangeOut(PickOut):
    """What is said of a photo now, and what was said before; send that again to take the change back."""

    before: PickIn

    @classmethod
    def of_change(cls, image_path: str, before: PhotoPick, after: PhotoPick) -> PickChangeOut:
        """Of a photo, by its path."""
        return cls(
            photo_id=photo_id(image_path),
            image_path=image_path,
            pick=after.pick,
            rating=after.rating,
            before=PickIn(pick=before.pick, rating=before.rating),
        )


class PickPage(Page):
    """Photos that were picked, rejected or rated: the picked ones first, then by rating and by path."""

    picked: Annotated[int, Field(ge=0, examples=[41])]
    """How many photos are picked, in all pages and without filters; likewise the next two."""
    rejected: Annotated[int, Field(ge=0, examples=[7])]
    rated: Annotated[int, Field(ge=0, examples=[12])]
    picks: tuple[PickOut, ...]


class PicksChanged(Out):
    """The photos of a request as they are now."""

    changed: Annotated[int, Field(ge=0, examples=[2])]
    """How many of them are not as they were before."""
    photos: tuple[PickChangeOut, ...]
