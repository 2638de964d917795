"""Labels of eyes by eye."""

from __future__ import annotations

import functools
from pathlib import Path

from ground_truth.labels.face_table import FaceTable

__all__ = ["eye_label", "eye_label_by_eye"]

_FILE = Path(__file__).with_name("eyes.csv")


@functools.cache
def _by_eye() -> FaceTable:
    return FaceTable(_FILE)


def eye_label_by_eye(face: str) -> str | None:
    """The label by eye of a face, if it has one: open, closed, down (lids lowered), hidden or unclear."""
    return _by_eye().get(face)


def eye_label(face: str) -> str:
    """The label of a face by its key.

    Faces of cew_eyes/closed are closed. Others are open unless a label by eye says otherwise: whatever the
    aspect ratio, the cues of the first version, another network or an early one of ours doubted was looked at.
    """
    if face.startswith("cew_eyes/closed/"):
        return "closed"
    return eye_label_by_eye(face) or "open"
