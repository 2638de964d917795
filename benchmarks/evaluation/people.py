"""People found in photos by the size of the group, joints of gymnasts, and pictures without people that pass."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.bodies.pose import PoseJoint
from curation.engines.base import FaceEngine, PhotoPixels
from curation.engines.bodies.base import PeopleFinder
from curation.engines.bodies.people import build_people_finder
from curation.engines.bodies.selection import select_bodies
from curation.engines.onnx_sessions import CPU_PROVIDER
from curation.errors import CurationError
from curation.photos.files.decoding import open_photo
from ground_truth.engines import small_engine
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation
from ground_truth.people_networks import linked_networks
from ground_truth.splits import in_test_half

__all__ = ["FoundInPhoto", "Gymnast", "by_group_size", "joints_in_place", "no_people", "tables"]

_SETS = ("groups", "five_celebs", "deepface_pairs", "codebasics_sports")
_WITHOUT_PEOPLE = ("blur_focus200", "blur_kwentar")
_ENDINGS = {".jpg", ".jpeg", ".png"}
_MAX_MEGAPIXELS = 200
_POSES = ("lite", "full", "heavy")

# The independent detector: YuNet (OpenCV's model zoo), at the scores and the size that its authors use.
_REFERENCE = "weights/deepface_home/.deepface/weights/face_detection_yunet_2023mar.onnx"
_REFERENCE_PX, _REFERENCE_SCORE, _REFERENCE_OVERLAP = 1600, 0.7, 0.3
_MIN_FACE_PX = 24

_SIZES = (("one", 1, 1), ("two to four", 2, 4), ("five and more", 5, 10_000))

_TORSO_SHARE = 0.2  # PCK: a joint is in place if it is this near, in distances from the left shoulder to the right hip
_JOINTS: Mapping[str, PoseJoint] = MappingProxyType(
    {
        f"{letter}_{part}": PoseJoint[f"{side}_{part.upper()}"]
        for letter, side in (("l", "LEFT"), ("r", "RIGHT"))
        for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    }
)


@dataclass(frozen=True, slots=True)
class FoundInPhoto:
    """What was found in a photo.

    Attributes:
        noses: For each face of the reference, whether a skeleton's nose is in it.
        noses_without_faces: Likewise, when the face engine's faces are not used.
        boxes: For each face of the reference, whether its middle is in the upper half of a person's box.
        cpu_s: Processor time with the faces, after decoding.
    """

    noses: tuple[bool, ...]
    noses_without_faces: tuple[bool, ...]
    boxes: tuple[bool, ...]
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Gymnast:
    """The distances of all labelled joints of one picture, in torsos; infinite if there is no skeleton."""

    distances: tuple[float, ...]
    cpu_s: float


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Measure."""
    # As in the program, where OpenCV's own threads would fight with the workers.
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        engine, finder = small_engine(evaluation.data), _finder(evaluation, "full")
        yield by_group_size(list(_found(evaluation, engine, finder)))
        gymnasts = {}
        for pose in _POSES:
            try:
                other = _finder(evaluation, pose)
            except Unavailable:
                continue
            gymnasts[pose] = list(_gymnasts(evaluation, engine, other))
        yield joints_in_place(gymnasts)
        yield no_people(dict(_nobody(evaluation, engine, finder)))
    finally:
        cv2.setNumThreads(threads)


def by_group_size(photos: Sequence[FoundInPhoto]) -> Table:
    """One row for each size of a group."""
    rows = []
    for name, least, most in _SIZES:
        chosen = [photo for photo in photos if least <= len(photo.noses) <= most]
        faces = sum(len(photo.noses) for photo in chosen)
        if not faces:
            continue
        rows.append(
            [
                name,
                str(len(chosen)),
                str(faces),
                _share(sum(sum(photo.noses) for photo in chosen), faces),
                _share(sum(sum(photo.noses_without_faces) for photo in chosen), faces),
                _share(sum(sum(photo.boxes) for photo in chosen), faces),
                f"{np.mean([photo.cpu_s for photo in chosen]):.2f}",
            ]
        )
    return Table(
        f"People found (pose full), on the test half of the photos of {', '.join(_SETS)}. The reference are the faces "
        f"of YuNet from {_MIN_FACE_PX} px on; a person is found if a skeleton's nose lies in the face. The face engine "
        "is another one (retinaface-arcface). Seconds are processor time of one thread, after decoding.",
        [
            "people in the photo",
            "photos",
            "faces",
            "found",
            "without the face engine",
            "in upper half of a box",
            "s a photo",
        ],
        rows,
    )


def joints_in_place(gymnasts: Mapping[str, Sequence[Gymnast]]) -> Table:
    """One row for each network of landmarks."""
    rows = []
    for pose, pictures in gymnasts.items():
        distances = np.array([distance for picture in pictures for distance in picture.distances])
        rows.append(
            [
                pose,
                str(len(pictures)),
                _share(int((distances <= _TORSO_SHARE).sum()), len(distances)),
                f"{np.median(distances):.3f}",
                f"{np.mean([picture.cpu_s for picture in pictures]):.2f}",
            ]
        )
    return Table(
        f"Joints in place (PCK at {_TORSO_SHARE} of the distance from the left shoulder to the right hip), on the test "
        "half of 120 pictures of gymnasts; joints of people without a skeleton count as wrong.",
        ["pose", "pictures", "joints in place", "median distance", "s a picture"],
        rows,
    )


def no_people(found: Mapping[str, int]) -> Table:
    """How many pictures without people are not rejected."""
    passed = [name for name, count in found.items() if count]
    return Table(
        f"Pictures without people ({', '.join(_WITHOUT_PEOPLE)}; both halves, since so few are there).",
        ["pictures", "people are found in"],
        [[str(len(found)), str(len(passed))]],
    )


