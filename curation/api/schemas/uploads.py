"""The result of an upload as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out, Text

__all__ = ["SentPhotoOut", "UploadOut"]


class SentPhotoOut(Out):
    """The result for one file."""

    sent_as: Annotated[Text, Field(examples=["IMG_0132.jpg"])]
    """The file name that the client sent."""
    stored: bool
    """Whether it is now one of the event's photos."""
    image_path: Annotated[str | None, Field(examples=["IMG_0132 (2).jpg"])]
    """The path of the photo, relative to the folder of photos; a number is added to a name that is taken."""
    photo_id: Annotated[str | None, Field(examples=["9f86d081884c7d65"])]
    """The id of the photo, for `GET /photos/{photo_id}` after the next clustering."""
    code: Annotated[str | None, Field(examples=["already_there"])]
    """Why it was not stored: `not_a_photo`, `photo_unreadable`, `photo_too_large`, `too_large`, `too_many`,
    `already_there`, `name_taken` or `storage`."""
    reason: Annotated[Text | None, Field(examples=["the folder has this photo already, as IMG_0132.jpg"])]
    """Why it was not stored, as a sentence."""


class UploadOut(Out):
    """The result for each file, in the order in which they were sent."""

    stored: Annotated[int, Field(ge=0, examples=[1])]
    """The number of files that are now photos of the event."""
    photos: tuple[SentPhotoOut, ...]
