from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.remaining_faces import PERSON_FACES, SINGLE_FACE_CLUSTER, join_remaining_faces
from tests.unit.domain.grouping.face_vectors import Vectors, apart, unit

RULE = GroupingRule(single_distance=0.5, group_distance=0.8)
NOTHING = np.zeros((0, 60), dtype=np.float32)
NO_PHOTOS = np.zeros(0, dtype=np.int64)


def faces(person: int, count: int, *, seed: int, away: float = 0.75) -> Vectors:
    """Faces of one of several people, who are perpendicular to each other."""
    rng = np.random.default_rng([person, seed])
    out = away * rng.normal(size=(count, 60)) / np.sqrt(60)
    out[:, person] += 1.0
    return unit(out)


def event(people: int, count: int = 8) -> tuple[Vectors, list[int]]:
    return (
        np.concatenate([faces(person, count, seed=1) for person in range(people)]),
        np.repeat(np.arange(people), count).tolist(),
    )


def join_poor(
    good: Vectors, labels: list[int], photos: Sequence[int], poor: Vectors, photos_of_poor: list[int]
) -> list[int]:
    found = join_remaining_faces(
        good,
        np.array(photos, dtype=np.int64),
        np.array(labels, dtype=np.int64),
        poor,
        np.array(photos_of_poor, dtype=np.int64),
        RULE,
    )
    assert found.labels.tolist() == labels
    return [int(label) for label in found.poor]


class TestPoorFaces:
    good, labels = event(4)
    photos = tuple(range(32))

    def test_each_joins_its_own_person(self) -> None:
        poor = np.concatenate([faces(person, 2, seed=7) for person in range(4)])
        assert join_poor(self.good, self.labels, self.photos, poor, list(range(100, 108))) == [0, 0, 1, 1, 2, 2, 3, 3]

    def test_strangers_and_faces_between_two_people_stay_out(self) -> None:
        between = unit(faces(0, 1, seed=7, away=0.2) + faces(1, 1, seed=8, away=0.2))
        poor = np.concatenate([faces(9, 3, seed=7), between])
        assert join_poor(self.good, self.labels, self.photos, poor, [100, 101, 102, 103]) == [-1] * 4

    def test_nobody_is_on_a_photo_twice(self) -> None:
        poor = faces(1, 1, seed=7)
        assert join_poor(self.good, self.labels, self.photos, poor, [8]) == [
            -1
        ]  # that photo has another face of theirs
        two = np.concatenate([faces(1, 1, seed=9, away=0.9), faces(1, 1, seed=7, away=0.3)])
        assert join_poor(self.good, self.labels, self.photos, two, [100, 100]) == [-1, 1]

    def test_who_is_there_already_is_no_reason_to_doubt(self) -> None:
        between = unit(1.3 * faces(0, 1, seed=7, away=0.2) + faces(1, 1, seed=8, away=0.2))
        assert join_poor(self.good, self.labels, self.photos, between, [100]) == [-1]
        assert join_poor(self.good, self.labels, self.photos, between, [8]) == [0]

    def test_faces_of_one_photo_are_assigned_together(self) -> None:
        # Both are nearest to person 0; the second can only be person 1.
        rng = np.random.default_rng(4)
        noise = 0.02 * rng.normal(size=(2, 60))
        certain, doubtful = noise[0].copy(), noise[1].copy()
        certain[0] += 1.0
        doubtful[0], doubtful[1] = 1.0, 0.95
        out = join_poor(self.good, self.labels, self.photos, unit(np.array([doubtful, certain])), [100, 100])
        assert out == [1, 0]

    def test_small_clusters_take_nobody(self) -> None:
        small = PERSON_FACES - 1
        good = np.concatenate([self.good, faces(5, small, seed=1)])
        labels, photos = [*self.labels, *[4] * small], [*self.photos, *range(40, 40 + small)]
        assert join_poor(good, labels, photos, faces(5, 1, seed=7), [100]) == [-1]

    def test_there_may_be_nothing_to_join(self) -> None:
        assert join_poor(NOTHING, [], [], faces(0, 1, seed=1), [0]) == [-1]
        assert join_poor(self.good, self.labels, self.photos, NOTHING, []) == []

    def test_one_person_takes_what_the_rule_allows(self) -> None:
        good, labels = event(1)
        photos = list(range(8))
        poor = np.concatenate([faces(0, 1, seed=7, away=0.4), faces(3, 1, seed=7)])
        assert join_poor(good, labels, photos, poor, [20, 21]) == [0, -1]


class TestCompany:
    def test_those_who_usually_stand_beside_are_likelier(self) -> None:
        # 0 and 1 are always together, 2 and 3 too. A face between 1 and 3 is 1's beside 0, and 3's beside 2.
        good, labels = event(4, count=12)
        photos = [*range(12), *range(12), *range(20, 32), *range(20, 32)]
        between = unit(faces(1, 1, seed=7, away=0.1) + faces(3, 1, seed=8, away=0.1))
        beside = [np.concatenate([good, faces(who, 1, seed=9)]) for who in (0, 2)]
        out = [
            join_remaining_faces(
                vectors, np.array([*photos, 50]), np.array([*labels, who]), between, np.array([50]), RULE
            ).poor.tolist()
            for vectors, who in zip(beside, (0, 2), strict=True)
        ]
        assert out == [[1], [3]]


class TestFacesThatWereLeftAlone:
    good, labels = event(3)

    def joined(self, face: Vectors, photo: int = 90, settled: bool = False) -> list[int]:
        vectors = np.concatenate([self.good, face])
        found = join_remaining_faces(
            vectors,
            np.array([*range(24), photo]),
            np.array([*self.labels, 3]),
            NOTHING,
            NO_PHOTOS,
            RULE,
            settled=np.array([False] * 24 + [settled]),
        )
        assert found.joined == int(found.labels[-1] != 3)
        return [int(label) for label in found.labels]

    def test_one_joins_its_person(self) -> None:
        assert self.joined(faces(2, 1, seed=5)) == [*self.labels, 2]

    def test_a_stranger_stays_alone(self) -> None:
        assert self.joined(faces(7, 1, seed=5)) == [*self.labels, 3]

    def test_who_is_on_the_photo_already_is_somebody_else(self) -> None:
        assert self.joined(faces(2, 1, seed=5), photo=20) == [*self.labels, 3]

    def test_what_the_user_settled_stays(self) -> None:
        assert self.joined(faces(2, 1, seed=5), settled=True) == [*self.labels, 3]

    def test_small_clusters_take_no_good_face(self) -> None:
        few = SINGLE_FACE_CLUSTER - 1
        vectors = np.concatenate([self.good, faces(5, few, seed=1), faces(5, 1, seed=6)])
        labels = np.array([*self.labels, *[3] * few, 4])
        found = join_remaining_faces(vectors, np.arange(len(vectors)), labels, NOTHING, NO_PHOTOS, RULE)
        assert found.labels.tolist() == labels.tolist()

    def test_labels_stay_without_gaps(self) -> None:
        vectors = np.concatenate([apart(3), *[np.pad(self.good, ((0, 0), (0, 0)))[:, :40]]])
        labels = np.array([0, *[label + 1 for label in self.labels]])
        found = join_remaining_faces(vectors, np.arange(25), labels, NOTHING[:, :40], NO_PHOTOS, RULE)
        assert sorted(set(found.labels.tolist())) == list(range(found.labels.max() + 1))
