"""The files of assets as responses: at full size as they are, smaller ones made when they are asked for.

Smaller pictures are kept in memory only, so that nothing of a deleted asset is left on the disk.
"""

from __future__ import annotations

import io
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from anyio import to_thread
from fastapi import Request
from fastapi.responses import Response

from curation.api.http.assets.desk import AssetDesk
from curation.api.http.conditional import file_response, matches_any
from curation.api.http.errors import ApiProblem
from curation.api.http.requests.pictures_made import ClientGoneError, made, nobody_waits
from curation.api.schemas.assets.rows import record_of
from curation.decoders import decoded
from curation.domain.assets.asset import Asset
from curation.domain.assets.document import cutout_name
from curation.domain.assets.record import AssetRecord
from curation.domain.assets.states import AssetState
from curation.errors import AssetNotFoundError
from curation.photos.files.formats import SNIFF_BYTES, PhotoFormat, sniff
from curation.photos.looks.pictures import PictureSize, picture_of_bytes
from curation.photos.looks.small_pngs import png_picture
from curation.storage.atomic import explained

__all__ = ["NO_ASSET_FILE", "AssetPictures", "CutoutOf", "cutout_of_person"]

ORIGINAL = "original"
CUTOUT = "cutout.png"

_KEPT_BYTES = 64 * 2**20
_CHUNK_BYTES = 256 * 1024
_OCTETS = "application/octet-stream"
_MEDIA_TYPES = {
    PhotoFormat.JPEG: "image/jpeg",
    PhotoFormat.PNG: "image/png",
    PhotoFormat.WEBP: "image/webp",
    PhotoFormat.TIFF: "image/tiff",
    PhotoFormat.BMP: "image/bmp",
    PhotoFormat.GIF: "image/gif",
    PhotoFormat.HEIF: "image/heic",
    PhotoFormat.AVIF: "image/avif",
}
NO_ASSET_FILE = (404, "IMG_0132.jpg is PENDING: its files are there when it is COMPLETED")


@dataclass(frozen=True, slots=True)
class CutoutOf:
    """A cut-out that is asked for: everybody of a picture, or one person."""

    asset_id: str
    person_index: int | None


