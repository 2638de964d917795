"""Files that are broken or not there, as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out, Page, Text
from curation.domain.files.broken import BrokenFile
from curation.domain.files.health import FaultKind

__all__ = ["BrokenFileOut", "FileCounts", "FilesPage"]


class BrokenFileOut(Out):
    """A file that should be copied again, or a photo that is not on this disk."""

    image_path: Annotated[Text, Field(examples=["DCIM/DSC_0132.ARW"])]
    photo_id: Annotated[str | None, Field(examples=["1f0c4be9d93c4c3c"])]
    """Of the photo, if the event has it; null for clips and for photos that are not on this disk."""
    fault: Annotated[FaultKind, Field(examples=["cut"])]
    """Stable: `empty`, `cut`, `zeroed`, `spliced`, `damaged`, `placeholder` or `unreadable`."""
    reason: Annotated[Text, Field(examples=["60 % of the sensor's data are missing at its end"])]
    """What was seen, in words."""
    still_good: Annotated[Text, Field(examples=["the preview of 1620 x 1080 pixels"])]
    """What of it is still good; empty if nothing is, or if it is not known."""
    size_bytes: Annotated[int | None, Field(ge=0, examples=[18874368])]
    """Of the file; null if there is none."""
    capture_time: Annotated[str | None, Field(examples=["2026-05-16T14:03:11"])]
    """In the camera's local time; null if it is not known."""
    twin: Annotated[Text | None, Field(examples=["DCIM/DSC_0132.JPG"])]
    """The file that stands in for it; null if there is none."""
    is_analysed: Annotated[bool, Field(examples=[True])]
    """Whether its photo was looked through all the same: what is broken is not what is seen."""

    @classmethod
    def of(cls, file: BrokenFile, photo_id: str | None) -> BrokenFileOut:
        """Convert a file.

        Args:
            file: The file.
            photo_id: Of its photo; None if the event has no such photo.
        """
        return cls(
            image_path=file.image_path,
            photo_id=photo_id,
            fault=file.fault,
            reason=file.reason,
            still_good=file.still_good,
            size_bytes=file.size_bytes,
            capture_time=file.capture_time or None,
            twin=file.twin or None,
            is_analysed=file.is_analysed,
        )


class FileCounts(Out):
    """How many files there are of each kind."""

    photos: Annotated[int, Field(ge=0, examples=[412])]
    """Photos of the last clustering, broken ones among them."""
    broken: Annotated[int, Field(ge=0, examples=[3])]
    """Files that should be copied again, clips among them."""
    absent: Annotated[int, Field(ge=0, examples=[0])]
    """Photos and clips that are not on this disk; they are not among `photos`."""


class FilesPage(Page):
    """Files that are broken, and photos that are not on this disk, by path."""

    counts: FileCounts
    """In all pages."""
    told: Annotated[
        tuple[str, ...], Field(examples=[["3 files are broken: copy these again before you format the card"]])
    ]
    """Sentences about all of them; none if all files are whole."""
    files: tuple[BrokenFileOut, ...]
