"""Tracks become groups: the same ones in any order, and never two people who are on screen together."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.film.grouping import film_rule, group_tracks, margin_of, screen_mates
from curation.domain.film.times import Interval
from curation.domain.film.track import Track
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.shared_photos import Strangers
from curation.domain.grouping.unreadable_faces import UnreadableRule
from curation.domain.linkage.exact_similarity import ClusterSums
from tests.film_values import FACE_BOX, made_track, unit

RULE = GroupingRule(0.64, 0.82, 0.25)
OTHER_BOX = Box(900, 200, 120, 150)


def padded(values: list[float]) -> NDArray[np.float32]:
    """A direction of eight dimensions, from the first ones."""
    return unit([*values, *([0.0] * (8 - len(values)))])


def with_mean(track: Track, values: list[float], *, quality: float = 0.8, yaw_deg: float = 5.0) -> Track:
    """The track of another face, of which only the direction counts."""
    face_quality = replace(track.faces[0].face.quality, score=quality, yaw_deg=yaw_deg)
    faces = tuple(replace(face, face=replace(face.face, quality=face_quality)) for face in track.faces)
    return replace(track, mean=padded(values), faces=faces)


def at_angle(track: Track, cosine: float, *, quality: float = 0.8, yaw_deg: float = 5.0, side: int = 1) -> Track:
    """The track of a face with this similarity to the first direction."""
    values = [cosine] + [0.0] * 7
    values[side] = float(np.sqrt(1 - cosine**2))
    return with_mean(track, values, quality=quality, yaw_deg=yaw_deg)


def parts(labels: np.ndarray) -> set[frozenset[int]]:
    """The groups, whatever their numbers."""
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist()) if label >= 0}


def test_people_are_told_apart_and_found_again() -> None:
    tracks = [made_track(0, 2, 0), made_track(0, 2, 1, box=OTHER_BOX), made_track(3, 5, 1), made_track(6, 8, 0)]
    groups = group_tracks(tracks, RULE)
    assert groups.labels.tolist() == [0, 1, 1, 0]
    assert (groups.confidence > 0.9).all()


def test_two_tracks_on_screen_together_are_two_people_however_similar() -> None:
    one, other = made_track(0, 2), at_angle(made_track(1, 3, box=OTHER_BOX), 0.5)
    assert group_tracks([with_mean(one, [1.0]), other], RULE).labels.tolist() == [0, 1]
    later = at_angle(made_track(2.5, 4), 0.5)
    assert group_tracks([with_mean(one, [1.0]), later], RULE).labels.tolist() == [0, 0]


def test_near_copies_on_screen_together_are_one_person_in_a_mirror() -> None:
    one, mirrored = with_mean(made_track(0, 2), [1.0]), at_angle(made_track(0, 2, box=OTHER_BOX), 0.9)
    assert group_tracks([one, mirrored], RULE).labels.tolist() == [0, 0]


def test_a_third_track_does_not_join_two_who_are_on_screen_together() -> None:
    one, other = with_mean(made_track(0, 2), [1.0]), at_angle(made_track(0, 2, box=OTHER_BOX), 0.55)
    between = with_mean(made_track(3, 5), [0.9, 0.4])
    labels = group_tracks([one, other, between], RULE).labels
    assert labels[0] != labels[1]


def test_a_track_that_broke_is_not_two_people() -> None:
    # The spans overlap by less than their ends are known.
    one = made_track(0, 2)
    one = replace(one, span=Interval(Fraction(0), Fraction(52, 25)), end_tolerance_s=0.12)
    rest = replace(made_track(2, 4), start_tolerance_s=0.12)
    assert screen_mates([one, rest], np.zeros(2, dtype=np.int64)).pairs.tolist() == []
    sure = replace(made_track(1.8, 4), start_tolerance_s=0.12)
    assert screen_mates([one, sure], np.zeros(2, dtype=np.int64)).pairs.tolist() == [[0, 1]]


def test_a_film_that_repeats_itself_costs_no_exact_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    exact = ClusterSums._exact_similarity

    def counted(sums: ClusterSums, one: int, other: int) -> Fraction:
        asked.append((one, other))
        return exact(sums, one, other)

    monkeypatch.setattr(ClusterSums, "_exact_similarity", counted)
    tracks = [
        at_angle(made_track(10 * turn + start, 10 * turn + start + 2, box=box), cosine, side=side)
        for turn in range(30)
        for start, cosine, side, box in ((0, 1, 1, FACE_BOX), (1, 0.2, 1, OTHER_BOX), (3, 0.8, 2, FACE_BOX))
    ]
    assert group_tracks(tracks, RULE).labels.tolist() == [0, 1, 0] * 30
    assert len(asked) < len(tracks)


def test_films_do_not_share_a_screen() -> None:
    tracks = [made_track(0, 2), made_track(0, 2)]
    assert screen_mates(tracks, np.array([0, 1])).pairs.tolist() == []
    assert group_tracks(tracks, RULE, film_of=[0, 1]).labels.tolist() == [0, 0]


def test_profiles_join_who_is_clearly_nearest_but_hold_nobody_together() -> None:
    # The profile is near both people; by itself it would make a chain of them.
    one, other = with_mean(made_track(0, 2), [1.0]), with_mean(made_track(3, 5), [0.0, 1.0])
    profile = with_mean(made_track(6, 8), [0.72, 0.69], quality=0.1, yaw_deg=85)
    labels = group_tracks([one, other, profile], RULE).labels
    assert len(set(labels.tolist())) == 3
    mine = with_mean(made_track(6, 8), [0.6, 0.1, 0.79], quality=0.1, yaw_deg=85)
    labels = group_tracks([one, other, mine], RULE).labels
    assert labels[2] == labels[0] != labels[1]


def test_profiles_join_a_person_whose_other_profiles_resemble_them() -> None:
    frontal = [with_mean(made_track(start, start + 1), [1.0]) for start in (0, 2)]
    near = [with_mean(made_track(start, start + 1), [0.5, 0.87], quality=0.1, yaw_deg=80) for start in (4, 6)]
    far = with_mean(made_track(8, 9), [0.2, 0.9], quality=0.1, yaw_deg=80)
    assert group_tracks([*frontal, *near, far], RULE).labels.tolist() == [0, 0, 0, 0, 0]
    assert group_tracks([*frontal, far], RULE).labels.tolist() == [0, 0, 1]


def test_people_of_whom_all_is_dark_are_still_told_apart() -> None:
    dark = [with_mean(made_track(start, start + 1), [1.0], quality=0.1) for start in (0, 2)]
    stranger = with_mean(made_track(4, 5), [0.0, 1.0], quality=0.1)
    assert group_tracks([*dark, stranger], RULE).labels.tolist() == [0, 0, 1]


def test_tracks_without_faces_are_nobody() -> None:
    empty = replace(made_track(0, 1), faces=(), mean=np.zeros(0, dtype=np.float32))
    groups = group_tracks([empty, made_track(2, 3)], RULE)
    assert groups.labels.tolist() == [-1, 0]
    assert group_tracks([empty], RULE).labels.tolist() == [-1]


def with_faces(track: Track, *vectors: list[float]) -> Track:
    """The track with these faces, as long as there are any."""
    faces = tuple(
        replace(face, face=replace(face.face, detected=replace(face.face.detected, embedding=padded(values))))
        for face, values in zip(track.faces, vectors, strict=False)
    )
    return replace(track, faces=faces)


def test_what_cannot_be_read_is_nobody_or_joins_somebody() -> None:
    rule = UnreadableRule(((0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0),), 0.5)
    people = [with_mean(made_track(start, start + 1), [1.0]) for start in (0, 2)]
    turning = with_mean(made_track(4, 5), [0.6, 0.0, 0.0, 0.8])
    # One of its faces can be read: it joins the one whose it is, but is nobody by itself.
    read = with_faces(turning, [1.0], [0.1, 0.0, 0.0, 0.99])
    assert group_tracks([*people, read], RULE, unreadable=rule).labels.tolist() == [0, 0, 0]
    assert group_tracks([read, with_mean(made_track(0, 1), [0, 1.0])], RULE, unreadable=rule).labels.tolist() == [-1, 0]
    never = with_faces(turning, [0.5, 0.0, 0.0, 0.87], [0.1, 0.0, 0.0, 0.99])
    assert group_tracks([*people, never], RULE, unreadable=rule).labels.tolist() == [0, 0, -1]


def test_a_hand_is_nobody() -> None:
    hand = with_mean(made_track(4, 5), [0.3, 0.0, 0.0, 0.95])
    hand = with_faces(hand, [0.3, 0.0, 0.0, 0.95], [0.2, 0.0, 0.0, 0.97])
    rule = UnreadableRule(((0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0),), 0.5)
    tracks = [made_track(0, 1), hand, made_track(2, 3)]
    assert group_tracks(tracks, RULE, unreadable=rule).labels.tolist() == [0, -1, 0]
    assert group_tracks(tracks, RULE).labels.tolist() == [0, 1, 0]


def test_nothing_and_a_single_track() -> None:
    assert group_tracks([], RULE).labels.tolist() == []
    alone = group_tracks([made_track(0, 1)], RULE)
    assert alone.labels.tolist() == [0] and alone.confidence.tolist() == [0.0]


@pytest.mark.parametrize("mean", [[np.nan] * 8, [0.5] + [0.0] * 7, [np.inf] + [0.0] * 7])
def test_means_that_are_no_unit_vectors_are_refused(mean: list[float]) -> None:
    track = replace(made_track(0, 1), mean=np.array(mean, dtype=np.float32))
    with pytest.raises(ValueError, match="unit length"):
        group_tracks([made_track(2, 3), track], RULE)


def test_limits_are_narrower_than_for_photos_and_follow_near_strangers() -> None:
    assert film_rule(RULE).single_distance == 0.64
    assert 0.74 <= film_rule(RULE).group_distance <= 0.78
    near = film_rule(RULE, Strangers(0.70, 0.05, 100, 20))
    assert near.group_distance < film_rule(RULE).group_distance
    assert film_rule(GroupingRule(0.5, 0.5)) == GroupingRule(0.5, 0.5)
    assert 0 < margin_of(RULE) < 0.1


def test_weights_that_were_not_measured_follow_the_strangers_of_the_film() -> None:
    guessed = GroupingRule(0.68, 0.68, 0.22, follows_strangers=True)
    pair = [(made_track(start, start + 1, 0, shot=start), start) for start in range(40)]
    tracks = [track for track, _ in pair]
    # Beside each a stranger at 0.4, in a space in which that is usual.
    tracks += [at_angle(made_track(start, start + 1, box=OTHER_BOX, shot=start), 0.6, side=2) for _, start in pair]
    tracks[:40] = [with_mean(track, [1.0]) for track in tracks[:40]]
    groups = group_tracks(tracks, guessed)
    assert groups.rule.single_distance == pytest.approx(0.4)
    assert parts(groups.labels) == {frozenset(range(40)), frozenset(range(40, 80))}


@st.composite
def films(draw: st.DrawFn) -> list[Track]:
    """Up to twelve tracks of up to four people, of all qualities, some on screen together, some copies of others."""
    tracks = []
    for number in range(draw(st.integers(0, 12))):
        start = draw(st.integers(0, 20))
        noise = draw(st.sampled_from([0.0, 0.1, 0.3]))
        track = made_track(start, start + draw(st.integers(1, 4)), draw(st.integers(0, 3)), noise=noise, shot=start)
        quality, yaw = draw(st.sampled_from([(0.8, 0.0), (0.5, 30.0), (0.1, 80.0), (0.2, 10.0)]))
        box = Box(10 * number, 50, 160, 200)
        sightings = tuple(replace(sighting, box=box) for sighting in track.sightings)
        tracks.append(replace(with_mean(track, track.mean.tolist(), quality=quality, yaw_deg=yaw), sightings=sightings))
    copied = draw(st.integers(-3, len(tracks) - 1))
    if copied >= 0:
        tracks.append(tracks[copied])
    return tracks


@settings(max_examples=40, deadline=None)
@given(films(), st.randoms(use_true_random=False))
def test_the_order_of_the_tracks_does_not_matter(tracks: list[Track], random: object) -> None:
    order = list(range(len(tracks)))
    random.shuffle(order)  # type: ignore[attr-defined]
    straight = group_tracks(tracks, RULE)
    shuffled = group_tracks([tracks[row] for row in order], RULE)
    mapped = {frozenset(order[row] for row in part) for part in parts(shuffled.labels)}
    # Equal tracks are interchangeable: compared by what they show.
    shown = {frozenset((tracks[row].span, tracks[row].mean.tobytes()) for row in part) for part in mapped}
    assert shown == {
        frozenset((tracks[row].span, tracks[row].mean.tobytes()) for row in part) for part in parts(straight.labels)
    }


@settings(max_examples=40, deadline=None)
@given(films())
def test_nobody_is_on_screen_twice_but_in_mirrors(tracks: list[Track]) -> None:
    labels = group_tracks(tracks, RULE).labels
    assert (labels >= 0).all()
    for one, other in screen_mates(tracks, np.zeros(len(tracks), dtype=np.int64)).pairs.tolist():
        if labels[one] == labels[other]:
            assert 1 - float(tracks[one].mean @ tracks[other].mean) < RULE.near_copy + 1e-6


@settings(max_examples=40, deadline=None)
@given(films())
def test_labels_are_numbered_by_the_first_track(tracks: list[Track]) -> None:
    labels = group_tracks(tracks, RULE).labels.tolist()
    assert list(dict.fromkeys(labels)) == list(range(len(set(labels))))


def test_times_of_other_rates_change_nothing() -> None:
    def moved(track: Track, by: Fraction) -> Track:
        sightings = tuple(replace(s, time=s.time * by) for s in track.sightings)
        return replace(track, span=Interval(track.span.start * by, track.span.end * by), sightings=sightings)

    tracks = [made_track(0, 2, 0), made_track(0, 2, 1, box=OTHER_BOX), made_track(3, 5, 1), made_track(6, 8, 0)]
    faster = [moved(track, Fraction(1001, 24000)) for track in tracks]
    assert group_tracks(faster, RULE).labels.tolist() == group_tracks(tracks, RULE).labels.tolist()
