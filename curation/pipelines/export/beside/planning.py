"""What would be written into the sidecars beside the originals, photo by photo. Nothing is written here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.domain.choosing.export import PhotoDescription
from curation.domain.choosing.programs import PROGRAMS, SidecarName
from curation.domain.choosing.sidecars import SidecarAction, SidecarEntry, SidecarRequest, WhichPhotos
from curation.errors import FaceDataError, PhotoError
from curation.photos.files.listing import escaped, photo_path
from curation.photos.xmp.description import described_sidecar
from curation.pipelines.export.descriptions import Descriptions
from curation.pipelines.export.event import ExportEvent, best_photos, picked_photos
from curation.pipelines.export.names import Companions, is_raw, is_too_long
from curation.pipelines.export.sidecars import first_sidecar, read_sidecar

__all__ = ["PlannedSidecar", "SidecarPlanner", "photos_of"]

_DNG = ".dng"
_ONLY_INSIDE = (
    "{} reads this only inside the file, and your originals are never changed: export copies for it instead, "
    "which have it inside"
)
_NO_SIDECARS = (
    "{} reads no sidecars, and your originals are never changed: export copies for it instead, which have it inside"
)
_WRITABLE = 0o222


@dataclass(frozen=True, slots=True)
class PlannedSidecar:
    """A sidecar that is written, or an entry of the list that says why not.

    Attributes:
        entry: Of the list.
        path: The sidecar.
        new: Its content; None if it is not written.
        old: The content that is there; None if there is no file.
        mtime_ns: When that was last changed.
    """

    entry: SidecarEntry
    path: Path
    new: bytes | None = None
    old: bytes | None = None
    mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    """A file that gets a sidecar: the photo itself, or the RAW file beside it."""

    of: Path
    path: Path
    existing: Path | None


def photos_of(request: SidecarRequest, event: ExportEvent) -> tuple[str, ...]:
    """The photos that a request is about, without duplicates."""
    if request.image_paths is not None:
        return tuple(dict.fromkeys(request.image_paths))
    if request.best is not None:
        return best_photos(event, request.best)
    if request.which is WhichPhotos.PICKED:
        return picked_photos(event)
    return tuple(dict.fromkeys((*event.scores, *sorted(event.faces), *sorted(event.picks.by_path))))


class SidecarPlanner:
    """Plans the sidecars of one run."""

    def __init__(self, request: SidecarRequest, event: ExportEvent, max_megapixels: float) -> None:
        """Take what the plan is made from.

        Args:
            request: Which sidecars.
            event: The photos, people and picks.
            max_megapixels: Larger photos get no face regions.
        """
        self._event = event
        self._reads = PROGRAMS[request.program]
        self._companions = Companions(event)
        self._notes: list[str] = []
        self._taken: dict[Path, str] = {}
        self._descriptions = Descriptions(
            event,
            max_megapixels,
            lambda _, note: self._notes.append(note),
            picked_label=request.picked_label,
            program=request.program,
            parts=request.parts,
        )

    def of_photo(self, image_path: str) -> Iterator[PlannedSidecar]:
        """The sidecars of a photo; none if there is nothing to write about it."""
        self._notes.clear()
        try:
            photo = photo_path(self._event.input_dir, image_path)
            description = self._descriptions.of_photo(image_path, photo)
            if description.is_empty:
                return
            targets = self._targets(photo)
        except (PhotoError, FaceDataError) as error:
            yield _refused(image_path, image_path, Path(), str(error))
            return
        if isinstance(targets, str):
            yield _refused(image_path, image_path, photo, targets)
            return
        for target in targets:
            yield self._planned(image_path, photo, target, description)

    def _targets(self, photo: Path) -> Sequence[_Target] | str:
        """The files that get a sidecar; or why none does, in a sentence."""
        reads, raw = self._reads, is_raw(photo.name)
        twins = [] if raw else [each for each in self._companions.raw_files(photo) if not self._is_of_event(each)]
        alone = not self._companions.named_raw_files(photo)
        own = self._target(photo, alone=alone)
        found = [*([] if own is None else [own])]
        for twin in twins:
            target = self._target(twin, alone=len(twins) == 1)
            if target is not None:
                found.append(target)
        if found:
            return found
        if reads.raw is None:
            return _NO_SIDECARS.format(reads.title)
        return _ONLY_INSIDE.format(reads.title)

    def _target(self, file: Path, *, alone: bool) -> _Target | None:
        """Where the program reads about a file; None if it reads no sidecar of it."""
        reads = self._reads
        name = reads.dng if file.suffix.lower() == _DNG else reads.raw if is_raw(file.name) else reads.photo
        if name is None:
            return None
        long, short = self._companions.sidecar(file), self._companions.short_sidecar(file)
        if long is not None and not long.name.startswith(file.name) and file.with_name(long.stem).exists():
            long = None  # it belongs to a photo whose name differs in upper and lower case only
        if name is SidecarName.SHORT:
            return _Target(file, short or file.with_name(f"{file.stem}.xmp"), short)
        if long is None and short is not None and reads.short_too and alone:
            return _Target(file, short, short)
        return _Target(file, long or file.with_name(f"{file.name}.xmp"), long)

    def _is_of_event(self, file: Path) -> bool:
        """Whether a RAW file is a photo of the event by itself, about which the user can say something else."""
        image_path = self._name(file)
        return image_path in self._event.scores or image_path in self._event.faces

    def _planned(self, image_path: str, photo: Path, target: _Target, description: PhotoDescription) -> PlannedSidecar:
        name = self._name(target.path)
        shared = self._sharing(target.of)
        if target.path in self._taken:
            shared = [self._taken[target.path]]
        if shared:
            reason = f"{target.of.name} and {', '.join(shared)} would share this sidecar: rename one of them"
            return _refused(name, image_path, target.path, reason)
        self._taken[target.path] = target.of.name
        if target.of != photo:
            description = self._descriptions.of_raw(description, image_path, photo, target.of, target.of.name)
        reason = _hindrance(target)
        if reason:
            return _refused(name, image_path, target.path, reason)
        old, mtime_ns = None, None
        try:
            if target.existing is None:
                new, notes = first_sidecar(target.of, description)
            else:
                old, mtime_ns = read_sidecar(target.existing)
                new, notes = described_sidecar(old, description)
        except PhotoError as error:
            reason = f"it cannot be merged, and stays as it is: {error}"
            return _refused(name, image_path, target.path, reason)
        action = SidecarAction.UNCHANGED if new == old else SidecarAction.NEW if old is None else SidecarAction.MERGED
        entry = SidecarEntry(name, image_path, action, notes=(*self._notes, *notes))
        return PlannedSidecar(entry, target.path, None if new == old else new, old, mtime_ns)

    def _sharing(self, file: Path) -> list[str]:
        """The other RAW files whose NAME.xmp is that of this one, also where upper and lower case are the same."""
        if self._reads.raw is not SidecarName.SHORT or not is_raw(file.name):
            return []
        return [other.name for other in self._companions.named_raw_files(file) if other.suffix.lower() != _DNG]

    def _name(self, path: Path) -> str:
        return escaped(path.relative_to(self._event.input_dir).as_posix())


def _refused(file: str, image_path: str, path: Path, reason: str) -> PlannedSidecar:
    return PlannedSidecar(SidecarEntry(file, image_path, SidecarAction.REFUSED, reason), path)


def _hindrance(target: _Target) -> str:
    """Why the sidecar cannot be written, in a sentence; empty if it can."""
    path = target.path
    if is_too_long(path.name):
        return "its name would be too long"
    if path.is_symlink():
        return "it is a link to another file, which is not followed"
    if target.existing is not None and not path.is_file():
        return "there is a folder of this name"
    try:
        if path.exists() and not path.stat().st_mode & _WRITABLE:
            return "the sidecar is read-only"
        folder = path.parent.stat()
    except OSError as error:
        return f"its folder cannot be read: {error.strerror or error}"
    if not stat.S_IMODE(folder.st_mode) & _WRITABLE or not os.access(path.parent, os.W_OK):
        return "the folder of the photo is read-only"
    return ""
