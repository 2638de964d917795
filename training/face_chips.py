"""Faces of the labelled photos as upright chips with their 68 landmarks, found once and kept in a file.

A chip is grey, since colour says more about a picture's source than about an eye or a mouth. Faces and
landmarks come from the program's own engine and predictor, so a network learns from crops like those that it will see.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.domain.faces.face import DetectedFace
from curation.domain.faces.geometry import apply_transform, head_pose, head_size_px, similarity_transform
from curation.domain.judging.calibration import landmark_fit
from curation.engines.alignment import aligned_face
from curation.engines.base import FaceEngine, Pixels
from curation.engines.building import build_engine
from curation.engines.landmarks import LandmarkPredictor
from curation.engines.selection import select_engine
from curation.photos.files.decoding import open_photo
from curation.settings import load_settings
from tests.fakes import ArrayPhoto

__all__ = [
    "CHIP_EYES_PX",
    "CHIP_PX",
    "PORTRAITS",
    "WHOLE_PHOTOS",
    "FaceChips",
    "face_chips",
    "found_faces",
    "small_engine",
]

CHIP_PX = 192
CHIP_EYES_PX = 72.0
"""Distance of a frontal head's eyes in a chip."""

_EYE_HEIGHT = 56.0  # of the point between the eyes in a chip, from above
_TEMPLATE = np.array(
    [[CHIP_PX / 2 - CHIP_EYES_PX / 2, _EYE_HEIGHT], [CHIP_PX / 2 + CHIP_EYES_PX / 2, _EYE_HEIGHT]], dtype=np.float64
)
_MAX_MEGAPIXELS = 120.0
_MIN_FACE_PX = 24
_SMALL_PICTURE_PX = 128  # the detector needs a larger picture
_VIDEO_STEP = 6  # of so many frames one is taken

PORTRAITS = ("cew_eyes", "lfw", "lfw_smile", "genki_crops", "utkface")
"""Sets with one labelled face in the middle of each picture."""
WHOLE_PHOTOS = ("groups", "codebasics_sports", "five_celebs", "deepface_pairs")
VIDEOS = ("yakhyo_friends/in_video.mp4", "hamilton/short_hamilton_clip.mp4")


@dataclass(frozen=True, slots=True, eq=False)
class FaceChips:
    """N faces.

    Attributes:
        keys: (N,) "set/path" of portraits, "set/path@x,y" of whole photos with the face's centre in pixels of the
            upright photo, "videos/path:frame@x,y" of videos.
        chips: (N, 192, 192) uint8.
        points: (N, 68, 2) float32, in pixels of the chip.
        eyes_px: (N,) float32, distance of the eyes of the frontal head in the picture itself.
        yaw_deg: (N,) float32.
        fit: (N,) float32, see `landmark_fit`.
        face_px: (N,) int32, shorter side of the face's box.
    """

    keys: NDArray[np.str_]
    chips: NDArray[np.uint8]
    points: NDArray[np.float32]
    eyes_px: NDArray[np.float32]
    yaw_deg: NDArray[np.float32]
    fit: NDArray[np.float32]
    face_px: NDArray[np.int32]


def face_chips(data: Path, cache: Path) -> FaceChips:
    """All faces of the labelled photos.

    Args:
        data: Folder that holds photos/ and weights/.
        cache: An .npz file; read if it is there, else written.
    """
    if not cache.is_file():
        engine, predictor = small_engine(data), LandmarkPredictor()
        rows = []
        for key, pixels, face in found_faces(data / "photos", engine):
            row = _chip(key, pixels, face, predictor)
            if row is not None:
                rows.append(row)
        keys, chips, points, eyes_px, yaw_deg, fit, face_px = zip(*rows, strict=True)
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            cache,
            keys=np.array(keys),
            chips=np.stack(chips),
            points=np.stack(points).astype(np.float32),
            eyes_px=np.array(eyes_px, np.float32),
            yaw_deg=np.array(yaw_deg, np.float32),
            fit=np.array(fit, np.float32),
            face_px=np.array(face_px, np.int32),
        )
    with np.load(cache) as stored:
        return FaceChips(**{name: stored[name] for name in FaceChips.__slots__})


