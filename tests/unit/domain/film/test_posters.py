"""Which character of a film a face of a poster shows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from curation.domain.film.people import TrailerResult
from curation.domain.film.posters import MatchRule, PosterMatching, gallery_of, match_faces
from tests.film_values import made_film, made_result, made_track, unit, vector_of

RULE = MatchRule(distance=1.1, margin=0.05)


def film() -> TrailerResult:
    return made_result(made_film([made_track(0, 2, 0), made_track(3, 5, 1)]), [((0,), "Anna"), ((1,), "Ben")])


def between(first: int, second: int, share: float) -> np.ndarray:
    return unit((1 - share) * vector_of(first) + share * vector_of(second))


def test_the_nearest_character_and_all_distances() -> None:
    gallery = gallery_of(film())
    (match,) = match_faces([vector_of(1)], gallery, RULE)
    assert match.cluster_id == 1
    assert match.distance is not None and match.distance < 0.15
    assert match.next_distance == pytest.approx(math.sqrt(2), abs=0.1)
    assert match.nearest_face_distance is not None and match.nearest_face_distance < 0.3


def test_strangers_are_nobody_but_keep_their_distances() -> None:
    (match,) = match_faces([vector_of(7)], gallery_of(film()), RULE)
    assert match.cluster_id is None
    assert match.distance is not None and match.distance > RULE.distance


def test_between_two_characters_it_cannot_tell() -> None:
    gallery = gallery_of(film())
    (match,) = match_faces([between(0, 1, 0.5)], gallery, MatchRule(1.1, 0.3))
    assert match.cluster_id is None
    assert match.distance is not None and match.distance < 1.1
    (clear,) = match_faces([between(0, 1, 0.2)], gallery, MatchRule(1.1, 0.3))
    assert clear.cluster_id == 0


def test_the_margin_needs_somebody_else() -> None:
    (match,) = match_faces([vector_of(0)], gallery_of(film(), {0}), MatchRule(1.1, 1.9))
    assert match.cluster_id == 0
    assert match.next_distance is None


def test_only_selected_characters_are_compared_with() -> None:
    (match,) = match_faces([vector_of(1)], gallery_of(film(), {0}), RULE)
    assert match.cluster_id is None
    (nobody,) = match_faces([vector_of(1)], gallery_of(film(), set()), RULE)
    assert (nobody.cluster_id, nobody.distance, nobody.nearest_face_distance) == (None, None, None)


def test_two_faces_may_be_the_same_character() -> None:
    matches = match_faces([vector_of(0), vector_of(0, noise=0.05, seed=3)], gallery_of(film()), RULE)
    assert [match.cluster_id for match in matches] == [0, 0]


def test_nearest_face_takes_the_person_of_the_nearest_single_face() -> None:
    # A single face of Ben that looks like a stranger is enough, which is why it is not the default.
    odd = made_track(6, 8, 5)
    result = made_result(made_film([made_track(0, 2, 0), made_track(3, 5, 1), odd]), [((0,), ""), ((1, 2), "")])
    gallery = gallery_of(result)
    rule = MatchRule(0.5)
    (by_face,) = match_faces([vector_of(5)], gallery, rule, PosterMatching.NEAREST_FACE)
    (by_person,) = match_faces([vector_of(5)], gallery, rule)
    assert by_face.cluster_id == 1
    assert by_person.cluster_id is None
    assert by_face.nearest_face_distance is not None and by_face.nearest_face_distance < 0.5


def test_the_order_of_characters_does_not_matter() -> None:
    one = film()
    other = TrailerResult(one.film, one.people[::-1], one.dropped, one.engine)
    faces = [vector_of(number, noise=0.1, seed=number) for number in range(4)]
    assert match_faces(faces, gallery_of(one), RULE) == match_faces(faces, gallery_of(other), RULE)


def test_a_distance_on_the_limit_counts() -> None:
    distance = math.sqrt(2 - 2 * math.cos(math.pi / 4))
    result = made_result(made_film([made_track(0, 2, 0, noise=0.0)]), [((0,), "")])
    (match,) = match_faces([between(0, 1, 0.5)], gallery_of(result), MatchRule(distance + 1e-6))
    assert match.cluster_id == 0
    (match,) = match_faces([between(0, 1, 0.5)], gallery_of(result), MatchRule(distance - 1e-3))
    assert match.cluster_id is None