class AssetPictures:
    """Finds and makes the files of assets for requests. Thread-safe."""

    def __init__(self, desk: AssetDesk, *, max_megapixels: float) -> None:
        """Take the desk; nothing is made yet."""
        self._desk = desk
        self._max_megapixels = max_megapixels
        self._made = _Kept(_KEPT_BYTES)

    def original(self, request: Request, asset_id: str) -> Response:
        """The picture as it came. Raises AssetNotFoundError."""
        asset = self._desk.work.get(asset_id)
        path = self._path(asset, ORIGINAL)
        response = file_response(request, path, media_type=_media_type(path, asset.name), download_as=asset.name)
        if response is None:
            raise _gone(asset, ORIGINAL)
        return response

    async def file(
        self, request: Request, asset_id: str, name: str, *, size: PictureSize = PictureSize.FULL
    ) -> Response:
        """A file that the pipeline wrote. Raises AssetNotFoundError, and a problem if this one has none."""
        asset = await to_thread.run_sync(self._desk.work.get, asset_id)
        path = await to_thread.run_sync(self._path, asset, name)
        media_type = "image/png" if name.endswith(".png") else "image/jpeg"
        if size is not PictureSize.FULL:
            make = partial(png_picture, path, size, is_trimmed=False)
            return await self._answer(request, asset, path, (size,), make, media_type=media_type)
        response = await to_thread.run_sync(partial(file_response, request, path, media_type=media_type))
        if response is None:
            raise _gone(asset, name)
        return response

    async def cutout(self, request: Request, which: CutoutOf, size: PictureSize, *, is_trimmed: bool) -> Response:
        """A cut-out: as the pipeline wrote it, or smaller, or without the empty room around it."""
        asset, path = await to_thread.run_sync(self._cutout_path, which)
        if size is PictureSize.FULL and not is_trimmed:
            response = await to_thread.run_sync(partial(file_response, request, path, media_type="image/png"))
            if response is None:
                raise _gone(asset, path.name)
            return response
        make = partial(png_picture, path, size, is_trimmed=is_trimmed)
        return await self._answer(request, asset, path, (size, is_trimmed), make, media_type="image/png")

    async def picture(self, request: Request, asset_id: str, size: PictureSize) -> Response:
        """The picture as an upright JPEG in sRGB."""
        asset = await to_thread.run_sync(self._desk.work.get, asset_id)
        path = await to_thread.run_sync(self._path, asset, ORIGINAL)
        make = partial(_upright, path, size, max_megapixels=self._max_megapixels, name=asset.name)
        return await self._answer(request, asset, path, (size,), make, media_type="image/jpeg")

    def cutouts_zip(self, asked: Sequence[CutoutOf]) -> Iterator[bytes]:
        """A ZIP with cut-outs at full size. Raises before the first byte what `cutout` raises."""
        found = [(asset, which, path) for which in asked for asset, path in [self._cutout_path(which)]]
        return _zipped([(_name_in_zip(asset, which), path) for asset, which, path in found])

    def forget(self, asset_id: str) -> None:
        """Drop what was made of an asset."""
        self._made.forget(asset_id)

    def _cutout_path(self, which: CutoutOf) -> tuple[Asset, Path]:
        asset = self._desk.work.get(which.asset_id)
        if which.person_index is None:
            return asset, self._path(asset, CUTOUT)
        record = record_of(asset)
        if record is None:
            return asset, self._path(asset, cutout_name(which.person_index))
        number, count = which.person_index, len(record.people)
        if number >= count:
            people = "nobody" if not count else "one person" if count == 1 else f"{count} people"
            raise ApiProblem(
                404, "asset_file_not_found", f"there is no person {number} in {asset.name}: it has {people}"
            )
        name = cutout_of_person(record, number)
        if name is None and CUTOUT in record.files:
            raise ApiProblem(
                404,
                "asset_file_not_found",
                f"person {number} of {asset.name} is not cut out alone: too small, or hidden by others",
            )
        return asset, self._path(asset, name or CUTOUT)

    def _path(self, asset: Asset, name: str) -> Path:
        if name != ORIGINAL and asset.state is not AssetState.COMPLETED:
            raise ApiProblem(
                404,
                "asset_file_not_found",
                f"{asset.name} is {asset.state}: its files are there when it is COMPLETED",
            )
        try:
            path = self._desk.work.file(asset.id, name)
        except AssetNotFoundError as error:
            raise _gone(asset, name) from error
        return path

    async def _answer(
        self,
        request: Request,
        asset: Asset,
        path: Path,
        what: tuple[object, ...],
        make: Callable[[], bytes],
        *,
        media_type: str,
    ) -> Response:
        try:
            stat = await to_thread.run_sync(path.stat)
        except FileNotFoundError as error:
            raise _gone(asset, path.name) from error
        except OSError as error:
            raise explained(error, path, "read") from error
        etag = f'"{"-".join(map(str, (f"{stat.st_mtime_ns:x}", f"{stat.st_size:x}", *what)))}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        known = request.headers.get("if-none-match")
        if known is not None and matches_any(known, etag, weak=True):
            return Response(status_code=304, headers=headers)
        key = (path.name, etag)
        content = self._made.get(asset.id, key)
        if content is not None:
            return Response(content, headers=headers, media_type=media_type)
        apart = partial(decoded, make, about=":".join((str(path), etag)))
        try:
            content = await made(lambda: self._made.get(asset.id, key) or apart(), request)
        except ClientGoneError:
            return nobody_waits()
        self._made.put(asset.id, key, content)
        return Response(content, headers=headers, media_type=media_type)


