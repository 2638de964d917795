"""Nothing that a person said is passed over without a word: it is told, with what to do, and waits."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from curation.domain.faces.face import Box
from curation.domain.recognition.refusals import RefusedName
from curation.errors import LabelsError
from curation.storage.said.grouping_answers import GROUPING_ANSWERS, write_grouping_answers
from curation.storage.said.known_refused_file import KNOWN_REFUSED, write_refusals
from curation.storage.said.said_file import read_said
from tests.fake_workflow import FakeEvent

ANNA = {"name": "Anna", "category": "main"}


@pytest.fixture
def event(tmp_path: Path) -> FakeEvent:
    made = FakeEvent(tmp_path)
    made.add("a.png", 0, 1)
    made.add("b.png", 0, seed=1)
    made.add("c.png", 1, seed=2)
    made.cluster()
    return made


@pytest.mark.parametrize("wrong", ["O", "0 ", "00", "99"])
def test_a_wrong_key_of_a_label_is_told_and_what_was_known_of_it_waits(event: FakeEvent, wrong: str) -> None:
    event.label({"0": ANNA})
    event.cluster()
    known = read_said(event.output).labels
    assert known[0].faces
    event.label({wrong: ANNA})
    report = event.cluster()
    (told,) = [text for text in report.warnings if "find" in text]
    assert "1 name finds nobody: nobody has these numbers; see whether" in told
    assert f"name Anna (person {wrong})" in report.warnings
    assert read_said(event.output).labels[0] == known[0]
    event.label({"0": ANNA})
    assert not event.cluster().warnings
    assert read_said(event.output).labels == known


def test_labels_whose_file_is_gone_are_told_by_both_stages(event: FakeEvent) -> None:
    event.label({"0": ANNA})
    event.cluster()
    event.score()
    (event.output / "cluster_labels.json").unlink()
    for report in (event.cluster(), event.score()):
        (told,) = [text for text in report.warnings if "no label counts" in text]
        assert "1 label was read before" in told and ".curation-good" in told
    assert read_said(event.output).labels


def test_labels_whose_folder_is_away_end_both_stages(event: FakeEvent) -> None:
    elsewhere = event.folder / "elsewhere"
    elsewhere.mkdir()
    sections = {"scoring": {"labels_json": str(elsewhere / "labels.json")}}
    (elsewhere / "labels.json").write_text(json.dumps({"0": ANNA}))
    event.cluster(**sections)
    event.score(**sections)
    before = {path.name: path.read_bytes() for path in event.output.iterdir() if path.is_file()}
    elsewhere.rename(event.folder / "unplugged")
    for stage in (event.cluster, event.score):
        with pytest.raises(LabelsError, match="connect its disk"):
            stage(**sections)
    assert {path.name: path.read_bytes() for path in event.output.iterdir() if path.is_file()} == before


def test_answers_about_faces_that_are_away_are_told_and_wait(event: FakeEvent) -> None:
    with (event.output / "face_data.csv").open(newline="") as table:
        faces = [(row["image_path"], Box(*json.loads(row["facial_area"]))) for row in csv.DictReader(table)]
    (of_b,) = [place for place in faces if place[0] == "b.png"]
    (of_c,) = [place for place in faces if place[0] == "c.png"]
    write_grouping_answers(event.output / GROUPING_ANSWERS, {(of_b, of_c): False})
    refused = RefusedName("7f0c4be9d93c", "", "p1", (of_b,))
    write_refusals(event.output / KNOWN_REFUSED, {refused.id: refused})
    assert not event.cluster().warnings
    files = {name: (event.output / name).read_bytes() for name in (GROUPING_ANSWERS, KNOWN_REFUSED)}
    shutil.move(event.photos / "b.png", event.folder / "b.png")
    (told,) = [text for text in event.cluster().warnings if "answer" in text]
    assert told == (
        "1 answer about known people (known_refused.json) and 1 answer about pairs of faces (grouping_answers.json): "
        "these faces were not found. They are kept, and count again when the faces are back"
    )
    assert files == {name: (event.output / name).read_bytes() for name in files}
    shutil.move(event.folder / "b.png", event.photos / "renamed.png")
    assert not event.cluster().warnings
