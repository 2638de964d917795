"""Close-ups and lying heads: faces that fill the photo, are cut off by its edge, or lie on their side or upside down.

The pictures are made of the photos of one clear large face in the test half (`ground_truth.splits`): crops around the
face, and turned copies. The reference is the face that RetinaFace finds at a size at which it is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.faces.face import DetectedFace
from curation.domain.faces.geometry import head_pose, head_size_px
from curation.engines.base import FaceEngine
from curation.photos.files.decoding import open_photo
from ground_truth.array_photo import ArrayPhoto
from ground_truth.engines import engine_at
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation
from ground_truth.splits import in_test_half

__all__ = ["Source", "sources", "tables"]

_SETS = (("five_celebs", 4), ("deepface_pairs", 2), ("groups", 4), ("lfw", 120), ("lfw_smile", 60), ("utkface", 120))
"""Sets, and of how many of their photos one is used."""
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_REFERENCE = {"working_size_px": 640, "tiling": "off"}
_REFERENCE_CONFIDENCE = 0.98
_LARGEST_REFERENCE = 0.6  # of the photo's longer side
_SMALLEST_FACE_PX = 60
_SHARES = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)
_EDGES = ("left", "right", "top", "bottom")
_EDGE_SHARES = (0.3, 0.9)
_BEYOND_EDGE = 0.25
_LONG_SIDES_PX = (1600, 640)
_ASPECT = 0.8
_SAME_IOU = 0.4
_FOUND_IOU = 0.3
_SAME_LANDMARKS = 0.25  # mean distance, in distances of the eyes
_SAME_PERSON = 0.36  # cosine


class Source(NamedTuple):
    """A photo with one clear large face.

    Attributes:
        name: "set/path".
        array: (H, W, 3) uint8 RGB.
        face: The reference.
        others: The other faces.
    """

    name: str
    array: NDArray[np.uint8]
    face: DetectedFace
    others: tuple[DetectedFace, ...]


class _Picture(NamedTuple):
    """A picture made of a source, and where the reference lies in it: edges of the box (4,) and landmarks (5, 2)."""

    array: NDArray[np.uint8]
    box: NDArray[np.float64]
    points: NDArray[np.float64]


def sources(evaluation: Evaluation, *, test_half: bool = True) -> list[Source]:
    """The photos.

    Args:
        evaluation: Where they are.
        test_half: Those that report; otherwise those on which constants were chosen.

    Raises:
        Unavailable: If the reference detector's weights, or all sets are missing.
    """
    engine = engine_at("retinaface-arcface", evaluation.models, **_REFERENCE)
    found = []
    for name, step in _SETS:
        try:
            folder = evaluation.set_folder(name)
        except Unavailable:
            continue
        paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SUFFIXES]
        for path in [path for path in paths if in_test_half(path.relative_to(folder).as_posix()) == test_half][::step]:
            array = open_photo(path, max_megapixels=120).full().array
            faces = sorted(engine.analyse(ArrayPhoto(array)), key=lambda face: -face.box.w * face.box.h)
            if faces and _is_clear(faces[0], array):
                key = f"{name}/{path.relative_to(folder).as_posix()}"
                found.append(Source(key, array, faces[0], tuple(faces[1:])))
    if not found:
        raise Unavailable("there is no photo of one clear face")
    return found


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Measure."""
    photos = sources(evaluation)
    for name in evaluation.engines:
        engine = engine_at(name, evaluation.models)
        yield _close_ups(name, engine, photos)
        yield _turned(name, engine, photos)


def _is_clear(face: DetectedFace, array: NDArray[np.uint8]) -> bool:
    side = max(face.box.w, face.box.h)
    x, y, w, h = face.box
    inside = x > 0 and y > 0 and x + w < array.shape[1] and y + h < array.shape[0]
    return (
        face.confidence >= _REFERENCE_CONFIDENCE
        and _SMALLEST_FACE_PX <= side <= _LARGEST_REFERENCE * max(array.shape[:2])
        and inside
    )