def _upright(path: Path, size: PictureSize, *, max_megapixels: float, name: str) -> bytes:
    # The file has no extension where it is kept.
    try:
        content = path.read_bytes()
    except OSError as error:
        raise explained(error, path, "read") from error
    return picture_of_bytes(content, size, max_megapixels=max_megapixels, name=name)


def cutout_of_person(record: AssetRecord, person_index: int) -> str | None:
    """The name of the file with one person alone; None if there is none."""
    name = cutout_name(person_index)
    if name in record.files:
        return name
    # Where somebody is the only one who was cut out, everybody is that person.
    others = [each for each in record.people if each.person.person_index != person_index]
    is_alone = not any(
        each.mask_confidence is not None or cutout_name(each.person.person_index) in record.files for each in others
    )
    mine = next((each for each in record.people if each.person.person_index == person_index), None)
    has_mask = mine is not None and (mine.mask_confidence is not None or not others)
    return CUTOUT if is_alone and has_mask and CUTOUT in record.files else None


class _Kept:
    """Small pictures by asset; the least recently used ones are dropped."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._guard = threading.Lock()
        self._pictures: OrderedDict[tuple[str, tuple[str, str]], bytes] = OrderedDict()

    def get(self, asset_id: str, key: tuple[str, str]) -> bytes | None:
        with self._guard:
            content = self._pictures.get((asset_id, key))
            if content is not None:
                self._pictures.move_to_end((asset_id, key))
            return content

    def put(self, asset_id: str, key: tuple[str, str], content: bytes) -> None:
        with self._guard:
            self._drop((asset_id, key))
            self._pictures[asset_id, key] = content
            self._bytes += len(content)
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._pictures)))

    def forget(self, asset_id: str) -> None:
        with self._guard:
            for place in [place for place in self._pictures if place[0] == asset_id]:
                self._drop(place)

    def _drop(self, place: tuple[str, tuple[str, str]]) -> None:
        self._bytes -= len(self._pictures.pop(place, b""))


def _gone(asset: Asset, name: str) -> ApiProblem:
    if name == CUTOUT or name.startswith("cutout"):
        detail = f"there is no cut-out of {asset.name}: assets.cutouts was off when it was taken apart"
    elif name == ORIGINAL:
        detail = f"the file of {asset.name} is not kept"
    else:
        detail = f"there is no {name} of {asset.name}: nothing was found to draw"
    return ApiProblem(404, "asset_file_not_found", detail)


def _media_type(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            found = sniff(file.read(SNIFF_BYTES), PurePosixPath(name).suffix[1:].lower())
    except OSError:
        return _OCTETS  # the response itself says what is wrong
    return _OCTETS if found is None else _MEDIA_TYPES.get(found, _OCTETS)


def _name_in_zip(asset: Asset, which: CutoutOf) -> str:
    stem = PurePosixPath(asset.name.replace("\\", "/")).stem or "picture"
    plain = "".join(sign if sign.isalnum() or sign in " ._-()" else "_" for sign in stem).strip(" .") or "picture"
    who = "" if which.person_index is None else f" person {which.person_index + 1}"
    return f"{plain}{who}"


def _zipped(files: Sequence[tuple[str, Path]]) -> Iterator[bytes]:
    # PNGs are compressed already.
    tail = _Tail()
    used: set[str] = set()
    with zipfile.ZipFile(tail, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files:
            number, unique = 1, name
            while unique.casefold() in used:
                number += 1
                unique = f"{name} ({number})"
            used.add(unique.casefold())
            try:
                file = path.open("rb")
            except OSError:
                continue  # deleted in the meantime
            with file, archive.open(zipfile.ZipInfo(f"{unique}.png"), "w", force_zip64=True) as entry:
                while chunk := file.read(_CHUNK_BYTES):
                    entry.write(chunk)
                    yield tail.taken()
            yield tail.taken()
    yield tail.taken()


class _Tail(io.RawIOBase):
    """What was written since the last look."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces += piece
        return len(piece)

    def taken(self) -> bytes:
        piece, self._pieces = bytes(self._pieces), bytearray()
        return piece
