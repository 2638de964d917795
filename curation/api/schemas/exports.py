"""Exports over HTTP."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from curation.api.schemas.base import Out, Text
from curation.domain.choosing.export import ExportMode, ExportRequest
from curation.domain.faces.ids import PHOTO_ID_PATTERN
from curation.jobs.job import JobState

__all__ = ["MAX_PHOTOS", "ExportIn", "ExportOut"]

MAX_PHOTOS = 20_000
"""Photos in one export; a large event at once."""
_MAX_NAME = 100
_MAX_LABEL = 50

PhotoIdText = Annotated[str, Field(pattern=PHOTO_ID_PATTERN)]


class ExportIn(BaseModel):
    """What to take home. Without `photos` and `best`, the picked photos."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {"mode": "zip"},
                {"photos": ["1f0c4be9d93c4c3c", "9b9f9ad0b5f1e2aa"], "mode": "copy", "sidecars": True},
                {"best": 100, "mode": "hardlink"},
            ]
        },
    )

    photos: Annotated[tuple[PhotoIdText, ...] | None, Field(min_length=1, max_length=MAX_PHOTOS)] = None
    """These photos, in this order: for instance those of `POST /choice`."""
    best: Annotated[int | None, Field(ge=1, le=MAX_PHOTOS)] = None
    """So many of the best photos that were not rejected."""
    mode: ExportMode = ExportMode.COPY
    """`copy`, `hardlink` (no room is taken, but a change of the one is a change of the other), or one `zip`."""
    name: Annotated[str, Field(max_length=_MAX_NAME, examples=["Anna's wedding"])] = ""
    """Of the new sub-folder or ZIP file; empty takes the time. A number is added where it is taken."""
    embed: bool | None = None
    """Whether ratings, names and face regions are written into the JPEG copies, for Lightroom and others; as a rule
    yes, but never with hard links."""
    sidecars: bool = False
    """Whether every photo gets a NAME.jpg.xmp, for digiKam and darktable. RAW files always have their NAME.xmp."""
    raw_files: bool = False
    """Whether the RAW file beside a photo comes along."""
    csv: bool = True
    """Whether a table, photos.csv, is written."""
    contact_sheet: bool = True
    """Whether a contact sheet, contact_sheet.html, is written."""
    picked_label: Annotated[str, Field(max_length=_MAX_LABEL, examples=["Green"])] = "Green"
    """The colour label of picked photos that have none; empty for none. Lightroom compares it with the names of its
    own set of labels, which are in the user's language."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.to_request(None if self.photos is None else ())
        return self

    def to_request(self, image_paths: tuple[str, ...] | None) -> ExportRequest:
        """The request.

        Args:
            image_paths: Those of `photos`, if there are any.
        """
        return ExportRequest(
            image_paths,
            best=self.best,
            mode=self.mode,
            name=self.name,
            embed=self.mode is not ExportMode.HARDLINK if self.embed is None else self.embed,
            sidecars=self.sidecars,
            raw_files=self.raw_files,
            csv=self.csv,
            contact_sheet=self.contact_sheet,
            picked_label=self.picked_label,
        )


class ExportOut(Out):
    """What an export left."""

    job_id: str
    state: JobState
    """Of its job; all other values are known when it has `succeeded`."""
    mode: ExportMode
    name: Annotated[Text | None, Field(examples=["2026-06-20 21.14.03.zip"])]
    """Of the sub-folder or ZIP file."""
    path: Annotated[Text | None, Field(examples=["/home/anna/party/export/2026-06-20 21.14.03.zip"])]
    """Where it is on the service's own machine."""
    photos: Annotated[int | None, Field(ge=0, examples=[120])]
    """Photos that were taken."""
    failed: Annotated[int | None, Field(ge=0, examples=[0])]
    """Photos that could not be taken; `GET /jobs/{id}` says why."""
    size_bytes: Annotated[int | None, Field(ge=0)]
    """Of all files that were written."""
    warnings: tuple[Text, ...]
    """What could not be said of a photo, for instance because its own face regions belong to another picture."""
    download_url: Annotated[str | None, Field(examples=["/exports/7f0c4be9d93c4c3c9b9f9ad0b5f1e2aa/download"])]
    """Of a ZIP file; null for a folder."""