def _close_ups(name: str, engine: FaceEngine, photos: Sequence[Source]) -> Table:
    rows = []
    for share in _SHARES:
        rows.append([f"{share:.0%}", *_cells(engine, photos, [(share, None)])])
    for share in _EDGE_SHARES:
        places = [(share, edge) for edge in _EDGES]
        rows.append([f"{share:.0%}, a quarter of it beyond one edge of the four", *_cells(engine, photos, places)])
    caption = (
        f"{name}: crops around the face of {len(photos)} photos, enlarged to a longer side of "
        f"{' or '.join(map(str, _LONG_SIDES_PX))} pixels: how many show exactly this one face, with its landmarks, and "
        "how many superfluous boxes all of them have."
    )
    header = ["face's share of the longer side"]
    for side in _LONG_SIDES_PX:
        header += [f"right at {side} px", "superfluous"]
    return Table(caption, header, rows)


def _cells(engine: FaceEngine, photos: Sequence[Source], places: Sequence[tuple[float, str | None]]) -> list[str]:
    cells = []
    for side in _LONG_SIDES_PX:
        right = superfluous = count = 0
        for source in photos:
            for share, edge in places:
                picture = _crop(source, share, edge, side)
                found = engine.analyse(ArrayPhoto(picture.array))
                hits = [face for face in found if _is_it(face, picture)]
                others = _other_boxes(source, picture)
                extra = [
                    face
                    for face in found
                    if not any(face is hit for hit in hits[:1])
                    and not any(_iou(_edges(face), box) > _FOUND_IOU for box in others)
                ]
                right += len(hits) >= 1 and not extra
                superfluous += len(extra)
                count += 1
        cells += [f"{right} of {count}", str(superfluous)]
    return cells


def _crop(source: Source, share: float, edge: str | None, long_side_px: int) -> _Picture:
    x, y, w, h = source.face.box
    height, width = source.array.shape[:2]
    long_side = max(w, h) / share
    size = np.array([long_side * _ASPECT, long_side])
    low = np.array([x + w / 2, y + h / 2]) - size / 2
    if edge == "left":
        low[0] = x + _BEYOND_EDGE * w
    elif edge == "right":
        low[0] = x + w - _BEYOND_EDGE * w - size[0]
    elif edge == "top":
        low[1] = y + _BEYOND_EDGE * h
    elif edge == "bottom":
        low[1] = y + h - _BEYOND_EDGE * h - size[1]
    left, top = (max(0, int(place)) for place in low)
    right, bottom = min(width, int(low[0] + size[0])), min(height, int(low[1] + size[1]))
    part = source.array[top:bottom, left:right]
    scale = long_side_px / max(part.shape[:2])
    shape = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    array = np.asarray(cv2.resize(part, shape, interpolation=way), dtype=np.uint8)
    shift = np.array([left, top])
    box = np.array([x - left, y - top, x + w - left, y + h - top]) * scale
    box = np.clip(box, 0, np.tile(shape, 2))
    return _Picture(array, box, (source.face.landmarks.as_array() - shift + 0.5) * scale - 0.5)


def _other_boxes(source: Source, picture: _Picture) -> list[NDArray[np.float64]]:
    """The boxes of the source's other faces in a crop."""
    own = source.face.landmarks.as_array()
    scale = float(np.linalg.norm(picture.points[0] - picture.points[3]) / np.linalg.norm(own[0] - own[3]))
    shift = (picture.points[0] + 0.5) / scale - (own[0] + 0.5)
    return [(_edges(face) + np.tile(shift, 2)) * scale for face in source.others]


