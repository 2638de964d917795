"""Where shots begin: cuts, told from small samples of the decoder's planes, without converting a picture.

With a cut, the picture after it is not the one before it, not even moved by a camera, and not even brighter or darker;
it is so at once, unlike while a camera moves fast; and it stays so: after a photographer's flash, in a strobe's light
or when somebody crosses the picture, what was there before comes back.

How unlike two pictures are is 1 - the largest normalised cross-correlation of their brightness over shifts (J. P.
Lewis, Fast Normalized Cross-Correlation, 1995), which neither gain nor offset changes. The constants are measured on
two clips and films assembled from them: `python -m benchmarks.evaluation`, section cuts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.video.frame import ClipFrame

__all__ = ["with_cuts"]

_MIN_CHANGE: Final = 4.0
"""Mean difference of two samples, of 255, below which nothing is a cut: noise, and what is black."""
_PLANES: Final = np.array([0.5, 0.25, 0.25], dtype=np.float32)
"""Brightness counts as much as both colours."""
_MIN_STEP: Final = 3.0
_WHOLE_PICTURE: Final = 0.5
"""At least this share of the samples changes by `_MIN_STEP`: a title that appears is no cut."""
_MIN_UNLIKE: Final = 0.15
_UNLIKE: Final = 0.45
"""From here on, how the whole picture changes beside the cut does not matter any more."""
_TIMES_BESIDE: Final = 2.5
"""How many times as large as beside it, on average, a change is with which a shot begins."""
_BESIDE: Final = 2
"""Changes before and after that are looked at."""
_BACK_AGAIN: Final = 0.6
"""Pictures before and after that are alike to this share of the change belong to one shot."""
_AROUND: Final = 4
"""Pictures on each side of a change among which such ones are looked for: a flash lasts up to three."""
_SHIFT: Final = (1 / 6, 3 / 16)
"""How far a camera may move between two pictures, up and down and sideways, in shares of the picture."""
_MIN_CONTRAST: Final = 1.0
"""Standard deviation of the brightness below which a picture shows nothing."""
_OTHER_COLOUR: Final = 12.0
"""Mean difference from which two pictures that show nothing are of two colours."""


class _Sample:
    """One whole picture's sample, smoothed against noise, and what was found of it."""

    __slots__ = ("change", "frame", "has_contrast", "levels", "number", "unlike")

    def __init__(self, frame: ClipFrame, number: int) -> None:
        self.frame = frame
        self.number = number
        self.levels: NDArray[np.float32] = np.asarray(
            cv2.blur(frame.sample().astype(np.float32), (3, 3)), dtype=np.float32
        )
        self.has_contrast = bool(self.levels[..., 0].std() >= _MIN_CONTRAST)
        self.change = 0.0
        self.unlike: dict[int, float] = {}


def with_cuts(frames: Iterable[ClipFrame]) -> Iterator[tuple[ClipFrame, bool]]:
    """Each frame, and whether a shot begins with it; the first whole one does. Frames come three later than they go in.

    Damaged frames begin no shot; the next whole one does in their place.
    """
    waiting: deque[ClipFrame] = deque()
    window = _Window()
    for frame in frames:
        waiting.append(frame)
        if not frame.is_corrupt:
            window.add(frame)
            if window.after >= _AROUND:
                yield from _given(waiting, window)
    while window.after > 0:
        yield from _given(waiting, window)
    while waiting:
        yield waiting.popleft(), False


def _given(waiting: deque[ClipFrame], window: _Window) -> Iterator[tuple[ClipFrame, bool]]:
    """The next whole frame, after the damaged ones before it."""
    frame, is_cut = window.judged()
    while waiting[0] is not frame:
        yield waiting.popleft(), False
    yield waiting.popleft(), is_cut


class _Window:
    """The samples around the frame that is judged next."""

    def __init__(self) -> None:
        self._samples: list[_Sample] = []
        self._next = 0
        self._added = 0

    @property
    def after(self) -> int:
        """How many frames are not judged yet."""
        return len(self._samples) - self._next

    def add(self, frame: ClipFrame) -> None:
        sample = _Sample(frame, self._added)
        self._added += 1
        if self._samples:
            sample.change = _change(self._samples[-1], sample)
        self._samples.append(sample)

    def judged(self) -> tuple[ClipFrame, bool]:
        """The next frame, and whether a shot begins with it."""
        place = self._next
        frame, is_cut = self._samples[place].frame, place == 0 or self._is_cut(place)
        self._next += 1
        # One more than is looked back at, so that the oldest one is never mistaken for the first of the film.
        while self._next > _AROUND + 1:
            self._samples.pop(0)
            self._next -= 1
        return frame, is_cut

    def _is_cut(self, place: int) -> bool:
        samples = self._samples
        change = samples[place].change
        if change < _MIN_CHANGE or _changed_share(samples[place - 1], samples[place]) < _WHOLE_PICTURE:
            return False
        unlike = _unlike(samples[place - 1], samples[place])
        if unlike < _MIN_UNLIKE:
            return False
        beside = [
            index for index in range(max(1, place - _BESIDE), min(len(samples), place + _BESIDE + 1)) if index != place
        ]
        if beside:
            moves = sum(_unlike(samples[index - 1], samples[index]) for index in beside) / len(beside)
            changes = sum(samples[index].change for index in beside) / len(beside)
            if unlike < _TIMES_BESIDE * moves or (unlike < _UNLIKE and change < _TIMES_BESIDE * changes):
                return False
        return all(
            _unlike(earlier, later) >= _BACK_AGAIN * unlike
            for earlier in samples[max(0, place - _AROUND) : place]
            for later in samples[place : place + _AROUND]
        )


def _change(first: _Sample, second: _Sample) -> float:
    """Mean absolute difference of two samples; pictures of other shapes differ altogether."""
    if first.levels.shape != second.levels.shape:
        return 255.0
    return float(np.abs(first.levels - second.levels).mean(axis=(0, 1)) @ _PLANES)


def _changed_share(first: _Sample, second: _Sample) -> float:
    """The share of the samples that are not the same any more."""
    if first.levels.shape != second.levels.shape:
        return 1.0
    return float((np.abs(first.levels - second.levels).max(axis=2) >= _MIN_STEP).mean())


def _unlike(first: _Sample, second: _Sample) -> float:
    """1 - the correlation of the best shift, in [0, 2]; kept with the later sample."""
    if first.number not in second.unlike:
        second.unlike[first.number] = _correlated(first, second)
    return second.unlike[first.number]


def _correlated(first: _Sample, second: _Sample) -> float:
    if first.levels.shape != second.levels.shape or first.has_contrast != second.has_contrast:
        return 1.0
    if not first.has_contrast:
        return 1.0 if _change(first, second) >= _OTHER_COLOUR else 0.0
    before = np.ascontiguousarray(first.levels[..., 0])
    after = np.ascontiguousarray(second.levels[..., 0])
    height, width = before.shape
    y, x = round(_SHIFT[0] * height), round(_SHIFT[1] * width)
    found = cv2.matchTemplate(after, before[y : height - y, x : width - x], cv2.TM_CCOEFF_NORMED)
    return 1.0 - float(np.nan_to_num(found, posinf=0, neginf=0).max())
