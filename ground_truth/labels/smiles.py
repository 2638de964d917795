"""Labels of smiles: those of lfw_smile and genki_crops, and grades that were set by hand (smiles.csv)."""

from __future__ import annotations

import csv
import functools
from pathlib import Path

from ground_truth.labels.face_table import FaceTable

__all__ = ["GRADES", "listed_smile_label", "smile_grade", "smiles"]

GRADES = {"none": 0, "neutral": 0, "open mouth": 0, "slight": 1, "smile": 2, "laugh": 3}
"""Grade of each label in smiles.csv.

An open mouth that talks, shouts or shows the tongue is no smile; "none" is any face without a smile, open mouth or not.
"""

_UNGRADED = "smiling"
_FILE = Path(__file__).with_name("smiles.csv")


@functools.cache
def _table() -> FaceTable:
    return FaceTable(_FILE)


@functools.cache
def _of_sets(data: Path) -> dict[str, bool]:
    known = {}
    for name in ("lfw_smile", "genki_crops"):
        with (data / "photos" / name / "labels.csv").open(newline="") as file:
            known.update({f"{name}/{row['path']}": row["label"] == "smile" for row in csv.DictReader(file)})
    return known


def listed_smile_label(face: str) -> str | None:
    """The label of a face in smiles.csv, if it has one: of `GRADES`, "smiling" (not graded), or "unclear"."""
    return _table().get(face)


def smile_grade(face: str) -> int | None:
    """The grade of a face by its key, 0 to 3; None without a grade."""
    return GRADES.get(_table().get(face) or "")


def smiles(data: Path, face: str) -> bool | None:
    """Whether a face smiles, by its key; None if it has no label.

    lfw_smile and genki_crops keep the labels of their authors, also where one would label otherwise.

    Args:
        data: Folder that holds photos/.
        face: Key of the face.
    """
    label = _table().get(face)
    listed = GRADES.get(label, 1) > 0 if label in (*GRADES, _UNGRADED) else None
    return _of_sets(data).get(face, listed)