def _turned(name: str, engine: FaceEngine, photos: Sequence[Source]) -> Table:
    upright = [engine.analyse(ArrayPhoto(source.array)) for source in photos]
    own: list[tuple[Source, DetectedFace]] = []
    for source, faces in zip(photos, upright, strict=True):
        picture = _Picture(source.array, _edges(source.face), source.face.landmarks.as_array())
        own += [(source, face) for face in faces if _is_it(face, picture)][:1]
    gallery = np.stack([face.embedding for _, face in own])
    rows = []
    for label, turn, whole in (
        ("by 90 degrees", 1, True),
        ("by 180 degrees", 2, True),
        ("by 270 degrees", 3, True),
        ("the head alone, by 90 degrees", 1, False),
        ("the head alone, by 180 degrees", 2, False),
    ):
        found = placed = named = boxes = 0
        for number, (source, _) in enumerate(own):
            picture = _turned_picture(source, turn) if whole else _turned_head(source, turn)
            faces = engine.analyse(ArrayPhoto(picture.array))
            boxes += len(faces)
            overlaps = [_iou(_edges(face), picture.box) for face in faces]
            if max(overlaps, default=0.0) < _FOUND_IOU:
                continue
            hit = faces[int(np.argmax(overlaps))]
            found += 1
            placed += _is_it(hit, picture)
            likeness = gallery @ hit.embedding
            named += bool(likeness.argmax() == number and likeness[number] >= _SAME_PERSON)
        rows.append([label, str(len(own)), str(found), str(placed), f"{named / len(own):.3f}", str(boxes)])
    caption = (
        f"{name}: the same photos turned, as scans are, and with only the head turned where it is; the face counts as "
        f"named right if its own upright face is the nearest of all and has a cosine of {_SAME_PERSON} and more."
    )
    return Table(caption, ["turned", "faces", "found", "landmarks right", "named right", "boxes in all"], rows)


def _turned_picture(source: Source, turn: int) -> _Picture:
    points, box = source.face.landmarks.as_array(), _edges(source.face)
    array = source.array
    for _ in range(turn):
        width = array.shape[1]
        points = np.stack([points[:, 1], width - 1 - points[:, 0]], axis=1)
        box = np.array([box[1], width - box[2], box[3], width - box[0]])
        array = np.rot90(array)
    return _Picture(np.ascontiguousarray(array), box, points)


def _turned_head(source: Source, turn: int) -> _Picture:
    """Only a square around the head is turned, as if this person lay there among others who stand."""
    x, y, w, h = source.face.box
    height, width = source.array.shape[:2]
    centre = np.array([x + w // 2, y + h // 2])
    half = int(min(0.9 * max(w, h), *centre, width - centre[0] - 1, height - centre[1] - 1))
    left, top = int(centre[0]) - half, int(centre[1]) - half
    array = source.array.copy()
    square = array[top : top + 2 * half, left : left + 2 * half]
    array[top : top + 2 * half, left : left + 2 * half] = np.rot90(square, turn).copy()
    points = source.face.landmarks.as_array() - [left, top]
    box = _edges(source.face) - np.tile([left, top], 2)
    for _ in range(turn):
        points = np.stack([points[:, 1], 2 * half - 1 - points[:, 0]], axis=1)
        box = np.array([box[1], 2 * half - box[2], box[3], 2 * half - box[0]])
    return _Picture(array, box + np.tile([left, top], 2), points + np.array([left, top]))


def _is_it(face: DetectedFace, picture: _Picture) -> bool:
    size = head_size_px(picture.points, head_pose(picture.points))
    distance = np.linalg.norm(face.landmarks.as_array() - picture.points, axis=1).mean()
    return _iou(_edges(face), picture.box) >= _SAME_IOU and distance < _SAME_LANDMARKS * size


def _edges(face: DetectedFace) -> NDArray[np.float64]:
    x, y, w, h = face.box
    return np.array([x, y, x + w, y + h], dtype=np.float64)


def _iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    sides = np.clip(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0, None)
    shared = float(np.prod(sides))
    union = float(np.prod(first[2:] - first[:2]) + np.prod(np.clip(second[2:] - second[:2], 0, None))) - shared
    return shared / max(union, 1e-9)
