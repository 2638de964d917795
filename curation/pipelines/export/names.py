"""The names of the files in an export, and the files that lie beside a photo."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path, PurePosixPath

from curation.domain.choosing.export import free_name, name_key, portable_name
from curation.photos.files.formats import RAW_EXTENSIONS
from curation.photos.files.listing import escaped, photo_path
from curation.photos.finding.raw_pairs import raw_files_beside
from curation.pipelines.export.event import ExportEvent
from curation.storage.objects.listed import names_in

__all__ = ["Companions", "ExportNames", "is_raw", "is_too_long", "shortened"]

_SIDECAR = ".xmp"
_MAX_NAME_BYTES = 255
_ROOM_BYTES = 12  # for a number, and the extension of a sidecar


def is_too_long(name: str) -> bool:
    """Whether the last part of a path is too long for common file systems."""
    return len(os.fsencode(name.rpartition("/")[2])) > _MAX_NAME_BYTES


def is_raw(name: str) -> bool:
    """Whether a file is a RAW file, by its name."""
    return PurePosixPath(name).suffix[1:].lower() in RAW_EXTENSIONS


def shortened(name: str, longest: int) -> str:
    """A name of at most so many bytes: the same, or the beginning of it with its extension.

    Args:
        name: Of a file or folder.
        longest: The most bytes.
    """
    if len(os.fsencode(name)) <= longest:
        return name
    suffix = PurePosixPath(name).suffix
    room = longest - len(os.fsencode(suffix)) - _ROOM_BYTES
    stem = os.fsencode(name)[: max(1, room)].decode("utf-8", "ignore").rstrip(". ")
    return f"{stem or '_'}{suffix}"


class ExportNames:
    """Gives each file of an export a unique path, also where upper and lower case are not distinguished."""

    def __init__(self, *, takes: Callable[[str], bool], longest_name: int, reserved: tuple[str, ...]) -> None:
        """Start without files.

        Args:
            takes: Whether the export takes a name that is not valid on every system, see `ExportTarget`; such a photo
                keeps the bytes of its name.
            longest_name: The most bytes of a name.
            reserved: Names that are taken already.
        """
        self._takes = takes
        self._longest = longest_name
        self._accepted: dict[str, str] = {}
        self._taken = {name_key(name) for name in reserved}

    def of_photo(self, image_path: str) -> str:
        """The path of a photo: its own, with a number if some system could not tell it from another one.

        Raises:
            FaceDataError: If `image_path` leads out of the folder of photos.
        """
        parts = photo_path(Path(), image_path).parts
        return self._take(free_name("/".join(map(self._accept, parts)), self._taken))

    def refused(self, image_path: str) -> bool:
        """Whether a photo cannot have its own name, or those of its folders, in the export."""
        return any(self._accept(part) != part for part in photo_path(Path(), image_path).parts)

    def _accept(self, part: str) -> str:
        """The name that a file or folder gets; asked once for each."""
        known = self._accepted.get(part)
        if known is None:
            portable = portable_name(part)
            kept = part if portable != part and self._takes(part) else portable
            known = self._accepted[part] = shortened(kept, self._longest)
        return known

    def beside(self, photo: str, name: str) -> str:
        """The path of another file of an exported photo: in the same folder, with a number if the name is taken."""
        folder = photo.rpartition("/")[0]
        wanted = f"{folder}/{name}" if folder else name
        return self._take(free_name(wanted, self._taken))

    def is_free(self, photo: str, name: str) -> bool:
        """Whether the name is free in the folder of an exported photo."""
        folder = photo.rpartition("/")[0]
        return name_key(f"{folder}/{name}" if folder else name) not in self._taken

    def _take(self, name: str) -> str:
        self._taken.add(name_key(name))
        return name


class Companions:
    """The RAW files and sidecars beside photos; each folder is listed once."""

    def __init__(self, event: ExportEvent, chosen: Collection[str] = ()) -> None:
        """Take the event, which may know the RAW files of its photos, and the image paths that are exported anyway."""
        self._event = event
        self._exported = {photo_path(event.input_dir, path) for path in chosen if is_raw(path)}
        self._folders: dict[Path, dict[str, list[str]]] = {}

    def raw_files(self, photo: Path) -> list[Path]:
        """The RAW files of the shot that a photo shows, which is not a RAW file itself."""
        known = self._event.raw_files
        if known is None:
            return raw_files_beside(photo, self.named_raw_files(photo))
        try:
            image_path = escaped(photo.relative_to(self._event.input_dir).as_posix())
        except ValueError:
            return []
        return [photo_path(self._event.input_dir, raw) for raw in known.get(image_path, ())]

    def once(self, raws: Iterable[Path]) -> list[Path]:
        """Those of some RAW files that are not exported yet; two pictures may be developed from one."""
        new = [raw for raw in raws if raw not in self._exported]
        self._exported.update(new)
        return new

    def named_raw_files(self, photo: Path) -> list[Path]:
        """The RAW files with the same name beside a photo, whatever they show: NAME.xmp is that of one of them."""
        return [path for path in self._beside(photo, photo.stem) if is_raw(path.name) and path != photo]

    def sidecar(self, photo: Path) -> Path | None:
        """NAME.jpg.xmp, as digiKam and darktable write it."""
        return self._sidecar(photo, photo.name)

    def short_sidecar(self, photo: Path) -> Path | None:
        """NAME.xmp, as Lightroom writes it for RAW files."""
        return self._sidecar(photo, photo.stem)

    def _sidecar(self, photo: Path, stem: str) -> Path | None:
        found = (path for path in self._beside(photo, stem) if path.suffix.lower() == _SIDECAR)
        # If several differ in upper and lower case only, the one that is spelled like the photo.
        return min(found, key=lambda path: (not path.name.startswith(stem), path.name), default=None)

    def _beside(self, photo: Path, stem: str) -> list[Path]:
        folder = photo.parent
        names = self._folders.get(folder)
        if names is None:
            names = self._folders[folder] = {}
            try:
                for name in names_in(folder):
                    if not name.startswith("."):
                        names.setdefault(Path(name).stem.casefold(), []).append(name)
            except OSError:
                pass  # opening the photo reports the cause
        return [folder / name for name in names.get(stem.casefold(), ())]
