from __future__ import annotations

import asyncio
import threading

import pytest

from curation.errors import TooBusyError
from curation.services.serving.admission import Slots


async def _until(condition: object) -> None:
    while not condition():  # type: ignore[operator]
        await asyncio.sleep(0.001)


def test_no_more_than_the_slots_work_at_a_time() -> None:
    async def main() -> int:
        slots = Slots("test", 2, waiting=10)
        most = now = 0
        lock = threading.Lock()

        def work() -> None:
            nonlocal most, now
            with lock:
                now += 1
                most = max(most, now)
            with lock:
                now -= 1

        async def one() -> None:
            async with slots.place(), slots.taken() as slot:
                await slot.run(work)

        await asyncio.gather(*(one() for _ in range(12)))
        slots.close()
        return most

    assert asyncio.run(main()) <= 2


def test_who_comes_when_the_queue_is_full_is_refused_with_a_time() -> None:
    async def main() -> None:
        slots = Slots("the analysis", 1, waiting=3)  # four places
        release = asyncio.Event()

        async def hold() -> None:
            async with slots.place():
                await release.wait()

        tasks = [asyncio.create_task(hold()) for _ in range(7)]
        await _until(lambda: slots.waiting == 3)
        with pytest.raises(TooBusyError, match="the analysis has 3 requests waiting") as raised:
            async with slots.place():
                pass
        assert raised.value.retry_after_s >= 1
        release.set()
        await asyncio.gather(*tasks)
        async with slots.place():  # there is room again
            pass
        slots.close()

    asyncio.run(main())


def test_who_gives_up_waiting_leaves_the_queue() -> None:
    async def main() -> None:
        slots = Slots("test", 1, waiting=1)
        release = asyncio.Event()

        async def hold() -> None:
            async with slots.place():
                await release.wait()

        holding = [asyncio.create_task(hold()) for _ in range(4)]
        waiting = asyncio.create_task(hold())
        await _until(lambda: slots.waiting == 1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert slots.waiting == 0
        another = asyncio.create_task(hold())
        await _until(lambda: slots.waiting == 1)
        release.set()
        await asyncio.gather(*holding, another)
        slots.close()

    asyncio.run(main())


def test_a_slot_is_free_when_its_thread_is_not_when_its_caller_has_gone() -> None:
    async def main() -> None:
        slots = Slots("test", 1, waiting=1)
        began, release = threading.Event(), threading.Event()

        def work() -> None:
            began.set()
            assert release.wait(60)

        async def one() -> None:
            async with slots.taken() as slot:
                await slot.run(work)

        first = asyncio.create_task(one())
        await _until(began.is_set)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        second = asyncio.create_task(slots.taken().__aenter__())
        await asyncio.sleep(0.05)
        assert not second.done()
        release.set()
        await asyncio.wait_for(second, 60)
        slots.close()

    asyncio.run(main())


def test_a_turn_that_comes_too_late_goes_to_the_next() -> None:
    async def main() -> None:
        slots = Slots("test", 1, waiting=5)
        async with slots.taken():
            first = asyncio.create_task(slots.taken().__aenter__())
            second = asyncio.create_task(slots.taken().__aenter__())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        first.cancel()  # its turn has just come
        await asyncio.gather(first, return_exceptions=True)
        await asyncio.wait_for(second, 60)
        slots.close()

    asyncio.run(main())
