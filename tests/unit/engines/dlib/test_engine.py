from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.domain.faces.face import DetectedFace
from curation.domain.faces.geometry import head_pose
from curation.engines.base import EngineSpec
from curation.engines.dlib.engine import DlibEngine, confidence_of_score, score_of_confidence
from curation.engines.dlib.surroundings import turned_points
from curation.engines.selection import select_engine
from curation.errors import WeightsBrokenError, WeightsMissingError
from curation.settings import load_settings
from tests.face_photos import astronaut, grace_hopper, side_by_side
from tests.fakes import ArrayPhoto


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def _spec(models_dir: Path, **dlib: object) -> EngineSpec:
    overrides: dict[str, dict[str, object]] = {
        "io": {"models_dir": str(models_dir), "state_dir": str(models_dir)},
        "engine": {"name": "dlib", "dlib": dlib},
    }
    settings = load_settings(None, default_root=models_dir, overrides=overrides)
    return select_engine(settings, pinned=None, allow_download=False)


@pytest.mark.parametrize("detector", ["mmod", "hog"])
def test_the_detectors_own_threshold_is_a_confidence_of_a_half(detector: str) -> None:
    assert confidence_of_score(0, detector) == 0.5
    scores = [-1e9, -2.0, -0.1, 0.1, 3.0]
    confidences = [confidence_of_score(score, detector) for score in scores]
    assert confidences == sorted(set(confidences))
    assert confidences[0] > 0 and confidences[-1] <= 1
    back = [score_of_confidence(confidence_of_score(score, detector), detector) for score in (-2, 0, 3)]
    assert back == pytest.approx([-2, 0, 3])


def _nearest(faces: list[DetectedFace], other: DetectedFace) -> DetectedFace:
    return min(faces, key=lambda face: abs(face.landmarks.nose.x - other.landmarks.nose.x))


def test_both_detectors_lead_to_the_same_landmarks_and_embeddings(models_dir: Path) -> None:
    photo = ArrayPhoto(side_by_side(astronaut(), grace_hopper()))
    specs = [_spec(models_dir, detector=detector) for detector in ("mmod", "hog")]
    assert len(specs[0].converted) == 3 and len(specs[1].converted) == 1
    assert specs[0].options != specs[1].options
    mmod, hog = (list(DlibEngine(spec).analyse(photo)) for spec in specs)
    assert len(mmod) == 2
    for face in mmod:
        other = _nearest(hog, face)
        apart = np.linalg.norm(face.landmarks.as_array() - other.landmarks.as_array(), axis=1)
        eyes = np.linalg.norm(np.subtract(face.landmarks.left_eye, face.landmarks.right_eye))
        assert apart.mean() < 0.1 * eyes
        assert 1 - float(face.embedding @ other.embedding) < specs[0].distance_threshold / 2


def test_a_part_of_a_photo_can_be_looked_at_by_itself(models_dir: Path) -> None:
    engine = DlibEngine(_spec(models_dir))
    picture = side_by_side(astronaut(), grace_hopper())
    assert len(engine.detect_in(picture)) == 2
    part = picture[:, 512:]
    (found,) = engine.detect_in(part)
    assert 0 < found.area[0] < found.area[2] < part.shape[1]
    assert engine.detect_in(part, min_confidence=0.999) == []
    assert len(engine.detect_in(part, min_confidence=0.001)) > 1


def test_small_portraits_are_enlarged(models_dir: Path) -> None:
    portrait = np.ascontiguousarray(astronaut()[::4, ::4])  # a face of about 30 px
    assert len(DlibEngine(_spec(models_dir)).analyse(ArrayPhoto(portrait))) == 1


@pytest.mark.parametrize(("detector", "turns"), [("mmod", 1), ("mmod", 2), ("mmod", 3), ("hog", 1), ("hog", 2)])
def test_a_photo_on_its_side_or_upside_down_has_the_same_faces(models_dir: Path, detector: str, turns: int) -> None:
    engine = DlibEngine(_spec(models_dir, detector=detector))
    picture = side_by_side(astronaut(), grace_hopper())
    upright = engine.analyse(ArrayPhoto(picture))
    turned = list(engine.analyse(ArrayPhoto(np.ascontiguousarray(np.rot90(picture, turns)))))
    assert len(turned) == len(upright) == 2
    for face in upright:
        other = max(turned, key=lambda one: float(one.embedding @ face.embedding))
        assert 1 - float(other.embedding @ face.embedding) < 0.01
        expected = turned_points(face.landmarks.as_array(), turns, picture.shape[1], picture.shape[0])
        assert np.abs(other.landmarks.as_array() - expected).max() < 0.1 * face.box.w


def test_a_single_head_on_its_side_is_found_beside_upright_ones(models_dir: Path) -> None:
    engine = DlibEngine(_spec(models_dir))
    lying = np.ascontiguousarray(np.rot90(astronaut()[:512, :512]))
    alone = engine.analyse(ArrayPhoto(astronaut()))[0]
    found = engine.analyse(ArrayPhoto(side_by_side(lying, grace_hopper())))
    nearest = max(found, key=lambda face: float(face.embedding @ alone.embedding))
    assert 1 - float(nearest.embedding @ alone.embedding) < engine.spec.distance_threshold / 2
    assert head_pose(nearest.landmarks.as_array()).roll_deg == pytest.approx(-90, abs=20)


def test_weights_that_are_gone_or_garbage_are_named(models_dir: Path, tmp_path: Path) -> None:
    spec = _spec(tmp_path)
    path = spec.converted[1].path
    path.write_bytes(b"garbage")
    with pytest.raises(WeightsBrokenError, match="mmod_human_face_detector"):
        DlibEngine(spec)
    path.unlink()
    with pytest.raises(WeightsMissingError, match="mmod_human_face_detector"):
        DlibEngine(spec)


def test_a_spec_of_another_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="not a spec"):
        DlibEngine(EngineSpec("retinaface-arcface", (), (), 0.1, "", (), ""))
