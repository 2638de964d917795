from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from curation.domain.faces.face import Box
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.errors import FaceDataError, LabelsError, OtherEventError, StorageError
from curation.pipelines.clustering import pipeline as clustering
from curation.storage.tables import EMBEDDINGS, FACE_DATA, read_embeddings
from tests.fake_workflow import TURNED_PERSON, FakeEvent, fake_event, textured_photo, touch_later


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


def test_ids_and_labels_stay_when_photos_come_go_and_move(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main", "1": {"name": "Anna", "category": "important"}, "3": "other"})
    labels = (wedding.output / "cluster_labels.json").read_bytes()
    analysed = wedding.engine.analysed
    (wedding.photos / "a.png").rename(wedding.photos / "sub" / "renamed.png")
    (wedding.photos / "sub" / "d.png").unlink()  # the only one of person 3
    for number in range(6):
        wedding.add(f"new{number}.png", 4, seed=number)  # more than anybody else
    report = wedding.cluster()
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {2}, 4: {4}}
    assert wedding.engine.analysed == analysed + 6
    assert report.total == 10
    assert (wedding.output / "cluster_labels.json").read_bytes() == labels
    assert not (wedding.output / "output_clusters" / "cluster_3.jpg").exists()
    assert not (wedding.output / "output_clusters" / "cluster_3").exists()


def test_retired_ids_are_never_given_again(wedding: FakeEvent) -> None:
    wedding.cluster()
    (wedding.photos / "sub" / "d.png").unlink()
    wedding.cluster()
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {2}}
    wedding.add("later.png", 5)
    wedding.cluster()
    assert wedding.ids()[5] == {4}
    (wedding.photos / "later.png").unlink()
    wedding.cluster()
    wedding.add("even_later.png", 6)
    wedding.cluster()
    assert wedding.ids()[6] == {5}


