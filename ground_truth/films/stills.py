"""Photos of named people, and photos without anybody, as material for films."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box, DetectedFace
from curation.domain.faces.geometry import box_iou
from curation.engines.base import FaceEngine
from curation.photos.files.decoding import open_photo
from ground_truth.array_photo import ArrayPhoto
from ground_truth.errors import Unavailable
from ground_truth.labels.people import labelled_people
from ground_truth.splits import in_test_half

__all__ = ["NOBODY_KNOWN", "Picture", "Still", "backgrounds", "group_stills", "portrait_stills"]

Picture = NDArray[np.uint8]

NOBODY_KNOWN = "?"
"""The name of a face whose person is not known."""

_MAX_MEGAPIXELS = 120.0
_LONG_SIDE_PX = 1600
_MIDDLE_PX = 60  # the labelled face of lfw is in the middle of 250 pixels
_MIN_FACE_PX = 60
_SAME_FACE = 0.3
_MIN_CONFIDENCE = 0.9
_BYSTANDERS_PX = 640  # pictures are enlarged to this for faces in the background, which films will show as large
_PORTRAIT_SETS = ("lfw", "five_celebs")
_GROUP_FOLDERS = ("groups/bbt", "groups/azure", "groups/dlib", "groups/human", "groups/face_recognition")
_BACKGROUNDS, _BACKGROUND_COUNT = "blur_focus200", 12


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A photo with its faces.

    Attributes:
        key: Set and path.
        picture: (H, W, 3) uint8 RGB.
        faces: Name and box of each face that was found, in pixels of `picture`; `NOBODY_KNOWN` for strangers.
        vector: Embedding of the first face, of unit length.
    """

    key: str
    picture: Picture
    faces: tuple[tuple[str, Box], ...]
    vector: NDArray[np.float32]

    @property
    def main(self) -> Box:
        """The box of the first face."""
        return self.faces[0][1]


def portrait_stills(
    photos: Path, engine: FaceEngine, *, test_half: bool, people: int, each: int
) -> dict[str, list[Still]]:
    """Portraits with one face each, by person: the first people by name in the given half with enough of them.

    Args:
        photos: Folder of the sets.
        engine: That finds the faces.
        test_half: Which half of the people, see `in_test_half`.
        people: How many of lfw at most.
        each: How many portraits a person needs, and gets.

    Raises:
        Unavailable: If a set is missing.
    """
    out: dict[str, list[Still]] = {}
    for name in _PORTRAIT_SETS:
        named = _paths(photos / name)
        taken = 0
        for person in sorted(named):
            if taken == people or in_test_half(person) != test_half or len(named[person]) < each:
                continue
            found = (_portrait(photos, f"{name}/{path}", person, engine) for path in named[person])
            stills = list(islice((still for still in found if still is not None), each))
            if len(stills) == each:
                out[person] = stills
                taken += 1
    return out


def _paths(folder: Path) -> Mapping[str, list[str]]:
    if not (folder / "labels.csv").is_file():
        raise Unavailable(f"{folder} is missing")
    named: dict[str, list[str]] = defaultdict(list)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            named[row["person"]].append(row["path"])
    return {person: sorted(paths) for person, paths in named.items() if person != "person"}


def _portrait(photos: Path, key: str, person: str, engine: FaceEngine) -> Still | None:
    picture = _opened(photos / key)
    faces = [face for face in engine.analyse(ArrayPhoto(picture)) if face.confidence >= _MIN_CONFIDENCE]
    if key.startswith("lfw/"):
        middle = np.array([picture.shape[1], picture.shape[0]]) / 2
        faces.sort(key=lambda face: float(np.linalg.norm(_middle(face.box) - middle)))
        if faces and np.linalg.norm(_middle(faces[0].box) - middle) > _MIDDLE_PX:
            return None
    elif len(faces) != 1:
        return None
    if not faces or min(faces[0].box.w, faces[0].box.h) < _MIN_FACE_PX:
        return None
    named = ((person, faces[0].box), *((NOBODY_KNOWN, box) for box in _bystanders(picture, faces[0].box, engine)))
    return Still(key, picture, named, faces[0].embedding)


def _bystanders(picture: Picture, main: Box, engine: FaceEngine) -> list[Box]:
    """Every other face that might be one, also those that are found in the enlarged picture only."""
    factor = max(_BYSTANDERS_PX / max(picture.shape[:2]), 1.0)
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    large = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    found = [Box(*(round(side / factor) for side in face.box)) for face in engine.find(ArrayPhoto(large))]
    return [box for box in found if box_iou(box, main) < _SAME_FACE]


def _middle(box: Box) -> NDArray[np.float64]:
    return np.array([box.x + box.w / 2, box.y + box.h / 2])


def _opened(path: Path) -> Picture:
    pixels = open_photo(path, max_megapixels=_MAX_MEGAPIXELS).reduced(_LONG_SIDE_PX)
    return np.ascontiguousarray(pixels.array)


def group_stills(photos: Path, engine: FaceEngine, *, test_half: bool) -> dict[str, list[Still]]:
    """Photos on which several known people are together or alone, by the folder that they come from.

    A folder belongs to one half as a whole, since its people appear together.
    """
    out: dict[str, list[Still]] = {}
    labels = labelled_people("groups")
    for folder in _GROUP_FOLDERS:
        if in_test_half(folder) != test_half or not (photos / folder).is_dir():
            continue
        stills = []
        for path in sorted(labels):
            if f"groups/{path}".startswith(folder + "/") and (photos / "groups" / path).is_file():
                still = _group_still(photos, f"groups/{path}", labels[path], engine)
                if still is not None:
                    stills.append(still)
        out[folder] = stills
    return out


def _group_still(photos: Path, key: str, labels: list[tuple[float, float, str]], engine: FaceEngine) -> Still | None:
    picture = _opened(photos / key)
    height, width = picture.shape[:2]
    found = [face for face in engine.analyse(ArrayPhoto(picture)) if face.confidence >= _MIN_CONFIDENCE]
    named: list[tuple[str, DetectedFace]] = []
    for face in found:
        box = face.box
        inside = [
            person
            for x, y, person in labels
            if box.x <= x * width <= box.x + box.w and box.y <= y * height <= box.y + box.h
        ]
        named.append((inside[0] if len(inside) == 1 else NOBODY_KNOWN, face))
    named.sort(key=lambda one: (one[0] == NOBODY_KNOWN, -one[1].box.w))
    if not named or named[0][0] == NOBODY_KNOWN:
        return None
    return Still(key, picture, tuple((person, face.box) for person, face in named), named[0][1].embedding)


def backgrounds(photos: Path, engine: FaceEngine) -> list[Picture]:
    """Photos of places and things, in which no face is found, 1280 x 720, a little out of focus.

    Raises:
        Unavailable: If there are none.
    """
    out: list[Picture] = []
    for path in sorted((photos / _BACKGROUNDS).glob("*.[jJ][pP][gG]")):
        picture = np.asarray(cv2.resize(_opened(path), (1280, 720), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        if not engine.find(ArrayPhoto(picture)):
            out.append(np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), dtype=np.uint8))
        if len(out) == _BACKGROUND_COUNT:
            return out
    raise Unavailable(f"{photos / _BACKGROUNDS} has too few photos")
