from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.faces.face import Box, FaceRow, FiveLandmarks, Point
from curation.domain.faces.ids import face_id, photo_id
from curation.domain.faces.index import EventIndex


def row(path: str, index: int, cluster: int, quality: float = 0.5) -> FaceRow:
    points = FiveLandmarks(*(Point(1.0, 2.0) for _ in range(5)))
    return FaceRow(path, index, Box(0, 0, 9, 9), 0.9, cluster, 0.8, quality, points, 0, "fake")


ROWS = (
    row("a.jpg", 0, 0, 0.5),
    row("a.jpg", 1, 1, 0.9),
    row("b.jpg", 1, 0, 0.7),
    row("b.jpg", 0, 0, 0.5),
    row("c.jpg", 0, -1, 1.0),
)
A, B, C = (photo_id(f"{name}.jpg") for name in "abc")


def test_by_photo() -> None:
    index = EventIndex(ROWS)
    assert index.image_paths == ("a.jpg", "b.jpg", "c.jpg")
    assert [face.row.face_index for face in index.faces_of_photo(B)] == [0, 1]
    assert (index.image_path(C), index.image_path(photo_id("d.jpg"))) == ("c.jpg", None)
    assert index.faces_of_photo(photo_id("d.jpg")) == ()
    assert index.clusters_of_photo(A) == {0, 1}
    assert index.clusters_of_photo(C) == set()


def test_by_id() -> None:
    face = EventIndex(ROWS).face(face_id(B, 1))
    assert face is not None
    assert (face.face_id, face.photo_id, face.cluster_id, face.row) == (f"{B}-1", B, 0, ROWS[2])
    for unknown in (face_id(B, 2), face_id(photo_id("d.jpg"), 0), "b.jpg"):
        assert EventIndex(ROWS).face(unknown) is None


def test_by_cluster_best_first() -> None:
    index = EventIndex(ROWS)
    assert [face.row for face in index.faces_of_cluster(0)] == [ROWS[2], ROWS[0], ROWS[3]]
    assert [face.row for face in index.faces_of_cluster(0, 1, 1)] == [ROWS[0]]
    assert index.faces_of_cluster(0, 5, 3) == index.faces_of_cluster(7) == index.faces_of_cluster(-1) == ()
    assert index.photo_counts == {0: 2, 1: 1}
    assert (index.face_count(0), index.face_count(-1)) == (3, 0)
    assert index.best_face(0) == face_id(B, 1)
    assert index.photos_of_cluster(0) == {"a.jpg", "b.jpg"}
    assert index.photos_of_cluster(3) == set()


def test_samples_reach_from_the_best_to_the_poorest() -> None:
    index = EventIndex([row(f"{number}.jpg", 0, 0, number / 100) for number in range(100)])
    qualities = [face.row.face_quality for face in index.sample_faces(0, 4)]
    assert qualities == [0.99, 0.66, 0.33, 0.0]
    assert len(index.sample_faces(0, 1000)) == 100
    assert index.sample_faces(0, 0) == index.sample_faces(1, 5) == ()


def test_faces_in_other_clusters() -> None:
    index = EventIndex(ROWS)
    assert index.corrected == set()
    moved = index.regrouped([0, 0, 5, 0, -1])
    assert moved.photo_counts == {0: 2, 5: 1}
    assert moved.corrected == {0, 1, 5}
    face = moved.face(face_id(B, 1))
    assert face is not None
    assert (face.cluster_id, face.row.cluster_id) == (5, 0)
    assert index.photo_counts == {0: 2, 1: 1}
    with pytest.raises(ValueError, match="5 faces"):
        index.regrouped([0])


def test_no_faces() -> None:
    index = EventIndex(())
    assert not index.photo_counts
    assert not index.image_paths
    assert not index.corrected


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 4), st.integers(0, 3)), max_size=40))
def test_every_face_is_found_every_way(faces: list[tuple[int, int, int]]) -> None:
    rows = [row(f"{photo}.jpg", place, cluster, q / 3) for place, (photo, cluster, q) in enumerate(faces)]
    index = EventIndex(rows)
    by_photo = [face for path in index.image_paths for face in index.faces_of_photo(photo_id(path))]
    by_cluster = [face for cluster in index.photo_counts for face in index.faces_of_cluster(cluster)]
    assert sorted(face.row.face_index for face in by_photo) == list(range(len(rows)))
    assert sorted(f.row.face_index for f in by_cluster) == [p for p, (_, c, _) in enumerate(faces) if c >= 0]
    for face in by_photo:
        assert index.face(face.face_id) == face
    for cluster, photos in index.photo_counts.items():
        members = index.faces_of_cluster(cluster)
        assert photos == len({face.photo_id for face in members}) == len(index.photos_of_cluster(cluster))
        assert len(members) == index.face_count(cluster)
        assert [face.row.face_quality for face in members] == sorted(
            (face.row.face_quality for face in members), reverse=True
        )
        assert index.best_face(cluster) == members[0].face_id
