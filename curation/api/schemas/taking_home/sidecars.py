"""Sidecars beside the originals as JSON: what to write, and the list of what was written."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from curation.api.schemas.base import Flag, Out, Page, Sent, Text, Whole
from curation.api.schemas.exports import MAX_PHOTOS, PhotoIdText
from curation.domain.choosing.programs import Program
from curation.domain.choosing.sidecars import (
    SidecarAction,
    SidecarEntry,
    SidecarParts,
    SidecarRequest,
    WhichPhotos,
)
from curation.jobs.job import JobState

__all__ = ["SidecarEntryOut", "SidecarsIn", "SidecarsOut"]

_MAX_LABEL = 50


class SidecarsIn(Sent):
    """Which sidecars to write. Without `photos` and `best`, those of the picked photos."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {"for": "digikam", "which": "all"},
                {"for": "lightroom", "best": 100, "dry_run": False},
                {"for": "darktable", "photos": ["1f0c4be9d93c4c3c"], "keywords": False, "dry_run": False},
            ]
        },
    )

    program: Annotated[Program, Field(alias="for")]
    """The program that will read them: it decides how they are called, and what is in them."""
    which: WhichPhotos = WhichPhotos.PICKED
    """`picked`, or `all` photos about which there is something to write."""
    photos: Annotated[tuple[PhotoIdText, ...] | None, Field(min_length=1, max_length=MAX_PHOTOS)] = None
    """These photos; for instance those of `POST /choice`."""
    best: Annotated[Whole | None, Field(ge=1, le=MAX_PHOTOS)] = None
    """This number of the best photos that were not rejected."""
    stars: Flag = True
    """Whether your stars are written."""
    flags: Flag = True
    """Whether it is written that you picked or rejected a photo."""
    people: Flag = True
    """Whether the names of people are written, with where their faces are."""
    keywords: Flag = True
    """Whether the names of people are written as keywords."""
    dry_run: Flag = True
    """Whether it is only listed what would be written."""
    picked_label: Annotated[str, Field(max_length=_MAX_LABEL, examples=["Green"])] = "Green"
    """The colour label for picked photos that have none; if empty, none is set."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.to_request(None if self.photos is None else (), "")
        return self

    def to_request(self, image_paths: tuple[str, ...] | None, name: str) -> SidecarRequest:
        """The request as the stage takes it.

        Args:
            image_paths: The paths of `photos`; None without `photos`.
            name: Of the run.
        """
        return SidecarRequest(
            self.program,
            which=self.which,
            image_paths=image_paths,
            best=self.best,
            parts=SidecarParts(stars=self.stars, flags=self.flags, people=self.people, keywords=self.keywords),
            dry_run=self.dry_run,
            picked_label=self.picked_label,
            name=name,
        )


class SidecarEntryOut(Out):
    """One sidecar."""

    file: Annotated[Text, Field(examples=["party/IMG_0412.jpg.xmp"])]
    """Its path in the folder of photos; of the photo, if that gets no sidecar."""
    photo_id: Annotated[str, Field(examples=["1f0c4be9d93c4c3c"])]
    """The photo that it is about."""
    action: SidecarAction
    """What happened to it, or would happen."""
    reason: Annotated[Text, Field(examples=["the sidecar is read-only"])]
    """Why not; empty unless the action is `refused`."""
    notes: tuple[Text, ...]
    """What could not be added."""

    @classmethod
    def of(cls, entry: SidecarEntry, photo_id: str) -> SidecarEntryOut:
        """The entry of a list as JSON."""
        return cls(file=entry.file, photo_id=photo_id, action=entry.action, reason=entry.reason, notes=entry.notes)


class SidecarsOut(Page):
    """A run that wrote sidecars, listed them, or took them back, with a page of its list."""

    job_id: str
    state: JobState
    """The state of its job; the list is complete when it has ended."""
    program: Annotated[Program, Field(serialization_alias="for")]
    dry_run: bool
    """Whether nothing was written."""
    undoes: str | None
    """The job that this run took back."""
    new: Annotated[int | None, Field(ge=0)]
    """Sidecars where none was."""
    merged: Annotated[int | None, Field(ge=0)]
    """Sidecars of other programs to which something was added."""
    unchanged: Annotated[int | None, Field(ge=0)]
    """Sidecars that already say all of it."""
    refused: Annotated[int | None, Field(ge=0)]
    """Sidecars that are not written, and photos that get none; the list says why."""
    removed: Annotated[int | None, Field(ge=0)]
    """New sidecars that were taken away again."""
    restored: Annotated[int | None, Field(ge=0)]
    """Merged sidecars that are as they were before."""
    silent: Annotated[int | None, Field(ge=0)]
    """Photos about which there is nothing to write."""
    backup: Annotated[Text | None, Field(examples=["/home/anna/party/out/sidecar_backups/2026-06-20 21.14.03.123"])]
    """The folder with the manifest of what was written, and the sidecars as they were before."""
    undone_at: Annotated[str | None, Field(examples=["2026-06-20T21:20:00+02:00"])]
    """When the run was taken back; null if it was not."""
    can_undo: bool
    """Whether `POST /sidecars/{job_id}/undo` takes something back."""
    entries: tuple[SidecarEntryOut, ...]
