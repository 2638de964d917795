"""What finds the people of a picture fulfils its contract, on stand-ins and, where they are there, on real weights."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.bodies.pose import PoseJoint
from curation.engines.base import Pixels
from curation.engines.bodies.base import PeopleFinder
from curation.engines.bodies.people import build_people_finder
from curation.engines.bodies.pose_landmarks import PoseLandmarks, Skeleton
from curation.engines.bodies.selection import select_bodies
from curation.engines.bodies.squares import Pyramid, Square
from curation.errors import FaceAnalysisError, PhotoUnreadableError, SettingsError, WeightsMissingError
from ground_truth.array_photo import ArrayPhoto
from tests.conftest import real_data_dir
from tests.face_photos import astronaut, grace_hopper, side_by_side
from tests.people_networks import boxes_answer, face_at, landmarks_answer, people_specs, standing_pose, written_spec

STANDING = standing_pose(128, 20, 220, confidence=0.99)
BOX = (208, 208, 120, 380, 0.9)


def _noise(width: int = 416, height: int = 416) -> ArrayPhoto:
    return ArrayPhoto(np.random.default_rng(5).integers(0, 255, (height, width, 3), dtype=np.uint8))


def _stand_in(folder: Path) -> PeopleFinder:
    return build_people_finder(people_specs(folder, [BOX], STANDING, stand=True))


def _check(people: tuple[Person, ...], faces: list[FaceOfBody], photo: ArrayPhoto) -> None:
    assert sorted(person.face.face_index for person in people if person.face) == [face.face_index for face in faces]
    assert [person.person_index for person in people] == list(range(len(people)))
    assert [person.box[:2] for person in people] == sorted(person.box[:2] for person in people)
    for person in people:
        box = person.box
        assert 0 <= box.x < box.x + box.w <= photo.width and 0 <= box.y < box.y + box.h <= photo.height
        assert 0 <= person.confidence <= 1
        if person.pose is not None:
            assert len(person.pose.landmarks) == len(PoseJoint)
            for mark in person.pose.landmarks:
                inside = 0 <= mark.x < photo.width and 0 <= mark.y < photo.height
                assert 0 <= mark.visibility <= (1 if inside else 0.1)


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 2), (64, 64), (416, 416), (2500, 1200)])
@pytest.mark.parametrize("count", [0, 1, 30])
def test_any_picture_and_any_faces(tmp_path: Path, size: tuple[int, int], count: int) -> None:
    photo = _noise(*size)
    faces = []
    for index in range(count):
        x, y = (index * 37) % max(1, photo.width - 1), (index * 53) % max(1, photo.height - 1)
        side = max(1, min(20 + index, photo.width - x, photo.height - y))
        faces.append(face_at(x, y, side, index))
    finder = _stand_in(tmp_path)
    people = finder.find(photo, faces)
    _check(people, faces, photo)
    assert people == finder.find(photo, faces)


def test_box_skeleton_and_face_are_one_person(tmp_path: Path) -> None:
    finder = _stand_in(tmp_path)
    (alone,) = finder.find(_noise(), [])
    assert alone.pose is not None and alone.face is None and alone.confidence == pytest.approx(0.99)
    nose = alone.pose.at(PoseJoint.NOSE)
    (with_face,) = finder.find(_noise(), [face_at(round(nose.x) - 20, round(nose.y) - 20, 40)])
    assert with_face.face is not None and with_face.pose is not None


def test_an_empty_answer_is_nobody_and_a_face_is_somebody(tmp_path: Path) -> None:
    finder = build_people_finder(people_specs(tmp_path))
    assert finder.find(_noise(), []) == ()
    (person,) = finder.find(_noise(), [face_at(100, 100, 50)])
    assert person.pose is None and person.face is not None


def test_a_box_that_looks_at_somebody_else_has_no_skeleton(tmp_path: Path) -> None:
    """The only skeleton that the network gives lies outside of the box."""
    elsewhere = standing_pose(128 + 900, 20, 220, confidence=0.99)
    (person,) = build_people_finder(people_specs(tmp_path, [BOX], elsewhere)).find(_noise(), [])
    assert person.pose is None and person.confidence == pytest.approx(0.9, abs=1e-5)


def test_a_crowd_costs_no_more_than_so_many_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = (
        *people_specs(tmp_path)[:2],
        written_spec("full", tmp_path, landmarks_answer(standing_pose(128, 20, 220, confidence=0.3))),
    )
    finder = build_people_finder(specs)
    monkeypatch.setattr("curation.engines.bodies.people._MAX_LOOKS", 7)
    faces = [face_at(10 * index, 50, 9, index) for index in range(40)]
    photo = _noise()
    people = finder.find(photo, faces)
    _check(people, faces, photo)
    assert len(people) == 40


@pytest.mark.parametrize("passers_by", [0, 4])
def test_somebody_who_stands_is_looked_for_in_the_whole_body_whoever_passes_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passers_by: int
) -> None:
    """A square of head and chest alone squeezes the legs into it, and the network is sure of them."""
    looked: list[Square] = []
    find = PoseLandmarks.find

    def noting(self: PoseLandmarks, photo: Pyramid, square: Square, *others: int, **more: Any) -> Skeleton:
        looked.append(square)
        return find(self, photo, square, *others, **more)

    monkeypatch.setattr(PoseLandmarks, "find", noting)
    small = [(20.0 + 100 * place, 100.0, 16.0, 60.0, 0.9) for place in range(passers_by)]
    finder = build_people_finder(people_specs(tmp_path, [BOX, *small], STANDING))
    people = finder.find(_noise(), [face_at(190, 25, 40)])
    assert len(people) == 1 + passers_by
    assert looked[0].side >= BOX[3] and BOX[1] - 40 <= looked[0].y <= BOX[1] + 40


def test_several_threads_and_another_process_get_the_same(tmp_path: Path) -> None:
    finder, photo = _stand_in(tmp_path), _noise()
    expected = finder.find(photo, [])
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: finder.find(photo, []), range(8))) == [expected] * 8
    specs = pickle.loads(pickle.dumps(finder.specs))
    assert build_people_finder(specs).find(photo, []) == expected


def test_faults_are_of_our_own_kinds(tmp_path: Path) -> None:
    boxes, detector, pose = people_specs(tmp_path)
    with pytest.raises(SettingsError, match="people are found by"):
        build_people_finder((detector, boxes, pose))
    answer = boxes_answer()
    answer[0][0, 0, 0] = np.nan
    broken = written_spec("yolox-nano", tmp_path, answer)
    with pytest.raises(FaceAnalysisError, match="yolox_nano"):
        build_people_finder((broken, detector, pose)).find(_noise(), [])

    class Unreadable(ArrayPhoto):
        def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
            raise PhotoUnreadableError("cut off")

    with pytest.raises(PhotoUnreadableError):
        build_people_finder((boxes, detector, pose)).find(Unreadable(np.zeros((9, 9, 3), dtype=np.uint8)), [])
    pose.weights[0].path.unlink()
    with pytest.raises(WeightsMissingError):
        build_people_finder((boxes, detector, pose))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> PeopleFinder:
    folder = real_data_dir()
    weights = folder / "weights/onnx" if folder else None
    if weights is None or not (weights / "pose_landmark_full.onnx").is_file():
        pytest.skip("there are no networks for bodies among the test data (CURATION_TEST_DATA)")
    models = tmp_path_factory.mktemp("models")
    for name in (
        "yolox_nano.onnx",
        "pose_detection.onnx",
        "pose_landmark_full.onnx",
        "selfie_segmentation.onnx",
        "pan_skin_clothes_hair.onnx",
    ):
        (models / name).symlink_to(weights / name)
    engines = select_bodies(
        pose="full",
        cutouts="off",
        fine_segmenter="isnet",
        models_dir=models,
        cache_dirs=(models,),
        providers=("CPUExecutionProvider",),
        allow_download=False,
    )
    return build_people_finder(engines.people)


def _nose(person: Person) -> tuple[float, float]:
    assert person.pose is not None
    mark = person.pose.at(PoseJoint.NOSE)
    return mark.x, mark.y


def test_a_real_portrait_is_one_person(real: PeopleFinder) -> None:
    photo = ArrayPhoto(astronaut())
    (person,) = real.find(photo, [])
    x, y = _nose(person)
    assert 180 < x < 260 and 80 < y < 160 and person.confidence > 0.9
    _check((person,), [], photo)


def test_two_real_portraits_are_two_people_each_with_the_own_face(real: PeopleFinder) -> None:
    array: NDArray[np.uint8] = side_by_side(astronaut(), grace_hopper())
    photo = ArrayPhoto(array)
    noses = [_nose(real.find(ArrayPhoto(single), [])[0]) for single in (astronaut(), grace_hopper())]
    shift = array.shape[1] - grace_hopper().shape[1]
    faces = []
    for index, (x, y) in enumerate(noses):
        faces.append(face_at(round(x) - 45 + index * shift, round(y) - 50, 90, index))
    people = real.find(photo, faces)
    _check(people, faces, photo)
    found = [person for person in people if person.face is not None and person.pose is not None]
    assert [person.face.face_index for person in found if person.face] == [0, 1]


def test_nothing_real_is_nobody(real: PeopleFinder) -> None:
    rows, columns = np.mgrid[0:300, 0:400]
    sky = np.stack((rows // 3, rows // 2, 120 + columns // 5), axis=2).astype(np.uint8)
    assert real.find(ArrayPhoto(sky), []) == ()
    assert real.find(ArrayPhoto(np.zeros((300, 400, 3), dtype=np.uint8)), []) == ()
