"""Names, questions, and strangers who stay strangers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.recognition.evidence import CANDIDATES, KnownIndex
from curation.domain.recognition.known import ClusterFaces, KnownFaces
from curation.domain.recognition.policy import RecognitionRule, recognise
from tests.gallery_faces import EMBEDDER, vector

SPACE = GroupingRule(0.64, 0.82)
RULE = RecognitionRule(SPACE, name_limit=0.64, ask_limit=0.82, margin=0.05, half=0.75, spread=0.03)


def gallery(*counts: int, first: int = 0) -> KnownFaces:
    """As many people as counts, with as many faces."""
    vectors = [vector(first + person, face) for person, count in enumerate(counts) for face in range(count)]
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    ids = tuple(f"{person:04}" for person in range(len(counts)))
    stacked = np.stack(vectors) if vectors else np.zeros((0, 0), dtype=np.float32)
    return KnownFaces(ids, tuple(f"Person {one}" for one in ids), starts, stacked, EMBEDDER)


def cluster(person: int, faces: int = 4, *, cluster_id: int = 0, photos: str = "") -> ClusterFaces:
    vectors = np.stack([vector(person, 100 + face) for face in range(faces)]) if faces else np.zeros((0, 512), "f4")
    return ClusterFaces(cluster_id, vectors, tuple(photos))


def blend(first: NDArray[np.float32], second: NDArray[np.float32], part: float) -> NDArray[np.float32]:
    mixed = (1 - part) * first + part * second
    return np.asarray(mixed / np.linalg.norm(mixed, axis=-1, keepdims=True), dtype=np.float32)


def test_a_known_person_is_named_and_a_stranger_is_not() -> None:
    known = gallery(4, 4, 4)
    named, stranger = recognise([cluster(1, cluster_id=7), cluster(9, cluster_id=8)], known, RULE)
    assert (named.cluster_id, named.answer, named.person_id, named.name) == (7, "name", "0001", "Person 0001")
    assert named.distance < named.limit == 0.64 and named.runner_up > 0.9 and named.exemplars == 4
    assert named.certainty > 0.9
    assert (stranger.cluster_id, stranger.answer, stranger.person_id, stranger.name) == (8, "unknown", "", "")
    assert stranger.certainty == 0.0


def test_the_distance_is_the_mean_over_faces_of_the_three_nearest_exemplars() -> None:
    known, asked = gallery(5, 2), cluster(0, 3)
    (answer,) = recognise([asked], known, RULE)
    likeness = asked.vectors.astype(float) @ known.vectors[:5].astype(float).T
    assert answer.distance == pytest.approx(1 - np.sort(likeness, axis=1)[:, -3:].mean(), abs=1e-6)
    other = asked.vectors.astype(float) @ known.vectors[5:].astype(float).T
    assert answer.runner_up == pytest.approx(1 - other.mean(), abs=1e-6)


def test_vectors_are_compared_in_the_space_of_the_weights() -> None:
    common = vector(300, 0).astype(float)
    space = replace(SPACE, common=tuple((common / np.linalg.norm(common)).tolist()), common_part=0.3)
    known, asked = gallery(3, 3), cluster(0, 2)
    (answer,) = recognise([asked], known, replace(RULE, compared=space))
    likeness = space.compared(asked.vectors).astype(float) @ space.compared(known.vectors[:3]).astype(float).T
    assert answer.distance == pytest.approx(1 - likeness.mean(), abs=1e-5)
    assert answer.distance != pytest.approx(recognise([asked], known, RULE)[0].distance, abs=1e-5)


@pytest.mark.parametrize("exemplars", [1, 2])
def test_who_has_few_exemplars_is_asked_about(exemplars: int) -> None:
    (answer,) = recognise([cluster(0)], gallery(exemplars, 4), RULE)
    assert (answer.answer, answer.person_id, answer.exemplars) == ("ask", "0000", exemplars)


def test_what_lies_between_the_limits_is_asked() -> None:
    known = gallery(4, 4)
    far = replace(cluster(0), vectors=blend(cluster(0).vectors, cluster(50).vectors, 0.63))
    (answer,) = recognise([far], known, RULE)
    assert RULE.name_limit < answer.distance < RULE.ask_limit and answer.answer == "ask"
    assert 0 < answer.certainty < 0.99


def test_twins_are_asked_about() -> None:
    known = gallery(4, 4)
    twin = blend(known.vectors[:4], vector(77, 0)[None], 0.2)
    twins = replace(known, vectors=np.concatenate([known.vectors[:4], twin]))
    (answer,) = recognise([cluster(0)], twins, RULE)
    assert answer.answer == "ask" and answer.runner_up - answer.distance < RULE.margin
    assert answer.certainty < recognise([cluster(0)], known, RULE)[0].certainty


def test_larger_galleries_and_single_faces_need_more() -> None:
    rule = replace(RULE, tenfold_less=0.03, single_less=0.1)
    assert rule.limit(50, 100) == rule.limit(100, 100) > rule.limit(1000, 100) > rule.limit(10_000, 100)
    assert rule.limit(100, 100) - rule.limit(1000, 100) == pytest.approx(0.03)
    assert rule.limit(100, 1) == pytest.approx(0.54) and rule.limit(100, 4) == pytest.approx(0.59)


def test_two_clusters_of_one_photo_are_not_both_the_same_person() -> None:
    known = gallery(4, 4)
    near = cluster(0, 6, cluster_id=1, photos="abc")
    farther = ClusterFaces(2, blend(cluster(0, 3).vectors, vector(60, 0)[None], 0.3), tuple("cde"))
    apart = cluster(0, 2, cluster_id=3, photos="xy")
    for order in ([near, farther, apart], [apart, farther, near]):
        answers = {one.cluster_id: one for one in recognise(order, known, RULE)}
        assert answers[1].answer == answers[3].answer == "name"
        assert answers[2].answer == "ask" and answers[2].person_id == "0000"
    far = ClusterFaces(2, blend(cluster(0, 3).vectors, vector(60, 0)[None], 0.63), tuple("cde"))
    assert [one.answer for one in recognise([near, far], known, RULE)] == ["name", "unknown"]


def test_whoever_lost_may_be_the_next_person() -> None:
    known = gallery(4, 4)
    sibling = blend(known.vectors[:4], vector(77, 0)[None], 0.45)
    family = replace(known, vectors=np.concatenate([known.vectors[:4], sibling]))
    near = cluster(0, 6, cluster_id=1, photos="ab")
    other = ClusterFaces(2, blend(cluster(0, 3).vectors, vector(77, 0)[None], 0.15), tuple("bc"))
    first, second = recognise([near, other], family, RULE)
    assert first.person_id == "0000" and (second.answer, second.person_id) == ("ask", "0001")


def test_weights_that_do_not_name_ask() -> None:
    (answer,) = recognise([cluster(0)], gallery(4, 4), replace(RULE, names=False))
    assert answer.answer == "ask" and answer.certainty > 0.5


def test_nobody_known_and_no_face() -> None:
    assert [one.answer for one in recognise([cluster(0)], gallery(), RULE)] == ["unknown"]
    assert [one.answer for one in recognise([cluster(0, 0)], gallery(4), RULE)] == ["unknown"]
    other_length = ClusterFaces(0, np.ones((1, 128), dtype=np.float32))
    assert [one.answer for one in recognise([other_length], gallery(4), RULE)] == ["unknown"]
    assert recognise([], gallery(4), RULE) == ()
    (answer,) = recognise([cluster(1)], gallery(0, 4, 0), RULE)
    assert answer.person_id == "0001"


def test_a_large_gallery_answers_as_if_everybody_were_compared() -> None:
    known = gallery(*(1 + person % 7 for person in range(2 * CANDIDATES)))
    clusters = [cluster(person, 1 + person % 4, cluster_id=person) for person in range(0, 3 * CANDIDATES, 3)]
    index = KnownIndex(known, SPACE)
    first = list(index.nearest(clusters))
    exact = list(index.nearest(clusters, candidates=len(known.person_ids)))
    for quick, slow in zip(first, exact, strict=True):
        assert quick.people[0] == slow.people[0] and quick.distances[:2].tolist() == slow.distances[:2].tolist()
    assert recognise(clusters, known, RULE, index) == recognise(clusters, known, RULE)
