from __future__ import annotations

import pytest

from curation.domain.report import Progress
from curation.jobs.pace import WINDOW_S, Pace, PaceMeter


def steady(meter: PaceMeter, *, begin_s: float, done: int, count: int, per_s: float, total: int = 1000) -> float:
    """Progress of one unit at a time; returns the time of the last one."""
    now_s = begin_s
    for number in range(count):
        now_s = begin_s + number / per_s
        meter.add(Progress("photos", done + number, total), now_s)
    return now_s


def test_there_is_no_pace_before_there_is_enough_progress() -> None:
    meter = PaceMeter()
    assert meter.pace(5.0) is None
    meter.add(Progress("photos", 0, 10), 5.0)
    assert meter.pace(5.5) is None
    meter.add(Progress("photos", 1, 10), 5.5)
    assert meter.pace(5.6) is None


def test_a_steady_run() -> None:
    meter = PaceMeter()
    now_s = steady(meter, begin_s=100.0, done=0, count=41, per_s=4.0)
    assert meter.pace(now_s) == Pace(4.0, 240.0)
    # Between two photos nothing changes but the time left.
    between = meter.pace(now_s + 0.2)
    assert between is not None
    assert between.rate_per_s == 4.0
    assert between.seconds_left == pytest.approx(239.8)


def test_units_done_before_the_phase_do_not_count() -> None:
    meter = PaceMeter()
    now_s = steady(meter, begin_s=0.0, done=900, count=21, per_s=2.0)
    assert meter.pace(now_s) == Pace(2.0, 40.0)


def test_the_rate_falls_without_progress() -> None:
    meter = PaceMeter()
    now_s = steady(meter, begin_s=0.0, done=0, count=41, per_s=4.0)
    late = meter.pace(now_s + 10.25)
    assert late is not None
    assert late.rate_per_s == pytest.approx(2.0)


def test_only_the_last_30_seconds_count() -> None:
    meter = PaceMeter()
    now_s = steady(meter, begin_s=0.0, done=0, count=200, per_s=20.0)
    now_s = steady(meter, begin_s=now_s, done=199, count=int(WINDOW_S) * 3, per_s=2.0)
    found = meter.pace(now_s)
    assert found is not None
    assert found.rate_per_s == pytest.approx(2.0, rel=0.02)


def test_photos_that_take_longer_than_the_window_have_a_pace_too() -> None:
    meter = PaceMeter()
    for number in range(5):
        meter.add(Progress("photos", number, 10), number * 60.0)
    found = meter.pace(240.0)
    assert found is not None
    assert found.rate_per_s == pytest.approx(1 / 60)
    assert found.seconds_left == pytest.approx(360.0)


def test_a_new_phase_starts_from_zero() -> None:
    meter = PaceMeter()
    now_s = steady(meter, begin_s=0.0, done=0, count=41, per_s=4.0)
    meter.add(Progress("groups", 0, 5), now_s)
    assert meter.pace(now_s + 3) is None
    meter.add(Progress("groups", 5, 5), now_s + 5)
    assert meter.pace(now_s + 5) == Pace(1.0, 0.0)