def _finder(evaluation: Evaluation, pose: str) -> PeopleFinder:
    folder = linked_networks(evaluation.data, evaluation.scratch / "body networks")
    try:
        engines = select_bodies(
            pose=pose,
            cutouts="off",
            fine_segmenter="isnet",
            models_dir=folder,
            cache_dirs=(evaluation.scratch,),
            providers=(CPU_PROVIDER,),
            allow_download=False,
        )
        return build_people_finder(engines.people)
    except CurationError as error:
        raise Unavailable(str(error).splitlines()[0]) from error


def _found(evaluation: Evaluation, engine: FaceEngine, finder: PeopleFinder) -> Iterator[FoundInPhoto]:
    model = evaluation.data / _REFERENCE
    if not model.is_file():
        raise Unavailable(f"{model} is missing")
    reference = cv2.FaceDetectorYN.create(
        str(model), "", (320, 320), score_threshold=_REFERENCE_SCORE, nms_threshold=_REFERENCE_OVERLAP
    )
    for path, name in _files(evaluation, _SETS):
        if not in_test_half(name):
            continue
        photo = open_photo(path, max_megapixels=_MAX_MEGAPIXELS)
        edges = _reference_faces(reference, photo)
        if not len(edges):
            continue
        faces = _faces(engine, photo)
        without = finder.find(photo, [])
        began = time.process_time()
        people = finder.find(photo, faces)
        yield FoundInPhoto(
            noses=tuple(_has_nose(people, face) for face in edges),
            noses_without_faces=tuple(_has_nose(without, face) for face in edges),
            boxes=tuple(_is_in_box(people, face) for face in edges),
            cpu_s=time.process_time() - began,
        )


def _gymnasts(evaluation: Evaluation, engine: FaceEngine, finder: PeopleFinder) -> Iterator[Gymnast]:
    folder = evaluation.set_folder("poses")
    with (folder / "joints.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if in_test_half(row["path"])]
    for row in rows:
        joints = {
            name: np.array([float(row[f"{name}_x"]), float(row[f"{name}_y"])]) for name in _JOINTS if row[f"{name}_x"]
        }
        if not {"l_shoulder", "r_hip"} <= joints.keys():
            continue
        torso = max(1.0, float(np.linalg.norm(joints["l_shoulder"] - joints["r_hip"])))
        photo = open_photo(folder / row["path"], max_megapixels=_MAX_MEGAPIXELS)
        faces = _faces(engine, photo)
        began = time.process_time()
        people = [person for person in finder.find(photo, faces) if person.pose is not None]
        spent = time.process_time() - began
        middle = np.mean(list(joints.values()), axis=0)
        # Chosen by the place of the box, not by the joints.
        person = min(people, key=lambda person: _distance_to(person, middle), default=None)
        distances = []
        for name, place in joints.items():
            if person is None or person.pose is None:
                distances.append(np.inf)
                continue
            mark = person.pose.at(_JOINTS[name])
            distances.append(float(np.hypot(mark.x - place[0], mark.y - place[1])) / torso)
        yield Gymnast(tuple(distances), spent)


def _nobody(evaluation: Evaluation, engine: FaceEngine, finder: PeopleFinder) -> Iterator[tuple[str, int]]:
    for path, name in _files(evaluation, _WITHOUT_PEOPLE):
        photo = open_photo(path, max_megapixels=_MAX_MEGAPIXELS)
        yield name, len(finder.find(photo, _faces(engine, photo)))


def _files(evaluation: Evaluation, sets: Sequence[str]) -> Iterator[tuple[Path, str]]:
    for name in sets:
        folder = evaluation.set_folder(name)
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in _ENDINGS:
                yield path, path.relative_to(folder.parent).as_posix()


def _reference_faces(detector: cv2.FaceDetectorYN, photo: PhotoPixels) -> NDArray[np.float64]:
    """(N, 4) edges in pixels of the full-size photo."""
    array, scale = photo.reduced(_REFERENCE_PX)
    detector.setInputSize((array.shape[1], array.shape[0]))
    _, found = detector.detect(np.ascontiguousarray(array[:, :, ::-1]))
    if found is None:
        return np.zeros((0, 4))
    boxes = np.asarray(found, dtype=np.float64)[:, :4] / scale
    boxes = boxes[boxes[:, 2:].min(axis=1) >= _MIN_FACE_PX]
    return np.concatenate((boxes[:, :2], boxes[:, :2] + boxes[:, 2:]), axis=1)


def _faces(engine: FaceEngine, photo: PhotoPixels) -> list[FaceOfBody]:
    return [
        FaceOfBody(index, face.box, face.landmarks, face.confidence) for index, face in enumerate(engine.find(photo))
    ]


def _has_nose(people: Sequence[Person], face: NDArray[np.float64]) -> bool:
    for person in people:
        if person.pose is not None:
            nose = person.pose.at(PoseJoint.NOSE)
            if face[0] <= nose.x <= face[2] and face[1] <= nose.y <= face[3]:
                return True
    return False


def _is_in_box(people: Sequence[Person], face: NDArray[np.float64]) -> bool:
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    return any(
        person.box.x <= x <= person.box.x + person.box.w and person.box.y <= y <= person.box.y + person.box.h / 2
        for person in people
    )


def _distance_to(person: Person, place: NDArray[np.float64]) -> float:
    x, y = person.box.x + person.box.w / 2, person.box.y + person.box.h / 2
    return float(np.hypot(x - place[0], y - place[1]))


def _share(count: int, total: int) -> str:
    return f"{count / total:.3f}"
