"""Selfies of painted people."""

from __future__ import annotations

import cv2
import numpy as np

from curation.domain.faces.face import Box
from tests.fake_workflow import textured_photo

__all__ = ["selfie"]


def selfie(*people: int, px: int = 90, seed: int = 0) -> bytes:
    """A PNG of these people beside each other, with bytes that no other file has."""
    boxes = [(Box(30 + place * (px + 30), 30, px, px), person) for place, person in enumerate(people)]
    array = textured_photo(60 + max(1, len(people)) * (px + 30), px + 60, boxes)
    array[0, :40] = np.random.default_rng(seed).integers(0, 255, (40, 3))
    return cv2.imencode(".png", array[..., ::-1])[1].tobytes()