def test_without_the_record_labels_still_keep_their_ids_to_themselves(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main", "9": "other"})
    (wedding.output / "clustering_run.json").unlink()
    wedding.add("later.png", 5)
    wedding.cluster()
    assert wedding.ids()[5] == {10}


@pytest.mark.parametrize("keep_face_data", [True, False])
def test_another_event_on_the_labels_of_this_one(wedding: FakeEvent, tmp_path: Path, keep_face_data: bool) -> None:
    wedding.cluster()
    wedding.label({"0": "main"})
    if not keep_face_data:
        (wedding.output / FACE_DATA).unlink()
    before = wedding.snapshot()
    with fake_event(tmp_path / "party") as party:
        party.add("p.png", 7, 8)
        party.add("q.png", 8)
        party.output = wedding.output
        with pytest.raises(OtherEventError, match="--output") as raised:
            party.cluster()
    assert raised.value.exit_code == 3
    if keep_face_data:
        assert str(wedding.photos) in str(raised.value)
    assert wedding.snapshot() == before


def test_another_event_without_labels_takes_the_folder(wedding: FakeEvent, tmp_path: Path) -> None:
    wedding.cluster()
    with fake_event(tmp_path / "party") as party:
        party.add("p.png", 7, 8)
        party.add("q.png", 8)
        party.output = wedding.output
        party.cluster()
        assert party.ids() == {8: {0}, 7: {1}}
    assert {path.name for path in (wedding.output / "output_clusters").glob("*.jpg")} == {
        "cluster_0.jpg",
        "cluster_1.jpg",
    }


def test_the_same_camera_names_are_not_the_same_faces(wedding: FakeEvent, tmp_path: Path) -> None:
    wedding.cluster()
    wedding.label({"0": "main"})
    with fake_event(tmp_path / "party") as party:
        party.add("a.png", 7, 8, 9)
        party.output = wedding.output
        with pytest.raises(OtherEventError):
            party.cluster()


@pytest.mark.parametrize("text", ['{"0": "main",', '{"0": "main", "0": "other"}'])
def test_broken_labels_are_refused_before_anything_is_analysed(wedding: FakeEvent, text: str) -> None:
    wedding.cluster()
    (wedding.output / "cluster_labels.json").write_text(text)
    wedding.add("new.png", 5)
    before, analysed = wedding.snapshot(), wedding.engine.analysed
    with pytest.raises(LabelsError) as raised:
        wedding.cluster()
    assert raised.value.exit_code == 3
    assert wedding.snapshot() == before
    assert wedding.engine.analysed == analysed


def test_a_broken_table_with_labels_is_refused_before_anything_is_analysed(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main"})
    path = wedding.output / FACE_DATA
    path.write_text(path.read_text().replace("cluster_id", "cluster"))
    wedding.add("new.png", 5)
    before, analysed = wedding.snapshot(), wedding.engine.analysed
    with pytest.raises(FaceDataError, match="cluster_id") as raised:
        wedding.cluster()
    assert "labels" in str(raised.value)
    assert wedding.snapshot() == before
    assert wedding.engine.analysed == analysed


def test_a_broken_table_without_labels_is_made_anew(wedding: FakeEvent, caplog: pytest.LogCaptureFixture) -> None:
    wedding.cluster()
    before = wedding.snapshot()
    (wedding.output / FACE_DATA).write_text("nonsense")
    with caplog.at_level(logging.WARNING):
        wedding.cluster()
    assert wedding.snapshot() == before
    assert "numbered anew" in caplog.text


def test_lost_embeddings_leave_the_places_to_know_faces_by(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main"})
    (wedding.output / EMBEDDINGS).unlink()
    for number in range(6):
        wedding.add(f"new{number}.png", 4, seed=number)
    wedding.cluster()
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {2}, 3: {3}, 4: {4}}


def test_embeddings_of_another_run_are_not_believed(wedding: FakeEvent) -> None:
    # As a run leaves them that was killed between the two renames.
    wedding.cluster()
    wedding.label({"0": "main"})
    vectors = np.load(wedding.output / EMBEDDINGS)
    np.save(wedding.output / EMBEDDINGS, vectors[::-1])
    for name in ("a", "b", "c"):
        (wedding.photos / f"{name}.png").rename(wedding.photos / f"{name}{name}.png")
    wedding.add("e2.png", 3, 0, seed=5)
    with pytest.raises(OtherEventError):
        wedding.cluster()
    for name in ("a", "b", "c"):
        (wedding.photos / f"{name}{name}.png").rename(wedding.photos / f"{name}.png")
    wedding.cluster()
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {2}, 3: {3}}


def test_clusters_keep_their_ids_under_another_engine(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main"})
    path = wedding.output / FACE_DATA
    path.write_text(path.read_text().replace(",fake", ",dlib"))
    for number in range(6):
        wedding.add(f"new{number}.png", 4, seed=number)
    wedding.cluster()
    assert wedding.pinned == "dlib"
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {2}, 3: {3}, 4: {4}}
    assert {row.engine for row in wedding.rows()} == {"fake"}


def test_poor_faces_keep_their_row_without_a_cluster(event: FakeEvent) -> None:
    for number in range(2):
        event.add(f"good{number}.png", 0, seed=number)
    event.add("tiny.png", 0, face_px=20)
    blurred = cv2.GaussianBlur(textured_photo(300, 300, [(Box(50, 50, 200, 200), 0)]), (0, 0), 5)
    event.write("blurred.png", np.asarray(blurred, dtype=np.uint8))
    event.add("turned.png", TURNED_PERSON)
    report = event.cluster(clustering={"min_sharpness": 0.1})
    assert {row.image_path: row.cluster_id for row in event.rows()} == {
        "good0.png": 0,
        "good1.png": 0,
        "tiny.png": -1,
        "blurred.png": -1,
        "turned.png": -1,
    }
    assert (report.faces, report.identified_faces, report.clusters) == (5, 2, 1)
    event.cluster(clustering={"min_face_px": 10, "min_sharpness": 0.0})
    assert {row.image_path for row in event.rows() if row.cluster_id == 0} >= {"tiny.png", "blurred.png"}
    assert event.engine.analysed == 5


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


def test_another_threshold_needs_no_new_analysis(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.cluster(clustering={"distance_threshold": 1.5})
    assert wedding.engine.analysed == 5
    assert wedding.record()["distance_threshold_source"] == "clustering.distance_threshold"
    # All are one cluster now; it has the id that most of its faces had.
    assert set.union(*wedding.ids().values()) == {0}
    wedding.cluster()
    assert wedding.ids()[0] == {0}


def test_what_a_killed_run_left_is_swept(wedding: FakeEvent) -> None:
    wedding.cluster()
    before = wedding.snapshot()
    dead = 2**22 + 1  # above the largest process id
    for name in (".face_data.csv", "output_clusters/.cluster_0.jpg", "output_clusters/cluster_0/.01_a_face0.jpg"):
        path = wedding.output / name
        path.with_name(f"{path.name}.{dead}.curation-tmp").write_bytes(b"half")
    wedding.cluster()
    assert wedding.snapshot() == before
    assert not list((wedding.folder / "state").glob("*.npy"))


def test_pictures_of_a_run_that_was_stopped_do_not_stay_for_ever(
    wedding: FakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    from curation.storage.cluster_pictures import ClusterPictures

    def stop(self: ClusterPictures) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(ClusterPictures, "finish", stop)
        with pytest.raises(StorageError):
            wedding.cluster()
    (wedding.photos / "sub" / "d.png").unlink()
    (wedding.output / FACE_DATA).unlink()
    wedding.cluster()
    names = {path.name for path in (wedding.output / "output_clusters").glob("*.jpg")}
    assert names == {"cluster_0.jpg", "cluster_1.jpg", "cluster_2.jpg"}


def test_the_pictures_can_be_opened(wedding: FakeEvent) -> None:
    wedding.cluster(clustering={"samples_per_cluster": 2, "thumbnail_px": 64})
    pictures = list((wedding.output / "output_clusters").rglob("*.jpg"))
    assert len(pictures) == 4 + 2 + 2 + 2 + 1
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
            assert max(picture.size) <= 64


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
    monkeypatch.setattr(clustering, "cluster_faces_worker", None)
    wedding.cluster()
    assert {path.stat().st_mtime_ns for path in before} == {1}
    assert {path.name for path in before} >= {FACE_DATA, EMBEDDINGS, "cluster_0.jpg"}
    assert not list(wedding.output.glob(".*curation-tmp"))


def test_other_settings_group_anew(wedding: FakeEvent) -> None:
    assert wedding.cluster().clusters == 4
    assert wedding.cluster(clustering={"distance_threshold": 1.9}).clusters == 1
    assert wedding.cluster().clusters == 4


def test_a_poor_face_joins_the_person_that_it_clearly_is(event: FakeEvent) -> None:
    for number in range(3):
        event.add(f"{number}.png", 0, 1, seed=number)
    event.add("far.png", 0, face_px=20)
    event.add("stranger.png", 2, face_px=20)
    faces = [(Box(20, 20, 64, 64), 0), (Box(180, 30, 20, 20), 0)]
    event.write("beside.png", textured_photo(300, 100, faces))

    def poor() -> list[int]:
        return [row.cluster_id for row in event.rows() if row.facial_area.w == 20]

    event.cluster(clustering={"second_look": False, "min_sharpness": 0})
    assert poor() == [-1, -1, -1]
    report = event.cluster(clustering={"min_sharpness": 0})
    # Of the two on one photo, the good one is that person already.
    assert {row.image_path: row.cluster_id for row in event.rows() if row.facial_area.w == 20} == {
        "beside.png": -1,
        "far.png": 0,
        "stranger.png": -1,
    }
    assert (report.faces, report.identified_faces, report.clusters) == (10, 7, 2)


def test_faces_of_one_photo_are_kept_apart_as_far_as_asked(event: FakeEvent) -> None:
    event.add("mirror.png", 0, 0)
    assert event.cluster(clustering={"min_sharpness": 0}).clusters == 1
    assert event.record()["same_photo_penalty"] == pytest.approx(0.5 / 3)
    assert event.cluster(clustering={"same_photo_penalty": 0.6, "min_sharpness": 0}).clusters == 2


def test_the_rule_measured_for_the_weights_counts_unless_the_settings_say_otherwise(event: FakeEvent) -> None:
    event.add("a.png", 0)
    event.add("b.png", 1)
    event.spec = replace(event.spec, grouping=GroupingRule(1.2, 1.4, 0.1))
    assert event.cluster(clustering={"min_sharpness": 0}).clusters == 1  # two persons are 1 apart
    record = event.record()
    assert (record["distance_threshold"], record["group_distance_threshold"]) == (1.2, 1.4)
    assert event.cluster(clustering={"distance_threshold": 0.9, "min_sharpness": 0}).clusters == 2
    record = event.record()
    assert (record["distance_threshold"], record["group_distance_threshold"]) == (0.9, 0.9)
    assert record["same_photo_penalty"] == 0.1


def test_a_renamed_folder_is_not_analysed_again(wedding: FakeEvent) -> None:
    wedding.cluster()
    analysed, outputs = wedding.engine.analysed, wedding.snapshot()
    renamed = wedding.photos.rename(wedding.folder / "renamed")
    report = wedding.cluster(io={"input_dir": renamed})
    assert (report.reused, wedding.engine.analysed) == (5, analysed)
    assert wedding.snapshot() == outputs
