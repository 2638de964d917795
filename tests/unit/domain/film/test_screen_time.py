"""Screen time comes from time stamps, exactly; areas are means over time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.faces.face import Box
from curation.domain.film.clip import Shot
from curation.domain.film.screen_time import SeenIn, face_area, length_of, persons_ids, union_of
from curation.domain.film.times import Interval
from curation.domain.film.track import Sighting
from tests.film_values import made_film, made_track, points_in


def span(start: int, end: int, rate: int = 1) -> Interval:
    return Interval(Fraction(start, rate), Fraction(end, rate))


def test_the_same_pictures_last_longer_at_a_lower_rate() -> None:
    def seen(fps: int) -> Fraction:
        track = made_track(0, 24 / fps, fps=fps)
        return length_of(union_of([track.span]))

    assert seen(24) == 1
    assert seen(50) == Fraction(24, 50)


def test_times_of_ntsc_stay_exact() -> None:
    spans = [Interval(Fraction(1001 * number, 30000), Fraction(1001 * (number + 1), 30000)) for number in range(30)]
    assert length_of(union_of(spans)) == Fraction(1001, 1000)


def test_what_overlaps_counts_once_and_what_adjoins_is_one() -> None:
    assert union_of([span(4, 6), span(0, 2), span(1, 3), span(3, 4)]) == (span(0, 6),)
    assert union_of([span(0, 1), span(2, 3)]) == (span(0, 1), span(2, 3))
    assert union_of([span(0, 5), span(1, 2)]) == (span(0, 5),)
    assert union_of([]) == ()
    assert union_of([span(2, 2)]) == ()


spans = st.builds(lambda start, length: span(start, start + length, 7), st.integers(0, 60), st.integers(0, 20))


@given(st.lists(spans, max_size=20), st.randoms(use_true_random=False))
def test_a_union_is_a_union(parts: list[Interval], random: object) -> None:
    union = union_of(parts)
    covered = {unit for part in parts for unit in range(round(part.start * 7), round(part.end * 7))}
    assert length_of(union) == Fraction(len(covered), 7)
    assert all(one.end < other.start for one, other in pairwise(union))
    random.shuffle(parts)  # type: ignore[attr-defined]
    assert union_of(parts) == union


def sighting(number: int, box: Box) -> Sighting:
    return Sighting(Fraction(number, 25), number, box, points_in(box), 0.99)


def test_areas_are_weighted_by_time() -> None:
    large, small = Box(0, 0, 400, 100), Box(0, 0, 100, 100)
    # Looked at often while large, and once while small, for as long.
    looks = (*(sighting(number, large) for number in range(5)), sighting(6, small))
    track = replace(made_track(0, 1), span=Interval(Fraction(0), Fraction(10, 25)), sightings=looks)
    shots = (Shot(0, Interval(Fraction(0), Fraction(1)), Box(0, 140, 1000, 400)),)
    found = face_area([track], shots)
    assert found.largest == pytest.approx(0.1)
    assert found.mean == pytest.approx((5 * 0.1 + 5 * 0.025) / 10)


def test_black_bars_do_not_count_as_picture() -> None:
    film = made_film([made_track(0, 1)], cuts=())
    full = face_area(film.tracks, film.shots)
    boxed = face_area(film.tracks, (replace(film.shots[0], effective_area=Box(0, 90, 1280, 540)),))
    assert boxed.mean == pytest.approx(full.mean * 720 / 540)


def test_an_area_is_never_more_than_the_picture() -> None:
    film = made_film([made_track(0, 1)])
    tiny = face_area(film.tracks, (replace(film.shots[0], effective_area=Box(0, 0, 10, 10)),))
    assert tiny.mean == tiny.largest == 1.0


def test_a_single_moment_has_an_area() -> None:
    track = replace(
        made_track(0, 1), span=Interval(Fraction(0), Fraction(0)), sightings=(sighting(0, Box(0, 0, 9, 9)),)
    )
    film = made_film([made_track(0, 1)])
    found = face_area([track], film.shots)
    assert found.mean == found.largest > 0


def test_pictures_are_told_with_their_tracks() -> None:
    film = made_film([made_track(0, 1), made_track(0.5, 1.5, 1, box=Box(900, 10, 50, 50))])
    seen = persons_ids(film, (0, 1))
    assert seen[0] == SeenIn(0, 0)
    assert SeenIn(24, 0) in seen and SeenIn(24, 1) in seen
    assert list(seen) == sorted(seen, key=lambda one: (one.frame_index, one.track))
    assert len(seen) == sum(len(track.sightings) for track in film.tracks)
