"""Samples of eyes with their labels (open, closed or hidden), and crops of them for training and testing."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.domain.faces.geometry import apply_transform, similarity_transform
from curation.domain.measuring.calibration import FAR_EYE_DEG
from curation.engines.expressions.crops import EYE_CROP_PX, EYE_TEMPLATE_PX
from ground_truth.labels.eyes import eye_label, listed_eye_label
from ground_truth.splits import person_of
from training.samples.augmentation import covered, degraded, jittered, relit
from training.samples.eyelids import dark_lens, drawn_lids
from training.samples.face_chips import CHIP_EYES_PX, FaceChips

__all__ = [
    "CLOSED",
    "HIDDEN",
    "OPEN",
    "EyeSample",
    "eye_samples",
    "hidden_crop",
    "plain_crop",
    "training_crop",
]

CLOSED, OPEN, HIDDEN = 0, 1, 2
_CLASSES = {"closed": CLOSED, "open": OPEN, "hidden": HIDDEN}

_MIN_EYES_PX = 14.0
_MIN_FIT = 0.5
_EYE_WIDTH = 0.394  # of the distance of the eyes; median over frontal faces
# Corners of the eye in a picture of one eye, as parts of its sides: it holds the brow too.
_PATCH_CORNERS = np.array([[0.14, 0.56], [0.86, 0.56]])
_RESOLUTION_EYES_PX = (15.0, 90.0)  # distances of the eyes at the resolutions that crops are degraded to


@dataclass(frozen=True, slots=True, eq=False)
class EyeSample:
    """One eye.

    Attributes:
        picture: (h, w) uint8 grey, the face's chip or a picture of one eye.
        outline: (6, 2) landmarks of the eye in the picture, the corners first and fourth; or (2, 2), only the corners.
        native: Pixels of the original picture per pixel of a crop.
        side: 0 for the right eye, 1 for the left one; -1 if unknown.
        target: CLOSED, OPEN or HIDDEN.
        source: The set.
        person: The person if known, else the photo; samples are split by it, so that nobody is in both parts.
        face: Key of the face in `FaceChips`, or of the picture.
        hard: Whether the label is in eyes.csv, because a simpler measure was uncertain.
    """

    picture: NDArray[np.uint8]
    outline: NDArray[np.float64]
    native: float
    side: int
    target: int
    source: str
    person: str
    face: str
    hard: bool


def eye_samples(data: Path, faces: FaceChips) -> list[EyeSample]:
    """All eyes whose state is known, see `eye_label`; "down" and "unclear" ones are skipped."""
    samples = []
    for i, key in enumerate(str(k) for k in faces.keys):
        if faces.fit[i] < _MIN_FIT or faces.eyes_px[i] < _MIN_EYES_PX or key.startswith("videos/"):
            continue
        label = eye_label(key)
        if label not in _CLASSES:
            continue
        for side in (0, 1):
            away_deg = float(faces.yaw_deg[i]) * (1 if side else -1)
            if away_deg > FAR_EYE_DEG:
                continue
            outline = faces.points[i, 36 + 6 * side : 42 + 6 * side].astype(np.float64)
            width = _EYE_WIDTH * CHIP_EYES_PX
            crop_scale = (EYE_TEMPLATE_PX[1, 0] - EYE_TEMPLATE_PX[0, 0]) / width  # crop pixels per chip pixel
            native = float(faces.eyes_px[i]) / CHIP_EYES_PX / crop_scale
            source = key.split("/")[0]
            samples.append(
                EyeSample(
                    faces.chips[i],
                    outline,
                    native,
                    side,
                    _CLASSES[label],
                    source,
                    person_of(key),
                    key,
                    listed_eye_label(key) is not None,
                )
            )
    return samples + _patches(data / "photos/eye_patches")


def _patches(folder: Path) -> list[EyeSample]:
    samples = []
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            with Image.open(folder / row["path"]) as picture:
                grey = np.asarray(picture.convert("L").resize((96, 96), Image.Resampling.BOX), dtype=np.uint8)
            corners = _PATCH_CORNERS * 96 - 0.5
            face = f"eye_patches/{row['path']}"
            samples.append(
                EyeSample(grey, corners, 2.5, -1, _CLASSES[row["label"]], "eye_patches", face, face, hard=False)
            )
    return samples


def _to_crop(sample: EyeSample) -> NDArray[np.float64]:
    corners = sample.outline[[0, 3]] if len(sample.outline) == 6 else sample.outline
    matrix = similarity_transform(corners, EYE_TEMPLATE_PX)
    if sample.side == 1:  # mirrored, as `eye_crop` does
        flip = np.array([[-1.0, 0.0, EYE_CROP_PX - 1.0], [0.0, 1.0, 0.0]])
        matrix = np.column_stack([flip[:, :2] @ matrix[:, :2], flip[:, :2] @ matrix[:, 2] + flip[:, 2]])
    return matrix


def _warped(picture: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    crop = cv2.warpAffine(
        picture, matrix, (EYE_CROP_PX, EYE_CROP_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, dtype=np.uint8)


def plain_crop(sample: EyeSample) -> NDArray[np.uint8]:
    """The crop as the program computes it."""
    return _warped(sample.picture, _to_crop(sample))


def training_crop(sample: EyeSample, rng: np.random.Generator, *, lowered: float = 0.0) -> NDArray[np.uint8]:
    """A randomly changed crop for training.

    Args:
        sample: The eye.
        rng: Random generator.
        lowered: 0 leaves the lids; above 0 they are drawn closer to each other, 1 closes the eye.
    """
    matrix = _to_crop(sample)
    middle = (EYE_CROP_PX - 1) / 2
    shift = 1.6 if len(sample.outline) == 6 else 2.6
    if sample.side < 0 and rng.random() < 0.5:
        flip = np.array([[-1.0, 0.0, EYE_CROP_PX - 1.0], [0.0, 1.0, 0.0]])
        matrix = np.column_stack([flip[:, :2] @ matrix[:, :2], flip[:, :2] @ matrix[:, 2] + flip[:, 2]])
    if len(sample.outline) != 6:
        scale = np.exp(rng.uniform(-0.25, 0.2))
        matrix = matrix * scale + np.array([[0, 0, middle * (1 - scale)]] * 2)
    matrix = jittered(matrix, (middle, middle), rng, shift_px=shift)
    crop = _warped(sample.picture, matrix)
    if lowered > 0:
        crop = drawn_lids(crop, apply_transform(matrix, sample.outline), lowered, rng)
    if sample.target == HIDDEN:
        pass
    elif rng.random() < 0.25:
        crop = covered(crop, rng)
    crop = relit(crop, rng)
    low, high = np.log(_RESOLUTION_EYES_PX)
    target = float(np.exp(rng.uniform(low, high))) / 66.0
    return degraded(crop, sample.native, target, rng)


def hidden_crop(sample: EyeSample, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A crop in which no eye is visible: a dark or mirroring lens, or another part of the face."""
    matrix = _to_crop(sample)
    middle = (EYE_CROP_PX - 1) / 2
    if rng.random() < 0.6 or len(sample.outline) != 6:
        crop = dark_lens(_warped(sample.picture, jittered(matrix, (middle, middle), rng, shift_px=1.6)), rng)
    else:
        angle = rng.uniform(0.25, 0.75) * np.pi * (1 if rng.random() < 0.7 else -1)  # below, or above
        away = rng.uniform(38, 90) if angle > 0 else rng.uniform(38, 60)
        moved = matrix - np.array([[0, 0, away * np.cos(angle)], [0, 0, away * np.sin(angle)]])
        crop = _warped(sample.picture, jittered(moved, (middle, middle), rng, shift_px=3.0))
    crop = relit(crop, rng)
    low, high = np.log(_RESOLUTION_EYES_PX)
    return degraded(crop, sample.native, float(np.exp(rng.uniform(low, high))) / 66.0, rng)
