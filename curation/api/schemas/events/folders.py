"""The folders of this machine as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out, Text
from curation.jobs.events.folders import FolderView

__all__ = ["FolderOut", "FolderViewOut"]


class FolderOut(Out):
    """A folder inside another one."""

    name: Annotated[Text, Field(examples=["Anna's wedding"])]
    path: Annotated[Text, Field(examples=["/home/anna/photos/Anna's wedding"])]
    is_readable: bool
    """Whether the service may read it."""


class FolderViewOut(Out):
    """What is in a folder."""

    path: Annotated[Text, Field(examples=["/home/anna/photos"])]
    parent: Annotated[Text | None, Field(examples=["/home/anna"])]
    """The folder around it; null if that may not be shown."""
    roots: Annotated[tuple[Text, ...], Field(examples=[("/home/anna",)])]
    """The folders in which one may look around: `service.folder_roots`."""
    folders: tuple[FolderOut, ...]
    """The folders inside it, by name; hidden ones and those of the system are left out."""
    photos: Annotated[int, Field(ge=0, examples=[519])]
    """How many photos are in it and in the folders inside it."""
    photos_complete: bool
    """Whether these are all: counting ends after a quarter of a second, and at folders that cannot be read."""

    @classmethod
    def of(cls, view: FolderView) -> FolderViewOut:
        """Convert what is shown of a folder."""
        return cls(
            path=view.path,
            parent=view.parent,
            roots=view.roots,
            folders=tuple(FolderOut(name=one.name, path=one.path, is_readable=one.is_readable) for one in view.folders),
            photos=view.photos.photos,
            photos_complete=view.photos.is_complete,
        )
