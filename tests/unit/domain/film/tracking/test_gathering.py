from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from curation.domain.faces.face import Box
from curation.domain.film.clip import ClipStatus, Shot
from curation.domain.film.times import Interval
from curation.domain.film.track import Track
from curation.domain.film.tracking.gathering import MissingSegment, gathered
from curation.domain.film.tracking.segments import AnalysedSegment
from tests.film_values import made_film, made_track

AREA = Box(0, 0, 1280, 720)
FACTS = made_film([], duration=20).facts


def between(start: int, end: int) -> Interval:
    return Interval(Fraction(start), Fraction(end))


def segment(
    start: int, end: int, *tracks: Track, cut: bool = False, area: Box = AREA, **more: object
) -> AnalysedSegment:
    """A segment of one shot; its tracks count from its own first picture."""
    own = tuple(
        replace(
            track,
            sightings=tuple(replace(each, frame_index=each.frame_index - start * 25) for each in track.sightings),
            faces=tuple(replace(each, frame_index=each.frame_index - start * 25) for each in track.faces),
        )
        for track in tracks
    )
    span = Interval(Fraction(start), Fraction(end))
    part = AnalysedSegment(
        span=span,
        shots=(Shot(0, span, area),),
        tracks=own,
        frames_decoded=(end - start) * 25,
        frames_looked_at=2 * (end - start),
        faces_embedded=0,
        corrupt_frames=(),
        corrupt_count=0,
        sharpness=(0.4, 0.6),
        ends_with_cut=cut,
    )
    return replace(part, **more)  # type: ignore[arg-type]


def test_a_track_that_goes_on_is_one_track() -> None:
    film = gathered(FACTS, [segment(0, 10, made_track(2, 10)), segment(10, 20, made_track(10, 14))], faces_per_track=3)

    (track,) = film.tracks
    assert track.span == between(2, 14)
    assert [each.frame_index for each in track.sightings] == sorted({each.frame_index for each in track.sightings})
    assert all(each.time == Fraction(each.frame_index, 25) for each in track.sightings)
    assert len(track.faces) == 3
    assert film.shots == (Shot(0, Interval(Fraction(0), Fraction(20)), AREA),)
    assert (film.frames_decoded, film.frames_looked_at, film.sharpness) == (500, 40, 0.5)
    assert film.status is ClipStatus.OK


def test_through_several_segments() -> None:
    parts = [segment(0, 5, made_track(2, 5)), segment(5, 10, made_track(5, 10)), segment(10, 20, made_track(10, 20))]

    film = gathered(FACTS, parts, faces_per_track=2)

    assert [track.span for track in film.tracks] == [between(2, 20)]
    assert len(film.tracks[0].faces) == 2


def test_a_cut_at_the_boundary_ends_tracks_and_shots() -> None:
    parts = [segment(0, 10, made_track(2, 10), cut=True), segment(10, 20, made_track(10, 14))]

    film = gathered(FACTS, parts, faces_per_track=3)

    assert [(track.shot, track.span) for track in film.tracks] == [(0, between(2, 10)), (1, between(10, 14))]
    assert [shot.index for shot in film.shots] == [0, 1]


@pytest.mark.parametrize(
    "second", [made_track(10, 14, 3), made_track(10, 14, box=Box(30, 200, 160, 200), person=4), made_track(10.4, 14)]
)
def test_other_people_and_later_ones_are_not_joined(second: Track) -> None:
    """Another person in the same place, elsewhere, or the same one after a while."""
    film = gathered(FACTS, [segment(0, 10, made_track(2, 10)), segment(10, 20, second)], faces_per_track=3)

    assert len(film.tracks) == 2
    assert len(film.shots) == 1


def test_bars_are_those_of_both_parts() -> None:
    parts = [segment(0, 10, area=Box(0, 90, 1280, 540)), segment(10, 20, area=Box(160, 100, 960, 540))]

    (shot,) = gathered(FACTS, parts, faces_per_track=3).shots

    assert shot.effective_area == Box(0, 90, 1280, 550)


def test_missing_seconds_are_told_and_nothing_is_joined_over_them() -> None:
    missing = MissingSegment(Interval(Fraction(5), Fraction(10)), "the worker died")
    parts: list[AnalysedSegment | MissingSegment] = [
        segment(0, 5, made_track(2, 5)),
        missing,
        segment(10, 20, made_track(10, 14)),
    ]

    film = gathered(FACTS, parts, faces_per_track=3)

    assert film.status is ClipStatus.PARTIAL
    assert film.problem == "seconds 5.000 to 10.000 are missing: the worker died"
    assert len(film.tracks) == 2
    assert len(film.shots) == 2
    assert film.tracks[1].sightings[0].frame_index == 250
    assert any("estimated" in note for note in film.notes)
    assert film.facts.duration == 20


def test_nothing_at_all_is_a_failed_film() -> None:
    missing = MissingSegment(Interval(Fraction(0), Fraction(20)), "gone")

    film = gathered(FACTS, [missing], faces_per_track=3)

    assert (film.status, film.tracks, film.sharpness) == (ClipStatus.FAILED, (), 0.0)


def test_damaged_pictures_are_numbered_through_the_film() -> None:
    parts = [
        segment(0, 10, corrupt_frames=(3,), corrupt_count=1),
        segment(10, 20, corrupt_frames=(0, 7), corrupt_count=2, problem="cut off"),
    ]

    film = gathered(FACTS, parts, faces_per_track=3)

    assert (film.corrupt_frames, film.corrupt_count) == ((3, 250, 257), 3)
    assert (film.status, film.problem) == (ClipStatus.PARTIAL, "cut off")
    assert film.notes == ("3 of 500 pictures are damaged and were not looked at",)


@pytest.mark.parametrize(
    ("damaged", "status"), [(5, ClipStatus.OK), (6, ClipStatus.PARTIAL), (300, ClipStatus.PARTIAL)]
)
def test_a_film_with_many_damaged_pictures_is_not_whole(damaged: int, status: ClipStatus) -> None:
    parts = [segment(0, 10, corrupt_frames=(), corrupt_count=damaged), segment(10, 20)]

    film = gathered(FACTS, parts, faces_per_track=3)

    assert film.status is status
    told = f"{damaged} of 500 pictures are damaged and were not looked at"
    assert (film.problem, film.notes) == (("", (told,)) if status is ClipStatus.OK else (told, ()))


def test_what_decoding_showed_replaces_what_the_file_tells() -> None:
    film = gathered(replace(FACTS, duration=Fraction(99)), [segment(0, 10), segment(10, 20)], faces_per_track=3)

    assert film.facts.duration == 20
    assert film.facts.fps_average == 25
