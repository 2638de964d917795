"""Choices that leave no part of the day without a photo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.choosing.best_choice import choose
from curation.domain.choosing.choice import Choice, ChoiceRequest
from curation.domain.choosing.coverage import coverage, people_of_photos
from curation.domain.choosing.day import CoverDay, Day, day_of
from curation.domain.judging.picks import PhotoPick, Pick, Picks
from tests.unit.domain.choosing.test_best_choice import FINE, PEOPLE, RULES, Faces, event
from tests.unit.domain.judging.scoring_values import ANNA, BEN, IDA, TOM, drawn_faces, face_measures
from tests.unit.domain.judging.test_ranking import drawn_picks

NOON = datetime(2026, 6, 20, 12)
SOFT = face_measures(focus=0.3)


def hours(of: Sequence[int | None]) -> Day:
    """One part for each hour, given for each photo; None for a photo without a time."""
    return day_of(
        {f"{i}.jpg": None if hour is None else NOON + timedelta(hours=hour) for i, hour in enumerate(of)},
        CoverDay.HOURS,
    )


def chosen(
    request: ChoiceRequest, photos: Sequence[Faces], day: Day, picks: Picks | None = None, bursts: Sequence[int] = ()
) -> Choice:
    ranked, shots = event(photos, picks, bursts)
    people = people_of_photos(shots, RULES.thresholds)
    return choose(request, ranked, people, coverage(ranked, people, PEOPLE), RULES, day)


def paths(choice: Choice) -> set[str]:
    return {photo.score.image_path for photo in choice.photos}


def reasons(choice: Choice, path: str) -> tuple[str, ...]:
    return next(photo.reasons for photo in choice.photos if photo.score.image_path == path)


NOBODY = ChoiceRequest(3, main_at_least=0, important_at_least=0)
BEST: Faces = [(ANNA, FINE), (BEN, FINE)]
PLAIN: Faces = [(IDA, face_measures(smile=0.1))]


def test_each_hour_has_a_photo_and_it_says_so() -> None:
    choice = chosen(NOBODY, [BEST, BEST, BEST, PLAIN, PLAIN], hours([0, 0, 0, 1, 2]))
    assert paths(choice) == {"0.jpg", "3.jpg", "4.jpg"}
    assert reasons(choice, "3.jpg")[0] == "the only usable photo of 13:00\N{EN DASH}14:00"
    assert reasons(choice, "0.jpg")[0] == "the one photo of 12:00\N{EN DASH}13:00"
    assert choice.unmet == ()
    assert [(one.usable, one.chosen, one.others) for one in choice.parts] == [
        (3, ("0.jpg",), ("1.jpg", "2.jpg")),
        (1, ("3.jpg",), ()),
        (1, ("4.jpg",), ()),
    ]
    assert choice.passed[0].reason == "made room for people or parts of the day that would not have been in"


def test_too_few_photos_for_all_hours_leave_out_those_with_the_fewest() -> None:
    choice = chosen(NOBODY, [PLAIN] * 9, hours([0, 0, 1, 2, 2, 3, 3, 4, None]))
    assert [len(one.chosen) for one in choice.parts] == [1, 0, 1, 1, 0]
    assert choice.unmet == (
        "13:00\N{EN DASH}14:00 and 16:00\N{EN DASH}17:00 are left out: 3 photos are too few for 5 parts of the day "
        "with everybody in; parts with more photos come first",
    )


def test_people_come_before_the_day_and_the_day_before_more_photos_of_people() -> None:
    photos: list[Faces] = [BEST, BEST, BEST, [(TOM, FINE)], [(IDA, FINE)], [(None, SOFT)]]
    day = hours([0, 0, 0, 0, 0, 1])
    three = chosen(ChoiceRequest(3, main_at_least=3), photos, day)
    assert paths(three) >= {"3.jpg", "4.jpg"}
    assert not three.parts[1].chosen
    four = chosen(ChoiceRequest(4, main_at_least=3), photos, day)
    assert paths(four) >= {"3.jpg", "4.jpg", "5.jpg"}


def test_an_hour_with_vetoed_photos_only_is_left_and_told() -> None:
    blinks: Faces = [(ANNA, face_measures(eyes=0.05))]
    choice = chosen(NOBODY, [BEST, blinks, blinks], hours([0, 1, 1]))
    assert paths(choice) == {"0.jpg"}
    assert any("has no usable photo: all 2 photos are vetoed" in text for text in choice.unmet)
    assert choice.parts[1].others == ("1.jpg", "2.jpg")
    taken = chosen(ChoiceRequest(3, 0, 0, kept=frozenset({"1.jpg"})), [BEST, blinks, blinks], hours([0, 1, 1]))
    assert "1.jpg" in paths(taken)
    assert "you took it into the choice" in reasons(taken, "1.jpg")


def test_a_photo_is_swapped() -> None:
    photos = [BEST, BEST, PLAIN]
    request = ChoiceRequest(1, 0, 0)
    first = chosen(request, photos, hours([0, 0, 1]))
    assert paths(first) == {"0.jpg"}
    assert first.photos[0].instead == ("1.jpg",)
    other = chosen(
        ChoiceRequest(1, 0, 0, kept=frozenset({"1.jpg"}), left_out=frozenset({"0.jpg"})), photos, hours([0, 0, 1])
    )
    assert paths(other) == {"1.jpg"}


def test_rejected_photos_cannot_be_kept() -> None:
    rejected = Picks({"0.jpg": PhotoPick(Pick.REJECTED)})
    choice = chosen(ChoiceRequest(2, 0, 0, kept=frozenset({"0.jpg"})), [BEST, BEST], hours([0, 0]), rejected)
    assert paths(choice) == {"1.jpg"}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(drawn_faces, st.none() | st.integers(0, 4)), min_size=1, max_size=9),
    st.lists(st.integers(1, 6), max_size=9),
    st.integers(1, 9),
    drawn_picks,
)
def test_the_promises(drawn: list[tuple[Faces, int | None]], bursts: list[int], count: int, picks: Picks) -> None:
    photos = [faces for faces, _ in drawn]
    day = hours([hour for _, hour in drawn])
    request = ChoiceRequest(count, main_at_least=1, important_at_least=0)
    choice = chosen(request, photos, day, picks, bursts)
    picked = sum(photo.score.pick is Pick.PICKED for photo in choice.photos)
    assert len(choice.photos) <= max(count, picked)
    for photo in choice.photos:
        assert photo.reasons
        assert photo.score.pick is not Pick.REJECTED
        assert photo.score.pick is Pick.PICKED or not photo.score.vetoes
    of_burst = Counter(photo.score.burst_id for photo in choice.photos if photo.score.pick is None)
    assert all(number == 1 for burst, number in of_burst.items() if burst is not None)
    # With room for everybody and every hour, each hour that can have a photo has one.
    mains = sum(one.covered.person.category == "main" for one in choice.people)
    if count >= picked + mains + len(day.parts):
        ranked, _ = event(photos, picks, bursts)
        taken = {score.burst_id for score in ranked if score.pick is Pick.PICKED and score.burst_id is not None}
        free = {
            score.image_path
            for score in ranked
            if score.final_score is not None and not score.vetoes and score.pick is None and score.burst_id not in taken
        }
        if not any(bursts):
            assert all(one.chosen for one in choice.parts if free & set(one.part.image_paths))
    assert chosen(request, photos, day, picks, bursts) == choice


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(drawn_faces, st.integers(0, 3)), min_size=1, max_size=8), st.integers(1, 7))
def test_more_photos_never_cover_less(drawn: list[tuple[Faces, int]], count: int) -> None:
    photos, day = [faces for faces, _ in drawn], hours([hour for _, hour in drawn])

    def of(number: int) -> tuple[int, int, int]:
        choice = chosen(ChoiceRequest(number, main_at_least=1, important_at_least=1), photos, day)
        absent = [one.covered.person.category for one in choice.people if one.wanted and not one.chosen]
        return absent.count("main"), absent.count("important"), sum(not one.chosen for one in choice.parts)  # type: ignore[arg-type]

    assert of(count + 1) <= of(count)
