"""Streams of pictures: how far they are read, and that those which send nothing are ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from curation.services.protocol import image_processing_pb2 as pb
from curation.services.serving.streams import IdleStreamError, answers_of
from curation.services.serving.unreadable import Unreadable


def test_a_stream_is_read_only_so_far_as_its_pictures_are_begun() -> None:
    async def main() -> None:
        read = 0
        slots = asyncio.Semaphore(0)

        async def requests() -> AsyncIterator[pb.ImageRequest]:
            nonlocal read
            for number in range(6):
                read += 1
                yield pb.ImageRequest(image_id=str(number))

        async def one(request: pb.ImageRequest | Unreadable, begun: Callable[[], None]) -> pb.CombinedResponse:
            await slots.acquire()
            begun()
            assert isinstance(request, pb.ImageRequest)
            return pb.CombinedResponse(image_id=request.image_id)

        found: list[str] = []

        async def collect() -> None:
            async for answer in answers_of(requests(), one, ahead=4, idle_s=60, stopping=asyncio.Event()):
                found.append(answer.image_id)

        collecting = asyncio.create_task(collect())
        for expected in range(2, 7):
            await asyncio.sleep(0.02)
            assert read == expected
            slots.release()
        slots.release()
        await collecting
        assert sorted(found) == list("012345")

    asyncio.run(main())


def test_a_stream_that_sends_nothing_is_ended_but_not_while_it_has_work() -> None:
    async def main() -> None:
        async def requests() -> AsyncIterator[pb.ImageRequest]:
            yield pb.ImageRequest(image_id="slow")
            await asyncio.sleep(3600)

        async def one(request: pb.ImageRequest | Unreadable, begun: Callable[[], None]) -> pb.CombinedResponse:
            begun()
            await asyncio.sleep(0.3)
            assert isinstance(request, pb.ImageRequest)
            return pb.CombinedResponse(image_id=request.image_id)

        found = []
        with pytest.raises(IdleStreamError):
            async for answer in answers_of(requests(), one, ahead=4, idle_s=0.05, stopping=asyncio.Event()):
                found.append(answer.image_id)
        assert found == ["slow"]

    asyncio.run(main())
