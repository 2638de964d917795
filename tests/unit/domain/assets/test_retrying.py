"""States and retries: what may follow what, and after how long."""

from __future__ import annotations

import pytest

from curation.domain.assets.retrying import BACK_OFF_S, JITTER, NEXT_STATES, PASSING, may_follow, retry_in_s
from curation.domain.assets.states import AssetState, FailCode


def waits(code: FailCode, *, max_attempts: int = 3) -> list[float]:
    """The waits of a picture that always has the same fault."""
    found: list[float] = []
    before = None
    while (wait := retry_in_s(code, attempt=len(found) + 1, max_attempts=max_attempts, before=before)) is not None:
        found.append(wait)
        before = code.value
    return found


@pytest.mark.parametrize("code", [FailCode.IO, FailCode.DATABASE, FailCode.BROKER])
def test_faults_that_pass_are_tried_again_after_1_4_and_16_seconds(code: FailCode) -> None:
    assert waits(code) == [1, 4, 16]


@pytest.mark.parametrize("code", sorted(set(FailCode) - PASSING))
def test_faults_that_stay_are_not_tried_again(code: FailCode) -> None:
    assert waits(code) == []


def test_too_little_memory_is_tried_again_once() -> None:
    assert waits(FailCode.MEMORY) == [1]


def test_memory_after_another_fault_has_its_own_second_try() -> None:
    assert retry_in_s(FailCode.MEMORY, attempt=2, max_attempts=3, before=FailCode.IO) == 4


@pytest.mark.parametrize(("max_attempts", "expected"), [(1, []), (2, [1]), (3, [1, 4]), (5, [1, 4, 16, 16])])
def test_a_picture_whose_worker_dies_is_begun_so_many_times(max_attempts: int, expected: list[float]) -> None:
    assert waits(FailCode.WORKER_LOST, max_attempts=max_attempts) == expected


def test_the_jitter_only_adds_to_a_wait() -> None:
    for attempt, wait in enumerate(BACK_OFF_S, start=1):
        longest = retry_in_s(FailCode.IO, attempt=attempt, max_attempts=3, chance=0.999)
        assert longest is not None and wait < longest < wait * (1 + JITTER)


def test_every_state_says_what_may_follow() -> None:
    assert set(NEXT_STATES) == set(AssetState)
    assert may_follow(AssetState.PENDING, AssetState.PROCESSING)
    assert may_follow(AssetState.FAILED, AssetState.PENDING)
    assert not may_follow(AssetState.PENDING, AssetState.COMPLETED)
    assert not may_follow(AssetState.COMPLETED, AssetState.PROCESSING)
    assert all(AssetState.PROCESSING not in NEXT_STATES[state] for state in AssetState if state.is_final)
