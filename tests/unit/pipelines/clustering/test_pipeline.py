from __future__ import annotations

import json
import os

import numpy as np
import pytest

from curation.pipelines.clustering import grouping
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_embeddings
from tests.fake_workflow import FakeEvent, textured_photo, touch_later


def test_first_ids_go_by_number_of_photos(wedding: FakeEvent) -> None:
    report = wedding.cluster()
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {2}, 3: {3}}
    assert (report.total, report.analysed, report.failed, report.faces, report.clusters) == (5, 5, 0, 10, 4)
    assert report.identified_faces == 10
    assert report.largest_clusters == ((0, 4), (1, 3), (2, 2), (3, 1))
    rows = wedding.rows()
    assert [(row.image_path, row.face_index) for row in rows][-2:] == [("sub/d.png", 0), ("sub/d.png", 1)]
    assert [row.embedding_row for row in rows] == list(range(10))
    vectors = read_embeddings(wedding.output / EMBEDDINGS, rows)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    names = wedding.snapshot()
    assert {f"output_clusters/cluster_{n}.jpg" for n in range(4)} <= set(names)
    assert sum(name.startswith("output_clusters/cluster_0/") for name in names) == 4


def test_a_second_run_analyses_nothing_and_gives_the_same_bytes(wedding: FakeEvent) -> None:
    wedding.cluster()
    before, analysed = wedding.snapshot(), wedding.engine.analysed
    report = wedding.cluster()
    assert wedding.snapshot() == before
    assert wedding.engine.analysed == analysed == 5
    assert report.reused == report.analysed == 5
    assert wedding.pinned == "fake"


def test_a_touched_photo_is_hashed_but_not_analysed_again(wedding: FakeEvent) -> None:
    wedding.cluster()
    before, analysed = wedding.snapshot(), wedding.engine.analysed
    touch_later(wedding.photos / "a.png")
    assert wedding.cluster().reused == 5
    assert wedding.engine.analysed == analysed
    assert wedding.snapshot() == before


def test_a_photo_that_fails_is_a_row_of_the_record(wedding: FakeEvent) -> None:
    (wedding.photos / "cut.png").write_bytes((wedding.photos / "a.png").read_bytes()[:300])
    (wedding.photos / "empty.jpg").touch()
    wedding.write("disliked.png", textured_photo(13, 40))
    report = wedding.cluster()
    assert (report.total, report.analysed, report.failed) == (8, 5, 3)
    assert [failure.image_path for failure in report.failures] == ["cut.png", "disliked.png", "empty.jpg"]
    assert all(failure.reason for failure in report.failures)
    record = wedding.record()
    assert [failure["image_path"] for failure in record["failures"]] == ["cut.png", "disliked.png", "empty.jpg"]
    assert record["counts"]["analysed"] + record["counts"]["failed"] == record["counts"]["photos"] == 8
    assert record["photos_without_faces"] == ["e.png"]
    again = wedding.cluster()
    assert (again.analysed, again.failed, again.reused) == (5, 3, 5)


def test_no_face_at_all(event: FakeEvent) -> None:
    event.add("a.png")
    report = event.cluster()
    assert (report.faces, report.clusters, report.analysed) == (0, 0, 1)
    assert event.rows() == []
    before = event.snapshot()
    event.cluster()
    assert event.snapshot() == before
    event.add("b.png", 0)
    event.cluster()
    assert event.ids() == {0: {0}}


def test_a_single_photo(event: FakeEvent) -> None:
    event.add("a.png", 0)
    assert event.cluster().clusters == 1
    (row,) = event.rows()
    assert (row.cluster_id, row.cluster_confidence) == (0, 0.0)


def test_copies_of_a_photo_are_analysed_at_most_once_more(event: FakeEvent) -> None:
    content = event.add("a.png", 0, 1).read_bytes()
    event.cluster()
    for number in range(5):
        (event.photos / f"copy{number}.png").write_bytes(content)
    assert event.cluster().reused == 6
    assert event.engine.analysed == 1
    assert event.ids() == {0: {0}, 1: {1}}


def test_the_record_holds_what_made_the_results(wedding: FakeEvent) -> None:
    wedding.cluster(clustering={"min_face_px": 33})
    record = wedding.record()
    assert record["stage"] == "clustering"
    assert record["input_dir"] == str(wedding.photos)
    assert record["engine"] == "fake"
    assert record["weights"] == {"fake.onnx": "a" * 64}
    assert record["settings"]["clustering"]["min_face_px"] == 33
    assert record["settings"]["io"]["output_dir"] == str(wedding.output)
    assert record["distance_threshold"] == 0.5
    assert record["next_cluster_id"] == 4
    assert record["seconds"] >= 0
    assert {"curation", "python", "numpy", "dlib-bin", "onnxruntime"} <= set(record["versions"])


def test_temporary_files_of_a_killed_run_are_removed(wedding: FakeEvent) -> None:
    wedding.cluster()
    before = wedding.snapshot()
    dead = 2**22 + 1  # above the largest process id
    for name in (".face_data.csv", "output_clusters/.cluster_0.jpg", "output_clusters/cluster_0/.01_a_face0.jpg"):
        path = wedding.output / name
        path.with_name(f"{path.name}.{dead}.curation-tmp").write_bytes(b"half")
    wedding.cluster()
    assert wedding.snapshot() == before
    assert not list((wedding.folder / "state").glob("*.npy"))


def test_outputs_inside_the_folder_of_photos_are_no_photos(event: FakeEvent) -> None:
    event.output = event.photos
    event.add("a.png", 0)
    assert event.cluster().total == 1
    assert event.cluster().total == 1
    noted = json.loads((event.output / "output_clusters" / ".curation-files.json").read_text())
    assert "cluster_0.jpg" in noted


def test_a_run_with_nothing_new_groups_nothing_and_writes_nothing(
    wedding: FakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    wedding.cluster()
    wedding.cluster()  # ids that were carried over are noted by now
    before = [path for path in wedding.output.rglob("*") if path.suffix in (".csv", ".npy", ".jpg")]
    for path in before:
        os.utime(path, ns=(1, 1))
    monkeypatch.setattr(grouping, "cluster_faces_worker", None)
    wedding.cluster()
    assert {path.stat().st_mtime_ns for path in before} == {1}
    assert {path.name for path in before} >= {FACE_DATA, EMBEDDINGS, "cluster_0.jpg"}
    assert not list(wedding.output.glob(".*curation-tmp"))


def test_a_renamed_folder_is_not_analysed_again(wedding: FakeEvent) -> None:
    wedding.cluster()
    analysed, outputs = wedding.engine.analysed, wedding.snapshot()
    renamed = wedding.photos.rename(wedding.folder / "renamed")
    report = wedding.cluster(io={"input_dir": renamed})
    assert (report.reused, wedding.engine.analysed) == (5, analysed)
    assert wedding.snapshot() == outputs
