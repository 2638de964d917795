"""Which client a call is from, and that none of them has everything."""

from __future__ import annotations

import asyncio

import pytest

from curation.errors import TooBusyError
from curation.services.serving.clients import Gate, Shares, client_of


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("ipv4:10.0.0.5:40312", "10.0.0.5"),
        ("ipv6:%5B2001:db8::1%5D:40312", "2001:db8::/64"),
        ("ipv6:[2001:db8::ffff:2]:1", "2001:db8::/64"),
        ("ipv6:%5B::ffff:10.0.0.5%5D:7", "10.0.0.5"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_the_machine_of_a_peer(peer: str, client: str) -> None:
    assert client_of(peer) == client


def test_there_are_so_many_in_all_and_for_each_client() -> None:
    shares = Shares("streams", 3, 2)
    with shares.one("a"), shares.one("a"):
        with pytest.raises(TooBusyError, match="a has 2 streams already"), shares.one("a"):
            pass
        with shares.one("b"), pytest.raises(TooBusyError, match="there are 3 streams already"), shares.one("c"):
            pass
        with shares.one("c"):
            pass
    with shares.one("a"), shares.one("a"):
        pass


async def _begun(gate: Gate, clients: str) -> tuple[list[str], list[asyncio.Task[None]]]:
    """Tasks that enter, one after the other, and note it."""
    entered: list[str] = []

    async def one(client: str) -> None:
        await gate.enter(client)
        entered.append(client)

    tasks = []
    for client in clients:
        tasks.append(asyncio.create_task(one(client)))
        await asyncio.sleep(0)
    return entered, tasks


def test_clients_that_wait_take_turns() -> None:
    async def main() -> None:
        gate = Gate(1, 1)
        await gate.enter("x")
        entered, tasks = await _begun(gate, "aaabbc")
        last = "x"
        for number in range(6):
            gate.leave(last)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert len(entered) == number + 1
            last = entered[-1]
        assert "".join(entered) == "abcaba"
        gate.leave(last)
        await asyncio.gather(*tasks)
        assert not gate.would_wait("a") and gate.waiting == 0

    asyncio.run(main())


def test_one_client_never_has_them_all() -> None:
    async def main() -> None:
        gate = Gate(3, 2)
        entered, tasks = await _begun(gate, "aaaab")
        assert "".join(entered) == "aab" and gate.waiting == 2
        gate.leave("b")  # that one is for others
        await asyncio.sleep(0)
        assert gate.waiting == 2 and not gate.would_wait("b") and gate.would_wait("a")
        gate.leave("a")
        await asyncio.sleep(0)
        assert gate.waiting == 1
        gate.leave("a")
        await asyncio.gather(*tasks)

    asyncio.run(main())


def test_the_latest_of_whoever_has_most_waiting_makes_room_for_others() -> None:
    async def main() -> None:
        gate = Gate(1, 1)
        await gate.enter("x")
        entered, tasks = await _begun(gate, "aaa")
        assert not gate.displace("a", TooBusyError("too many"))
        assert gate.displace("b", TooBusyError("too many"))
        with pytest.raises(TooBusyError):
            await tasks[2]
        assert gate.waiting == 2
        _, more = await _begun(gate, "b")
        assert not gate.displace("b", TooBusyError("too many"))  # neither has more than the other would
        for last in ("x", "a", "b", "a"):
            gate.leave(last)
            await asyncio.sleep(0)
        await asyncio.gather(*tasks[:2], *more)
        assert entered == ["a", "a"]

    asyncio.run(main())


def test_who_gives_up_waiting_keeps_nobody_out() -> None:
    async def main() -> None:
        gate = Gate(1, 1)
        await gate.enter("x")
        entered, tasks = await _begun(gate, "ab")
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)
        assert gate.waiting == 1
        gate.leave("x")  # b is let in, and goes in the same moment
        tasks[1].cancel()
        await asyncio.gather(tasks[1], return_exceptions=True)
        assert not entered or gate.would_wait("c")
        if not entered:
            assert not gate.would_wait("c")

    asyncio.run(main())
