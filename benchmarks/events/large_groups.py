"""Photos of large groups at 24 megapixels, composed of counted photos of small groups.

The sets hold no such photos. A scene has 6000 x 4000 pixels: rows of real groups in front of a landscape, each at the
size that fits its row, with soft borders and a camera's blur and noise, saved as a JPEG. The positions of the faces
follow from the counted photos. Sizes, blur and neighbours are realistic, the arrangement of the rows is not.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.photos.files.decoding import open_photo
from ground_truth.labels.counted_faces import CountedPhoto, PhotoFile, counted_files, face_px

__all__ = ["BACK_ROW_PX", "SCENE_PX", "Scene", "large_scenes", "scene_files"]

SCENE_PX = (6000, 4000)
BACK_ROW_PX = (50.0, 90.0)
"""Sizes of the faces in the back row of a scene, in pixels at full size."""

# Smallest and largest median face of the groups in a row, and the upper edge of the row, from the back to the front.
_ROWS = ((50.0, 90.0, 250), (50.0, 90.0, 800), (90.0, 150.0, 1450), (150.0, 280.0, 2450))
_BACKGROUND = "groups/compreface/017_0.jpg"
_MAX_ENLARGEMENT = 1.3
_SOFT_BORDER_PX = 40
_BLUR_SIGMA_PX = 0.8
_NOISE_SIGMA = 3.0
_JPEG_QUALITY = 92
_SEED = 11
_MAX_MEGAPIXELS = 120.0

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A photo as the content of a JPEG file, and its faces in pixels of that photo."""

    jpeg: bytes
    photo: CountedPhoto


def large_scenes(photos: Path, counted: Sequence[CountedPhoto], count: int, *, seed: int) -> Iterator[Scene]:
    """Compose scenes, the same for the same arguments.

    Args:
        photos: Folder of the counted photos.
        counted: Photos from which groups are taken.
        count: Number of scenes.
        seed: Seed of the choice of groups.
    """
    rng = np.random.default_rng(seed)
    groups = [photo for photo in counted if len(photo.clear) >= 2]
    background = _picture(photos / _BACKGROUND, 1.0)
    for index in range(count):
        canvas = np.asarray(cv2.resize(background, SCENE_PX, interpolation=cv2.INTER_CUBIC), dtype=np.float32)
        placed: dict[str, list[NDArray[np.float64]]] = {"clear": [], "hard": [], "crowds": []}
        for small, large, top in _ROWS:
            _fill_row(canvas, placed, photos, groups, (small, large), top, rng)
        canvas = cv2.GaussianBlur(canvas, (0, 0), _BLUR_SIGMA_PX).astype(np.float32, copy=False)
        canvas += rng.normal(0, _NOISE_SIGMA, canvas.shape).astype(np.float32)
        file = io.BytesIO()
        Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=_JPEG_QUALITY)
        boxes = [np.concatenate([np.zeros((0, 4)), *placed[kind]]) for kind in ("clear", "hard", "crowds")]
        yield Scene(file.getvalue(), CountedPhoto(f"scene-{seed}-{index}", *SCENE_PX, *boxes))


def scene_files(data: Path, folder: Path, count: int) -> list[PhotoFile]:
    """Write photos of large groups at 24 megapixels, composed of the test half of the counted photos.

    Args:
        data: Folder with photos/.
        folder: Folder to write into.
        count: Number of photos.

    Raises:
        Unavailable: If the counted photos are missing.
    """
    groups = [photo for _, photo in counted_files(data)]
    files = []
    for scene in large_scenes(data / "photos", groups, count, seed=_SEED):
        path = folder / f"{scene.photo.path}.jpg"
        path.write_bytes(scene.jpeg)
        files.append((path, scene.photo))
    return files


def _fill_row(
    canvas: NDArray[np.float32],
    placed: dict[str, list[NDArray[np.float64]]],
    photos: Path,
    groups: Sequence[CountedPhoto],
    sizes: tuple[float, float],
    top: int,
    rng: np.random.Generator,
) -> None:
    left = int(rng.integers(0, 200))
    for place in rng.permutation(len(groups)):
        group = groups[int(place)]
        scale = float(rng.uniform(*sizes)) / float(np.median(face_px(group.clear)))
        width, height = round(group.width * scale), round(group.height * scale)
        if scale > _MAX_ENLARGEMENT or left + width > SCENE_PX[0] or top + height > SCENE_PX[1] + height // 3:
            continue
        picture = _picture(photos / group.path, scale)[: SCENE_PX[1] - top]
        mask = _soft_mask(picture.shape[0], picture.shape[1])
        area = canvas[top : top + picture.shape[0], left : left + picture.shape[1]]
        area *= 1 - mask
        area += picture * mask
        _cover(placed, (left, top, picture.shape[1], picture.shape[0]))
        for kind, boxes in (("clear", group.clear), ("hard", group.hard), ("crowds", group.crowds)):
            moved = boxes * scale + np.array([left, top, 0, 0])
            whole = moved[:, 1] + moved[:, 3] <= SCENE_PX[1]
            placed[kind].append(moved[whole])
            placed["hard"].append(moved[~whole])
        left += width + int(rng.integers(0, 120))


def _cover(placed: dict[str, list[NDArray[np.float64]]], area: tuple[int, int, int, int]) -> None:
    """Faces that a new group overlaps become hard ones, as they are hidden at least in part."""
    x, y, w, h = area
    for index, boxes in enumerate(placed["clear"]):
        low = np.maximum(boxes[:, :2], (x, y))
        high = np.minimum(boxes[:, :2] + boxes[:, 2:], (x + w, y + h))
        hidden = np.prod(np.clip(high - low, 0, None), axis=1) > 0
        placed["clear"][index] = boxes[~hidden]
        placed["hard"].append(boxes[hidden])


def _soft_mask(height: int, width: int) -> NDArray[np.float32]:
    def ramp(length: int) -> NDArray[np.float32]:
        place = np.arange(length, dtype=np.float32)
        return np.clip(np.minimum(place, length - 1 - place) / _SOFT_BORDER_PX, 0, 1).astype(np.float32)

    return np.asarray(np.minimum.outer(ramp(height), ramp(width))[..., None], dtype=np.float32)


def _picture(path: Path, scale: float) -> Picture:
    full = open_photo(path, max_megapixels=_MAX_MEGAPIXELS).full().array
    size = (round(full.shape[1] * scale), round(full.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(full), size, interpolation=way), dtype=np.uint8)
