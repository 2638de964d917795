"""Made photos: smooth pictures as miniatures, and faces at known places with random vectors."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.identity.photo_looks import PhotoLook

FIVE = np.array([[-0.5, -0.4], [0.5, -0.4], [0.0, 0.1], [-0.4, 0.6], [0.4, 0.6]])
WIDTH, HEIGHT = 960, 640

Picture = NDArray[np.uint8]


def picture(seed: int, *, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """A smooth colourful picture."""
    random = np.random.default_rng(seed)
    coarse = random.integers(20, 235, (7, 9, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def miniature(pixels: Picture) -> bytes:
    small = cv2.resize(np.ascontiguousarray(pixels), (16, 16), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2LAB).tobytes()


def person(seed: int, size: int = 64) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def seen_again(vector: NDArray[np.float32], seed: int, noise: float = 0.04) -> NDArray[np.float32]:
    """The vector of the same face after an edit."""
    moved = vector + noise * np.random.default_rng(seed).normal(size=vector.shape).astype(np.float32)
    return np.asarray(moved / np.linalg.norm(moved), dtype=np.float32)


def face(x: float, y: float, eyes: float = 50.0, tilt_deg: float = 0.0) -> NDArray[np.float64]:
    """Five landmarks."""
    angle = math.radians(tilt_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.asarray(eyes * FIVE @ turn.T + [x, y], dtype=np.float64)


def look(
    pixels: Picture | None,
    *,
    path: str = "photo.jpg",
    size: tuple[int, int] | None = None,
    time: str | None = None,
    landmarks: list[NDArray[np.float64]] | None = None,
    vectors: list[NDArray[np.float32]] | None = None,
) -> PhotoLook:
    """The look of a picture; without `vectors` D is 0."""
    five = np.stack(landmarks) if landmarks else np.zeros((0, 5, 2))
    low, high = (five.min(axis=1), five.max(axis=1)) if landmarks else (np.zeros((0, 2)), np.zeros((0, 2)))
    if size is None:
        size = (WIDTH, HEIGHT) if pixels is None else (pixels.shape[1], pixels.shape[0])
    return PhotoLook(
        image_path=path,
        width=size[0],
        height=size[1],
        capture_time=time,
        miniature=None if pixels is None else miniature(pixels),
        boxes=np.concatenate([low, high - low], axis=1),
        landmarks=five,
        vectors=np.stack(vectors) if vectors else np.zeros((len(five), 0), dtype=np.float32),
    )
