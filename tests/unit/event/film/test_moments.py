from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from curation.domain.film.times import Interval
from curation.event.film.moments import MOST, chosen_moments
from tests.film_event import RIGHT
from tests.film_values import FACE_BOX, made_film, made_result, made_track


def test_everybody_has_a_moment_and_those_together_are_among_them() -> None:
    film = made_film([made_track(0, 3, 0), made_track(2, 6, 1, box=RIGHT)], duration=8)
    moments = chosen_moments(made_result(film, [([0], "Anna"), ([1], "Ben")]))
    seen = [{face.cluster_id for face in moment.faces} for moment in moments]
    assert {0, 1} in seen
    assert set().union(*seen) == {0, 1}
    assert list(moments) == sorted(moments, key=lambda moment: moment.time)
    assert all(face.box in (FACE_BOX, RIGHT) for moment in moments for face in moment.faces)


def test_moments_of_one_person_are_apart() -> None:
    film = made_film([made_track(0, 3, 0)], duration=4)
    times = [moment.time for moment in chosen_moments(made_result(film, [([0], "")]))]
    assert all(later - earlier >= 1 for earlier, later in pairwise(times))


def test_a_long_speech_and_a_crowd_have_few_moments() -> None:
    speech = made_film([made_track(second, second + 9, 0) for second in range(0, 2400, 10)], duration=2400)
    assert len(chosen_moments(made_result(speech, [(range(240), "")]))) <= MOST
    crowd = made_film([made_track(number, number + 1, 0) for number in range(40)], duration=60)
    people = [([number], "") for number in range(40)]
    assert len(chosen_moments(made_result(crowd, people))) <= MOST + 2


def test_a_clip_without_people() -> None:
    film = made_film([], duration=12, cuts=(4, 5))
    assert [moment.time for moment in chosen_moments(made_result(film))] == [2, Fraction(9, 2), Fraction(17, 2)]
    assert [moment.time for moment in chosen_moments(made_result(made_film([], duration=8)))] == [2, 4, 6]
    nothing = replace(film, shots=(), facts=replace(film.facts, duration=Fraction(0)))
    assert chosen_moments(made_result(nothing)) == ()


def test_somebody_who_is_nobody_is_a_face_of_the_moment() -> None:
    film = made_film([made_track(0, 3, 0), made_track(0, 3, 1, box=RIGHT)], duration=4)
    moments = chosen_moments(made_result(film, [([0], "Anna")]))
    assert {face.cluster_id for face in moments[0].faces} == {0, -1}


def test_the_importance_of_people() -> None:
    film = made_film([made_track(number, number + 1, number % 8) for number in range(40)], duration=41)
    result = made_result(film, [([number], "Anna" if number == 39 else "") for number in range(40)])
    people = tuple(replace(one, category="other" if one.name == "" else one.category) for one in result.people)
    assert any(moment.time >= 39 for moment in chosen_moments(replace(result, people=people)))
    assert Interval(Fraction(39), Fraction(40)) == film.tracks[39].span
