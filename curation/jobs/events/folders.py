"""The folders of this machine that the service may show, so that somebody can choose the photos of an event.

Nothing outside of the configured roots is shown: not by `..`, not by a link, not by an odd name.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from curation.disk.answers import each_in_time, in_time
from curation.errors import FolderNotFoundError, FolderRefusedError
from curation.jobs.events.counting import PhotoCount, count_photos
from curation.photos.files.listing import is_passed_over
from curation.settings import Settings, is_address, written_path

__all__ = ["Folder", "FolderBrowser", "FolderView"]

_MOST_SHOWN = 5_000
_LIMIT_S = 5.0  # for a disk to answer
_SET_ROOTS = "set service.folder_roots in config.yaml to the folders where your photos lie, and start the service again"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that may be shown.

    Attributes:
        name: Its name; a byte that is no text is shown as `?`.
        path: Its path.
        is_readable: Whether this program may read it.
    """

    name: str
    path: str
    is_readable: bool


@dataclass(frozen=True, slots=True)
class FolderView:
    """What is shown of one folder.

    Attributes:
        path: Its path, without links.
        parent: The folder around it; None if that may not be shown.
        roots: The folders in which one may look around.
        folders: The folders inside it, by name.
        photos: How many photos are in it and below.
    """

    path: str
    parent: str | None
    roots: tuple[str, ...]
    folders: tuple[Folder, ...]
    photos: PhotoCount


class FolderBrowser:
    """Shows folders below the roots."""

    def __init__(self, settings: Settings, *, is_local: bool) -> None:
        """Take the settings.

        Args:
            settings: Of the service; the section `service` names the roots.
            is_local: Whether only this machine can reach the service. Then the home folder is the root, if the settings
                name none.
        """
        start = settings.origin.default_root if settings.origin is not None else Path.cwd()
        named = [root for root in settings.service.folder_roots if not is_address(root)]
        self._addresses = tuple(root.rstrip("/") for root in settings.service.folder_roots if is_address(root))
        self._is_open = is_local and not settings.service.folder_roots
        folders = [start / written_path(root) for root in named] or ([Path.home()] if self._is_open else [])
        self._roots = tuple(dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders))

    @property
    def roots(self) -> tuple[str, ...]:
        """The folders in which one may look around."""
        return tuple(map(_text, self._roots))

    def look(self, path: str | None) -> FolderView:
        """What is in a folder.

        Args:
            path: The folder; None for the first root.

        Raises:
            FolderRefusedError: If it lies outside of the roots, or there is none.
            FolderNotFoundError: If there is no such folder, it cannot be read, or its disk does not answer.
        """
        if not self._roots:
            raise FolderRefusedError(f"no folder may be shown: {_SET_ROOTS}")
        folder = self._roots[0] if path is None else self.checked(path)
        try:
            names = in_time(folder, lambda: _names(folder), limit_s=_LIMIT_S)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FolderNotFoundError(f"there is no folder {_text(folder)}") from error
        except OSError as error:
            raise FolderNotFoundError(f"the folder {_text(folder)} cannot be read ({error.strerror})") from error
        inside = [folder / name for name in names[:_MOST_SHOWN]]
        parent = folder.parent
        seen = each_in_time(inside, self._seen, limit_s=_LIMIT_S)
        try:
            photos = in_time(f"photos of {folder}", lambda: count_photos(folder), limit_s=_LIMIT_S)
        except OSError:
            photos = PhotoCount(0, False)
        return FolderView(
            path=_text(folder),
            parent=_text(parent) if parent != folder and self._is_inside(parent) else None,
            roots=self.roots,
            folders=tuple(
                Folder(_text(one.name), _text(one), found is _Access.FULL)
                for one, found in zip(inside, seen, strict=True)
                if found is not _Access.HIDDEN and _is_text(one)
            ),
            photos=photos,
        )

    def _seen(self, folder: Path) -> _Access:
        if not self._is_inside(Path(os.path.realpath(folder))):
            return _Access.HIDDEN
        return _Access.FULL if os.access(folder, os.R_OK | os.X_OK) else _Access.NONE

    def checked(self, path: str) -> Path:
        """A folder that may be opened, without links and `..`; it need not exist.

        Raises:
            FolderRefusedError: If it lies outside of the roots, or cannot be a path.
            FolderNotFoundError: If its disk does not answer.
        """
        if "\0" in path or not written_path(path).is_absolute():
            raise FolderRefusedError("give the whole path of a folder, as /home/me/photos")
        try:
            folder = Path(in_time(path, lambda: os.path.realpath(written_path(path)), limit_s=_LIMIT_S))
        except TimeoutError as error:
            raise FolderNotFoundError(f"the folder {path} cannot be read ({error.strerror})") from error
        if not self._is_inside(folder):
            raise FolderRefusedError(f"{path} lies outside of the folders that the service may show; {_SET_ROOTS}")
        return folder

    def may_open(self, place: str) -> None:
        """Make sure that an event's photos may lie at a place: a folder below the roots, or an address below one.

        Raises:
            FolderRefusedError: If they may not.
            FolderNotFoundError: If it is a folder of this machine that does not exist.
        """
        if not is_address(place):
            folder = self.checked(place)
            try:
                is_there = in_time(place, folder.is_dir, limit_s=_LIMIT_S)
            except OSError as error:
                raise FolderNotFoundError(f"the folder {place} cannot be read ({error.strerror})") from error
            if not is_there:
                raise FolderNotFoundError(f"there is no folder {place}; is its disk plugged in?")
        elif not self._is_open and not any(_is_below(place.rstrip("/"), root) for root in self._addresses):
            raise FolderRefusedError(f"{place} may not be opened: {_SET_ROOTS} or addresses")

    def may_write(self, place: str) -> None:
        """Make sure that an event's results may lie at a place. Raises FolderRefusedError if they may not."""
        if is_address(place):
            self.may_open(place)
        else:
            self.checked(place)

    def _is_inside(self, folder: Path) -> bool:
        return any(folder == root or folder.is_relative_to(root) for root in self._roots)


class _Access(Enum):
    """What may be done with a folder."""

    FULL = auto()
    NONE = auto()
    HIDDEN = auto()
    """It lies outside of the roots."""


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as found:
        return sorted((entry.name for entry in found if _may_hold_photos(entry)), key=_by_name)


def _may_hold_photos(entry: os.DirEntry[str]) -> bool:
    try:
        return not is_passed_over(entry.name) and entry.is_dir()
    except OSError:
        return False


def _is_below(place: str, root: str) -> bool:
    return place == root or place.startswith(f"{root}/")


def _by_name(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _is_text(path: Path) -> bool:
    """Whether the path can be written in JSON: a name that is not UTF-8 cannot be asked for."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _text(path: Path | str) -> str:
    return str(path).encode("utf-8", "replace").decode("utf-8")
