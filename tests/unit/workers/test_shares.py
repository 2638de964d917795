"""Pools that run at the same time share the processes of the largest one."""

from __future__ import annotations

import pytest

from curation.workers import shares
from curation.workers.shares import Share, sharing


def idle() -> int:
    return 0


def test_a_pool_alone_has_all_that_it_was_made_for() -> None:
    with sharing(4, idle) as share:
        assert share.processes == 4
        with share.starting() as free:
            assert free == 4
    assert Share(3, idle).processes == 3


@pytest.mark.parametrize(
    ("wanted", "parts"),
    [
        ((4, 4), (2, 2)),
        ((5, 5), (3, 2)),
        ((8, 2), (6, 2)),
        ((8, 8, 1), (4, 3, 1)),
        ((2, 1), (1, 1)),
        ((1, 4), (1, 3)),
    ],
)
def test_several_get_about_the_same(wanted: tuple[int, ...], parts: tuple[int, ...]) -> None:
    managers = [sharing(number, idle) for number in wanted]
    running = [manager.__enter__() for manager in managers]
    assert tuple(share.processes for share in running) == parts
    managers[0].__exit__(None, None, None)
    assert sum(share.processes for share in running[1:]) >= min(sum(wanted[1:]), max(wanted[1:]))
    for manager in managers[1:]:
        manager.__exit__(None, None, None)


def test_with_more_pools_than_processes_they_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(shares, "monotonic", lambda: now)
    with sharing(1, idle) as one, sharing(1, idle) as two, sharing(1, idle) as three:
        seen = []
        for _ in range(3):
            parts = one.processes, two.processes, three.processes
            assert sum(parts) == 1
            seen.append(parts)
            now += shares.TURN_S
        assert sorted(seen) == [(0, 0, 1), (0, 1, 0), (1, 0, 0)]


def test_nobody_starts_while_others_are_still_at_it() -> None:
    at_it = 4
    with sharing(4, lambda: at_it), sharing(4, idle) as late:
        assert late.processes == 2
        with late.starting() as free:
            assert free == 0
        at_it = 3
        with late.starting() as free:
            assert free == 1
