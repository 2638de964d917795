from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from curation.domain.bursts.finding import BurstPhoto, BurstRules, find_bursts
from curation.photos.looks.miniature import miniature
from tests.unit.domain.bursts.burst_values import look, scene

START = datetime(2026, 6, 1, 12)
ANNA, BEN = frozenset({"anna"}), frozenset({"ben"})
RULES = BurstRules()


def shot(
    path: str,
    at_s: float | None = None,
    seed: int = 1,
    people: frozenset[str] = frozenset(),
    size: tuple[int, int] = (4000, 3000),
) -> BurstPhoto:
    time = None if at_s is None else START + timedelta(seconds=at_s)
    return BurstPhoto(path, time, *size, look(seed), people)


def bursts(*photos: BurstPhoto, rules: BurstRules = RULES) -> list[tuple[str, ...]]:
    return find_bursts(photos, rules)


def test_photos_of_one_moment_are_a_burst() -> None:
    assert bursts(shot("b", 0.0), shot("a", 0.2), shot("c", 0.4)) == [("b", "a", "c")]


def test_another_scene_is_no_part_of_it() -> None:
    assert bursts(shot("a", 0), shot("b", 1, seed=2), shot("c", 2)) == [("a", "c")]


def test_photos_far_apart_in_time_are_none() -> None:
    assert bursts(shot("a", 0), shot("b", 16)) == []
    assert bursts(shot("a", 0), shot("b", 16), rules=BurstRules(max_gap_s=20)) == [("a", "b")]


def test_it_can_be_turned_off() -> None:
    assert bursts(shot("a", 0), shot("b", 1), rules=BurstRules(enabled=False)) == []


@pytest.mark.parametrize("times", [(0.0, 5.0, 10.0), (None, None, None)])
def test_portraits_of_different_people_before_one_wall_are_none(times: Sequence[float | None]) -> None:
    people = [frozenset({"bride", guest}) for guest in ("tom", "ida", "ole")]
    photos = [shot(f"{i}.jpg", t, people=who) for i, (t, who) in enumerate(zip(times, people, strict=True))]
    assert find_bursts(photos, RULES) == []


def test_somebody_who_comes_in_or_is_not_seen_is_no_exchange() -> None:
    assert bursts(shot("a", 0, people=ANNA), shot("b", 3, people=ANNA | BEN), shot("c", 5)) == [("a", "b", "c")]


def test_nobody_changes_within_a_second() -> None:
    # A head that turns away may be taken for somebody else.
    assert bursts(shot("a", 0, people=ANNA), shot("b", 0.3, people=BEN)) == [("a", "b")]


def test_a_long_stage_is_not_one_burst() -> None:
    groups = find_bursts([shot(f"{i:03}.jpg", 2.0 * i) for i in range(200)], RULES)
    assert max(map(len, groups)) <= 31
    assert sum(map(len, groups)) >= 190


def test_neighbours_by_name_without_times() -> None:
    photos = [shot(f"d/IMG_{i}.jpg", seed=1 if 9 <= i <= 11 else 50 + i, people=ANNA) for i in range(1, 20)]
    assert find_bursts(photos, RULES) == [("d/IMG_9.jpg", "d/IMG_10.jpg", "d/IMG_11.jpg")]


def test_without_times_a_row_ends() -> None:
    groups = find_bursts([shot(f"{i:03}.jpg", people=ANNA) for i in range(100)], RULES)
    assert max(map(len, groups)) <= 13


def test_a_copy_is_found_among_all() -> None:
    photos = [shot(f"a/{i}.jpg", float(100 * i), seed=i) for i in range(60)]
    copy = BurstPhoto("z/export.jpg", None, 1000, 750, miniature(scene(31)[::2, ::2]))
    assert find_bursts([*photos, copy], RULES) == [("a/31.jpg", "z/export.jpg")]


def test_raw_and_jpeg_are_a_pair() -> None:
    assert bursts(shot("a/IMG_1.CR2"), shot("a/img_1.jpg", size=(4000, 2980))) == [("a/IMG_1.CR2", "a/img_1.jpg")]
    assert bursts(shot("a/IMG_1.CR2"), shot("a/IMG_1.jpg", seed=2)) == []


def test_upright_and_lying_are_two_photos() -> None:
    assert bursts(shot("a", 0), shot("b", 1, size=(3000, 4000))) == []


def test_the_order_of_the_photos_does_not_matter() -> None:
    photos = [shot(f"{i:02}.jpg", 1.5 * i if i % 3 else None, seed=i // 5) for i in range(40)]
    expected = find_bursts(photos, RULES)
    assert expected
    for seed in range(5):
        random.Random(seed).shuffle(photos)
        assert find_bursts(photos, RULES) == expected


def test_few_photos() -> None:
    assert bursts() == []
    assert bursts(shot("a", 0)) == []
