"""Receives pictures for assets: the files of a form as they arrive, or photos of the event by their ids."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from anyio import to_thread

from curation.api.http.assets.desk import AssetsPort
from curation.api.http.body_limit import MB
from curation.api.http.multipart_stream import FilePart, PartData
from curation.api.http.requests.pictures_made import made
from curation.disk.file_modes import new_folder_mode
from curation.disk.temporaries import OwnFile, sweep_left
from curation.domain.assets.asset import Asset
from curation.errors import (
    CurationError,
    DecodersBusyError,
    PhotoError,
    PhotoGoneError,
    PhotoNotFoundError,
    PhotoRefusedError,
    StorageError,
    TooManyPhotosError,
    UploadTooLargeError,
    WeightsError,
)
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.settings import Settings
from curation.storage.atomic import explained

__all__ = ["INCOMING_DIR", "AssetReceiver", "HandedIn", "remove_abandoned"]

INCOMING_DIR = "incoming_assets"
"""The folder in `io.state_dir` of files that are just being received."""

_MARK = ".incoming"
_LONGEST_NAME = 200
_TOLD_SHARE = 2
"""So many times the files that a request may bring are told; what comes behind them is not read."""
_REFUSALS = (PhotoNotFoundError, PhotoGoneError, PhotoError, StorageError, WeightsError, DecodersBusyError)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What became of one picture that was sent.

    Attributes:
        sent_as: The file name that the client sent, or the path of the photo of the event.
        asset: Its row, PENDING, REJECTED or what it was before; None if it was refused without a row.
        refusal: Why it has no row; None if it has one.
    """

    sent_as: str
    asset: Asset | None
    refusal: CurationError | None = None


class AssetReceiver:
    """Hands pictures in, one after the other; a bad one does not stop the others."""

    def __init__(self, work: AssetsPort, settings: Settings) -> None:
        """Take the limits; nothing is created yet."""
        self._work = work
        self._dir = settings.event_dir / INCOMING_DIR
        self._max_bytes = settings.service.upload_photo_mb * MB
        self._max_photos = settings.service.upload_photos
        self.done: list[HandedIn] = []

    async def receive(self, parts: AsyncIterator[object]) -> None:
        """Hand in the files of a form, see `multipart_stream.parts_of`; results are in `done`."""
        sent, file = "", None
        try:
            async for part in parts:
                try:
                    if isinstance(part, FilePart):
                        if len(self.done) >= _TOLD_SHARE * self._max_photos:
                            break
                        sent, file = part.name, None
                        file = await to_thread.run_sync(self._begin)
                    elif file is None:
                        continue  # the rest of a file that was refused
                    elif isinstance(part, PartData):
                        await to_thread.run_sync(file.write, part.data)
                    else:
                        path = await to_thread.run_sync(file.complete)
                        await self._hand_in(path, sent)
                        file.remove()
                        file = None
                except (PhotoRefusedError, PhotoError, StorageError, WeightsError, DecodersBusyError) as refusal:
                    self.done.append(HandedIn(_shown(sent), None, refusal))
                    if file is not None:
                        file.remove()
                        file = None
        finally:
            if file is not None:
                file.remove()

    async def take(self, photo_ids: Iterable[str], catalog: Catalog, analysis: AnalysisLookup) -> None:
        """Hand in photos of the event; results are in `done`.

        Raises:
            NotClusteredError: If there was no clustering yet, so that no photo has an id.
            FaceDataError: If face_data.csv is not valid.
        """
        known = await to_thread.run_sync(catalog.photos_by_id)
        for photo_id in photo_ids:
            photo = known.get(photo_id)
            try:
                if photo is None:
                    raise PhotoNotFoundError(f"there is no photo {photo_id}")
                stamp = await to_thread.run_sync(analysis.stamp, photo.image_path)
                if stamp is None:
                    raise PhotoGoneError(f"the photo {photo.image_path} is gone: put it back")
                await self._hand_in(stamp.path, photo.image_path, image_path=photo.image_path)
            except _REFUSALS as refusal:
                self.done.append(HandedIn(photo_id if photo is None else photo.image_path, None, refusal))

    async def _hand_in(self, path: Path, name: str, *, image_path: str | None = None) -> None:
        shown = _shown(name)
        submit = partial(self._work.submit, path, PurePosixPath(shown).name or shown, image_path=image_path)
        asset = await made(submit)
        self.done.append(HandedIn(shown, asset))

    def _begin(self) -> _IncomingFile:
        if len(self.done) >= self._max_photos:
            raise TooManyPhotosError(f"one request may bring at most {self._max_photos} files (service.upload_photos)")
        return _IncomingFile(self._dir, max_bytes=self._max_bytes)


class _IncomingFile:
    """A file that is being received. Not thread-safe."""

    def __init__(self, folder: Path, *, max_bytes: float) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        try:
            folder.mkdir(new_folder_mode(), parents=True, exist_ok=True)
            self._own = OwnFile(lambda: folder / f"{secrets.token_hex(16)}{_MARK}")
        except OSError as error:
            raise explained(error, folder, "written") from error
        self._path = self._own.path
        self._file = self._own.file

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._max_bytes:
            raise UploadTooLargeError(
                f"a picture may have at most {self._max_bytes / 1e6:g} MB (service.upload_photo_mb)"
            )
        try:
            self._file.write(data)
        except OSError as error:
            raise explained(error, self._path.parent, "written") from error

    def complete(self) -> Path:
        try:
            self._file.flush()
        except OSError as error:
            raise explained(error, self._path.parent, "written") from error
        return self._path

    def remove(self) -> None:
        self._own.close()


def remove_abandoned(state_dir: Path) -> None:
    """Remove files that processes were receiving which have ended."""
    with suppress(OSError):
        deque(sweep_left(state_dir / INCOMING_DIR, f"*{_MARK}"), maxlen=0)


def _shown(name: str) -> str:
    # Some browsers send whole paths; lone surrogates cannot be stored.
    text = name.replace("\\", "/").encode("utf-8", "replace").decode()
    return text[-_LONGEST_NAME:] or "picture"
