"""Pictures for the tests of likeness and bursts."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.photos.looks.miniature import miniature

Picture = NDArray[np.uint8]


def scene(seed: int, size: tuple[int, int] = (360, 480)) -> Picture:
    """A smooth random picture (H, W, 3) uint8 RGB; another seed shows something else."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 220, (5, 6, 3)).astype(np.float32)
    grown = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(grown + rng.normal(0, 3, grown.shape), 0, 255), dtype=np.uint8)


def look(seed: int) -> bytes:
    """The miniature of a scene."""
    return miniature(scene(seed))
