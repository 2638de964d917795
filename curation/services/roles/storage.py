"""The role storage: joins what the other roles left in Redis, and writes the files of a picture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from curation.domain.attributes.documents import image_of_results
from curation.domain.attributes.values import ImageAttributes
from curation.errors import AttributeDocumentError, InputError
from curation.services.answers import SUCCESS
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.results import Half, ResultStore
from curation.services.role import Role
from curation.services.roles.analyses import check_size
from curation.services.serving.calls import Call

__all__ = ["FileWriter", "StorageRole"]

_KEY_PREFIX = "image:"


class FileWriter(Protocol):
    """Writes the files of a picture, see `curation.storage.attribute_files.AttributeFiles`."""

    def write(
        self, content: bytes, image: ImageAttributes, timestamp: datetime, *, disagreements: Sequence[str] = ()
    ) -> tuple[Path, ...]:
        """Write the JSON documents and the annotated picture; returns their paths."""


class StorageRole:
    """Answers `DataStorage`, and stores for roles of the same process."""

    def __init__(
        self,
        files: FileWriter,
        results: ResultStore,
        *,
        max_image_mb: float,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        """Set the parts.

        Args:
            files: Writes the files.
            results: Where the other roles leave theirs.
            max_image_mb: Larger pictures are refused.
            now: The clock of the documents.
        """
        self._files = files
        self._results = results
        self._max_image_mb = max_image_mb
        self._now = now

    async def store_data(self, request: pb.StorageRequest, call: Call) -> pb.StorageResponse:
        """Write the files of a picture whose results are in Redis.

        Raises:
            PhotoError: If there is no picture, or too large a one.
            InputError: If `redis_key` is that of another picture, or there is no result of this one.
            RedisUnavailableError: If Redis is away.
            StorageError: If the files cannot be written.
        """
        content = request.image_data
        check_size(content, self._max_image_mb)
        call.sha256 = hashlib.sha256(content).hexdigest()
        if request.redis_key.removeprefix(_KEY_PREFIX) not in ("", call.sha256):
            raise InputError(
                f"redis_key is {request.redis_key!r}, but the SHA-256 of image_data is {call.sha256}: send the bytes "
                "that were analysed"
            )
        image, missing, disagreements = await call.slot.run(self._joined, call.sha256)
        response = await self.write(call, content, image, disagreements)
        if missing:
            response.status = f"Partial: there is no result of {' and '.join(missing)} yet"
        return response

    async def write(
        self, call: Call, content: bytes, image: ImageAttributes, disagreements: tuple[str, ...] = ()
    ) -> pb.StorageResponse:
        """Write the files of a picture.

        Args:
            call: In whose slot they are written.
            content: Of the picture.
            image: What was read of it.
            disagreements: Faces that only one role found, in words.

        Raises:
            StorageError: If the files cannot be written.
        """
        began = call.runtime_s
        write = partial(self._files.write, content, image, self._now(), disagreements=disagreements)
        paths = await call.slot.run(write)
        runtime_s = call.runtime_s - began
        call.tell("files written", role=Role.STORAGE, runtime_s=runtime_s, faces=len(image.faces))
        return pb.StorageResponse(
            status=SUCCESS, runtime=runtime_s, redis_key=image.sha256, paths=[str(path) for path in paths]
        )

    def _joined(self, sha256: str) -> tuple[ImageAttributes, tuple[str, ...], tuple[str, ...]]:
        stored = self._results.get(sha256)
        if stored is None or not stored.halves:
            raise AttributeDocumentError(
                f"there is no result of the picture {sha256}: send it to the roles landmarks and age_gender first"
            )
        missing = tuple(half.value for half in Half if half not in stored.halves)
        image, disagreements = image_of_results(stored.halves.get(Half.LANDMARKS), stored.halves.get(Half.AGE_GENDER))
        return image, missing, disagreements
