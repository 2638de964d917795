"""Scenes of a made film: pictures that move over a background, and where their faces are at any time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from ground_truth.films.stills import NOBODY_KNOWN, Picture
from ground_truth.films.truth import NamedFace

__all__ = ["Layer", "Pose", "Scene", "dissolved", "drawn", "feathered", "glide", "shaken"]

_SEEN, _PARTLY_SEEN = 0.75, 0.2
"""Share of a face that has to be visible so that it has to be found, and so that it may be found."""
_WEIGHT, _FAINT = 0.65, 0.25
"""The same for the weight of a scene that dissolves into another one."""
_OPAQUE = 0.5
_LEAST_PX = 14


class Pose(NamedTuple):
    """Where the middle of a layer is in the picture, in shares of width and height, and how large it is.

    Attributes:
        x: Of the middle, 0 left to 1 right.
        y: Likewise, 0 top to 1 bottom.
        scale: Pixels of the film for one of the layer.
        turn_deg: Anticlockwise.
    """

    x: float
    y: float
    scale: float
    turn_deg: float = 0.0


Motion = Callable[[float], Pose]
"""The pose at a time since the scene began, in seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A picture that moves.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        faces: Name and box of each face, in its pixels.
        motion: Its pose by time.
        alpha: (H, W) float32 in [0, 1]; None if it covers all that is behind it.
        span_s: From when until when it is there, in seconds since the scene began.
    """

    picture: Picture
    faces: tuple[tuple[str, Box], ...]
    motion: Motion
    alpha: NDArray[np.float32] | None = None
    span_s: tuple[float, float] = (0.0, float("inf"))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is seen between two cuts.

    Attributes:
        length_s: How long.
        layers: From back to front; the first one fills the picture.
        camera: Shift of the whole picture by time, in shares of width and height.
        dissolve_s: Over how much time at its end it turns into the next scene; 0 for a cut.
    """

    length_s: float
    layers: Sequence[Layer]
    camera: Callable[[float], tuple[float, float]] = field(default=lambda _: (0.0, 0.0))
    dissolve_s: float = 0.0


def glide(start: Pose, end: Pose, length_s: float) -> Motion:
    """From one pose to another one, evenly."""

    def motion(time_s: float) -> Pose:
        part = min(max(time_s / length_s, 0.0), 1.0)
        return Pose(*(a + part * (b - a) for a, b in zip(start, end, strict=True)))

    return motion


def shaken(random: np.random.Generator, share: float) -> Callable[[float], tuple[float, float]]:
    """A camera in the hand: a sum of slow and quick sways of up to `share` of the picture."""
    phases = random.uniform(0, 2 * np.pi, (2, 3))
    rates = np.array([0.7, 2.1, 5.3]) * 2 * np.pi
    sizes = np.array([0.6, 0.3, 0.1]) * share

    def camera(time_s: float) -> tuple[float, float]:
        x, y = (sizes * np.sin(rates * time_s + phases)).sum(axis=1)
        return float(x), float(y)

    return camera


