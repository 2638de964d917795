"""Samples of mouths with their grade of smile, and crops of them for training and testing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.geometry import similarity_transform
from curation.engines.expressions.crops import MOUTH_ANCHORS, MOUTH_CROP_PX, MOUTH_EYES_PX, MOUTH_TEMPLATE_PX, MOUTH_TOP
from ground_truth.labels.smiles import listed_smile_label, smile_grade, smiles
from ground_truth.splits import person_of
from training.samples.augmentation import covered, degraded, jittered, relit
from training.samples.face_chips import CHIP_EYES_PX, FaceChips

__all__ = ["MouthSample", "hidden_mouth", "mouth_samples", "plain_mouth", "training_mouth"]

_MIN_FIT = 0.5
_MIN_EYES_PX = 14.0
_MAX_YAW_DEG = 45.0
_RESOLUTION_EYES_PX = (14.0, 70.0)


@dataclass(frozen=True, slots=True, eq=False)
class MouthSample:
    """One mouth.

    Attributes:
        chip: (192, 192) uint8 grey.
        points: (68, 2) landmarks in the chip.
        native: Pixels of the original picture per pixel of a crop.
        smiles: Whether it is a smile.
        grade: 0 to 3, see `ground_truth.labels.smiles`; -1 if only `smiles` is known.
        label: The label in smiles.csv, or that of the set.
        source: The set.
        person: The person if known, else the photo.
        face: Key of the face in `FaceChips`.
    """

    chip: NDArray[np.uint8]
    points: NDArray[np.float64]
    native: float
    smiles: bool
    grade: int
    label: str
    source: str
    person: str
    face: str


def mouth_samples(data: Path, faces: FaceChips) -> list[MouthSample]:
    """All mouths that have a label: those of lfw_smile and genki_crops, and the graded ones of other sets.

    For these two sets, `smiles` is their own label; smiles.csv adds the grade where it agrees.
    """
    samples = []
    for i, key in enumerate(str(k) for k in faces.keys):
        if faces.fit[i] < _MIN_FIT or faces.eyes_px[i] < _MIN_EYES_PX or abs(faces.yaw_deg[i]) > _MAX_YAW_DEG:
            continue
        smiling = smiles(data, key)
        if smiling is None:
            continue
        source = key.split("/")[0]
        grade = smile_grade(key)
        if not smiling:
            grade = 0
        elif grade == 0:  # the set says otherwise
            grade = None
        samples.append(
            MouthSample(
                faces.chips[i],
                faces.points[i].astype(np.float64),
                float(faces.eyes_px[i]) / MOUTH_EYES_PX,
                smiling,
                -1 if grade is None else grade,
                listed_smile_label(key) or ("smiling" if smiling else "neutral"),
                source,
                person_of(key),
                key,
            )
        )
    return samples


def _to_crop(sample: MouthSample) -> NDArray[np.float64]:
    return similarity_transform(sample.points[list(MOUTH_ANCHORS)], MOUTH_TEMPLATE_PX)


def _warped(chip: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    if CHIP_EYES_PX >= 2 * MOUTH_EYES_PX:  # bilinear sampling would skip pixels
        chip = np.asarray(cv2.blur(chip, (2, 2)), dtype=np.uint8)
    size = (MOUTH_CROP_PX, MOUTH_CROP_PX)
    crop = cv2.warpAffine(chip, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, dtype=np.uint8)


def plain_mouth(sample: MouthSample) -> NDArray[np.uint8]:
    """The crop as the program computes it."""
    return _warped(sample.chip, _to_crop(sample))


def _jittered_mouth(sample: MouthSample, rng: np.random.Generator, *, shift_px: float = 1.5) -> NDArray[np.uint8]:
    middle = (MOUTH_CROP_PX - 1) / 2
    crop = _warped(sample.chip, jittered(_to_crop(sample), (middle, middle), rng, shift_px=shift_px))
    return np.ascontiguousarray(crop[:, ::-1]) if rng.random() < 0.5 else crop


def _finished(crop: NDArray[np.uint8], sample: MouthSample, rng: np.random.Generator) -> NDArray[np.uint8]:
    low, high = np.log(_RESOLUTION_EYES_PX)
    target = float(np.exp(rng.uniform(low, high))) / MOUTH_EYES_PX
    return degraded(relit(crop, rng), sample.native, target, rng)


def training_mouth(sample: MouthSample, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A randomly changed crop for training."""
    crop = _jittered_mouth(sample, rng)
    if rng.random() < 0.15:
        crop = covered(crop, rng)
    return _finished(crop, sample, rng)


def hidden_mouth(sample: MouthSample, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A crop for training whose mouth is hidden by a mask, a hand, a cup or a microphone."""
    crop = _jittered_mouth(sample, rng)
    height, width = crop.shape
    factor = 4
    mask = np.zeros((height * factor, width * factor), dtype=np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        """A point in pixels of the mask; x, y in distances of the eyes from the point between them, with noise."""
        x, y = (
            (x + rng.normal(0, 0.05)) * MOUTH_EYES_PX + width / 2,
            (y + rng.normal(0, 0.05) - MOUTH_TOP) * MOUTH_EYES_PX,
        )
        return int(factor * x), int(factor * y)

    tone = float(rng.uniform(20, 240))
    if rng.random() < 0.6:  # a mask over mouth and chin, sometimes with the nose
        top = rng.uniform(0.45, 0.8)
        places = [(-0.85, top + 0.15), (0, top), (0.85, top + 0.15), (0.8, 1.6), (0, 1.95), (-0.8, 1.6)]
        cv2.fillPoly(mask, [np.array([at(x, y) for x, y in places], dtype=np.int32)], 255)
    else:  # something round in front of the mouth
        tone = float(np.median(crop)) if rng.random() < 0.4 else tone
        axes = (
            int(factor * rng.uniform(0.5, 0.8) * MOUTH_EYES_PX),
            int(factor * rng.uniform(0.35, 0.7) * MOUTH_EYES_PX),
        )
        cv2.ellipse(mask, at(0, 1.1), axes, rng.uniform(0, 180), 0, 360, 255, -1)
    share = cv2.resize(cv2.GaussianBlur(mask, (0, 0), 3), (width, height), interpolation=cv2.INTER_AREA) / 255.0
    shapes = cv2.resize(rng.normal(0, 1, (6, 6)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    angle = rng.uniform(0, math.pi)
    y, x = np.mgrid[0:height, 0:width]
    folds = np.sin((x * math.cos(angle) + y * math.sin(angle)) * rng.uniform(0.2, 1.2)) * rng.uniform(0, 12)
    cover = tone + shapes * rng.uniform(2, 25) + folds
    return _finished(np.clip(crop * (1 - share) + cover * share, 0, 255).astype(np.uint8), sample, rng)
