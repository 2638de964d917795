from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.domain.grouping.grouping_rule import GroupingRule
from tests.fake_workflow import TURNED_PERSON, FakeEvent, textured_photo


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


def test_another_threshold_needs_no_new_analysis(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.cluster(clustering={"distance_threshold": 1.5, "same_photo_penalty": 0})
    assert wedding.engine.analysed == 5
    assert wedding.record()["distance_threshold_source"] == "clustering.distance_threshold"
    # All are one cluster now; it has the id that most of its faces had.
    assert set.union(*wedding.ids().values()) == {0}
    wedding.cluster()
    assert wedding.ids()[0] == {0}


def test_other_settings_group_again(wedding: FakeEvent) -> None:
    assert wedding.cluster().clusters == 4
    assert wedding.cluster(clustering={"distance_threshold": 1.9, "same_photo_penalty": 0}).clusters == 1
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


def test_the_same_photo_penalty_separates_faces_of_one_photo(event: FakeEvent) -> None:
    event.add("mirror.png", 0, 0)
    assert event.cluster(clustering={"min_sharpness": 0}).clusters == 1
    assert event.record()["same_photo_penalty"] == pytest.approx(0.5 / 3)
    assert event.cluster(clustering={"same_photo_penalty": 0.6, "min_sharpness": 0}).clusters == 2


def test_the_settings_override_the_rule_measured_for_the_weights(event: FakeEvent) -> None:
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


def test_the_run_record_says_which_evidence_decided(event: FakeEvent) -> None:
    for number in range(40):
        event.add(f"{number:02}.png", number % 5, (number + 1 + number // 5 % 4) % 5, seed=number)
    event.cluster(clustering={"min_sharpness": 0})
    record = event.record()
    evidence = record["grouping_evidence"]
    assert evidence["strangers"]["photos"] == 40
    assert evidence["strangers"]["pairs"] == 40
    # The weights of the fake engine were not measured, so the limits follow the event's strangers.
    assert record["distance_threshold"] == evidence["single_distance"] < evidence["strangers"]["median_distance"]
    assert "fitted to the strangers of this event" in record["distance_threshold_source"]
    # The same from the store.
    event.cluster(clustering={"min_sharpness": 0})
    assert event.record()["grouping_evidence"] == evidence
    event.cluster(clustering={"min_sharpness": 0, "distance_threshold": 0.4})
    assert event.record()["grouping_evidence"]["single_distance"] == 0.4
    assert event.record()["distance_threshold_source"] == "clustering.distance_threshold"
