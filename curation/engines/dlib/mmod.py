"""dlib's neural face detector (MMOD), computed by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.engines.dlib.boxes import FoundBox, without_duplicates
from curation.engines.dlib.model_contract import LEVEL_INPUT, read_detector_metadata
from curation.engines.dlib.networks import ConvertedNetwork
from curation.engines.dlib.pyramid import PyramidLevel, level_pictures, pyramid_layout

__all__ = ["MmodDetector"]

# dlib's pyramid maps a point p of a level to 1.2 (p + 0.3) in the next larger level.
_STEP_UP = 1.2
_LEVEL_SHIFT_PX = 0.3
# Each level is computed by itself, in a margin of the mean colour. With dlib's own margin, faces that fill a picture or
# touch its edge get lower scores: the mean over 90 crops that a face fills was 0.88 with 11 px and 0.96 with 27.
_MARGIN_PX = 27
# A cell of the network's output represents 8 x 8 pixels, the first one the pixel 14 (three unpadded convolutions of
# 5 x 5 with a stride of 2); an input below 29 pixels has no output.
_GRID_PX, _FIRST_CELL_PX, _MIN_SIDE_PX = 8, 14, 29
# The finest levels take most of the time. Those above half the size are examined, two at a time, only if the coarser
# ones show or suggest faces near the smallest size that they can see, or nothing at all. On 213 counted photos that
# lost one face of 513 that the whole pyramid finds, and took 53 % of the work; one at a time would take 48 % and lost
# two.
_COARSE_SHARE = 0.5
_FINER_LEVELS = 2
_HINT_SCORE = -0.3
_HINT_WINDOWS = 1.25
# Quantised scores differed by at most 0.1 from the exact ones where those were -0.3 and more.
_SCREENING_ERROR = 0.3
# So many cells on each side of one depend on the same pixels: the last four convolutions reach 2, 2, 2 and 4 cells far.
_CONTEXT = 10
# Smaller levels are computed exactly at once, which takes no longer than screening and one face.
_MIN_SCREENED_PX = 40_000

_Picture = NDArray[np.uint8]
_Planes = NDArray[np.uint8]
_Scores = NDArray[np.float32]


class MmodDetector:
    """dlib's `cnn_face_detection_model_v1`: the same boxes and scores, many times faster."""

    def __init__(
        self,
        model: WeightsFile,
        providers: Sequence[str],
        *,
        screening: WeightsFile | None = None,
        margin_px: int = _MARGIN_PX,
    ) -> None:
        """Load the model.

        Args:
            model: Converted from mmod_human_face_detector.dat.
            providers: ONNX Runtime's execution providers in order of preference.
            screening: The quantised model, which finds where the exact one has to look. Without it, the exact one
                looks everywhere.
            margin_px: Around each level of the pyramid; with `DLIB_MARGIN_PX`, faces near an edge get dlib's own
                scores.

        Raises:
            WeightsMissingError: If a file is missing.
            WeightsBrokenError: If one is not such a model.
        """
        self._network = ConvertedNetwork(model, LEVEL_INPUT, providers)
        self._options, mean = read_detector_metadata(self._network.metadata(), model.path)
        self._screening = None if screening is None else ConvertedNetwork(screening, LEVEL_INPUT, providers)
        self._margin_colour = np.array([round(value) for value in mean], dtype=np.uint8).reshape(3, 1, 1)
        self._margin_px = margin_px

    def detect(self, picture: _Picture, *, min_score: float = 0.0, thorough: bool = False) -> list[FoundBox]:
        """Find faces of 80 pixels and more in one picture.

        Args:
            picture: (H, W, 3) uint8 RGB of any size; may be a view.
            min_score: Faces have a larger score; dlib's own threshold is 0.
            thorough: Examine all levels of the pyramid, as dlib does; otherwise the finest ones are skipped if the
                others give no hint of small faces.

        Returns:
            The best one first; the boxes may extend beyond the picture.

        Raises:
            FaceAnalysisError: If ONNX Runtime fails.
        """
        levels = pyramid_layout(*picture.shape[:2])
        least = min(min_score, _HINT_SCORE)
        pictures = level_pictures(picture, levels)
        found: list[FoundBox] = []
        examined_from = len(levels)
        for first in (0,) if thorough else _coarse_to_fine(levels):
            for index in range(first, examined_from):
                found += self._boxes_of_level(pictures[index], levels[index], index, least)
            examined_from = first
            if not self._may_miss_small_faces(found, first):
                break
        return without_duplicates(
            (box for box in found if box.score > min_score),
            max_iou=self._options.max_iou,
            max_inside=self._options.max_covered,
        )

    def _boxes_of_level(self, picture: _Picture, level: PyramidLevel, index: int, min_score: float) -> list[FoundBox]:
        # The grid of cells starts where it would in dlib's large picture, so that the boxes are the same.
        margin = self._margin_px
        top = margin + (level.top - margin) % _GRID_PX
        left = margin + (level.left - margin) % _GRID_PX
        if min(top + level.height, left + level.width) + margin < _MIN_SIDE_PX:
            return []
        planes = np.empty((3, top + level.height + margin, left + level.width + margin), dtype=np.uint8)
        planes[:] = self._margin_colour
        inner = planes[:, top : top + level.height, left : left + level.width]
        cv2.mixChannels([picture], list(inner), [0, 0, 1, 1, 2, 2])  # four times as fast as numpy
        rows, columns, scores = self._scores_above(min_score, planes)
        middles = np.stack([columns * _GRID_PX + _FIRST_CELL_PX - left, rows * _GRID_PX + _FIRST_CELL_PX - top], 1)
        half = (np.array(self._options.window_px, dtype=np.float64) - 1) / 2
        corners = np.concatenate([middles - half, middles + half], axis=1)
        for _ in range(index):
            corners = (corners + _LEVEL_SHIFT_PX) * _STEP_UP
        corners[:, 2:] += 1  # from the last pixel to the edge behind it
        return [FoundBox(area, score) for area, score in zip(corners, scores.tolist(), strict=True)]

    def _scores_above(self, least: float, planes: _Planes) -> tuple[NDArray[np.intp], NDArray[np.intp], _Scores]:
        """Rows and columns of the cells with a larger score, and these scores."""
        height, width = planes.shape[1:]
        windows: list[_Window] | None = None
        if self._screening is not None and height * width >= _MIN_SCREENED_PX:
            hints = self._screening.run(planes) > least - _SCREENING_ERROR
            windows = _windows(hints)
            if sum(window.seen_px for window in windows) >= height * width:
                windows = None
        if windows is None:
            scores = self._network.run(planes)
            rows, columns = np.nonzero(scores > least)
            return rows, columns, scores[rows, columns]
        scores = np.full(hints.shape, -np.inf, dtype=np.float32)
        for window in windows:
            part = np.ascontiguousarray(planes[:, window.seen_rows, window.seen_columns])
            scores[window.rows, window.columns] = self._network.run(part)[window.inner]
        rows, columns = np.nonzero(scores > least)
        return rows, columns, scores[rows, columns]

    def _may_miss_small_faces(self, found: Sequence[FoundBox], first: int) -> bool:
        """Whether levels finer than `first` may show faces, judging by what the coarser ones show."""
        smallest = _HINT_WINDOWS * max(self._options.window_px) * _STEP_UP**first
        return not found or any(box.area[2] - box.area[0] < smallest for box in found)


