"""Handing in as JSON: photos of the event that are asked for, and what became of each picture."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from curation.api.schemas.assets.rows import AssetOut
from curation.api.schemas.base import Out, Sent, Text
from curation.api.schemas.faces import PhotoId

__all__ = ["MAX_PHOTO_IDS", "HandedInOut", "PhotosIn", "SubmittedOut"]

MAX_PHOTO_IDS = 200


class HandedInOut(Out):
    """What became of one picture that was sent."""

    sent_as: Annotated[Text, Field(examples=["IMG_0132.jpg"])]
    """The file name that the client sent, or the path of the photo of the event."""
    code: Annotated[str | None, Field(examples=["too_small"])]
    """Why it is not worked on; null if it is."""
    message: Text
    """The same in words; empty if it is worked on."""
    asset: AssetOut | None
    """Its row; null if it was refused before it could have one: too many bytes, too many files, a full disk."""


class SubmittedOut(Out):
    """The result for each picture, in the order in which they were sent."""

    accepted: Annotated[int, Field(ge=0, examples=[1])]
    """How many are worked on, or have their result already."""
    assets: tuple[HandedInOut, ...]


class PhotosIn(Sent):
    """Photos of the event."""

    photo_ids: Annotated[tuple[PhotoId, ...], Field(min_length=1, max_length=MAX_PHOTO_IDS)]
    """From `GET /photos`."""
