"""Where shots begin: cuts, told from small samples of the decoder's planes, without converting a picture.

A cut is a change of the whole picture between two neighbours that is large by itself and large beside the changes
before and after it: a camera that moves fast changes every picture, and does not cut.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from curation.video.frame import ClipFrame

__all__ = ["with_cuts"]

_MIN_CHANGE: Final = 12.0
"""Mean difference of the samples, of 255, below which nothing is a cut."""
_TIMES_NEIGHBOURS: Final = 2.5
"""How many times larger than the mean change beside it a cut is."""
_BESIDE: Final = 2
"""Pictures before and after that are looked at."""


def with_cuts(frames: Iterable[ClipFrame]) -> Iterator[tuple[ClipFrame, bool]]:
    """Each frame, and whether a shot begins with it; the first one does. Frames come two later than they went in.

    Damaged frames begin no shot; the next whole one does in their place.
    """
    # The window holds the frames around the one in question: _BESIDE before it, and as many after it.
    window: deque[tuple[ClipFrame, NDArray[np.int16]]] = deque()
    given = 0
    for frame in frames:
        window.append((frame, frame.sample().astype(np.int16)))
        if len(window) - given > _BESIDE:
            yield window[given][0], _is_cut(window, given)
            given += 1
            while given > _BESIDE + 1:
                window.popleft()
                given -= 1
    while given < len(window):
        yield window[given][0], _is_cut(window, given)
        given += 1


def _is_cut(window: deque[tuple[ClipFrame, NDArray[np.int16]]], place: int) -> bool:
    """Whether a shot begins with the frame at this place of the window."""
    if place == 0:
        return True
    if window[place][0].is_corrupt:
        return False
    samples = [sample for _, sample in window]
    change = _difference(samples[place - 1], samples[place])
    if change < _MIN_CHANGE:
        return False
    beside = [
        _difference(samples[index - 1], samples[index])
        for index in range(max(1, place - _BESIDE), min(len(samples), place + _BESIDE + 1))
        if index != place
    ]
    return not beside or change > _TIMES_NEIGHBOURS * sum(beside) / len(beside)


def _difference(first: NDArray[np.int16], second: NDArray[np.int16]) -> float:
    """Mean absolute difference of two samples; frames of another size have another picture."""
    if first.shape != second.shape:
        return 255.0
    return float(np.abs(first - second).mean())
