from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.said import Said, SaidLabel
from curation.pipelines.clustering.shown_likeness import ShownLikeness

BOX, OTHER = Box(1, 2, 3, 4), Box(50, 2, 3, 4)
RULE = GroupingRule(single_distance=0.4, group_distance=0.6)


def at(degrees: float) -> NDArray[np.float32]:
    """A vector at an angle; the cosine distance of two is 1 - cos of the angle between them."""
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], dtype=np.float32)


class Present:
    def __init__(self, looks: Mapping[str, PhotoLook]) -> None:
        self.looks = looks

    def look_then(self, key: str, boxes: Collection[Box] = ()) -> PhotoLook | None:
        return self.looks.get(key)


def look(*angles: float) -> PhotoLook:
    """A photo with a face at BOX and, if there are two, one at OTHER."""
    boxes = np.array([BOX, OTHER][: len(angles)], dtype=np.float64).reshape(-1, 4)
    vectors = np.stack([at(angle) for angle in angles])
    return PhotoLook("", 100, 100, None, None, boxes, np.zeros((len(angles), 5, 2)), vectors)


def likeness(
    angles: Sequence[float],
    looks: Mapping[str, PhotoLook],
    *,
    shown: Mapping[int, NDArray[np.intp]] | None = None,
    labels: Mapping[int, Sequence[str]] | None = None,
) -> ShownLikeness:
    """Faces of a run at some angles, and people 0, 1, ... who were shown on photos."""
    by_cluster = labels if labels is not None else {number: [key] for number, key in enumerate(looks)}
    said = Said(labels={c: SaidLabel("main", tuple((key, BOX) for key in keys)) for c, keys in by_cluster.items()})
    faces: Any = SimpleNamespace(embeddings=np.stack([at(angle) for angle in angles]))
    present: Any = Present(looks)
    return ShownLikeness(said, shown or {}, present, faces, RULE)


def rows(*values: int) -> NDArray[np.intp]:
    return np.array(values, dtype=np.intp)


def test_faces_that_look_like_an_absent_person() -> None:
    compared = likeness([10, 80], {"A": look(0)})
    assert compared.looks_like(0, rows(0))
    assert not compared.looks_like(0, rows(1))
    assert compared.looks_like(7, rows(1)), "nobody with this label is absent"


def test_who_is_there_needs_no_look() -> None:
    assert likeness([80], {"A": look(0)}, shown={0: rows(0)}).looks_like(0, rows(0))


def test_what_cannot_be_told_is_not_refused() -> None:
    assert likeness([80], {"A": look(0)}, labels={0: ["gone"]}).looks_like(0, rows(0))
    assert likeness([80], {"A": look(0)}, labels={0: []}).looks_like(0, rows(0))
    nothing = look(0)
    unknown = PhotoLook("", 1, 1, None, None, nothing.boxes, nothing.landmarks, np.zeros((1, 0), dtype=np.float32))
    assert likeness([80], {"A": unknown}).looks_like(0, rows(0)), "of another engine"
    longer = PhotoLook("", 1, 1, None, None, nothing.boxes, nothing.landmarks, np.eye(1, 5, dtype=np.float32))
    assert likeness([80], {"A": longer}).looks_like(0, rows(0)), "of vectors of another length"


def test_only_the_face_that_was_shown_is_compared() -> None:
    # The other face of that photo would be alike.
    assert not likeness([80], {"A": look(0, 80)}).looks_like(0, rows(0))


def groups(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def found(compared: ShownLikeness, of: NDArray[np.int64], known: Sequence[bool]) -> dict[int, list[int]]:
    return {cluster: r.tolist() for cluster, r in compared.found(of, np.array(known, dtype=bool)).items()}


def test_an_absent_person_on_new_photos_is_found() -> None:
    compared = likeness([2, 5, 85, 88], {"A": look(0), "B": look(90)})
    assert found(compared, groups(0, 0, 1, 1), [False] * 4) == {0: [0, 1], 1: [2, 3]}


def test_faces_that_were_seen_before_are_no_absent_person() -> None:
    compared = likeness([2, 5], {"A": look(0)})
    assert found(compared, groups(0, 0), [True, True]) == {}
    assert found(compared, groups(0, 0), [True, False]) == {}
    assert found(compared, groups(-1, -1), [False, False]) == {}


def test_who_is_not_surely_the_person_is_not_found() -> None:
    limit = np.degrees(np.arccos(1 - 0.6 * RULE.single_distance))
    assert found(likeness([limit - 1], {"A": look(0)}), groups(0), [False]) == {0: [0]}
    assert found(likeness([limit + 1], {"A": look(0)}), groups(0), [False]) == {}


@pytest.mark.parametrize(("one", "other"), [(2.0, 5.0), (5.0, 2.0)])
def test_of_two_clusters_the_nearer_one_is_the_person(one: float, other: float) -> None:
    assert found(likeness([one, other], {"A": look(0)}), groups(0, 1), [False] * 2) == {0: [0 if one < other else 1]}


def test_a_cluster_between_two_people_is_the_nearer_one_and_only_that() -> None:
    compared = likeness([4], {"A": look(0), "B": look(10)})
    assert found(compared, groups(0), [False]) == {0: [0]}
    assert found(likeness([5], {"A": look(0), "B": look(10)}), groups(0), [False]) in ({}, {0: [0]}, {1: [0]})


def test_nobody_is_looked_for_when_all_are_there() -> None:
    assert found(likeness([0], {"A": look(0)}, shown={0: rows(0)}), groups(0), [False]) == {}
