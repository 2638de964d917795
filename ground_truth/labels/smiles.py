"""Labels of smiles: those of lfw_smile and genki_crops, and grades by eye."""

from __future__ import annotations

import csv
import functools
from pathlib import Path

from ground_truth.labels.face_table import FaceTable

__all__ = ["GRADES", "label_by_eye", "smile_grade", "smiles"]

GRADES = {"none": 0, "neutral": 0, "open mouth": 0, "slight": 1, "smile": 2, "laugh": 3}
"""Labels by eye; an open mouth that talks, shouts or shows the tongue is no smile; "none" is any of these."""

_UNGRADED = "smiling"
_FILE = Path(__file__).with_name("smiles.csv")


@functools.cache
def _by_eye() -> FaceTable:
    return FaceTable(_FILE)


@functools.cache
def _of_sets(data: Path) -> dict[str, bool]:
    known = {}
    for name in ("lfw_smile", "genki_crops"):
        with (data / "photos" / name / "labels.csv").open(newline="") as file:
            known.update({f"{name}/{row['path']}": row["label"] == "smile" for row in csv.DictReader(file)})
    return known


def label_by_eye(face: str) -> str | None:
    """The label of a face by its key: of `GRADES`, "smiling" (not graded), or "unclear"."""
    return _by_eye().get(face)


def smile_grade(face: str) -> int | None:
    """0 to 3; None for a face without a grade."""
    return GRADES.get(_by_eye().get(face) or "")


def smiles(data: Path, face: str) -> bool | None:
    """Whether a face smiles, by its key; None if it has no label.

    lfw_smile and genki_crops keep their own labels, also where one would not share them.

    Args:
        data: Folder that holds photos/.
        face: Its key.
    """
    label = _by_eye().get(face)
    by_eye = GRADES.get(label, 1) > 0 if label in (*GRADES, _UNGRADED) else None
    return _of_sets(data).get(face, by_eye)
