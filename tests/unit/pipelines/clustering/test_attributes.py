from __future__ import annotations

import csv
import json
import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import WeightsFile
from curation.pipelines.clustering.attributes import attribute_key
from curation.pipelines.clustering.readable_faces import ReadableFaces, UnreadableFaces
from curation.storage.analysis_store import AnalysisStore
from curation.storage.face_data_file import FACE_COLUMNS, FACE_DATA
from tests.fake_readers import FakeReader
from tests.fake_workflow import FakeEvent, touch_later

BOTH = {"age": "dlib", "sex": "dlib"}
AGE = {"age": "dlib"}
ALL = {"age": "dlib", "sex": "dlib", "ethnicity": "gear", "emotion": "deepface", "landmarks": "mediapipe"}


def table(event: FakeEvent) -> list[dict[str, str]]:
    with (event.output / FACE_DATA).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def people(event: FakeEvent) -> dict[int, dict[str, str]]:
    """A row of each cluster; the painted persons have their own number as cluster."""
    return {int(row["cluster_id"]): row for row in table(event)}


def test_nothing_is_read_and_no_byte_differs_while_all_is_off(wedding: FakeEvent) -> None:
    wedding.cluster()
    record = wedding.record()
    assert "attributes" not in record
    assert wedding.readers == []
    assert tuple(table(wedding)[0]) == FACE_COLUMNS
    assert all(row.attributes is None for row in wedding.rows())


def test_the_columns_of_what_is_asked_for_are_appended(wedding: FakeEvent) -> None:
    wedding.cluster()
    without = table(wedding)
    wedding.cluster(attributes=BOTH)
    rows = table(wedding)
    added = ("age", "age_low", "age_high", "age_certainty", "age_raw", "sex", "sex_certainty", "sex_probabilities")
    assert tuple(rows[0]) == FACE_COLUMNS + added
    assert [{name: row[name] for name in FACE_COLUMNS} for row in rows] == without
    told = people(wedding)
    assert (told[1]["age"], told[1]["age_low"], told[1]["age_high"], told[1]["sex"]) == ("6.0", "0.0", "12.0", "female")
    assert json.loads(told[1]["sex_probabilities"]) == {"female": 0.97, "male": 0.03}
    # Cannot tell: no age, but the range, the certainty and the raw number.
    assert (told[3]["age"], told[3]["age_raw"], told[3]["age_certainty"]) == ("", "41.0", "0.8000")


def test_switching_on_later_gives_what_switching_on_at_once_gives(event: FakeEvent, wedding: FakeEvent) -> None:
    wedding.cluster(attributes=ALL)
    at_once, table_then = wedding.snapshot(), wedding.record()["attributes"]
    (wedding.folder / "state" / "analysis.sqlite").unlink()
    wedding.cluster()
    wedding.cluster(attributes=ALL)
    assert wedding.snapshot() == at_once
    assert wedding.record()["attributes"] == table_then


def test_switching_on_later_only_reads(wedding: FakeEvent) -> None:
    wedding.cluster()
    plain, analysed = wedding.snapshot(), wedding.engine.analysed
    report = wedding.cluster(attributes=BOTH)
    assert wedding.engine.analysed == analysed
    assert (report.analysed, report.reused, report.failed) == (5, 5, 0)
    assert wedding.photos_read() == 4  # one of the five photos has no face; one reader tells both
    with_both = wedding.snapshot()
    wedding.cluster(attributes=BOTH)
    assert wedding.photos_read() == 4
    wedding.cluster()
    assert wedding.snapshot() == plain
    wedding.cluster(attributes=BOTH)
    assert wedding.snapshot() == with_both
    assert wedding.photos_read() == 4
    # One more attribute: only this one is read.
    wedding.cluster(attributes={**BOTH, "emotion": "deepface"})
    assert [reader.spec.attributes for reader in wedding.readers[1:]] == [(Attribute.EMOTION,)]
    # Another reader of the age does not touch what is known of the sex.
    wedding.cluster(attributes={"age": "openvino", "sex": "dlib"})
    assert [(reader.spec.name, reader.spec.attributes) for reader in wedding.readers[2:]] == [
        ("openvino", (Attribute.AGE,))
    ]


def test_a_touched_or_copied_photo_is_not_read_again(wedding: FakeEvent) -> None:
    wedding.cluster(attributes=BOTH)
    touch_later(wedding.photos / "a.png")
    (wedding.photos / "copy.png").write_bytes((wedding.photos / "b.png").read_bytes())
    wedding.cluster(attributes=BOTH)
    assert wedding.photos_read() == 4


