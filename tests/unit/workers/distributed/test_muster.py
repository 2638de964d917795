"""Who takes part, who does not and why."""

from __future__ import annotations

from typing import Any

import pytest

from curation.workers.distributed.muster import Muster
from tests.unit.workers.distributed.values import hello


def test_ready_preparing_and_refused(caplog: pytest.LogCaptureFixture) -> None:
    muster = Muster()
    muster.heard(hello("one", processes=4), 0.0)
    muster.heard(hello("two", state="preparing"), 0.0)
    muster.heard(hello("three", state="refused", text="it has no file arcface_weights.onnx"), 0.0)
    assert ([each.facts.name for each in muster.ready], muster.processes) == (["one"], 4)
    assert (muster.preparing, [each.facts.name for each in muster.idle]) == (["two"], ["three"])
    assert not muster.is_hopeless()
    assert "worker three takes no part: it has no file arcface_weights.onnx" in caplog.text


def test_nobody_is_left() -> None:
    muster = Muster()
    assert not muster.is_hopeless(), "somebody may come"
    muster.heard(hello("one"), 0.0)
    muster.exclude("one", "no photos there")
    assert muster.is_hopeless() and muster.excluded == {"one": "no photos there"}


def test_another_version_is_refused_also_if_the_worker_does_not_see_it() -> None:
    muster = Muster()
    muster.heard(hello("old", program="0.0.1"), 0.0)
    muster.heard(hello("odd", protocol=99), 0.0)
    assert not muster.ready and set(muster.excluded) == {"old", "odd"}


@pytest.mark.parametrize("change", [{"worker": None}, {"held": 7}, {"since": "x"}, {"round": None}])
def test_what_cannot_be_understood_is_nobody(change: dict[str, Any]) -> None:
    muster = Muster()
    muster.heard({**hello(), **change}, 0.0)
    assert not muster.workers


def test_a_worker_that_was_started_again_is_another_one() -> None:
    muster = Muster()
    muster.heard(hello("one", since=1.0, held=("run/1/1",)), 0.0)
    muster.heard(hello("one", since=2.0, number=6), 9.0)
    assert [each.since for each in muster.silent(11.0)] == [1.0]
    assert [each.since for each in muster.ready] == [2.0]
    assert (muster.have_all_answered(6), muster.have_all_answered(7)) == (True, False)


def test_who_cannot_reach_storage_while_others_can_rests() -> None:
    muster = Muster()
    muster.heard(hello("near"), 0.0)
    muster.heard(hello("far"), 0.0)
    for _ in range(3):
        muster.could_not_reach("far", "no route", 0.0)
    assert muster.excluded == {"far": "no route"}
    muster.wake(29.0)
    assert muster.excluded
    muster.wake(30.0)
    assert not muster.excluded


def test_storage_that_nobody_reaches_lets_nobody_rest() -> None:
    muster = Muster()
    for name in ("one", "two"):
        muster.heard(hello(name), 0.0)
    for _ in range(5):
        for name in ("one", "two"):
            muster.could_not_reach(name, "no answer", 0.0)
    assert not muster.excluded
    muster.worked("one")
    muster.could_not_reach("two", "no answer", 0.0)
    assert set(muster.excluded) == {"two"}


def test_who_gives_tasks_back_takes_none_until_it_said_more_and_rests_if_it_does_so_again_and_again() -> None:
    muster = Muster()
    for number in range(1, 4):
        muster.heard(hello("one", number=number), 0.0)
        assert [each.facts.name for each in muster.ready] == ["one"]
        muster.gave_back("one", "its folder is away", 0.0)
        assert not muster.ready
    assert muster.excluded == {"one": "its folder is away"} and muster.is_hopeless()
    muster.wake(59.0)
    assert muster.excluded
    muster.wake(60.0)
    assert not muster.excluded
