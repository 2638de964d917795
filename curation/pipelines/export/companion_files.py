"""Files that belong to photos in an export: they come along under the photo's name, or are named in the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from curation.domain.choosing.export import ExportMode
from curation.domain.files.moving_parts import is_moving_part
from curation.domain.judging.picks import Pick
from curation.errors import FaceDataError, PhotoError, StorageError
from curation.photos.files.listing import escaped
from curation.photos.finding.companions import (
    COMPANION_FOLDERS,
    Companion,
    CompanionKind,
    companion_names,
    companions_of,
    names_its_photo,
    renamed_inside,
)
from curation.photos.finding.movies import has_content_id, read_movie_facts
from curation.photos.taken.camera_facts import read_camera_facts
from curation.pipelines.export.event import ExportEvent
from curation.pipelines.export.names import ExportNames, is_too_long
from curation.pipelines.export.sidecars import unreadable
from curation.regular_files import open_regular
from curation.storage.export_target import ExportTarget
from curation.storage.objects.listed import names_in

__all__ = ["CompanionWriter"]

_CHUNK_BYTES = 8 * 2**20  # between two checks for cancellation


class CompanionWriter:
    """Exports the companions of photos.

    Attributes:
        written: How many were exported.
    """

    def __init__(
        self,
        event: ExportEvent,
        names: ExportNames,
        target: ExportTarget,
        note: Callable[[str, str], None],
        stop_if_cancelled: Callable[[], None],
        *,
        mode: ExportMode,
        is_wanted: bool,
        chosen: frozenset[str],
    ) -> None:
        """Take the parts of the export.

        Args:
            event: The photos and picks.
            names: Of the export.
            target: Receives the files.
            note: Called with a file and a message for the user.
            stop_if_cancelled: Raises an error if the export is to end.
            mode: Of the export.
            is_wanted: Whether companions come along; else they are named.
            chosen: Image paths of the photos that are exported.
        """
        self.written = 0
        self._event = event
        self._names = names
        self._target = target
        self._note = note
        self._stop_if_cancelled = stop_if_cancelled
        self._mode = mode
        self._is_wanted = is_wanted
        self._chosen = chosen
        self._folders: dict[Path, dict[str, dict[str, tuple[str, ...]]]] = {}
        self._done: set[Path] = set()

    def add(self, photo: Path, opened: Path, file: str) -> None:
        """Export the companions of a photo, or name them; one that fails is a note.

        Args:
            photo: The original.
            opened: To open it.
            file: Its path in the export.
        """
        left: list[str] = []
        for companion in companions_of(photo.name, self._beside(photo.parent)):
            source = photo.parent / companion.name
            if source in self._done or self._is_another_photo(source, companion):
                continue
            try:
                with self._event.originals.at_hand(source) as path:
                    if companion.kind is CompanionKind.MOVIE and not _is_part(path, opened):
                        continue
                    self._done.add(source)
                    if self._is_wanted:
                        self._add(companion, path, photo.name, file)
                    else:
                        left.append(companion.name)
            except (PhotoError, StorageError) as error:
                self._note(file, f"{companion.name}, which belongs to it, could not be exported: {error}")
            except OSError as error:
                self._note(file, f"{companion.name}, which belongs to it, could not be exported: {unreadable(error)}")
        if left:
            self._note(file, f"{_listed(left)}, which belong{'s' if len(left) == 1 else ''} to it, stayed behind")

    def _add(self, companion: Companion, source: Path, old: str, file: str) -> None:
        photo = PurePosixPath(file).name
        wanted = companion.beside(photo)
        if not self._names.is_free(file, wanted) or is_too_long(wanted):
            self._note(file, f"{companion.name}, which belongs to it, stayed behind: its name {wanted} cannot be used")
            return
        name = self._names.beside(file, wanted)
        is_changed = old != photo and names_its_photo(companion.name)
        if self._mode is ExportMode.HARDLINK and not is_changed:
            self._target.link(name, source)
        else:
            status = source.stat()
            content = self._content(source, (old, photo) if is_changed else None)
            self._target.add(name, content, mtime_ns=status.st_mtime_ns, size_bytes=status.st_size)
        self.written += 1

    def _content(self, source: Path, renamed: tuple[str, str] | None) -> Iterator[bytes]:
        try:
            with open_regular(source) as file:
                if renamed is not None:
                    yield renamed_inside(file.read(), *renamed)
                    return
                while chunk := file.read(_CHUNK_BYTES):
                    self._stop_if_cancelled()
                    yield chunk
        except OSError as error:
            raise unreadable(error) from error

    def _is_another_photo(self, source: Path, companion: Companion) -> bool:
        """Whether what the phone shows in place of the photo is exported by itself, or is not wanted."""
        if companion.kind is not CompanionKind.EDITED:
            return False
        try:
            image_path = escaped(source.relative_to(self._event.input_dir).as_posix())
        except ValueError:
            return False
        return image_path in self._chosen or self._event.picks.of(image_path).pick is Pick.REJECTED

    def _beside(self, folder: Path) -> dict[str, dict[str, tuple[str, ...]]]:
        """The names of files in a folder and in those that programs keep there; each folder is listed once."""
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = {"": companion_names(_names_in(folder))}
            for pattern in COMPANION_FOLDERS:
                known |= {
                    place.relative_to(folder).as_posix(): companion_names(_names_in(place))
                    for place in sorted(folder.glob(pattern))
                    if place.is_dir()
                }
        return known


def _names_in(folder: Path) -> list[str]:
    try:
        return [name for name in names_in(folder) if not name.startswith(".")]
    except (OSError, FaceDataError):
        return []  # opening the photo reports the cause


def _is_part(film: Path, photo: Path) -> bool:
    """Whether a film of the name of a photo is its moving part."""
    facts = read_movie_facts(film)
    if facts.content_id and has_content_id(photo, facts.content_id):
        return True
    return is_moving_part(facts, film.stat().st_size, read_camera_facts(photo).capture_time)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
