"""Exports as JSON."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from curation.api.schemas.base import Flag, Out, Sent, Text, Whole
from curation.domain.choosing.export import ExportMode, ExportRequest
from curation.domain.choosing.programs import Program
from curation.domain.faces.ids import PHOTO_ID_PATTERN
from curation.jobs.job import JobState

__all__ = ["MAX_PHOTOS", "ExportIn", "ExportOut"]

MAX_PHOTOS = 20_000
"""Photos in one export; a large event at once."""
_MAX_NAME = 100
_MAX_LABEL = 50

PhotoIdText = Annotated[str, Field(pattern=PHOTO_ID_PATTERN)]


class ExportIn(Sent):
    """What to export. Without `photos` and `best`, the picked photos."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {"mode": "zip"},
                {"photos": ["1f0c4be9d93c4c3c", "9b9f9ad0b5f1e2aa"], "mode": "copy", "sidecars": True},
                {"best": 100, "mode": "hardlink"},
                {"mode": "copy", "for": "lightroom"},
            ]
        },
    )

    photos: Annotated[tuple[PhotoIdText, ...] | None, Field(min_length=1, max_length=MAX_PHOTOS)] = None
    """These photos, in this order; for instance those of `POST /choice`."""
    best: Annotated[Whole | None, Field(ge=1, le=MAX_PHOTOS)] = None
    """This number of the best photos that were not rejected."""
    mode: ExportMode = ExportMode.COPY
    """`copy`, `hardlink` (takes no disk space, but a change of the link also changes the original), or one `zip`."""
    name: Annotated[str, Field(max_length=_MAX_NAME, examples=["Anna's wedding"])] = ""
    """The name of the new sub-folder or ZIP file; if empty, the current time. A number is added to a name that is
    taken."""
    embed: Flag | None = None
    """Whether ratings, names and face regions are written into the JPEG copies, for Lightroom and others; the default
    is true, except for hard links."""
    sidecars: Flag = False
    """Whether every photo gets a NAME.jpg.xmp, for digiKam and darktable. RAW files always have their NAME.xmp."""
    raw_files: Flag = False
    """Whether the RAW file of a photo is exported too."""
    companions: Flag = True
    """Whether what belongs to a photo is exported too: the moving part of a Live Photo, voice memos, and what other
    programs wrote beside it (.AAE, .pp3, .dop and others). If not, the warnings name it."""
    csv: Flag = True
    """Whether a table, photos.csv, is written."""
    contact_sheet: Flag = True
    """Whether a contact sheet, contact_sheet.html, is written."""
    picked_label: Annotated[str, Field(max_length=_MAX_LABEL, examples=["Green"])] = "Green"
    """The colour label for picked photos that have none; if empty, none is set. Lightroom compares it with the names of
    its own label set, which are in the user's language."""
    program: Annotated[Program | None, Field(alias="for")] = None
    """The program that will read the photos: it decides which sidecars there are, and which properties are written
    besides the usual ones. Without it the export is for no program in particular."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.to_request(None if self.photos is None else ())
        return self

    def to_request(self, image_paths: tuple[str, ...] | None) -> ExportRequest:
        """The request as the export stage takes it.

        Args:
            image_paths: The paths of `photos`; None without `photos`.
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
            program=self.program,
            companions=self.companions,
        )


class ExportOut(Out):
    """The result of an export."""

    job_id: str
    state: JobState
    """The state of its job; the other values are set when it has `succeeded`."""
    mode: ExportMode
    name: Annotated[Text | None, Field(examples=["2026-06-20 21.14.03.zip"])]
    """The name of the sub-folder or ZIP file."""
    path: Annotated[Text | None, Field(examples=["/home/anna/party/export/2026-06-20 21.14.03.zip"])]
    """Its path on the service's machine."""
    photos: Annotated[int | None, Field(ge=0, examples=[120])]
    """Exported photos."""
    failed: Annotated[int | None, Field(ge=0, examples=[0])]
    """Photos that could not be exported; `GET /jobs/{id}` says why."""
    size_bytes: Annotated[int | None, Field(ge=0)]
    """The total size of the exported files."""
    warnings: tuple[Text, ...]
    """What could not be written for a photo, for instance because its own face regions belong to another picture."""
    download_url: Annotated[str | None, Field(examples=["/exports/7f0c4be9d93c4c3c9b9f9ad0b5f1e2aa/download"])]
    """The address of the ZIP file; null for a folder."""
