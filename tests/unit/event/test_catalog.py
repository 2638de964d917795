"""The catalogue of an output folder, and when it reads a file again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.domain.faces.ids import face_id, photo_id
from curation.errors import NotClusteredError
from curation.event.catalog import Catalog
from tests.service import FACES, PHOTOS, make_settings, write_face_data, write_photo_scores

A, B = photo_id("a.jpg"), photo_id("b.jpg")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    settings = make_settings(tmp_path)
    write_face_data(settings.io.output_dir, FACES)
    write_photo_scores(settings.io.output_dir, PHOTOS)
    return Catalog(settings)


def output(catalog: Catalog) -> Path:
    return catalog.face_data_path.parent


def test_a_photo_with_its_faces(catalog: Catalog) -> None:
    photo = catalog.photo(A)
    assert photo is not None
    assert (photo.photo_id, photo.image_path, photo.error) == (A, "a.jpg", None)
    assert photo.score is not None
    assert photo.score.final_score == 0.9
    assert [(face.face_id, face.cluster_id) for face in photo.faces] == [(face_id(A, 0), 0), (face_id(A, 1), 1)]
    assert catalog.faces_of_photo(A) == photo.faces
    assert catalog.face(face_id(A, 1)) == photo.faces[1]
    assert catalog.photo(photo_id("z.jpg")) is None


def test_photos_without_faces_and_failed_ones_are_known(catalog: Catalog) -> None:
    record = {
        "photos_without_faces": ["empty.jpg", 3],
        "failures": [{"image_path": "bad.jpg", "reason": "the file is cut off"}, "odd", {"image_path": 5}],
    }
    (output(catalog) / "clustering_run.json").write_text(json.dumps(record))
    empty, bad = catalog.photo(photo_id("empty.jpg")), catalog.photo(photo_id("bad.jpg"))
    assert empty is not None
    assert bad is not None
    assert (empty.faces, empty.score, empty.error) == ((), None, None)
    assert (bad.image_path, bad.error) == ("bad.jpg", "the file is cut off")


def test_faces_of_a_cluster(catalog: Catalog) -> None:
    assert [face.photo_id for face in catalog.faces_of_cluster(0)] == [A, B, B, photo_id("d.jpg")]
    assert catalog.faces_of_cluster(0, 1, 1)[0].face_id == face_id(B, 0)
    assert [(c.id, c.best_face) for c in catalog.clusters()] == [(0, face_id(A, 0)), (1, face_id(A, 1))]


def test_nothing_is_read_twice(catalog: Catalog) -> None:
    assert catalog.event() is catalog.event()
    assert catalog.scores() is catalog.scores()
    assert catalog.photos_by_id() is catalog.photos_by_id()
    before = catalog.event()
    write_face_data(output(catalog), [*FACES, ("e.jpg", 7)])
    assert catalog.event() is not before
    assert catalog.photo(photo_id("e.jpg")) is not None


def test_before_anything_ran(tmp_path: Path) -> None:
    catalog = Catalog(make_settings(tmp_path))
    catalog.read_ahead()
    with pytest.raises(NotClusteredError, match="not clustered"):
        catalog.photo(A)


def test_reading_ahead_raises_nothing(catalog: Catalog) -> None:
    catalog.face_data_path.write_text("nonsense")
    catalog.read_ahead()
    (output(catalog) / "clustering_run.json").write_text("{")
    catalog.read_ahead()


def test_a_table_that_the_clustering_wrote_needs_no_record_to_be_read(catalog: Catalog) -> None:
    (output(catalog) / "clustering_run.json").write_text("{")
    assert catalog.event().face_count(0) == 4
