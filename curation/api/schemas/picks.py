"""Picks and ratings as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from curation.api.schemas.base import Out, Page, Sent, Whole
from curation.domain.faces.ids import PHOTO_ID_PATTERN, photo_id
from curation.domain.judging.picks import MAX_RATING, PhotoPick, Pick

__all__ = [
    "MAX_CHANGES",
    "PickChange",
    "PickChangeOut",
    "PickIn",
    "PickOut",
    "PickPage",
    "PicksChanged",
    "PicksPatch",
    "PicksUndone",
]

MAX_CHANGES = 20_000
"""Photos in one request; a large event at once."""

Rating = Annotated[Whole | None, Field(ge=1, le=MAX_RATING, examples=[5])]
PhotoIdText = Annotated[str, Field(pattern=PHOTO_ID_PATTERN, examples=["1f0c4be9d93c4c3c"])]


class PickIn(Sent):
    """The pick and rating of a photo; a field that is omitted is removed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    pick: Annotated[Pick | None, Field(examples=["picked"], description="Null for neither.")] = None
    rating: Annotated[Rating, Field(description="Stars; null for none.")] = None


class PickChange(PickIn):
    """A change of one photo; fields that are omitted stay as they are, null removes them."""

    photo_id: PhotoIdText


class PicksPatch(Sent):
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
    """The pick and rating of a photo."""

    photo_id: PhotoIdText
    image_path: Annotated[str, Field(examples=["day 2/IMG_0132.jpg"])]
    pick: Pick | None
    rating: Rating

    @classmethod
    def of(cls, image_path: str, pick: PhotoPick) -> PickOut:
        """Convert the pick of a photo."""
        return cls(photo_id=photo_id(image_path), image_path=image_path, pick=pick.pick, rating=pick.rating)


class PickChangeOut(PickOut):
    """The pick and rating of a photo now and before the change; send `before` to undo the change."""

    before: PickIn

    @classmethod
    def of_change(cls, image_path: str, before: PhotoPick, after: PhotoPick) -> PickChangeOut:
        """Convert the pick of a photo, and the one before the change."""
        return cls(
            photo_id=photo_id(image_path),
            image_path=image_path,
            pick=after.pick,
            rating=after.rating,
            before=PickIn(pick=before.pick, rating=before.rating),
        )


class PickPage(Page):
    """Photos that were picked, rejected or rated: the picked ones first, then by rating and path."""

    picked: Annotated[int, Field(ge=0, examples=[41])]
    """The number of picked photos, in all pages and without filters; likewise the next two."""
    rejected: Annotated[int, Field(ge=0, examples=[7])]
    rated: Annotated[int, Field(ge=0, examples=[12])]
    picks: tuple[PickOut, ...]


class PicksChanged(Out):
    """The photos of a request after the change."""

    changed: Annotated[int, Field(ge=0, examples=[2])]
    """The number of photos whose pick or rating changed."""
    photos: tuple[PickChangeOut, ...]


class PicksUndone(Out):
    """A change of picks that was undone, or made again."""

    what: Annotated[str, Field(examples=["12 photos rejected"])]
    """The change in words, as it was first made."""
    photos: tuple[PickChangeOut, ...]
    """The photos that changed now. Photos that were changed again since are left alone, and are missing here."""
