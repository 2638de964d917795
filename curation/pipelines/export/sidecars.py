"""The sidecars of an export: new ones, and copies of existing ones, with the descriptions of the photos."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoError, PhotoNotWrittenError, PhotoUnreadableError
from curation.photos.embedding.copies import told_inside
from curation.photos.embedding.own_packet import OwnPacket
from curation.photos.files.stored_picture import format_of
from curation.photos.finding.companions import renamed_inside
from curation.photos.originals import Originals
from curation.photos.xmp.description import described_sidecar
from curation.photos.xmp.packet import MAX_PACKET_BYTES
from curation.pipelines.export.names import Companions, ExportNames, is_too_long
from curation.regular_files import open_regular
from curation.storage.export_target import ExportTarget

__all__ = ["SidecarWriter", "WantedSidecars", "first_sidecar", "read_sidecar", "unreadable"]


@dataclass(frozen=True, slots=True)
class WantedSidecars:
    """Which sidecars a photo should have.

    Attributes:
        short: NAME.xmp, which Lightroom reads for RAW files.
        long: NAME.jpg.xmp, which digiKam and darktable read.
        alone: Whether a NAME.xmp beside the photo belongs to the photo, and not to a RAW file of the same name.
    """

    short: bool
    long: bool
    alone: bool


class SidecarWriter:
    """Writes the sidecars of one export."""

    def __init__(
        self,
        names: ExportNames,
        companions: Companions,
        target: ExportTarget,
        note: Callable[[str, str], None],
        originals: Originals,
    ) -> None:
        """Take the parts of the export.

        Args:
            names: Of the export.
            companions: Of the photos.
            target: Receives the files.
            note: Called with a file and a message for the user.
            originals: Gets sidecars beside the photos to hand.
        """
        self.written = 0
        self._originals = originals
        self._names = names
        self._companions = companions
        self._target = target
        self._note = note

    def add(self, photo: Path, file: str, description: PhotoDescription, wanted: WantedSidecars) -> None:
        """Write the wanted sidecars, and copy those that exist beside the photo.

        Args:
            photo: The original.
            file: Its path in the export.
            description: Of the photo; if it is empty, no new sidecar is written.
            wanted: Which ones.

        Raises:
            StorageError: If one cannot be written.
        """
        exported = PurePosixPath(file)
        short_name, long_name = f"{exported.stem}.xmp", f"{exported.name}.xmp"
        is_free = self._names.is_free(file, short_name)
        # The short name may belong to the sidecar of another RAW file.
        long = wanted.long or (wanted.short and not is_free)
        has_content = not description.is_empty
        if is_free and wanted.alone:
            found = self._companions.short_sidecar(photo)
            if found is not None or (wanted.short and has_content):
                self._write(found, photo, exported.name, self._names.beside(file, short_name), description)
        found = self._companions.sidecar(photo)
        if found is not None or (long and has_content):
            self._write(found, photo, exported.name, self._names.beside(file, long_name), description)

    def _write(
        self, existing: Path | None, photo: Path, exported: str, name: str, description: PhotoDescription
    ) -> None:
        old: bytes | None = None
        mtime_ns = time.time_ns()
        if is_too_long(name):
            self._note(name, "was not written: its name is too long")
            return
        try:
            if existing is None:
                new, notes = first_sidecar(photo, description)
            else:
                with self._originals.at_hand(existing) as path:
                    old, old_mtime_ns = read_sidecar(path)
                new, notes = described_sidecar(old, description)
                if new == old:
                    mtime_ns = old_mtime_ns
        except PhotoError as error:
            if old is None:
                self._note(name, f"was not exported: {error}")
                return
            new, notes, mtime_ns = old, (f"it was copied unchanged: {error}",), old_mtime_ns
        for note in notes:
            self._note(name, note)
        new = renamed_inside(new, photo.name, exported)
        try:
            self._target.add(name, [new], mtime_ns=mtime_ns, size_bytes=len(new))
        except PhotoNotWrittenError as error:
            self._note(name, f"was not written: {error}")
            return
        self.written += 1


def first_sidecar(photo: Path, description: PhotoDescription) -> tuple[bytes, tuple[str, ...]]:
    """The content of a new sidecar with its notes, see `described_sidecar`; it starts with the photo's own packet.

    Raises:
        PhotoUnreadableError: If the photo cannot be read.
    """
    kind = format_of(photo)
    inside: OwnPacket | None = None
    try:
        with open_regular(photo) as file:
            inside = told_inside(file, kind)
    except OSError as error:
        raise unreadable(error) from error
    except PhotoError:
        pass  # a damaged packet stays in the photo, and the sidecar has the description only
    if inside is None:
        return described_sidecar(None, description)
    return described_sidecar(None, description, inside=inside.packet, told=inside.told)


def read_sidecar(path: Path) -> tuple[bytes, int]:
    """Content of a sidecar, and its modification time in nanoseconds since 1970."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_PACKET_BYTES + 1)
            if len(content) > MAX_PACKET_BYTES:
                raise PhotoUnreadableError("it is too large for a sidecar")
            return content, path.stat().st_mtime_ns
    except OSError as error:
        raise unreadable(error) from error


def unreadable(error: OSError) -> PhotoUnreadableError:
    """The `PhotoUnreadableError` for a file that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return PhotoUnreadableError("the file is gone")
    return PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}")
