"""When new photos are looked through, with a clock of the test's own."""

from __future__ import annotations

from collections.abc import Sequence

from curation.jobs.following.pacing import Pacing, Seen, Wait

STILL_S, EVERY_S = 5.0, 600.0
NONE: frozenset[str] = frozenset()


def shot(number: int, size: int = 1000, time: int = 1) -> Seen:
    return Seen(f"IMG_{number:04d}.jpg", size, time)


def shots(count: int) -> list[Seen]:
    return [shot(number) for number in range(count)]


def pacing() -> Pacing:
    return Pacing(still_s=STILL_S, every_s=EVERY_S)


def names(photos: Sequence[Seen]) -> frozenset[str]:
    return frozenset(photo.image_path for photo in photos)


def test_a_folder_without_new_photos_starts_nothing() -> None:
    found = pacing().look(shots(3), names(shots(3)), 0)
    assert (found.starts, found.new, found.waits) == (False, 0, Wait.NOTHING)


def test_a_photo_is_looked_through_once_it_is_still() -> None:
    pace = pacing()
    assert pace.look(shots(1), NONE, 0).waits is Wait.COPYING
    assert not pace.look(shots(1), NONE, 4.9).starts
    assert pace.look(shots(1), NONE, 5).starts


def test_a_photo_that_grows_is_waited_for() -> None:
    pace = pacing()
    for second in range(20):
        assert not pace.look([shot(0, size=second + 1)], NONE, second).starts
    assert not pace.look([shot(0, size=20)], NONE, 20).starts
    assert pace.look([shot(0, size=20)], NONE, 25).starts


def test_so_is_one_whose_time_changes_and_one_without_content() -> None:
    pace = pacing()
    pace.look([shot(0, time=1)], NONE, 0)
    assert not pace.look([shot(0, time=2)], NONE, 6).starts
    empty = pacing()
    empty.look([shot(0, size=0)], NONE, 0)
    assert not empty.look([shot(0, size=0)], NONE, 100).starts


def test_a_card_of_500_photos_makes_one_run_after_the_copying() -> None:
    pace = pacing()
    starts = 0
    for second in range(500):  # a photo a second
        found = pace.look(shots(second + 1), NONE, second)
        starts += found.starts
    assert starts == 0
    assert found.waits is Wait.PAUSE
    assert [pace.look(shots(500), NONE, second).starts for second in (500, 503, 504)] == [False, False, True]


def test_a_card_that_takes_six_minutes_makes_a_run_every_minute() -> None:
    pace = Pacing(still_s=STILL_S, every_s=60)
    begun: list[int] = []
    done: frozenset[str] = NONE
    for second in range(360):
        found = pace.look(shots(second + 1), done, second)
        if found.starts:
            begun.append(second)
            pace.started(second)
            done = names(shots(second - 4))
    assert begun == [60, 120, 180, 240, 300]


def test_what_a_run_could_not_use_is_not_tried_again_by_itself_but_a_new_version_is() -> None:
    pace = pacing()
    pace.look(shots(1), NONE, 0)
    assert pace.look(shots(1), NONE, 5).starts
    pace.started(5)
    assert pace.look(shots(1), NONE, 1000).new == 0
    assert pace.look([shot(0, size=2000)], NONE, 1001).new == 1
    assert pace.look([shot(0, size=2000)], NONE, 1006).starts


def test_photos_that_vanish_while_they_are_waited_for_are_forgotten() -> None:
    pace = pacing()
    pace.look(shots(2), NONE, 0)
    assert pace.look([], NONE, 6).new == 0
    assert not pace.look(shots(2), NONE, 7).starts, "they begin anew"


def test_a_folder_that_was_away_is_begun_with_anew() -> None:
    pace = pacing()
    pace.look(shots(1), NONE, 0)
    pace.look(shots(1), NONE, 5)
    pace.started(5)  # the disk is pulled out during the run, which fails
    pace.forget()
    assert pace.look(shots(1), NONE, 10).new == 1
    assert pace.look(shots(1), NONE, 15).starts
