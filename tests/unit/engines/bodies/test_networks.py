"""What the networks' numbers mean, on networks with chosen numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.domain.bodies.pose import PoseJoint
from curation.domain.faces.face import Box
from curation.engines.base import Pixels
from curation.engines.bodies.base import BodySpec
from curation.engines.bodies.network import load_network
from curation.engines.bodies.outfit_vector import OutfitVector
from curation.engines.bodies.person_boxes import PersonBoxes
from curation.engines.bodies.pose_detector import PoseDetector
from curation.engines.bodies.pose_landmarks import OUTSIDE_VISIBILITY, PoseLandmarks
from curation.engines.bodies.squares import Pyramid, Square
from curation.errors import FaceAnalysisError, SettingsError, WeightsBrokenError, WeightsMissingError
from ground_truth.array_photo import ArrayPhoto
from tests.people_networks import (
    boxes_answer,
    landmarks_answer,
    people_specs,
    standing_pose,
    write_body_network,
    written_spec,
)

PHOTO = Pyramid(Pixels(np.full((208, 416, 3), 90, dtype=np.uint8), 1.0))


def test_boxes_come_back_to_the_full_size_photo(tmp_path: Path) -> None:
    answer = boxes_answer([(100, 50, 40, 60, 0.9), (101, 51, 40, 60, 0.8), (300, 100, 500, 80, 0.5)])
    found = PersonBoxes(written_spec("yolox-nano", tmp_path, answer)).find(PHOTO, 832, 416)
    assert [box.confidence for box in found] == [pytest.approx(0.9, abs=1e-6), pytest.approx(0.5, abs=1e-6)]
    assert found[0].box == Box(160, 40, 80, 120)
    assert found[1].box.x + found[1].box.w == 832  # clipped


def test_broken_sizes_are_no_boxes(tmp_path: Path) -> None:
    answer = boxes_answer([(100, 50, 40, 60, 0.9)])
    answer[0][0, :, 2] = 1e30
    answer[0][0, :, 3] = -1e30
    assert PersonBoxes(written_spec("yolox-nano", tmp_path, answer)).find(PHOTO, 832, 416) == []


def test_the_detector_tells_where_somebody_stands(tmp_path: Path) -> None:
    _, detector, _ = people_specs(tmp_path, stand=True)
    (stand,) = PoseDetector(detector).find(PHOTO, Square(200.0, 100.0, 400.0))
    assert stand.score > 0.99
    assert stand.square.x == pytest.approx(200, abs=1) and stand.square.y == pytest.approx(100, abs=1)
    assert stand.square.side == pytest.approx(400, abs=1) and stand.square.angle == pytest.approx(0, abs=1e-6)


def test_landmarks_outside_the_photo_are_guesses(tmp_path: Path) -> None:
    pose = standing_pose(128, 5, 220, visibility=0.8)
    network = PoseLandmarks(written_spec("full", tmp_path, landmarks_answer(pose)))
    skeleton = network.find(PHOTO, Square(100.0, 100.0, 256.0), 416, 150)
    nose, ankle = (skeleton.pose.at(joint) for joint in (PoseJoint.NOSE, PoseJoint.LEFT_ANKLE))
    assert nose.x == pytest.approx(100) and nose.y == pytest.approx(5 + 0.07 * 220 - 28, abs=0.01)
    assert nose.visibility == pytest.approx(OUTSIDE_VISIBILITY) and nose.y < 0
    shoulder = skeleton.pose.at(PoseJoint.LEFT_SHOULDER)
    assert shoulder.visibility == pytest.approx(0.8, abs=0.01)
    assert ankle.y > 150 and ankle.visibility == pytest.approx(OUTSIDE_VISIBILITY)
    assert skeleton.square.side == pytest.approx(256) and skeleton.square.x == pytest.approx(100)


def test_numbers_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    answer = landmarks_answer(None)
    answer[0][0, 0] = np.nan
    network = PoseLandmarks(written_spec("full", tmp_path, answer))
    with pytest.raises(FaceAnalysisError, match="cannot be used"):
        network.find(PHOTO, Square(100.0, 100.0, 256.0), 416, 208)


def test_another_network_in_the_place_is_refused(tmp_path: Path) -> None:
    spec = written_spec("full", tmp_path, landmarks_answer(None))
    path = spec.weights[0].path
    write_body_network(path, (1, 3, 64, 64), [np.zeros((1, 195)), np.zeros((1, 1))])
    with pytest.raises(WeightsBrokenError, match="its input is"):
        load_network(spec)
    write_body_network(path, (1, 256, 256, 3), [np.zeros((1, 196)), np.zeros((1, 1))])
    with pytest.raises(WeightsBrokenError, match="no output has 195 numbers"):
        load_network(spec)
    path.write_bytes(b"not a network")
    with pytest.raises(WeightsBrokenError, match="cannot be loaded"):
        load_network(spec)
    path.unlink()
    with pytest.raises(WeightsMissingError):
        load_network(spec)
    with pytest.raises(SettingsError, match="there is no network 'other'"):
        load_network(BodySpec("other", spec.weights, spec.providers))


def test_looks_of_bodies_are_vectors_of_unit_length(tmp_path: Path) -> None:
    network = OutfitVector(written_spec("osnet", tmp_path, [np.arange(512.0)[None]]))
    photo = ArrayPhoto(np.zeros((300, 200, 3), dtype=np.uint8))
    vectors = network.vectors(photo, [Box(0, 0, 200, 300), Box(199, 299, 1, 1)])
    assert vectors.shape == (2, 512) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert network.vectors(photo, []).shape == (0, 512)
