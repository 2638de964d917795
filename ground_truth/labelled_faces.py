"""Faces of a clustered event with the people that they show."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from curation.domain.faces.face import FaceRow
from ground_truth.evaluation import ClusteredEvent, Evaluation
from ground_truth.labels.people import labelled_people
from ground_truth.splits import in_test_half

__all__ = [
    "CHILDREN_YEARS",
    "LabelledFaces",
    "children_faces",
    "main_face_people",
    "people_by_position",
    "single_face_people",
]

NOBODY = "person"
"""What labels.csv holds where the name is not known."""
CHILDREN_YEARS = range(1, 13)
"""Ages of the small children of UTKFace."""
_CENTRE_PX = 60  # photos of lfw are 250 px wide, and the labelled face is in the middle


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFaces:
    """Faces of an event.

    Attributes:
        vectors: (N, D) embeddings of unit length.
        people: Person of each face; None where it is not labelled.
        photos: (N,) number of the photo that each face is on.
        clusters: (N,) the cluster that the program put each face into; -1 for none.
    """

    vectors: NDArray[np.float32]
    people: list[str | None]
    photos: NDArray[np.int64]
    clusters: NDArray[np.int64]

    @classmethod
    def of(cls, event: ClusteredEvent, people: list[str | None]) -> LabelledFaces:
        """The faces of face_data.csv, in its order."""
        paths = [row.image_path for row in event.rows]
        return cls(
            event.embeddings[[row.embedding_row for row in event.rows]],
            people,
            np.unique(np.array(paths, dtype=object), return_inverse=True)[1].astype(np.int64),
            np.array([row.cluster_id for row in event.rows], dtype=np.int64),
        )

    def __getitem__(self, rows: list[int]) -> LabelledFaces:
        return LabelledFaces(self.vectors[rows], [self.people[i] for i in rows], self.photos[rows], self.clusters[rows])


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


def people_by_position(evaluation: Evaluation, name: str, event: ClusteredEvent) -> list[str | None]:
    """The person of each face by its position in the photo, from labels/people.csv.

    Each labelled position goes to the nearest face whose box contains it.
    """
    labels = labelled_people(name)
    rows_of: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(event.rows):
        rows_of[row.image_path].append(number)
    people: list[str | None] = [None] * len(event.rows)
    for path, wanted in labels.items():
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


def children_faces(evaluation: Evaluation, engine: str, *, test_half: bool) -> LabelledFaces:
    """Faces of small children of UTKFace, clustered; each photo shows another child.

    Args:
        evaluation: Where the photos are.
        engine: Name of the engine.
        test_half: Which half of the photos, see `in_test_half`.

    Raises:
        Unavailable: If the photos or weights are missing.
    """
    folder = evaluation.scratch / ("children" if test_half else "other children")
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(evaluation.set_folder("utkface").glob("*.jpg")):
        years = path.name.split("_")[0]
        if years.isdecimal() and int(years) in CHILDREN_YEARS and in_test_half(path.name) == test_half:
            shutil.copyfile(path, folder / path.name)
    event = evaluation.clustered(engine, folder, folder.name.replace(" ", "-"))
    return LabelledFaces.of(event, [row.image_path for row in event.rows])
