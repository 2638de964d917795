"""Sidecars beside the originals: the request, what happens to each file, and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from curation.domain.choosing.programs import Program
from curation.domain.report import Failure

__all__ = ["SidecarAction", "SidecarEntry", "SidecarParts", "SidecarReport", "SidecarRequest", "WhichPhotos"]


class WhichPhotos(StrEnum):
    """The photos whose sidecars are written."""

    PICKED = "picked"
    ALL = "all"


class SidecarAction(StrEnum):
    """What happens to a sidecar, or would happen."""

    NEW = "new"
    MERGED = "merged"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    REMOVED = "removed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class SidecarParts:
    """What is written about a photo; never more than the user said about it.

    Attributes:
        stars: The stars that the user gave.
        flags: Picked or rejected.
        people: The names of people, and where their faces are.
        keywords: The names of people as keywords.
    """

    stars: bool = True
    flags: bool = True
    people: bool = True
    keywords: bool = True


@dataclass(frozen=True, slots=True)
class SidecarRequest:
    """Which sidecars to write beside the originals.

    Attributes:
        program: The program that will read them; it decides how they are called and what is in them.
        which: The photos, unless `image_paths` or `best` is given.
        image_paths: These photos.
        best: This number of best photos.
        parts: What is written.
        dry_run: Whether it is only listed what would be written.
        picked_label: `xmp:Label` of picked photos that have no other label; empty for none.
        name: Of the folder with the backup, and of the list; chosen before the run, so that a killed run can be undone.
        undo: The name of an earlier run, which is taken back; empty writes sidecars.
    """

    program: Program
    which: WhichPhotos = WhichPhotos.PICKED
    image_paths: tuple[str, ...] | None = None
    best: int | None = None
    parts: SidecarParts = SidecarParts()
    dry_run: bool = True
    picked_label: str = "Green"
    name: str = ""
    undo: str = ""

    def __post_init__(self) -> None:
        if self.image_paths is not None and self.best is not None:
            raise ValueError("either certain photos or the best ones, not both")

    def to_json(self) -> dict[str, Any]:
        """The request as plain JSON values, as stored with a job."""
        paths = self.image_paths
        return {
            **asdict(self),
            "program": self.program.value,
            "which": self.which.value,
            "image_paths": None if paths is None else list(paths),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SidecarRequest:
        """The inverse of `to_json`."""
        paths = data["image_paths"]
        known = {each.name: data[each.name] for each in fields(cls)}
        return cls(
            **{
                **known,
                "program": Program(data["program"]),
                "which": WhichPhotos(data["which"]),
                "image_paths": None if paths is None else tuple(paths),
                "parts": SidecarParts(**data["parts"]),
            }
        )


@dataclass(frozen=True, slots=True)
class SidecarEntry:
    """One line of the list of sidecars.

    Attributes:
        file: Path of the sidecar, relative to the folder of photos; of the photo if it gets no sidecar.
        image_path: The photo that it is about.
        action: What happens to it.
        reason: Why not, in a sentence; empty unless the action is `refused`.
        notes: What could not be added, in sentences.
    """

    file: str
    image_path: str
    action: SidecarAction
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SidecarReport:
    """The result of writing sidecars, of a dry run, or of taking a run back.

    Attributes:
        total: Photos that were asked for, or files of the run that is taken back.
        new: Sidecars that were written where none was, or would be.
        merged: Sidecars of other programs to which something was added.
        unchanged: Sidecars that already say all of it.
        refused: Sidecars that are not written, and photos that get none.
        removed: New sidecars that were taken away again.
        restored: Merged sidecars that are as they were before.
        silent: Photos about which there is nothing to write.
        failures: The first ones that were refused, with the reason.
        warnings: What the user should know, in sentences.
        outputs: The folder of the backup, if something was written.
        seconds: Wall time.
    """

    total: int
    new: int = 0
    merged: int = 0
    unchanged: int = 0
    refused: int = 0
    removed: int = 0
    restored: int = 0
    silent: int = 0
    failures: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    seconds: float = 0.0
