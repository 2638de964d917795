"""People over other backgrounds than their own, so that the true colour and share of the edge is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ground_truth.person_masks import clothes_labels, person_label
from ground_truth.splits import in_test_half

__all__ = ["KnownCutout", "edge_error", "known_cutouts"]

# Pixels of the label's border are mixtures with the old background, or wrong.
_ERODED_PX = 2
_PINHOLE_PX = 400  # area
_EDGE_SIGMA = 0.9  # blur of the edge, as of a lens and a sensor
_HAIR = 19  # in classes.txt
_STRANDS_PER_PX = 0.35
_EDGE_REACH_PX = 6
_GROUNDS = ((255, 255, 255), (0, 0, 0), (255, 0, 255))


class KnownCutout(NamedTuple):
    """A picture made of a person and a background.

    Attributes:
        name: Of the person's photo.
        picture: (H, W, 3) uint8 RGB, what is to be cut out.
        foreground: (H, W, 3) float32, the person's true colours, also beyond the edge.
        alpha: (H, W) float32 in [0, 1], the person's true share of each pixel.
        background: (H, W, 3) float32.
    """

    name: str
    picture: NDArray[np.uint8]
    foreground: NDArray[np.float32]
    alpha: NDArray[np.float32]
    background: NDArray[np.float32]


def known_cutouts(photos: Path, *, in_test: bool, count: int, hair: bool = True) -> Iterator[KnownCutout]:
    """Compose pictures; the same each time.

    Args:
        photos: The folder with `clothes` and `blur_focus200`.
        in_test: Which half of the people and of the backgrounds.
        count: At most so many.
        hair: Whether single strands of hair stand out around the head.
    """
    people = [path for path in sorted((photos / "clothes/photos").iterdir()) if in_test_half(path.name) == in_test]
    scenes = [
        path
        for path in sorted((photos / "blur_focus200").rglob("*.[jJ][pP]*[gG]"))
        if in_test_half(path.name) == in_test
    ]
    for number, path in enumerate(people[:count]):
        random = np.random.default_rng(number)
        own = _rgb(path)
        labels = clothes_labels(photos / "clothes", path.stem)
        if labels is None or not scenes:
            continue
        foreground, alpha = _known_person(own, labels, random if hair else None)
        background = _ground(own.shape[:2], number, scenes, random)
        mixed = alpha[..., np.newaxis] * foreground + (1 - alpha[..., np.newaxis]) * background
        yield KnownCutout(path.stem, np.asarray(np.round(mixed), dtype=np.uint8), foreground, alpha, background)


def edge_error(known: KnownCutout, cut: NDArray[np.uint8]) -> tuple[float, float]:
    """How wrong the edge of a cut-out looks on white, black and magenta.

    Args:
        known: The truth.
        cut: (H, W, 4) uint8 RGBA, not premultiplied.

    Returns:
        The mean absolute error of the edge's pixels, 0 to 255; and the old background's share in them: what of their
        colour is explained by the old background beside the truth, 0 is none.
    """
    inside = (known.alpha > 0.5).astype(np.uint8)
    near = np.minimum(
        cv2.distanceTransform(inside, cv2.DIST_L2, 3) + 1e3 * (1 - inside),
        cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3) + 1e3 * inside,
    )
    edge = (near <= _EDGE_REACH_PX) | ((known.alpha > 0) & (known.alpha < 1))
    true_alpha, own = known.alpha[edge][:, np.newaxis], known.foreground[edge]
    got_alpha, got = cut[edge][:, 3:].astype(np.float32) / 255, cut[edge][:, :3].astype(np.float32)
    errors, above, below = [], 0.0, 0.0
    for ground in _GROUNDS:
        shown = got_alpha * got + (1 - got_alpha) * np.array(ground, np.float32)
        wanted = true_alpha * own + (1 - true_alpha) * np.array(ground, np.float32)
        old = known.background[edge] - np.array(ground, np.float32)
        errors.append(float(np.abs(shown - wanted).mean()))
        above += float(((shown - wanted) * old).sum())
        below += float((old * old).sum())
    return float(np.mean(errors)), above / max(below, 1e-6)


def _rgb(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{path} cannot be decoded")
    return np.ascontiguousarray(picture[:, :, ::-1]).astype(np.uint8, copy=False)


def _known_person(
    own: NDArray[np.uint8], labels: NDArray[np.uint8], random: np.random.Generator | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    person = _without_pinholes(person_label(labels).astype(np.uint8))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _ERODED_PX + 1,) * 2)
    sure = cv2.erode(person, kernel, borderValue=1)
    # Beyond the sure part, the colour of its nearest pixel.
    _, nearest = cv2.distanceTransformWithLabels(1 - sure, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = np.zeros((int(nearest.max()) + 1, 3), np.float32)
    colours[nearest[sure > 0]] = own[sure > 0]
    foreground = colours[nearest]
    smooth = cv2.GaussianBlur(foreground, (0, 0), 1.0)
    foreground = np.where(sure[..., np.newaxis] > 0, foreground, smooth).astype(np.float32)
    shape = sure.astype(np.float32)
    if random is not None:
        shape = np.maximum(shape, _strands(labels, np.asarray(sure, dtype=np.uint8), random))
    return foreground, np.asarray(cv2.GaussianBlur(shape, (0, 0), _EDGE_SIGMA), dtype=np.float32)


def _without_pinholes(person: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Labels drawn by hand leave small gaps between garments, which are none in the person."""
    count, parts, figures, _ = cv2.connectedComponentsWithStats(1 - person, connectivity=4)
    small = [part for part in range(1, count) if figures[part, cv2.CC_STAT_AREA] < _PINHOLE_PX]
    return np.asarray(np.where(np.isin(parts, small), 1, person), dtype=np.uint8)


