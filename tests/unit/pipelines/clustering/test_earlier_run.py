from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from curation.errors import FaceDataError, LabelsError, OtherEventError
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA
from tests.fake_workflow import FakeEvent, fake_event


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


def test_retired_ids_are_never_assigned_again(wedding: FakeEvent) -> None:
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


def test_labelled_ids_are_not_reused_without_the_record(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main", "9": "other"})
    (wedding.output / "clustering_run.json").unlink()
    wedding.add("later.png", 5)
    wedding.cluster()
    assert wedding.ids()[5] == {10}


@pytest.mark.parametrize("keep_face_data", [True, False])
def test_the_labels_of_another_event_are_refused(wedding: FakeEvent, tmp_path: Path, keep_face_data: bool) -> None:
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


def test_outputs_of_another_event_without_labels_are_replaced(wedding: FakeEvent, tmp_path: Path) -> None:
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


def test_a_broken_table_of_an_older_version_with_labels_is_refused(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main"})
    (wedding.output / "remembered.npz").unlink()
    path = wedding.output / FACE_DATA
    path.write_text(path.read_text().replace("cluster_id", "cluster"))
    wedding.add("new.png", 5)
    before, analysed = wedding.snapshot(), wedding.engine.analysed
    with pytest.raises(FaceDataError, match="cluster_id") as raised:
        wedding.cluster()
    assert "labels" in str(raised.value)
    assert wedding.snapshot() == before
    assert wedding.engine.analysed == analysed


def test_a_broken_table_without_labels_is_replaced(wedding: FakeEvent, caplog: pytest.LogCaptureFixture) -> None:
    wedding.cluster()
    before = wedding.snapshot()
    (wedding.output / FACE_DATA).write_text("nonsense")
    with caplog.at_level(logging.WARNING):
        wedding.cluster()
    assert wedding.snapshot() == before
    assert "it is made anew" in caplog.text


def test_a_broken_table_loses_no_label(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"1": "main"})
    wedding.cluster()
    before = wedding.snapshot()
    (wedding.output / FACE_DATA).write_text("nonsense")
    wedding.cluster()
    assert wedding.snapshot() == before


def test_without_embeddings_faces_are_matched_by_their_places(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label({"0": "main"})
    (wedding.output / EMBEDDINGS).unlink()
    for number in range(6):
        wedding.add(f"new{number}.png", 4, seed=number)
    wedding.cluster()
    assert wedding.ids() == {0: {0}, 1: {1}, 2: {2}, 3: {3}, 4: {4}}


def test_embeddings_of_another_run_are_ignored(wedding: FakeEvent) -> None:
    # As a run leaves them that was killed between the two renames.
    wedding.cluster()
    wedding.label({"0": "main"})
    vectors = np.load(wedding.output / EMBEDDINGS)
    np.save(wedding.output / EMBEDDINGS, vectors[::-1])
    for name in ("a", "b", "c"):
        (wedding.photos / f"{name}.png").rename(wedding.photos / f"{name}{name}.png")
    wedding.add("e2.png", 3, 0, seed=5)
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
