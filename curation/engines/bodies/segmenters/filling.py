"""Filling what a network for salient objects leaves out of people.

Such a network (U-2-Net) has the better outlines, but leaves out what is as dark as the background, often the whole
trunk in a dark suit or dress, and at times a whole person whom it does not find salient. A network for people sees
these, but takes seats, bags and bystanders for people or leaves out feet. So the second is believed as far as the first
or the skeleton agrees.

The constants were chosen on the halves of photos/clothes and photos/cutouts that are not for testing; docs/accuracy.md
has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["filled"]

# Where the skeleton says that the body is, the second network counts with its value to this power: only if it is sure.
_CERTAINTY = 3.0
# Elsewhere the mean of both counts, less this, so that the second alone cannot reach 0.5.
_DOUBT = 0.03
# The first has missed a person of whose body it sees less than this share; the second then counts in full.
_MISSED = 0.65


def filled(
    first: NDArray[np.float32], second: NDArray[np.float32], bodies: Sequence[NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """The foreground for each person of an area.

    Args:
        first: (H, W) float32 in [0, 1], of the network for salient objects.
        second: Likewise, of the network for people.
        bodies: For each person where the body may be, see `strokes.body_region`; (H, W) float32 in [0, 1].

    Returns:
        For each person (H, W) float32 in [0, 1]; neighbours are still in it.
    """
    if not bodies:
        return []
    somebody = np.maximum.reduce(list(bodies))
    joined = np.maximum(first, np.maximum((first + second) / 2 - np.float32(_DOUBT), second**_CERTAINTY * somebody))
    result = []
    for body in bodies:
        total = float(body.sum())
        seen = float((first * body).sum()) / total if total > 0 else 1.0
        result.append(np.maximum(joined, second) if seen < _MISSED else joined)
    return [np.asarray(each, dtype=np.float32) for each in result]