def _strands(labels: NDArray[np.uint8], sure: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.float32]:
    """Single hairs that stand out from the hair's outline."""
    canvas = np.zeros(sure.shape, np.uint8)
    hair = ((labels == _HAIR) & (sure > 0)).astype(np.uint8)
    outlines, _ = cv2.findContours(hair, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines or not hair.any():
        return canvas.astype(np.float32)
    rows, columns = np.nonzero(hair)
    centre = np.array([columns.mean(), rows.mean()])
    points = np.concatenate(outlines)[:, 0]
    for point in points[random.random(len(points)) < _STRANDS_PER_PX]:
        away = point - centre
        if away[1] > 0.5 * np.abs(away[0]) + 5:
            continue  # hair over the shoulders or the face
        heading = np.arctan2(away[1], away[0]) + random.normal(0, 0.5)
        at = point.astype(np.float64)
        path = [at.copy()]
        for _ in range(int(random.integers(3, 9))):
            heading += random.normal(0, 0.25)
            at += 2.0 * np.array([np.cos(heading), np.sin(heading)])
            path.append(at.copy())
        cv2.polylines(canvas, [np.round(np.array(path) * 16).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)
    return np.asarray(canvas.astype(np.float32) / 255 * 0.9, dtype=np.float32)


def _ground(size: tuple[int, ...], number: int, scenes: list[Path], random: np.random.Generator) -> NDArray[np.float32]:
    """Every third background is a wall of one colour with shading, the others are photos, half of them out of focus."""
    height, width = size[:2]
    if number % 3 == 0:
        colour = random.integers(20, 236, 3).astype(np.float32)
        shading = np.linspace(0.85, 1.1, width, dtype=np.float32)[np.newaxis, :, np.newaxis]
        return np.asarray(np.clip(np.broadcast_to(colour, (height, width, 3)) * shading, 0, 255), dtype=np.float32)
    scene = _rgb(scenes[number % len(scenes)])
    zoom = max(width / scene.shape[1], height / scene.shape[0])
    scene = np.asarray(cv2.resize(scene, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)[:height, :width])
    scene = np.asarray(cv2.resize(scene, (width, height)), dtype=np.uint8)
    blurred = cv2.GaussianBlur(scene, (0, 0), 6.0) if number % 3 == 1 else scene
    return np.asarray(blurred, dtype=np.float32)
