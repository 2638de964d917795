from __future__ import annotations

from pathlib import Path

import ground_truth.labels
from ground_truth.labels.eyes import eye_label
from ground_truth.labels.face_table import FaceTable
from ground_truth.labels.smiles import smile_grade

LABELS = Path(ground_truth.labels.__path__[0])


def test_labels_are_known_words_and_name_each_face_once() -> None:
    words = {
        "eyes.csv": {"open", "closed", "down", "hidden", "unclear"},
        "smiles.csv": {"none", "neutral", "open mouth", "slight", "smile", "laugh", "smiling", "unclear"},
    }
    for name, allowed in words.items():
        rows = (LABELS / name).read_text(encoding="utf-8").splitlines()[1:]
        faces, labels = zip(*(row.rsplit(",", 1) for row in rows), strict=True)
        assert set(labels) == allowed
        assert len(set(faces)) == len(faces) > 500


def test_labels_of_whole_photos_bear_another_detector(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('face,label\nlfw/a/a_0001.jpg,open\n"groups/b.jpg@100,50",closed\n"groups/b.jpg@200,50",open\n')
    table = FaceTable(path)
    assert table.get("lfw/a/a_0001.jpg") == "open"
    assert table.get("groups/b.jpg@106,44") == "closed"
    assert table.get("groups/b.jpg@190,50") == "open"
    assert table.get("groups/b.jpg@150,50") is None
    assert table.get("groups/c.jpg@100,50") is None
    assert eye_label("cew_eyes/closed/any.jpg") == "closed"
    assert eye_label("utkface/never seen.jpg") == "open"
    assert smile_grade("utkface/never seen.jpg") is None
