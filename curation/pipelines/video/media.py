"""Films and posters by path or address: what is fetched lies in a folder of ours until it was looked at."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from curation.disk.temporaries import OwnFolder, own_name, sweep_left
from curation.domain.film.movies import Media
from curation.errors import ClipUnreadableError, PhotoError, PhotoUnreadableError
from curation.pipelines.stage import ProgressListener
from curation.pipelines.video.web.addresses import Resolver, UrlRule, address_name, is_address
from curation.pipelines.video.web.fetching import FetchLimits, fetch
from curation.storage.atomic import explained

__all__ = ["MediaLimits", "MediaShelf", "media_name"]

"""Folders of fetched media: the process, and something that no other one has."""
_SNIFFED_BYTES = 1 << 16
_FILE_NAME = "media"  # the address decides nothing, not even the name on the disk


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What may be fetched; the fields are those of config.yaml.

    Attributes:
        urls: `video.urls`.
        max_film_mb: `video.max_video_mb`.
        max_picture_mb: `service.upload_photo_mb`.
        max_megapixels: `io.max_photo_megapixels`.
        timeout_s: `video.url_timeout_s`.
    """

    urls: UrlRule
    max_film_mb: float
    max_picture_mb: float
    max_megapixels: float
    timeout_s: float


class MediaShelf:
    """Gives films and posters as files, and removes those that it fetched."""

    def __init__(
        self,
        folder: Path,
        limits: MediaLimits,
        *,
        check_film: Callable[[Path], None],
        resolve: Resolver | None = None,
    ) -> None:
        """Set the limits; what killed processes left in the folder is removed at the first download.

        Args:
            folder: For what is fetched; only folders in it that this class made are ever removed.
            limits: Of what may be fetched.
            check_film: Opens a film that was fetched; raises `ClipUnreadableError` or `ClipRefusedError`.
            resolve: Looks names up; None asks the operating system.
        """
        self._folder = folder
        self._limits = limits
        self._check_film = check_film
        self._resolve = resolve

    @contextmanager
    def opened(
        self,
        where: str | Path,
        media: Media,
        *,
        folders: Sequence[Path] = (),
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Path]:
        """The file of a film or a poster, as long as the block lasts.

        Args:
            where: A path, or an http(s) address.
            media: What it is.
            folders: Where a relative path is looked for, in this order; the current folder if empty.
            progress: Told of downloads.
            cancel: Stops a download.

        Raises:
            AddressRefusedError: If the address must not or cannot be fetched.
            ClipUnreadableError: If there is no such film, or what was fetched is none.
            ClipRefusedError: If what was fetched is too long or too large.
            PhotoUnreadableError: If there is no such poster, or what was fetched is no picture.
            StorageError: If what is fetched cannot be written.
            RunInterruptedError: If `cancel` was set.
        """
        if isinstance(where, Path) or not is_address(where):
            yield _present(Path(where), media, folders)
            return
        with self._new_folder() as folder:
            path = folder.path / _FILE_NAME
            fetch(where, path, self._fetch_limits(media), progress=progress, cancel=cancel)
            self._check(path, where, media)
            yield path

    def _fetch_limits(self, media: Media) -> FetchLimits:
        limits = self._limits
        if media is Media.TRAILER:
            return FetchLimits(
                limits.urls, int(limits.max_film_mb * 1e6), limits.timeout_s, "video.max_video_mb", self._resolve
            )
        return FetchLimits(
            limits.urls, int(limits.max_picture_mb * 1e6), limits.timeout_s, "service.upload_photo_mb", self._resolve
        )

    def _new_folder(self) -> OwnFolder:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):
                deque(sweep_left(self._folder), maxlen=0)
                # Earlier versions named them by the number of their process.
                deque(sweep_left(self._folder, "[0-9]*-" + "[0-9a-f]" * 16, holds=False), maxlen=0)
            return OwnFolder(lambda: self._folder / own_name("fetched"))
        except OSError as error:
            raise explained(error, self._folder, "written into") from error

    def _check(self, path: Path, address: str, media: Media) -> None:
        """Open what was fetched.

        Raises:
            PhotoError: If it is not what it should be.
        """
        if media is Media.POSTER:
            from curation.photos.files.decoding import open_photo

            try:
                open_photo(path, max_megapixels=self._limits.max_megapixels)
            except PhotoError as error:
                raise type(error)(f"what {address_name(address)} gives is no poster: {error}") from error
            return
        if _is_text(path):
            # A playlist or a script of a player could name other files and addresses.
            raise ClipUnreadableError(f"what {address_name(address)} gives is no film but text")
        try:
            self._check_film(path)
        except PhotoError as error:
            raise type(error)(f"what {address_name(address)} gives is no film that can be used: {error}") from error


def media_name(where: str | Path) -> str:
    """What messages and results call a film or a poster: its path, or its address without anything secret."""
    text = str(where)
    return address_name(text) if is_address(text) else text


def _present(path: Path, media: Media, folders: Sequence[Path]) -> Path:
    candidates = [path] if path.is_absolute() or not folders else [folder / path for folder in folders]
    unreadable = ClipUnreadableError if media is Media.TRAILER else PhotoUnreadableError
    for candidate in candidates:
        try:
            if candidate.is_dir():
                raise unreadable(f"{_printable(candidate)} is a folder; name the file itself")
            if candidate.exists():
                return candidate
        except OSError as error:  # names that are too long
            raise unreadable(f"{_printable(path)[:200]} cannot be opened: {error.strerror or error}") from error
    raise unreadable(f"there is no file {_printable(candidates[0])}")


def _printable(path: Path) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in str(path))


def _is_text(path: Path) -> bool:
    """Whether a file has no zero byte at its start, which no film is without."""
    try:
        with path.open("rb") as file:
            return b"\0" not in file.read(_SNIFFED_BYTES)
    except OSError as error:
        raise explained(error, path, "read") from error