def feathered(width: int, height: int, softness: float = 0.12) -> NDArray[np.float32]:
    """(H, W) an ellipse with soft edges, as a person before a background is cut out roughly."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.asarray(np.clip((1 - np.hypot(x, y)) / softness, 0, 1), dtype=np.float32)


def drawn(scene: Scene, time_s: float, width: int, height: int) -> tuple[Picture, list[NamedFace]]:
    """The picture at a time since the scene began, and its faces."""
    frame: NDArray[np.uint8] = np.zeros((height, width, 3), dtype=np.uint8)
    faces: list[tuple[str, NDArray[np.float64], int]] = []
    covers: list[_Cover] = []
    for layer in scene.layers:
        if not layer.span_s[0] <= time_s < layer.span_s[1]:
            continue
        matrix = _matrix(layer.picture, layer.motion(time_s), scene.camera(time_s), width, height)
        cover = _drawn_over(frame, layer, matrix)
        if cover is not None:
            covers.append(cover)
            faces += [(person, _corners(box, matrix), len(covers)) for person, box in layer.faces]
    return frame, _visible(faces, covers, width, height)


def _matrix(picture: Picture, pose: Pose, shift: tuple[float, float], width: int, height: int) -> NDArray[np.float64]:
    middle = (picture.shape[1] / 2, picture.shape[0] / 2)
    matrix = np.asarray(cv2.getRotationMatrix2D(middle, pose.turn_deg, pose.scale), dtype=np.float64)
    matrix[0, 2] += (pose.x + shift[0]) * width - middle[0]
    matrix[1, 2] += (pose.y + shift[1]) * height - middle[1]
    return matrix


class _Cover(NamedTuple):
    """Where a layer lies in the picture, and how dense it is there."""

    left: int
    top: int
    alpha: NDArray[np.float32]


def _drawn_over(frame: Picture, layer: Layer, matrix: NDArray[np.float64]) -> _Cover | None:
    """Draw a layer into a picture; None if it is outside."""
    height, width = layer.picture.shape[:2]
    sides = _corners(Box(0, 0, width, height), matrix)
    left, top = (int(max(np.floor(side), 0)) for side in sides[:2])
    right, bottom = (int(min(np.ceil(side), end)) for side, end in zip(sides[2:], frame.shape[1::-1], strict=True))
    if right <= left or bottom <= top:
        return None
    moved = matrix - np.array([[0, 0, left], [0, 0, top]])
    size = (right - left, bottom - top)
    picture = cv2.warpAffine(layer.picture, moved, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    part = frame[top:bottom, left:right]
    if layer.alpha is None:
        part[:] = picture
        return _Cover(left, top, np.ones(size[::-1], dtype=np.float32))
    alpha = np.asarray(cv2.warpAffine(layer.alpha, moved, size), dtype=np.float32)
    part[:] = cv2.blendLinear(np.asarray(picture, dtype=np.uint8), np.ascontiguousarray(part), alpha, 1 - alpha)
    return _Cover(left, top, alpha)


def _corners(box: Box, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Left, top, right and bottom of a box after a movement."""
    x, y, w, h = box
    moved = np.array([[x, y, 1], [x + w, y, 1], [x, y + h, 1], [x + w, y + h, 1]]) @ matrix.T
    middle, across, down = moved.mean(axis=0), moved[1] - moved[0], moved[2] - moved[0]
    half = np.array([np.hypot(*across), np.hypot(*down)]) / 2
    return np.concatenate([middle - half, middle + half])


def _visible(
    faces: Sequence[tuple[str, NDArray[np.float64], int]], covers: Sequence[_Cover], width: int, height: int
) -> list[NamedFace]:
    out = []
    for person, sides, in_front in faces:
        whole = max((sides[2] - sides[0]) * (sides[3] - sides[1]), 1.0)
        left, top = (int(max(np.floor(side), 0)) for side in sides[:2])
        right, bottom = int(min(np.ceil(sides[2]), width)), int(min(np.ceil(sides[3]), height))
        if right - left < 2 or bottom - top < 2 or min(sides[2] - sides[0], sides[3] - sides[1]) < _LEAST_PX:
            continue
        hidden = np.zeros((height, width), dtype=bool)
        for cover in covers[in_front:]:
            rows, columns = cover.alpha.shape
            hidden[cover.top : cover.top + rows, cover.left : cover.left + columns] |= cover.alpha > _OPAQUE
        share = float((~hidden[top:bottom, left:right]).sum()) / whole
        if share >= _PARTLY_SEEN:
            counts = share >= _SEEN and person != NOBODY_KNOWN
            out.append(NamedFace(person, counts, Box(left, top, right - left, bottom - top)))
    return out


def dissolved(
    before: tuple[Picture, list[NamedFace]], after: tuple[Picture, list[NamedFace]], weight: float
) -> tuple[Picture, list[NamedFace]]:
    """A picture between two scenes; `weight` is that of the second one, in [0, 1]."""
    picture = np.asarray(cv2.addWeighted(before[0], 1 - weight, after[0], weight, 0), dtype=np.uint8)
    faces: list[NamedFace] = []
    for scene, share in ((before[1], 1 - weight), (after[1], weight)):
        if share >= _FAINT:
            faces += [face._replace(counts=face.counts and share >= _WEIGHT) for face in scene]
    return picture, faces
