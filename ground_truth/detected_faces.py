"""Faces that an engine finds on the labelled photos, with the keys that labels name them by.

A face key is "set/path" for portraits, "set/path@x,y" for whole photos (the centre of the face's box, in pixels of the
upright photo) and "videos/path:frame@x,y" for videos.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from curation.domain.faces.face import DetectedFace
from curation.engines.base import FaceEngine, Pixels
from curation.photos.files.decoding import open_photo
from ground_truth.array_photo import ArrayPhoto
from ground_truth.labels.counted_faces import PhotoFile
from ground_truth.metrics.detection import DetectionCounts

__all__ = ["PORTRAITS", "WHOLE_PHOTOS", "detect_counted", "enlargement", "found_faces"]

_MAX_MEGAPIXELS = 120.0
_SMALL_PICTURE_PX = 128  # pictures up to this size are enlarged for the detector
_ENLARGEMENT = 3
_VIDEO_STEP = 6  # one of so many frames is used

PORTRAITS = ("cew_eyes", "lfw", "lfw_smile", "genki_crops", "utkface")
"""Sets with one labelled face in the middle of each picture."""
WHOLE_PHOTOS = ("groups", "codebasics_sports", "five_celebs", "deepface_pairs")
"""Sets of photos in which every face counts."""
_VIDEOS = ("yakhyo_friends/in_video.mp4", "hamilton/short_hamilton_clip.mp4")


def found_faces(
    photos: Path, engine: FaceEngine, wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[str, Pixels, DetectedFace]]:
    """Find the faces of the labelled photos; of a portrait, the one nearest to the middle.

    Args:
        photos: Folder of the sets.
        engine: The engine that finds them.
        wanted: Whether to analyse the picture "set/path".

    Yields:
        The face's key, the photo's pixels, and the face.
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
    for name in _VIDEOS:
        if wanted(f"videos/{name}"):
            for number, frame in _frames(photos / "videos" / name):
                for face in engine.analyse(frame):
                    yield _key(f"videos/{name}:{number}", face), frame.full(), face


def enlargement(face: str) -> int:
    """How much `found_faces` enlarged the picture of a face, by its key: only those of genki_crops are that small."""
    return _ENLARGEMENT if face.startswith("genki_crops/") else 1


def _padded_portrait(path: Path) -> ArrayPhoto:
    with Image.open(path) as picture:
        array = np.asarray(picture.convert("RGB"))
    if max(array.shape) <= _SMALL_PICTURE_PX:
        array = np.asarray(
            cv2.resize(array, None, fx=_ENLARGEMENT, fy=_ENLARGEMENT, interpolation=cv2.INTER_CUBIC), dtype=np.uint8
        )
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


def detect_counted(engine: FaceEngine, files: Sequence[PhotoFile]) -> DetectionCounts:
    """Run an engine on photos whose faces were counted; decoding is not part of the time."""
    out = DetectionCounts()
    for path, counted in files:
        photo = open_photo(path, max_megapixels=_MAX_MEGAPIXELS)
        photo.full()
        began = time.perf_counter()
        faces = engine.analyse(photo)
        out.seconds += time.perf_counter() - began
        out.add(counted, [face.box for face in sorted(faces, key=lambda face: -face.confidence)])
    return out
