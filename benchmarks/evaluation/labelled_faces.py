"""Faces of a clustered event with the persons that they show."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmarks.evaluation.base import ClusteredEvent, Evaluation
from curation.domain.faces.face import FaceRow

__all__ = ["Faces", "is_reserved", "main_face_people", "person_of_place", "single_face_people"]

NOBODY = "person"
"""What labels.csv says where the name is not known."""
_PLACES = Path(__file__).parent / "labels" / "faces.csv"
_CENTRE_PX = 60  # photos of lfw are 250 px wide, and the face that is meant is in the middle


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Faces of an event.

    Attributes:
        vectors: (N, D) embeddings of unit length.
        people: Person of each face; None where it is not labelled.
        photos: (N,) which photo each face is on.
        clusters: (N,) the program's; -1 for none.
    """

    vectors: NDArray[np.float32]
    people: list[str | None]
    photos: NDArray[np.int64]
    clusters: NDArray[np.int64]

    @classmethod
    def of(cls, event: ClusteredEvent, people: list[str | None]) -> Faces:
        """The faces of face_data.csv, in its order."""
        paths = [row.image_path for row in event.rows]
        return cls(
            event.embeddings[[row.embedding_row for row in event.rows]],
            people,
            np.unique(np.array(paths, dtype=object), return_inverse=True)[1].astype(np.int64),
            np.array([row.cluster_id for row in event.rows], dtype=np.int64),
        )

    def __getitem__(self, rows: list[int]) -> Faces:
        return Faces(self.vectors[rows], [self.people[i] for i in rows], self.photos[rows], self.clusters[rows])


def is_reserved(name: str) -> bool:
    """Whether a person or photo belongs to the half that nothing was tuned on."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def single_face_people(evaluation: Evaluation, name: str, event: ClusteredEvent) -> list[str | None]:
    """The person of each face that is alone in a photo with exactly one label."""
    labels = evaluation.labels(name)
    faces = Counter(row.image_path for row in event.rows)

    def person(row: FaceRow) -> str | None:
        found = labels.get(row.image_path, set())
        return next(iter(found)) if len(found) == 1 and faces[row.image_path] == 1 and NOBODY not in found else None

    return [person(row) for row in event.rows]


def main_face_people(evaluation: Evaluation, name: str, event: ClusteredEvent) -> list[str | None]:
    """The person of the face nearest to the middle of each photo of lfw."""
    labels = evaluation.labels(name)
    best: dict[str, tuple[float, int]] = {}
    for place, row in enumerate(event.rows):
        box = row.facial_area
        away = float(np.hypot(box.x + box.w / 2 - 125, box.y + box.h / 2 - 125))
        if away < _CENTRE_PX:
            best[row.image_path] = min(best.get(row.image_path, (away, place)), (away, place))
    people: list[str | None] = [None] * len(event.rows)
    for path, (_, place) in best.items():
        people[place] = next(iter(labels[path]))
    return people


def person_of_place(evaluation: Evaluation, name: str, event: ClusteredEvent) -> list[str | None]:
    """The person of each face by its place in the photo, from labels/faces.csv (labelled by eye).

    Each labelled place goes to the nearest face whose box holds it.
    """
    places: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    with _PLACES.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["set"] == name:
                places[line["path"]].append((float(line["x"]), float(line["y"]), line["person"]))
    rows_of: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(event.rows):
        rows_of[row.image_path].append(number)
    people: list[str | None] = [None] * len(event.rows)
    for path, wanted in places.items():
        if path not in rows_of:
            continue
        with Image.open(evaluation.set_folder(name) / path) as picture:
            width, height = ImageOps.exif_transpose(picture).size
        pairs = []
        for face in rows_of[path]:
            box = event.rows[face].facial_area
            for number, (x, y, _) in enumerate(wanted):
                away_x, away_y = x * width - box.x - box.w / 2, y * height - box.y - box.h / 2
                if abs(away_x) <= box.w / 2 and abs(away_y) <= box.h / 2:
                    pairs.append((float(np.hypot(away_x, away_y)), face, number))
        seen: set[int] = set()
        for _, face, number in sorted(pairs):
            if people[face] is None and number not in seen:
                seen.add(number)
                people[face] = wanted[number][2]
    return people
