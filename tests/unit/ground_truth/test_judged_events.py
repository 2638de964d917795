from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ground_truth.judged_events as module
from curation.domain.faces.face import Box, FaceRow, FiveLandmarks
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation
from ground_truth.judged_events import JudgedEvents
from ground_truth.labels.judgements import JudgedPhoto

SUMMIT = "summit"  # its main people are Colin_Powell and Hans_Blix, Igor_Ivanov is important


def _data(folder: Path, *people: str) -> Evaluation:
    for person in people:
        path = folder / "photos" / "lfw" / person / f"{person}_0001.jpg"
        path.parent.mkdir(parents=True)
        Image.fromarray(np.full((250, 250, 3), 90, dtype=np.uint8)).save(path)
    return Evaluation(folder, folder, (), folder / "scratch")


def _photo(person: str, name: str, recipe: str = "") -> JudgedPhoto:
    return JudgedPhoto(name, (f"lfw/{person}/{person}_0001.jpg",), recipe)


def _row(path: str, cluster: int, box: Box) -> FaceRow:
    points = FiveLandmarks.from_array(np.zeros((5, 2)))
    return FaceRow(path, 0, box, 0.9, cluster, 0.5, 0.5, points, 0, "fake")


def test_photos_are_copied_or_made_worse_and_stay_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [_photo("Hans_Blix", "a.jpg"), _photo("Hans_Blix", "a-tiny.jpg", "tiny")]
    monkeypatch.setattr(module, "judged_photos", lambda: {SUMMIT: photos})
    events, folder = JudgedEvents(_data(tmp_path, "Hans_Blix")), tmp_path / "event"
    assert set(events.materialise(SUMMIT, folder)) == {"a.jpg", "a-tiny.jpg"}
    with Image.open(folder / "a-tiny.jpg") as picture:
        assert picture.size == (110, 110)
    (folder / "a.jpg").write_bytes(b"kept")
    events.materialise(SUMMIT, folder)
    assert (folder / "a.jpg").read_bytes() == b"kept"


def test_a_missing_photo_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "judged_photos", lambda: {SUMMIT: [_photo("Hans_Blix", "a.jpg")]})
    with pytest.raises(Unavailable, match="Hans_Blix"):
        JudgedEvents(_data(tmp_path)).materialise(SUMMIT, tmp_path / "event")


def test_a_cluster_takes_the_person_whom_most_of_its_named_faces_show(tmp_path: Path) -> None:
    events = JudgedEvents(_data(tmp_path, "Hans_Blix", "Colin_Powell", "Somebody"))
    photos = {
        "a.jpg": _photo("Hans_Blix", "a.jpg"),
        "b.jpg": _photo("Hans_Blix", "b.jpg"),
        "c.jpg": _photo("Colin_Powell", "c.jpg"),
        "d.jpg": _photo("Somebody", "d.jpg"),
    }
    folder = tmp_path / "event"
    folder.mkdir()
    for name in photos:
        Image.fromarray(np.zeros((250, 250, 3), dtype=np.uint8)).save(folder / name)
    middle, corner = Box(90, 90, 70, 70), Box(0, 0, 40, 40)
    rows = [
        _row("a.jpg", 0, middle),
        _row("a.jpg", 3, corner),  # a bystander
        _row("b.jpg", 0, middle),
        _row("c.jpg", 0, middle),  # merged by mistake
        _row("d.jpg", 1, middle),
    ]
    assert events.cluster_labels(SUMMIT, photos, folder, rows) == {"0": {"name": "Hans_Blix", "category": "main"}}


def test_faces_that_a_recipe_moves_name_nobody_but_the_people_are_known(tmp_path: Path) -> None:
    events = JudgedEvents(_data(tmp_path))
    cut = _photo("Hans_Blix", "a-cut.jpg", "cut")
    assert events.places(cut) == [] and events.people(cut) == {"Hans_Blix"}
    collage = JudgedPhoto("c.jpg", ("lfw/Hans_Blix/1.jpg", "lfw/Colin_Powell/2.jpg"), "collage")
    assert events.people(collage) == {"Hans_Blix", "Colin_Powell"}
