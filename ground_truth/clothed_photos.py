"""Street photos whose clothes are labelled: pixels by class, and colours of top and bottom by eye."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.outfits.outfit import ColourName
from ground_truth.errors import Unavailable
from ground_truth.splits import in_test_half

__all__ = ["ClothedPhoto", "GarmentLabels", "PixelKind", "clothed_photos", "garment_labels", "overlap"]

_SET = "clothes"
_BODY = ("skin", "hair")
_BACKGROUND = "null"
_IGNORED = frozenset(
    [
        "bag",
        "purse",
        "wallet",
        "bracelet",
        "earrings",
        "glasses",
        "necklace",
        "ring",
        "sunglasses",
        "watch",
        "accessories",
    ]
)
_MORE_LABELS = Path(__file__).parent / "labels" / "garments.csv"


class PixelKind(IntEnum):
    """What a labelled pixel counts as."""

    BACKGROUND = 0
    BODY = 1
    """Skin or hair."""
    CLOTHES = 2
    """Shoes and hats too."""
    IGNORED = 3
    """Bags, jewellery and glasses: neither right nor wrong."""


@dataclass(frozen=True, slots=True)
class ClothedPhoto:
    """A labelled photo.

    Attributes:
        name: Of the file.
        path: Of the photo.
        labels: Of the picture with a class for each pixel.
    """

    name: str
    path: Path
    labels: Path

    def pixels(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB."""
        return np.asarray(_read(self.path, cv2.IMREAD_COLOR)[..., ::-1], dtype=np.uint8)

    def kinds(self) -> NDArray[np.uint8]:
        """(H, W) uint8 values of `PixelKind`."""
        names = (self.labels.parents[1] / "classes.txt").read_text(encoding="utf-8").splitlines()
        table = np.zeros(256, dtype=np.uint8)
        for line in names:
            number, name = line.split(" ", 1)
            table[int(number)] = _kind(name)
        return np.asarray(table[_read(self.labels, cv2.IMREAD_UNCHANGED)], dtype=np.uint8)


def _read(path: Path, flags: int) -> NDArray[np.uint8]:
    array = cv2.imread(str(path), flags)
    if array is None:
        raise Unavailable(f"{path} cannot be read")
    return np.asarray(array, dtype=np.uint8)


def _kind(name: str) -> PixelKind:
    if name == _BACKGROUND:
        return PixelKind.BACKGROUND
    if name in _BODY:
        return PixelKind.BODY
    return PixelKind.IGNORED if name in _IGNORED else PixelKind.CLOTHES


def clothed_photos(data: Path, *, test_half: bool) -> list[ClothedPhoto]:
    """The labelled photos of one half, ordered by name.

    Args:
        data: Folder of the test data.
        test_half: Whether those that nothing was chosen on, or the others.

    Raises:
        Unavailable: If they are missing.
    """
    root = data / "photos" / _SET
    if not (root / "classes.txt").is_file():
        raise Unavailable(f"{root} is missing")
    return [
        ClothedPhoto(path.name, path, root / "labels" / f"{path.stem}.png")
        for path in sorted((root / "photos").iterdir())
        if in_test_half(path.name) == test_half
    ]


def overlap(found: NDArray[np.bool_], kinds: NDArray[np.uint8]) -> float:
    """Intersection over union of found clothes and labelled ones.

    Args:
        found: (H, W).
        kinds: (H, W) values of `PixelKind`.
    """
    counts = kinds != PixelKind.IGNORED
    clothes = (kinds == PixelKind.CLOTHES) & counts
    found = found & counts
    return float((found & clothes).sum() / max(1, (found | clothes).sum()))


@dataclass(frozen=True, slots=True)
class GarmentLabels:
    """The colours that people would accept for the dominant one of a garment; empty if nobody said.

    Attributes:
        top: Of the top.
        bottom: Of the bottom.
    """

    top: tuple[ColourName, ...]
    bottom: tuple[ColourName, ...]


def garment_labels(data: Path) -> Mapping[str, GarmentLabels]:
    """Colours by name of the photo's file: those of the test data, and for the choosing half more of our own."""
    return dict([*_own_labels(), *_labels_of_set(data)])


def _labels_of_set(data: Path) -> Iterator[tuple[str, GarmentLabels]]:
    path = data / "photos" / _SET / "colour_labels.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for stem, top, bottom in csv.reader(file, delimiter=";"):
                yield f"{stem}.jpg", GarmentLabels(_colours(top), _colours(bottom))


def _own_labels() -> Iterator[tuple[str, GarmentLabels]]:
    with _MORE_LABELS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield f"{row['photo']}.jpg", GarmentLabels(_colours(row["top"]), _colours(row["bottom"]))


def _colours(text: str) -> tuple[ColourName, ...]:
    return tuple(ColourName(name) for name in text.split("|") if name)
