from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress

import pytest

from curation.api.http.sharing.places import Places, TooManyWaitingError


def test_one_client_gets_its_share_at_once_and_another_finds_a_place() -> None:
    places = Places(32, 8, 500)
    assert [places.take_at_once("one") for _ in range(9)] == [True] * 8 + [False]
    assert [places.take_at_once("other") for _ in range(9)] == [True] * 8 + [False]


def test_however_many_take_all_they_can_a_new_one_finds_a_place() -> None:
    places = Places(32, 8, 500)
    taken = [sum(places.take_at_once(f"client {number}") for _ in range(100)) for number in range(7)]
    assert taken == [8, 8, 8, 4, 2, 1, 1]


def test_who_has_the_fewest_is_next_and_requests_of_one_client_keep_their_order() -> None:
    async def run() -> None:
        places = Places(4, 3, 500)
        for _ in range(2):
            await places.take("greedy")
        await places.take("other")
        await places.take("third")
        served: list[str] = []

        async def wait(client: str, name: str) -> None:
            await places.take(client)
            served.append(name)

        names = ["greedy 1", "greedy 2", "greedy 3", "late 1", "late 2"]
        waiting = [asyncio.create_task(wait(name.split()[0], name)) for name in names]
        await asyncio.sleep(0)
        for client in ("greedy", "greedy", "late", "other", "third"):
            places.give_back(client)
            await asyncio.sleep(0)
        assert served[0] == "late 1"
        assert [name for name in served if name.startswith("greedy")] == ["greedy 1", "greedy 2", "greedy 3"][
            : len(served) - 2
        ]
        await asyncio.wait(waiting, timeout=0.1)
        for task in waiting:
            task.cancel()

    asyncio.run(run())


def test_too_many_that_wait_are_refused_and_others_are_not() -> None:
    async def run() -> None:
        places = Places(8, 2, 3)
        for _ in range(2):
            await places.take("one")
        waiting = [asyncio.create_task(places.take("one")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyWaitingError):
            await places.take("one")
        await places.take("other")
        for _ in range(2):
            places.give_back("one")
        done, _ = await asyncio.wait(waiting, timeout=0.05)
        assert len(done) == 2
        for task in waiting:
            task.cancel()

    asyncio.run(run())


def test_whatever_happens_no_place_is_lost_and_nobody_has_too_many() -> None:
    async def run(seed: int) -> None:
        chance = random.Random(seed)
        places = Places(6, 3, 1000)
        at_work: Counter[str] = Counter()

        async def work(client: str) -> None:
            async with places.place(client):
                at_work[client] += 1
                assert at_work[client] <= 3
                assert at_work.total() <= 6
                try:
                    for _ in range(chance.randrange(4)):
                        await asyncio.sleep(0)
                finally:
                    at_work[client] -= 1

        tasks = []
        for _ in range(300):
            tasks.append(asyncio.create_task(work(f"client {chance.randrange(5)}")))
            if chance.random() < 0.5:
                await asyncio.sleep(0)
            if chance.random() < 0.4:
                chance.choice(tasks).cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        assert [places.take_at_once("anybody") for _ in range(3)] == [True] * 3
        assert not places._clients.keys() - {"anybody"}
        assert places._free == 3

    for seed in range(8):
        asyncio.run(asyncio.wait_for(run(seed), 30))
