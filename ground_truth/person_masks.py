"""Pictures in which the pixels of people are labelled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import Person
from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou
from ground_truth.splits import in_test_half

__all__ = ["LabelledPeople", "clothes_labels", "labelled_people", "person_label", "who_is_labelled"]

_MASK_VALUE = 128


class LabelledPeople(NamedTuple):
    """A picture and its people.

    Attributes:
        name: Of the file.
        picture: (H, W, 3) uint8 RGB.
        people: (H, W) bool.
        one: Whether only one person is labelled, whoever else is in the picture.
    """

    name: str
    picture: NDArray[np.uint8]
    people: NDArray[np.bool_]
    one: bool


def labelled_people(folder: Path, *, in_test: bool, most: int | None = None) -> Iterator[LabelledPeople]:
    """The pictures of one half of a set.

    Args:
        folder: `photos/clothes` (one person each, class numbers) or `photos/cutouts` (masks of all people).
        in_test: Which half.
        most: At most so many, evenly chosen by name; None for all.
    """
    is_clothes = (folder / "labels").is_dir()
    paths = [path for path in sorted((folder / "photos").iterdir()) if in_test_half(path.name) == in_test]
    step = 1 if most is None else max(1, -(-len(paths) // most))
    for path in paths[::step]:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        labels = cv2.imread(str(folder / ("labels" if is_clothes else "masks") / f"{path.stem}.png"), 0)
        if picture is None or labels is None:
            continue
        height, width = picture.shape[:2]
        if is_clothes:
            people = person_label(np.asarray(labels, dtype=np.uint8))
        else:  # made of a smaller copy, some of them
            people = np.asarray(cv2.resize(labels, (width, height), interpolation=cv2.INTER_LINEAR) >= _MASK_VALUE)
        if people.shape != (height, width):
            continue
        rgb = np.ascontiguousarray(picture[:, :, ::-1]).astype(np.uint8, copy=False)
        yield LabelledPeople(path.name, rgb, people, is_clothes)


def clothes_labels(folder: Path, stem: str) -> NDArray[np.uint8] | None:
    """The class numbers of a picture of `photos/clothes`; None if it has none."""
    labels = cv2.imread(str(folder / "labels" / f"{stem}.png"), cv2.IMREAD_GRAYSCALE)
    return None if labels is None else np.asarray(labels, dtype=np.uint8)


def person_label(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The person of a picture of class numbers, with everything that is worn or carried.

    Bags, purses, wallets, hats, glasses, jewellery and umbrellas among the accessories count: whoever cuts a person out
    of a picture wants them, and a hand around a strap cannot be cut out without it.
    """
    return np.asarray(labels > 0, dtype=np.bool_)


def who_is_labelled(people: Sequence[Person], labelled: LabelledPeople) -> list[int]:
    """Places of the people whom the labels are about: bystanders are often left out.

    Args:
        people: As they were found in the picture.
        labelled: The labels.

    Returns:
        If one person is labelled, the one whose box fits best; else those the middle of whose box is labelled for the
        most part. Ascending; empty if nobody fits.
    """
    label = labelled.people
    rows, columns = np.nonzero(label.any(axis=1))[0], np.nonzero(label.any(axis=0))[0]
    if not len(rows) or not people:
        return []
    if not labelled.one:
        return [place for place, person in enumerate(people) if _middle(label, person.box).mean() >= 0.5]
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1))
    fits = [box_iou(person.box, box) for person in people]
    best = int(np.argmax(fits))
    return [best] if fits[best] > 0 else []


def _middle(label: NDArray[np.bool_], box: Box) -> NDArray[np.bool_]:
    left, top = box.x + box.w // 4, box.y + box.h // 4
    return label[top : top + max(1, box.h // 2), left : left + max(1, box.w // 2)]
