"""Labels of eyes: open, closed, down, hidden or unclear (eyes.csv)."""

from __future__ import annotations

import functools
from pathlib import Path

from ground_truth.labels.face_table import FaceTable

__all__ = ["eye_label", "listed_eye_label"]

_FILE = Path(__file__).with_name("eyes.csv")


@functools.cache
def _table() -> FaceTable:
    return FaceTable(_FILE)


def listed_eye_label(face: str) -> str | None:
    """The label of a face in eyes.csv, if it has one: open, closed, down (lids lowered), hidden or unclear."""
    return _table().get(face)


def eye_label(face: str) -> str:
    """The label of a face by its key.

    Faces of cew_eyes/closed are closed. Others are open unless eyes.csv says otherwise: every face that the aspect
    ratio, the cues of the first version, another network or an early one of ours was uncertain about was labelled.
    """
    if face.startswith("cew_eyes/closed/"):
        return "closed"
    return listed_eye_label(face) or "open"
