"""dlib's networks in ONNX Runtime beside dlib's own code: time, and differences of the results.

    python -m benchmarks.dlib_networks ../shared

Each uses one thread. The detectors run on group photos at 800 px; "quick look" skips the finest levels where the others
give no hint of small faces, and screens with 8-bit integers first. The descriptors run on the faces that the detector
found. dlib's HOG detector runs on the same photos at 2000 px beside our detector at the same size, as the engine uses
them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmarks.harness.report import Row, main, median_seconds
from curation.engines.base import WeightsFile
from curation.engines.dlib.converter.conversion import converted_network
from curation.engines.dlib.descriptor import FaceDescriptor
from curation.engines.dlib.hog import HogDetector
from curation.engines.dlib.mmod import MmodDetector
from curation.engines.dlib.pyramid import DLIB_MARGIN_PX
from curation.engines.weights.inventory import locate
from curation.engines.weights.registry import DLIB_DESCRIPTOR_FILE, DLIB_DETECTOR_FILE, DLIB_PREDICTOR_FILE
from ground_truth.errors import Unavailable

__all__ = ["rows"]

Picture = NDArray[np.uint8]
_NAME = "dlib_networks"
_CPU = ("CPUExecutionProvider",)
_SIZE_PX, _ENGINE_SIZE_PX = 800, 2000
_SAME_IOU = 0.9


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """Time per photo and face, beside dlib's own, and the largest differences."""
    import dlib

    photos = _photos(data / "photos" / "groups", 4 if quick else 12)
    rounds = 3 if quick else 5
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        networks = [_made(name, models, Path(folder)) for name in (DLIB_DETECTOR_FILE, DLIB_DESCRIPTOR_FILE)]
        detector = MmodDetector(networks[0], _CPU, margin_px=DLIB_MARGIN_PX)
        screening = converted_network(locate(DLIB_DETECTOR_FILE, models), Path(folder), Path(folder), screening=True)
        usual_detector = MmodDetector(networks[0], _CPU, screening=screening)
        descriptor = FaceDescriptor(networks[1], _CPU)
    dlib_detector = dlib.cnn_face_detection_model_v1(str(locate(DLIB_DETECTOR_FILE, models).path))
    dlib_descriptor = dlib.face_recognition_model_v1(str(locate(DLIB_DESCRIPTOR_FILE, models).path))
    predictor = dlib.shape_predictor(str(locate(DLIB_PREDICTOR_FILE, models).path))

    small = [_sized(photo, _SIZE_PX) for photo in photos]
    what = f"{len(small)} group photos at {_SIZE_PX} px"
    ours, theirs, look = median_seconds(
        [
            lambda: [detector.detect(photo, thorough=True) for photo in small],
            lambda: [dlib_detector(photo, 0) for photo in small],
            lambda: [usual_detector.detect(photo) for photo in small],
        ],
        rounds=rounds,
    )
    against = f"dlib {theirs / len(small):.2f} s"
    yield Row(_NAME, f"MMOD, {what}", ours / len(small), "s/photo", against, theirs / ours)
    yield Row(_NAME, f"MMOD, quick look, {what}", look / len(small), "s/photo", against, theirs / look)
    same, count, largest = _compared(detector, dlib_detector, small)
    yield Row(_NAME, f"MMOD, boxes of dlib found with IoU {_SAME_IOU:g} and more", same, f"of {count}")
    yield Row(_NAME, "MMOD, largest difference of their confidences", largest, "")

    chips = _chips(usual_detector, predictor, small)
    ours, theirs = median_seconds(
        [lambda: descriptor.describe(chips), lambda: dlib_descriptor.compute_face_descriptor(chips)], rounds=rounds
    )
    yield Row(
        _NAME,
        f"descriptor, {len(chips)} faces",
        1000 * ours / len(chips),
        "ms/face",
        f"dlib {1000 * theirs / len(chips):.1f} ms",
        theirs / ours,
    )
    difference = np.abs(descriptor.describe(chips) - np.array(dlib_descriptor.compute_face_descriptor(chips))).max()
    yield Row(_NAME, "descriptor, largest difference of a number", float(difference), "")

    large = [_sized(photo, _ENGINE_SIZE_PX) for photo in photos]
    hog = HogDetector()
    ours, theirs = median_seconds(
        [lambda: [usual_detector.detect(photo) for photo in large], lambda: [hog.detect(photo) for photo in large]],
        rounds=rounds,
    )
    found = [sum(len(one.detect(photo)) for photo in large) for one in (usual_detector, hog)]
    yield Row(
        _NAME,
        f"MMOD, quick look, {len(large)} group photos at {_ENGINE_SIZE_PX} px ({found[0]} faces)",
        ours / len(large),
        "s/photo",
        f"HOG {theirs / len(large):.2f} s ({found[1]} faces)",
        theirs / ours,
    )


def _photos(folder: Path, count: int) -> list[Picture]:
    paths = sorted(path for path in folder.rglob("*.jpg"))
    if len(paths) < count:
        raise Unavailable(f"{folder} does not hold {count} photos")
    pictures = []
    for path in paths[:: len(paths) // count][:count]:
        with Image.open(path) as photo:
            pictures.append(np.asarray(ImageOps.exif_transpose(photo).convert("RGB")))
    return pictures


def _sized(photo: Picture, long_side_px: int) -> Picture:
    scale = long_side_px / max(photo.shape)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=kind), dtype=np.uint8)


def _made(name: str, models: Path, folder: Path) -> WeightsFile:
    return converted_network(locate(name, models), folder, folder)


def _compared(detector: MmodDetector, dlib_detector: object, photos: Sequence[Picture]) -> tuple[int, int, float]:
    """How many of dlib's boxes we find too, how many dlib finds, and the largest difference of confidences."""
    same, count, largest = 0, 0, 0.0
    for photo in photos:
        found = detector.detect(photo, thorough=True)
        for answer in dlib_detector(photo, 0):  # type: ignore[operator]
            count += 1
            box = answer.rect
            area = np.array([box.left(), box.top(), box.right() + 1, box.bottom() + 1], dtype=np.float64)
            nearest = max(found, key=lambda one: _iou(one.area, area), default=None)
            if nearest is not None and _iou(nearest.area, area) > 0:
                same += _iou(nearest.area, area) >= _SAME_IOU
                largest = max(largest, abs(nearest.score - answer.confidence))
    return same, count, largest


def _iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    sides = np.clip(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0, None)
    shared = float(np.prod(sides))
    return shared / float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2]) - shared)


def _chips(detector: MmodDetector, predictor: object, photos: Sequence[Picture]) -> list[Picture]:
    import dlib

    chips: list[Picture] = []
    for photo in photos:
        for found in detector.detect(photo):
            left, top, right, bottom = (round(float(edge)) for edge in found.area)
            shape = predictor(photo, dlib.rectangle(left, top, right - 1, bottom - 1))  # type: ignore[operator]
            chips.append(dlib.get_face_chip(photo, shape, size=150, padding=0.25))
    return chips


if __name__ == "__main__":
    main(__doc__, rows)
