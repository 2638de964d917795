from __future__ import annotations

import numpy as np

from curation.domain.grouping.face_groups import group_faces
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.remaining_faces import SECOND_LOOK_FACES, join_poor_faces, join_single_faces
from tests.unit.domain.grouping.face_vectors import Vectors, apart


class TestPoorFaces:
    rule = GroupingRule(single_distance=0.4, group_distance=0.5)
    good = np.concatenate([apart(0, copies=4), apart(90, copies=4)])
    labels = np.repeat(np.array([0, 1]), 4)
    photos = np.arange(8)

    def join(self, poor: Vectors, photo_of_poor: list[int]) -> list[int]:
        photo_of = np.array(photo_of_poor)
        out = join_poor_faces(self.good, self.photos, self.labels, poor, photo_of, self.rule)
        return [int(label) for label in out]

    def test_one_that_is_near_to_one_cluster_only_joins_it(self) -> None:
        assert self.join(apart(20), [50]) == [0]
        assert self.join(apart(75), [50]) == [1]

    def test_one_between_two_clusters_stays_out(self) -> None:
        assert self.join(apart(44), [50]) == [-1]

    def test_one_that_is_far_from_all_stays_out(self) -> None:
        assert self.join(apart(70, plane=3), [50]) == [-1]

    def test_one_joins_no_cluster_that_has_a_face_on_its_photo(self) -> None:
        assert self.join(apart(20), [2]) == [-1]

    def test_of_two_on_one_photo_the_nearer_joins(self) -> None:
        assert self.join(np.concatenate([apart(25), apart(15)]), [50, 50]) == [-1, 0]

    def test_small_clusters_are_not_joined_and_a_nearer_one_keeps_a_face_out(self) -> None:
        small = SECOND_LOOK_FACES - 1
        few = np.concatenate([self.good, apart(50, copies=small, plane=4)])
        labels = np.concatenate([self.labels, np.full(small, 2)])
        photos = np.arange(len(few))
        poor = np.concatenate([apart(48, plane=4), apart(28, plane=4), apart(8)])
        out = join_poor_faces(few, photos, labels, poor, np.array([90, 91, 92]), self.rule)
        assert out.tolist() == [-1, -1, 0]

    def test_there_may_be_nothing_to_join(self) -> None:
        nothing = np.zeros((0, 40), dtype=np.float32)
        none = np.zeros(0, dtype=np.int64)
        assert join_poor_faces(nothing, none, none, apart(0), np.array([0]), self.rule).tolist() == [-1]
        assert self.join(nothing, []) == []


class TestSingleFaces:
    rule = GroupingRule(single_distance=0.2, group_distance=0.6)  # a face alone joins below 0.5

    def labels(self, *others: Vectors) -> list[int]:
        """Of a cluster of 6 faces and others, all on photos of their own."""
        vectors = np.concatenate([apart(0, copies=6), *others])
        photos = np.arange(len(vectors))
        return [
            int(label)
            for label in join_single_faces(vectors, photos, group_faces(vectors, photos, self.rule), self.rule)
        ]

    def test_a_face_that_nobody_else_is_like_joins(self) -> None:
        assert self.labels(apart(56)) == [0] * 7  # 0.44 away
        assert self.labels(apart(63)) == [0] * 6 + [1]  # 0.55 away

    def test_a_face_that_is_like_somebody_else_too_stays_alone(self) -> None:
        assert self.labels(apart(56), apart(98)) == [0] * 6 + [1, 2]

    def test_it_joins_no_cluster_that_has_a_face_on_its_photo(self) -> None:
        vectors = np.concatenate([apart(0, copies=6), apart(56)])
        photos = np.array([0, 1, 2, 3, 4, 5, 0])
        labels = np.array([0, 0, 0, 0, 0, 0, 1])
        assert join_single_faces(vectors, photos, labels, self.rule).tolist() == labels.tolist()

    def test_small_clusters_and_rules_of_one_distance_take_nobody(self) -> None:
        vectors = np.concatenate([apart(0, copies=4), apart(40)])
        labels = np.array([0, 0, 0, 0, 1])
        assert join_single_faces(vectors, np.arange(5), labels, self.rule).tolist() == labels.tolist()
        more = np.concatenate([apart(0, copies=6), apart(40)])
        flat = GroupingRule(0.2, 0.2)
        assert join_single_faces(more, np.arange(7), np.array([0] * 6 + [1]), flat).tolist() == [0] * 6 + [1]
