"""Every face engine fulfils the same contract."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.base import EngineSpec, FaceEngine
from curation.engines.building import build_engine
from curation.engines.selection import select_engine
from curation.engines.spoilt_chips import SPOILT_WAYS, spoilt_chips
from curation.errors import PhotoError
from curation.pipelines.face_at_place import face_at, landmarks_of_box
from curation.settings import load_settings
from tests.conftest import real_data_dir
from tests.face_photos import astronaut, grace_hopper, side_by_side
from tests.fakes import ArrayPhoto, FakeEngine, painted_photo

Picture = NDArray[np.uint8]


class Subject:
    """An engine with photos of two people whose faces it finds."""

    def __init__(self, engine: FaceEngine, first: Picture, second: Picture) -> None:
        self.engine = engine
        self.first = first
        self.second = second


def _fake() -> Subject:
    return Subject(
        FakeEngine(),
        painted_photo(300, 200, [(Box(60, 50, 80, 90), 1)]),
        painted_photo(300, 240, [(Box(100, 40, 60, 60), 5)]),
    )


def _spec(name: str, models_dir: Path) -> EngineSpec:
    overrides: dict[str, dict[str, object]] = {
        "io": {"models_dir": str(models_dir)},
        "engine": {"name": name, "download": False},
    }
    settings = load_settings(None, default_root=models_dir, overrides=overrides)
    return select_engine(settings, pinned=None, allow_download=False)


def _dlib(models_dir: Path) -> Subject:
    return Subject(build_engine(_spec("dlib", models_dir)), astronaut(), grace_hopper())


def _retinaface_arcface(models_dir: Path) -> Subject:
    data = real_data_dir()
    weights = data / "weights/deepface_home/.deepface/weights" if data else None
    if weights is None or not (weights / "retinaface.onnx").is_file():
        pytest.skip("no weights for retinaface-arcface: set CURATION_TEST_DATA to a folder that contains weights/")
    for name in ("retinaface.onnx", "arcface_weights.onnx"):
        (models_dir / name).symlink_to(weights / name)
    return Subject(build_engine(_spec("retinaface-arcface", models_dir)), astronaut(), grace_hopper())


@pytest.fixture(scope="module", params=["fake", "dlib", "retinaface-arcface"])
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    if request.param == "fake":
        return _fake()
    build: Callable[[Path], Subject] = {"dlib": _dlib, "retinaface-arcface": _retinaface_arcface}[request.param]
    return build(tmp_path_factory.mktemp("models"))


def test_a_face_is_found_with_sensible_values(subject: Subject) -> None:
    faces = subject.engine.analyse(ArrayPhoto(subject.first))
    assert len(faces) == 1
    face = faces[0]
    x, y, w, h = face.box
    assert all(isinstance(value, int) for value in face.box)
    height, width = subject.first.shape[:2]
    assert 0 <= x < x + w <= width and 0 <= y < y + h <= height
    assert 0 <= face.confidence <= 1
    marks = face.landmarks
    assert marks.right_eye.x < marks.nose.x < marks.left_eye.x
    assert marks.mouth_right.x < marks.mouth_left.x
    assert max(marks.right_eye.y, marks.left_eye.y) < marks.nose.y < min(marks.mouth_right.y, marks.mouth_left.y)
    assert all(x <= mark.x <= x + w and y <= mark.y <= y + h for mark in marks)


@pytest.mark.parametrize("enlargement", [1, 2, 3])
def test_badges_are_no_faces(subject: Subject, enlargement: int) -> None:
    if isinstance(subject.engine, FakeEngine):
        pytest.skip("the fake engine takes every strong colour for a face")
    size = (512 * enlargement, 512 * enlargement)
    suit = np.asarray(cv2.resize(astronaut(), size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)[size[0] // 2 :]
    assert not subject.engine.analyse(ArrayPhoto(suit))


def test_embeddings_are_float32_of_unit_length(subject: Subject) -> None:
    embedding = subject.engine.analyse(ArrayPhoto(subject.first))[0].embedding
    assert embedding.dtype == np.float32 and embedding.ndim == 1
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)


def test_faces_come_from_left_to_right(subject: Subject) -> None:
    alone = [subject.engine.analyse(ArrayPhoto(array))[0].embedding for array in (subject.second, subject.first)]
    found = subject.engine.analyse(ArrayPhoto(side_by_side(subject.second, subject.first)))
    assert [face.box.x for face in found] == sorted(face.box.x for face in found)
    # A detector may also take a medal for a face.
    order = [max(range(len(found)), key=lambda i: float(found[i].embedding @ embedding)) for embedding in alone]
    assert order[0] < order[1]
    assert all(float(found[i].embedding @ embedding) > 0.9 for i, embedding in zip(order, alone, strict=True))


def test_faces_are_found_without_embedding_them_as_with_it_and_by_several_threads_at_once(subject: Subject) -> None:
    both = side_by_side(subject.second, subject.first)
    analysed = [(face.box, face.landmarks, face.confidence) for face in subject.engine.analyse(ArrayPhoto(both))]
    assert len(analysed) >= 2
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: subject.engine.find(ArrayPhoto(both)), range(6)))
    assert all([tuple(face) for face in faces] == analysed for faces in found)


def test_one_person_is_nearer_than_two(subject: Subject) -> None:
    small = cv2.resize(subject.first, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    first, again, other = (
        subject.engine.analyse(ArrayPhoto(np.asarray(array, dtype=np.uint8)))[0].embedding
        for array in (subject.first, small, subject.second)
    )
    threshold = subject.engine.spec.distance_threshold
    assert 1 - float(first @ again) < threshold < 1 - float(first @ other)


def test_boxes_are_in_pixels_of_the_full_photo_whatever_size_was_looked_at(subject: Subject) -> None:
    large = cv2.resize(subject.first, None, fx=5, fy=5, interpolation=cv2.INTER_LINEAR)
    box = subject.engine.analyse(ArrayPhoto(subject.first))[0].box
    found = subject.engine.analyse(ArrayPhoto(np.asarray(large, dtype=np.uint8)))
    centre = np.array([box.x + box.w / 2, box.y + box.h / 2])
    large_box = max(found, key=lambda face: face.confidence).box
    large_centre = np.array([large_box.x + large_box.w / 2, large_box.y + large_box.h / 2]) / 5
    assert np.abs(centre - large_centre).max() < 0.2 * max(box.w, box.h)
    assert large_box.w / 5 == pytest.approx(box.w, rel=0.3)


def test_a_view_with_other_strides_is_analysed(subject: Subject) -> None:
    mirrored = subject.first[:, ::-1]
    upright = subject.engine.analyse(ArrayPhoto(subject.first))[0].box
    faces = subject.engine.analyse(ArrayPhoto(mirrored))
    best = max(faces, key=lambda face: face.confidence)
    assert best.landmarks.right_eye.x < best.landmarks.left_eye.x
    assert best.box.x == pytest.approx(subject.first.shape[1] - upright.x - upright.w, abs=0.2 * upright.w)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 3), (31, 33), (64, 64), (3000, 10), (10, 3000), (500, 500)])
def test_a_photo_without_faces_has_none_whatever_its_size(subject: Subject, width: int, height: int) -> None:
    assert len(subject.engine.analyse(ArrayPhoto(painted_photo(width, height)))) == 0


def test_a_face_that_is_cut_off_stays_inside_the_photo(subject: Subject) -> None:
    box = subject.engine.analyse(ArrayPhoto(subject.first))[0].box
    left = box.x + box.w // 4
    for face in subject.engine.analyse(ArrayPhoto(subject.first[:, left:])):
        assert face.box.x >= 0 and face.box.y >= 0
        assert face.box.x + face.box.w <= subject.first.shape[1] - left
        assert face.box.y + face.box.h <= subject.first.shape[0]


def test_the_back_row_of_a_large_group_is_found_in_a_second_look(subject: Subject) -> None:
    if "tiling" not in dict(subject.engine.spec.options):
        pytest.skip("this engine looks at each photo once")
    alone = subject.engine.analyse(ArrayPhoto(subject.first))[0]
    photo = np.full((1300, 6000, 3), 90, dtype=np.uint8)
    places = [(px, 400 + 1350 * column, y) for px, y in ((90, 100), (190, 600)) for column in range(4)]
    left, top, side = alone.box.x, alone.box.y, alone.box.w
    head = subject.first[max(0, top - side) : top + 2 * side, max(0, left - side) : left + 2 * side]
    for px, x, y in places:
        way = cv2.INTER_AREA if px < side else cv2.INTER_CUBIC
        face = np.asarray(cv2.resize(head, None, fx=px / side, fy=px / side, interpolation=way), dtype=np.uint8)
        photo[y : y + face.shape[0], x : x + face.shape[1]] = face
    found = subject.engine.analyse(ArrayPhoto(photo))
    assert len(found) == len(places)
    small = [face for face in found if face.box.y < 500]
    assert [place[1] // 1350 for place in places[:4]] == [face.box.x // 1350 for face in small]
    assert all(float(face.embedding @ alone.embedding) > 1 - subject.engine.spec.distance_threshold for face in small)


def _close_up(subject: Subject, share: float, left: float = 0.5) -> tuple[Picture, FiveLandmarks]:
    """A face that fills a photo of 1200 x 1500 px up to this share of its height, and its expected landmarks.

    `left` is where the middle of the face is, as a share of the width.
    """
    alone = subject.engine.analyse(ArrayPhoto(subject.first))[0]
    box, scale = alone.box, 1500 * share / alone.box.h
    x, y = box.x + box.w / 2, box.y + box.h / 2
    matrix = np.array([[scale, 0, 1200 * left - x * scale], [0, scale, 750 - y * scale]])
    photo = cv2.warpAffine(subject.first, matrix, (1200, 1500), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    expected = FiveLandmarks.from_array(alone.landmarks.as_array() @ matrix[:, :2].T + matrix[:, 2])
    return np.asarray(photo, dtype=np.uint8), expected


@pytest.mark.parametrize(("share", "left"), [(0.3, 0.5), (0.6, 0.5), (0.8, 0.5), (0.95, 0.5), (0.6, 0.05), (0.6, 0.95)])
def test_a_close_up_is_one_face(subject: Subject, share: float, left: float) -> None:
    if subject.engine.spec.name != "retinaface-arcface":
        pytest.skip("promised by retinaface-arcface only; see the weaker promise of all engines below")
    photo, expected = _close_up(subject, share, left)
    (face,) = subject.engine.analyse(ArrayPhoto(photo))
    eyes = expected.left_eye.x - expected.right_eye.x
    distances = np.linalg.norm(face.landmarks.as_array() - expected.as_array(), axis=1)
    assert distances.mean() < 0.25 * eyes


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_lying_head_is_the_person_that_it_is_upright(subject: Subject, turn: int) -> None:
    if subject.engine.spec.name != "retinaface-arcface":
        pytest.skip("promised by retinaface-arcface only; see the weaker promise of all engines below")
    for photo in (subject.first, subject.second):
        upright = subject.engine.analyse(ArrayPhoto(photo))[0]
        turned = np.ascontiguousarray(np.rot90(photo, turn))
        faces = subject.engine.analyse(ArrayPhoto(turned))
        face = max(faces, key=lambda one: float(one.embedding @ upright.embedding))
        assert 1 - float(face.embedding @ upright.embedding) < 0.5 * subject.engine.spec.distance_threshold
        expected = upright.landmarks.as_array()
        width = photo.shape[1]
        for _ in range(turn):
            expected = np.stack([expected[:, 1], width - 1 - expected[:, 0]], axis=1)
            width = photo.shape[0] if width == photo.shape[1] else photo.shape[1]
        eyes = float(np.linalg.norm(expected[0] - expected[1]))
        assert np.linalg.norm(face.landmarks.as_array() - expected, axis=1).mean() < 0.25 * eyes


def test_the_faces_of_a_panorama_are_found(subject: Subject) -> None:
    if isinstance(subject.engine, FakeEngine):
        pytest.skip("the fake engine knows no sizes")
    alone = subject.engine.analyse(ArrayPhoto(subject.first))[0]
    strip = np.full((512, 2560, 3), 120, dtype=np.uint8)
    for x in (0, 1024, 2048):
        strip[:, x : x + 512] = subject.first[:512, :512]
    for turns in (0, 1):  # a panorama may be upright, too
        photo = np.ascontiguousarray(strip if turns == 0 else np.concatenate(np.split(strip, 5, axis=1)))
        found = subject.engine.analyse(ArrayPhoto(photo))
        assert len(found) == 3
        threshold = subject.engine.spec.distance_threshold
        assert all(1 - float(face.embedding @ alone.embedding) < threshold for face in found)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_head_that_lies_is_found_as_its_person_or_not_at_all(subject: Subject, turns: int) -> None:
    if isinstance(subject.engine, FakeEngine):
        pytest.skip("the fake engine knows no heads")
    alone = subject.engine.analyse(ArrayPhoto(subject.first))[0]
    for face in subject.engine.analyse(ArrayPhoto(np.ascontiguousarray(np.rot90(subject.first, turns)))):
        assert 1 - float(face.embedding @ alone.embedding) < subject.engine.spec.distance_threshold


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_close_up_has_one_face(subject: Subject, share: float) -> None:
    if isinstance(subject.engine, FakeEngine):
        pytest.skip("the fake engine knows no heads")
    box = subject.engine.analyse(ArrayPhoto(subject.first))[0].box
    half = max(box.w, box.h) / share / 2
    x, y = box.x + box.w / 2, box.y + box.h / 2
    left, top = max(0, round(x - half)), max(0, round(y - half))
    part = subject.first[top : round(y + half), left : round(x + half)]
    scale = 1600 / max(part.shape[:2])
    large = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    (found,) = subject.engine.analyse(ArrayPhoto(large))
    centre = np.array([found.box.x + found.box.w / 2, found.box.y + found.box.h / 2]) / scale + np.array([left, top])
    assert np.abs(centre - (x, y)).max() < 0.2 * max(box.w, box.h)
    assert found.box.w / scale == pytest.approx(box.w, rel=0.3)


def test_noise_does_not_break_it(subject: Subject) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    for face in subject.engine.analyse(ArrayPhoto(noise)):
        assert np.isfinite(face.embedding).all()


def test_the_same_photo_gives_the_same_bytes(subject: Subject) -> None:
    photo = side_by_side(subject.first, subject.second)
    runs = [subject.engine.analyse(ArrayPhoto(photo)) for _ in range(2)]
    assert len(runs[0]) == len(runs[1]) >= 2
    for one, other in zip(*runs, strict=True):
        assert (one.box, one.landmarks, one.confidence) == (other.box, other.landmarks, other.confidence)
        assert one.embedding.tobytes() == other.embedding.tobytes()


def test_photos_that_come_together_have_the_faces_that_they_have_alone(subject: Subject) -> None:
    photos = [subject.first, painted_photo(300, 200), subject.second, side_by_side(subject.second, subject.first)]
    together = subject.engine.analyse_many([ArrayPhoto(photo) for photo in photos])
    assert [isinstance(faces, PhotoError) for faces in together] == [False] * 4
    for faces, photo in zip(together, photos, strict=True):
        alone = subject.engine.analyse(ArrayPhoto(photo))
        assert not isinstance(faces, PhotoError) and len(faces) == len(alone)
        for one, other in zip(faces, alone, strict=True):
            assert (one.box, one.landmarks, one.confidence) == (other.box, other.landmarks, other.confidence)
            assert np.abs(one.embedding - other.embedding).max() < 1e-4
    assert subject.engine.analyse_many([]) == []


def test_the_spec_can_be_sent_to_a_worker(subject: Subject) -> None:
    spec = subject.engine.spec
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert spec.distance_threshold > 0 and spec.threshold_source and spec.reason
    assert list(spec.options) == sorted(spec.options)


def test_a_known_face_is_embedded_after_its_chip_was_changed(subject: Subject) -> None:
    face = subject.engine.analyse(ArrayPhoto(subject.first))[0]
    chips: list[Picture] = []

    def noted(chip: Picture) -> list[Picture]:
        chips.append(chip)
        return [chip, np.ascontiguousarray(chip[:, ::-1]), chip]

    runs = [subject.engine.embed_changed(ArrayPhoto(subject.first), face.landmarks, noted) for _ in range(2)]
    assert runs[0].dtype == np.float32 and runs[0].shape == (3, len(face.embedding))
    assert np.linalg.norm(runs[0], axis=1) == pytest.approx(1.0, abs=1e-5)
    assert runs[0].tobytes() == runs[1].tobytes()
    assert chips[0].ndim == 3 and chips[0].shape[0] == chips[0].shape[1] and chips[0].dtype == np.uint8
    # As it is it is the same person, though an engine may align it with more landmarks than are known any more.
    assert 1 - float(runs[0][0] @ face.embedding) < subject.engine.spec.distance_threshold
    assert runs[0][0].tobytes() == runs[0][2].tobytes()


def test_strangers_look_more_alike_once_they_are_spoilt(subject: Subject) -> None:
    if isinstance(subject.engine, FakeEngine):
        pytest.skip("the fake engine reads colours, whatever is done to them")
    whole, spoilt = [], []
    for picture in (subject.first, subject.second):
        face = max(subject.engine.analyse(ArrayPhoto(picture)), key=lambda face: face.confidence)
        whole.append(face.embedding)
        spoilt.append(subject.engine.embed_changed(ArrayPhoto(picture), face.landmarks, spoilt_chips))
    alike = (spoilt[0] * spoilt[1]).sum(axis=1)
    assert len(alike) == len(SPOILT_WAYS)
    assert np.median(alike) > float(whole[0] @ whole[1])
    rule = subject.engine.spec.unreadable
    assert rule is not None
    assert not rule.is_unreadable(np.array(whole)).any()
    assert rule.is_unreadable(np.concatenate(spoilt)[[0, 1, 3, 4]]).all()


def test_landmarks_that_are_no_face_are_an_error_of_the_photo(subject: Subject) -> None:
    if isinstance(subject.engine, FakeEngine):
        pytest.skip("the fake engine needs no landmarks")
    nowhere = FiveLandmarks.from_array(np.full((5, 2), 20.0))
    with pytest.raises(PhotoError):
        subject.engine.embed_changed(ArrayPhoto(subject.first), nowhere, spoilt_chips)


def test_a_face_can_be_pointed_out_whether_the_engine_sees_it_or_not(subject: Subject) -> None:
    photo = ArrayPhoto(subject.first)
    seen = subject.engine.analyse(photo)[0]
    at_place = [face_at(photo, seen.box, subject.engine) for _ in range(2)]
    assert at_place[0].box == seen.box
    assert at_place[0].embedding.tobytes() == at_place[1].embedding.tobytes()
    assert 1 - float(at_place[0].embedding @ seen.embedding) < subject.engine.spec.distance_threshold
    assert at_place[0].landmarks.as_array() == pytest.approx(seen.landmarks.as_array(), abs=0.15 * seen.box.w)
    corner = Box(0, 0, 40, 40)
    nothing = face_at(photo, corner, subject.engine)
    assert nothing.box == corner and nothing.confidence == 0
    assert np.linalg.norm(nothing.embedding) == pytest.approx(1.0, abs=1e-5)
    assert nothing.landmarks == landmarks_of_box(corner)