class _Window(NamedTuple):
    """Neighbouring cells of the output, and the part of the input on which they depend."""

    rows: slice
    columns: slice
    seen_rows: slice
    """In pixels, like `seen_columns`."""
    seen_columns: slice
    inner: tuple[slice, slice]
    """Where the cells are in the output for that part."""

    @property
    def seen_px(self) -> int:
        return int((self.seen_rows.stop - self.seen_rows.start) * (self.seen_columns.stop - self.seen_columns.start))


def _windows(hints: NDArray[np.bool_]) -> list[_Window]:
    """Where exact scores are needed: around (h, w) hints, grouping those that are near each other."""
    if not hints.any():
        return []
    near = cv2.dilate(hints.astype(np.uint8), np.ones((2 * _CONTEXT + 1,) * 2, dtype=np.uint8))
    count, groups = cv2.connectedComponents(near)
    rows, columns = np.nonzero(hints)
    group_of = np.asarray(groups)[rows, columns]
    windows = []
    for group in range(1, count):
        spans = [
            _span(places[group_of == group], length)
            for places, length in zip((rows, columns), hints.shape, strict=True)
        ]
        (down, seen_down, inner_down), (across, seen_across, inner_across) = spans
        windows.append(_Window(down, across, seen_down, seen_across, (inner_down, inner_across)))
    return windows


def _span(places: NDArray[np.intp], length: int) -> tuple[slice, slice, slice]:
    """For cells along one axis: the cells and their neighbours, the pixels they depend on, the cells within these."""
    first, last = max(0, int(places.min()) - 1), min(length - 1, int(places.max()) + 1)
    seen_first, seen_last = max(0, first - _CONTEXT), min(length - 1, last + _CONTEXT)
    return (
        slice(first, last + 1),
        slice(seen_first * _GRID_PX, seen_last * _GRID_PX + _MIN_SIDE_PX),
        slice(first - seen_first, last + 1 - seen_first),
    )


def _coarse_to_fine(levels: Sequence[PyramidLevel]) -> list[int]:
    """From which level on the pyramid is examined in each step: first those of at most half its size, last all."""
    limit = _COARSE_SHARE * max(levels[0].height, levels[0].width)
    coarse = next((index for index, level in enumerate(levels) if max(level.height, level.width) <= limit), 0)
    return [*range(coarse, 0, -_FINER_LEVELS), 0]
