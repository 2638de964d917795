"""Keeping a result: in Redis, and in files as soon as both halves are there. A server that is away is no error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.domain.attributes.documents import age_gender_result, landmark_result
from curation.domain.attributes.values import ImageAttributes
from curation.errors import AttributeDocumentError, CurationError, RedisUnavailableError
from curation.services.answers import SUCCESS
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol.statuses import detail_of
from curation.services.results import Half, ResultStore, StoredResult
from curation.services.role import Role
from curation.services.roles.peers import Peers
from curation.services.roles.storage import StorageRole
from curation.services.serving.calls import Call

__all__ = ["Keeping", "Kept"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a result.

    Attributes:
        status: `Success`, or `Partial: not stored: ...`.
        error: Why it is not kept completely; None if it is.
        storage_response: Of the role storage, if it was asked.
    """

    status: str = SUCCESS
    error: pb.ErrorDetail | None = None
    storage_response: pb.StorageResponse | None = None


class Keeping:
    """Keeps results; whoever completes one has the files written."""

    def __init__(self, results: ResultStore, storage: StorageRole | Peers) -> None:
        """Set the parts.

        Args:
            results: In Redis.
            storage: The role storage in this process, or the way to another one.
        """
        self._results = results
        self._storage = storage

    async def keep(self, call: Call, content: bytes, image: ImageAttributes, halves: Sequence[Half]) -> Kept:
        """Keep halves of a result, which never fails; what was not kept stands in the answer.

        Args:
            call: In whose slot the work is done.
            content: Of the picture.
            image: What was read of it.
            halves: Which of both halves that is.
        """
        problem: CurationError | None = None
        stored: StoredResult | None = None
        began = call.runtime_s
        try:
            stored = await call.slot.run(self._put, call, image, halves)
        except (RedisUnavailableError, AttributeDocumentError) as error:
            problem = error.with_traceback(None)  # which would hold the picture, in a circle, for a while
        call.tell("result stored", runtime_s=call.runtime_s - began, error=problem)
        # Both halves of one analysis are the whole picture: its files need no Redis.
        is_whole = len(halves) == len(Half)
        if not is_whole and (stored is None or not self._completes(call, stored, halves)):
            return _kept(problem, None)
        try:
            if isinstance(self._storage, Peers):
                request = pb.StorageRequest(
                    image_data=content, redis_key=image.sha256, runtime=call.runtime_s, request_id=call.request_id
                )
                response = await self._storage.ask(Role.STORAGE, request, call)
            elif is_whole:
                response = await self._storage.write(call, content, image)
            else:
                request = pb.StorageRequest(image_data=content, redis_key=image.sha256)
                response = await self._storage.store_data(request, call)
        except CurationError as error:
            return _kept(problem or error, None)
        return _kept(problem, response)

    def _put(self, call: Call, image: ImageAttributes, halves: Sequence[Half]) -> StoredResult:
        values = {
            half: landmark_result(image) if half is Half.LANDMARKS else age_gender_result(image) for half in halves
        }
        return self._results.put(
            image.sha256, values, request_id=call.request_id, engine=image.engine, weights=dict(image.weights)
        )

    def _completes(self, call: Call, stored: StoredResult, halves: Sequence[Half]) -> bool:
        """Whether this call was the second of two; a half that another request left counts if ours has no name."""
        (half,) = halves
        return stored.is_complete and (not call.has_own_id or stored.requests[half.other] == call.request_id)


def _kept(problem: CurationError | None, response: pb.StorageResponse | None) -> Kept:
    if problem is None:
        return Kept(SUCCESS, None, response)
    detail = detail_of(problem)
    return Kept(_not_stored(detail), detail, response)


def _not_stored(detail: pb.ErrorDetail) -> str:
    return f"Partial: not stored: {detail.message}"