def small_engine(data: Path) -> FaceEngine:
    """The engine retinaface-arcface on the small weights."""
    weights = data / "weights/deepface_home/.deepface/weights"
    overrides: dict[str, dict[str, object]] = {
        "io": {"models_dir": str(weights.resolve())},
        "engine": {"name": "retinaface-arcface", "download": False},
    }
    settings = load_settings(None, default_root=data, overrides=overrides)
    return build_engine(select_engine(settings, pinned=None, allow_download=False))


def found_faces(
    photos: Path, engine: FaceEngine, wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[str, Pixels, DetectedFace]]:
    """The faces of the labelled photos: key (see `FaceChips`), photo and face; the middle one of portraits.

    Args:
        photos: Folder of the sets.
        engine: That finds them.
        wanted: Whether to look at the picture "set/path" at all.
    """
    for name in PORTRAITS:
        with (photos / name / "labels.csv").open(newline="") as file:
            paths = [row["path"] for row in csv.DictReader(file) if wanted(f"{name}/{row['path']}")]
        for path in paths:
            photo = _padded_portrait(photos / name / path)
            middle = np.array([photo.width, photo.height]) / 2
            found = min(
                engine.analyse(photo),
                key=lambda face: float(np.linalg.norm(face.landmarks.as_array().mean(axis=0) - middle)),
                default=None,
            )
            if found is not None:
                yield f"{name}/{path}", photo.full(), found
    for name in WHOLE_PHOTOS:
        for file_path in sorted((photos / name).rglob("*")):
            key = file_path.relative_to(photos).as_posix()
            if file_path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp") and wanted(key):
                opened = open_photo(file_path, max_megapixels=_MAX_MEGAPIXELS)
                for face in engine.analyse(opened):
                    yield _key(key, face), opened.full(), face
    for name in VIDEOS:
        if wanted(f"videos/{name}"):
            for number, frame in _frames(photos / "videos" / name):
                for face in engine.analyse(frame):
                    yield _key(f"videos/{name}:{number}", face), frame.full(), face


def _padded_portrait(path: Path) -> ArrayPhoto:
    with Image.open(path) as picture:
        array = np.asarray(picture.convert("RGB"))
    if max(array.shape) <= _SMALL_PICTURE_PX:
        array = np.asarray(cv2.resize(array, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    pad = array.shape[0] // 2
    return ArrayPhoto(np.pad(array, ((pad, pad), (pad, pad), (0, 0))))


def _frames(path: Path) -> Iterator[tuple[int, ArrayPhoto]]:
    video = cv2.VideoCapture(str(path))
    number = 0
    while video.grab():
        if number % _VIDEO_STEP == 0:
            _, frame = video.retrieve()
            yield number, ArrayPhoto(np.ascontiguousarray(frame[:, :, ::-1]))
        number += 1
    video.release()


def _key(path: str, face: DetectedFace) -> str:
    return f"{path}@{face.box.x + face.box.w // 2},{face.box.y + face.box.h // 2}"


def _chip(
    key: str, pixels: Pixels, face: DetectedFace, predictor: LandmarkPredictor
) -> tuple[str, NDArray[np.uint8], NDArray[np.float64], float, float, float, int] | None:
    five = face.landmarks.as_array()
    pose = head_pose(five)
    found = predictor.predict(pixels, face.landmarks)
    if found is None or min(face.box.w, face.box.h) < _MIN_FACE_PX:
        return None
    # The eyes of a turned head lie closer together; the chip keeps the head's size.
    eyes_px = head_size_px(five, pose)
    axis = five[1] - five[0]
    middle, half = five[:2].mean(axis=0), axis / np.linalg.norm(axis) * eyes_px / 2
    ends = np.stack([middle - half, middle + half])
    colour = aligned_face(pixels.array, ends, template=_TEMPLATE, size_px=CHIP_PX)
    points = apply_transform(similarity_transform(ends, _TEMPLATE), found.points)
    shrunk = 3.0 if key.startswith("genki_crops/") else 1.0  # enlarged above, without adding detail
    return (
        key,
        np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), dtype=np.uint8),
        points,
        eyes_px / shrunk,
        pose.yaw_deg,
        landmark_fit(found.disagreement, found.instability),
        min(face.box.w, face.box.h),
    )