def test_a_photo_whose_reading_fails_keeps_its_faces(wedding: FakeEvent) -> None:
    wedding.broken_people = (3,)
    report = wedding.cluster(attributes=BOTH)
    assert (report.analysed, report.failed, report.faces) == (5, 0, 10)
    (warning,) = report.warnings
    assert "1 photo" in warning and "sub/d.png: the reader does not like person 3" in warning
    rows = [row for row in table(wedding) if row["image_path"] == "sub/d.png"]
    assert [(row["age"], row["age_certainty"], row["sex_probabilities"]) for row in rows] == [("", "", "")] * 2
    assert [row.attributes for row in wedding.rows() if row.image_path == "sub/d.png"] == [None, None]
    told = wedding.record()["attributes"]
    assert [failure["image_path"] for failure in told["failures"]] == ["sub/d.png"]
    assert told["told"]["age"] + told["cannot_tell"]["age"] == told["faces"] == 10
    # The next run tries again, and reads nothing else.
    wedding.broken_people = ()
    before = wedding.photos_read()
    assert wedding.cluster(attributes=BOTH).warnings == ()
    assert wedding.photos_read() == before + 1
    assert people(wedding)[3]["sex"] == "female"


def test_a_reader_that_crashes_costs_no_face(wedding: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(self: FakeReader, person: int, face: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(FakeReader, "_of", crash)
        report = wedding.cluster(attributes=AGE)
        assert (report.analysed, report.failed, report.faces) == (5, 0, 10)
        assert "4 photos" in report.warnings[0]
        # The same for faces that an earlier run found.
        again = wedding.cluster(attributes=AGE)
        assert (again.analysed, again.failed, again.faces, again.reused) == (5, 0, 10, 5)
        assert "4 photos" in again.warnings[0]
    assert wedding.cluster(attributes=AGE).warnings == ()


def test_a_photo_that_cannot_be_used_fails_once(wedding: FakeEvent) -> None:
    (wedding.photos / "cut.png").write_bytes((wedding.photos / "a.png").read_bytes()[:300])
    report = wedding.cluster(attributes=AGE)
    assert [failure.image_path for failure in report.failures] == ["cut.png"]
    assert report.warnings == ("1 file is broken: copy it again before you format the card",)  # not its attributes, too


def test_the_grouping_is_the_same_with_everything_on(wedding: FakeEvent) -> None:
    wedding.cluster()
    before = [(row.image_path, row.face_index, row.cluster_id, row.cluster_confidence) for row in wedding.rows()]
    wedding.cluster(attributes=ALL)
    after = [(row.image_path, row.face_index, row.cluster_id, row.cluster_confidence) for row in wedding.rows()]
    assert after == before


def test_dense_landmarks_are_kept_in_the_store_only(wedding: FakeEvent) -> None:
    wedding.cluster(attributes={"landmarks": "mediapipe"})
    record: Mapping[str, Any] = wedding.record()["attributes"]
    assert tuple(table(wedding)[0]) == FACE_COLUMNS
    with closing(AnalysisStore(wedding.folder / "state", read_only=True)) as store:
        (sha256,) = store.last_hashes([wedding.photos / "a.png"]).values()
        faces = store.face_attributes(sha256, record["keys"]["landmarks"], Attribute.LANDMARKS)
    assert faces is not None
    assert [len(face.dense or ()) for face in faces] == [478] * 3
    assert faces[0].dense is not None and faces[0].dense[2].y == 2.25


def test_the_record_names_readers_and_weights(wedding: FakeEvent, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        wedding.cluster(attributes=ALL)
    assert sum("ethnicity of faces is read" in message for message in caplog.messages) == 1
    readers = wedding.record()["attributes"]["readers"]
    assert {name: told["reader"] for name, told in readers.items()} == ALL
    assert readers["age"]["weights"] == {"dlib_age.onnx": "0" * 64}
    assert wedding.record()["attributes"]["told"]["ethnicity"] == 10


def test_a_key_depends_on_all_that_the_values_depend_on() -> None:
    spec = ReaderSpec("dlib", (Attribute.AGE,), (WeightsFile("a", None, "1"),), ())  # type: ignore[arg-type]
    points = WeightsFile("points", None, "2")  # type: ignore[arg-type]
    other = WeightsFile("a", None, "3")  # type: ignore[arg-type]
    keys = [
        attribute_key("engine", spec, None),
        attribute_key("another engine", spec, None),
        attribute_key("engine", replace(spec, name="openvino"), None),
        attribute_key("engine", replace(spec, weights=(other,)), None),
        attribute_key("engine", replace(spec, attributes=(Attribute.SEX,)), None),
        attribute_key("engine", replace(spec, needs_points68=True), points),
        attribute_key("engine", replace(spec, needs_points68=True), replace(points, sha256="4")),
    ]
    assert len(set(keys)) == len(keys)
    assert attribute_key("engine", spec, points) == keys[0]  # the points have no part in it


def test_of_a_face_that_cannot_be_read_nothing_can_be_told(wedding: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = ReadableFaces.judged

    def first_unreadable(self: ReadableFaces, faces: Any, good: Any, paths: Any) -> UnreadableFaces:
        found = judged(self, faces, good, paths)
        return replace(found, is_unreadable=np.arange(len(faces)) == 0)

    monkeypatch.setattr(ReadableFaces, "judged", first_unreadable)
    wedding.cluster(attributes=ALL)
    first, second, *_ = table(wedding)
    assert (first["age"], first["sex"], first["ethnicity"], first["emotion"]) == ("", "", "", "")
    assert (first["age_raw"], first["sex_certainty"]) == ("41.0", "0.9700")
    assert second["age"] == "6.0"
    assert wedding.record()["attributes"]["cannot_tell"]["sex"] == 1
