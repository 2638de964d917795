"""dlib's face detector (MMOD) and face descriptor (ResNet), computed by ONNX Runtime.

Both run on models that `curation.engines.dlib.conversion` makes of dlib's files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.engines.dlib.graphs import CHIP_INPUT, DESCRIPTOR_SIZE, LEVEL_INPUT, options_of
from curation.engines.onnx_sessions import onnx_session
from curation.errors import FaceAnalysisError, WeightsBrokenError

__all__ = ["DLIB_MARGIN_PX", "FaceDescriptor", "FaceDetector", "FoundBox", "pyramid_layout"]

DLIB_MARGIN_PX = 11
"""How far dlib keeps the pyramid from the edges of its large picture."""

# The pyramid of dlib's detector: each level has 5/6 of the one before, down to 5 rows. dlib lays all levels into
# one picture, 10 px from each other.
_STEP_UP = 1.2
_MIN_ROWS = 5
_PADDING_PX = 10
# Each level is computed by itself, in a margin of the mean colour. In dlib's own one, faces that fill a picture or
# touch its edge score lower: the mean over 90 crops that a face fills was 0.88 with 11 px and 0.96 with 27.
_MARGIN_PX = 27
# An answer of the network stands for 8 x 8 pixels, the first one for the pixel 14 (three unpadded convolutions of
# 5 x 5 with a stride of 2); the network needs 29 pixels to answer at all.
_GRID_PX, _FIRST_ANSWER_PX, _MIN_SIDE_PX = 8, 14, 29
# dlib's pyramid takes a point p of a level to 1.2 (p + 0.3) in the level above.
_LEVEL_SHIFT_PX = 0.3
# The finest levels cost most: those above half the size, two by two, are looked at only if the others find, or suspect,
# faces near the smallest that they can see, or nothing at all. On 213 counted photos that lost one face of 513 that the
# whole pyramid finds, and took 53 % of the work; one by one would take 48 % and lost two.
_COARSE_SHARE = 0.5
_FINER_LEVELS = 2
_HINT_SCORE = -0.3
_HINT_WINDOWS = 1.25
# Scores in small integers came out at most 0.1 away from the exact ones where those were -0.3 and more.
_SCREENING_ERROR = 0.3
# So many answers around one depend on the same pixels: the last four convolutions look 2, 2, 2 and 4 to each side.
_CONTEXT = 10
# Smaller levels are looked at exactly at once, which takes no longer than one face that was screened.
_MIN_SCREENED_PX = 40_000
# Memory for the descriptor's activations grows with the batch; a larger crowd runs in several.
_MAX_BATCH = 32

_Picture = NDArray[np.uint8]
_Planes = NDArray[np.uint8]
_Scores = NDArray[np.float32]


class FoundBox(NamedTuple):
    """A face: (x1, y1, x2, y2) float64 edges in pixels of the picture, and dlib's score, above 0 for a face."""

    area: NDArray[np.float64]
    score: float


class _Place(NamedTuple):
    """Where dlib puts a level of the pyramid in its one large picture."""

    height: int
    width: int
    top: int
    left: int


class FaceDetector:
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
            model: Made by `dlib_conversion` of mmod_human_face_detector.dat.
            providers: ONNX Runtime's execution providers in order of preference.
            screening: The same in small integers; finds where the exact one is worth its time. Without it the exact
                one looks everywhere.
            margin_px: Around each level of the pyramid; with `DLIB_MARGIN_PX` faces near an edge get dlib's own scores.

        Raises:
            WeightsMissingError: If the file is gone.
            WeightsBrokenError: If it is not such a model.
        """
        self._session = _session(model, LEVEL_INPUT, providers)
        self._options, mean = options_of(self._session.get_modelmeta().custom_metadata_map, model.path)
        self._screening = None if screening is None else _session(screening, LEVEL_INPUT, providers)
        self._margin_colour = np.array([round(value) for value in mean], dtype=np.uint8).reshape(3, 1, 1)
        self._margin_px = margin_px

    def detect(self, picture: _Picture, *, min_score: float = 0.0, thorough: bool = False) -> list[FoundBox]:
        """Find faces of 80 pixels and more in one picture.

        Args:
            picture: (H, W, 3) uint8 RGB of any size; may be a view.
            min_score: Faces have a larger score; dlib's own threshold is 0.
            thorough: Look at all levels of the pyramid, as dlib does; else the finest ones are left out where the
                others give no hint of small faces.

        Returns:
            Best first; the boxes may reach beyond the picture.

        Raises:
            FaceAnalysisError: If ONNX Runtime fails.
        """
        places = pyramid_layout(*picture.shape[:2])
        least = min(min_score, _HINT_SCORE)
        levels = _levels(picture, places)
        answers: list[FoundBox] = []
        seen = len(places)
        for first in (0,) if thorough else _looks(places):
            for index in range(first, seen):
                answers += self._answers(levels[index], places[index], index, least)
            seen = first
            if not self._may_hide_small_faces(answers, first):
                break
        return self._without_doubles([answer for answer in answers if answer.score > min_score])

    def _answers(self, level: _Picture, place: _Place, index: int, min_score: float) -> list[FoundBox]:
        # The grid of answers starts where it would in dlib's large picture, so that the boxes are the same.
        margin = self._margin_px
        top = margin + (place.top - margin) % _GRID_PX
        left = margin + (place.left - margin) % _GRID_PX
        if min(top + place.height, left + place.width) + margin < _MIN_SIDE_PX:
            return []
        planes = np.empty((3, top + place.height + margin, left + place.width + margin), dtype=np.uint8)
        planes[:] = self._margin_colour
        inner = planes[:, top : top + place.height, left : left + place.width]
        cv2.mixChannels([level], list(inner), [0, 0, 1, 1, 2, 2])  # a quarter of the time that numpy takes
        rows, columns, scores = self._scores_above(min_score, planes)
        middles = np.stack([columns * _GRID_PX + _FIRST_ANSWER_PX - left, rows * _GRID_PX + _FIRST_ANSWER_PX - top], 1)
        half = (np.array(self._options.window_px, dtype=np.float64) - 1) / 2
        corners = np.concatenate([middles - half, middles + half], axis=1)
        for _ in range(index):
            corners = (corners + _LEVEL_SHIFT_PX) * _STEP_UP
        corners[:, 2:] += 1  # from the last pixel to the edge behind it
        return [FoundBox(area, score) for area, score in zip(corners, scores.tolist(), strict=True)]

    def _scores_above(self, least: float, planes: _Planes) -> tuple[NDArray[np.intp], NDArray[np.intp], _Scores]:
        """Rows and columns of the answers with a larger score, and these scores."""
        height, width = planes.shape[1:]
        windows: list[_Window] | None = None
        if self._screening is not None and height * width >= _MIN_SCREENED_PX:
            hints = _run(self._screening, LEVEL_INPUT, planes) > least - _SCREENING_ERROR
            windows = _windows(hints)
            if sum(window.seen_px for window in windows) >= height * width:
                windows = None
        if windows is None:
            scores = _run(self._session, LEVEL_INPUT, planes)
            rows, columns = np.nonzero(scores > least)
            return rows, columns, scores[rows, columns]
        scores = np.full(hints.shape, -np.inf, dtype=np.float32)
        for window in windows:
            part = np.ascontiguousarray(planes[:, window.seen_rows, window.seen_columns])
            scores[window.rows, window.columns] = _run(self._session, LEVEL_INPUT, part)[window.inner]
        rows, columns = np.nonzero(scores > least)
        return rows, columns, scores[rows, columns]

    def _may_hide_small_faces(self, answers: Sequence[FoundBox], first: int) -> bool:
        smallest = _HINT_WINDOWS * max(self._options.window_px) * _STEP_UP**first
        return not answers or any(answer.area[2] - answer.area[0] < smallest for answer in answers)

    def _without_doubles(self, answers: Sequence[FoundBox]) -> list[FoundBox]:
        ranked = sorted(answers, key=lambda answer: (-answer.score, *answer.area))
        areas = np.array([answer.area for answer in ranked]).reshape(-1, 4)
        kept: list[int] = []
        for index, area in enumerate(areas):
            others = areas[kept]
            sides = np.minimum(area[2:], others[:, 2:]) - np.maximum(area[:2], others[:, :2])
            shared = np.prod(np.clip(sides, 0, None), axis=1)
            own, theirs = np.prod(area[2:] - area[:2]), np.prod(others[:, 2:] - others[:, :2], axis=1)
            covered = shared > self._options.max_covered * np.minimum(own, theirs)
            if not (covered | (shared > self._options.max_iou * (own + theirs - shared))).any():
                kept.append(index)
        return [ranked[index] for index in kept]


class FaceDescriptor:
    """dlib's `face_recognition_model_v1`: the same descriptors, many times faster."""

    def __init__(self, model: WeightsFile, providers: Sequence[str]) -> None:
        """Load the model.

        Args:
            model: Made by `dlib_conversion` of dlib_face_recognition_resnet_model_v1.dat.
            providers: ONNX Runtime's execution providers in order of preference.

        Raises:
            WeightsMissingError: If the file is gone.
            WeightsBrokenError: If it is not such a model.
        """
        self._session = _session(model, CHIP_INPUT, providers)

    def describe(self, chips: Sequence[_Picture]) -> NDArray[np.float32]:
        """Describe faces, many at a time.

        Args:
            chips: Of dlib's `get_face_chip`, each (150, 150, 3) uint8 RGB.

        Returns:
            (N, 128) float32, not of unit length.

        Raises:
            FaceAnalysisError: If ONNX Runtime fails.
        """
        parts = [
            _run(self._session, CHIP_INPUT, np.stack(chips[start : start + _MAX_BATCH]))
            for start in range(0, len(chips), _MAX_BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, DESCRIPTOR_SIZE), dtype=np.float32)


def pyramid_layout(height: int, width: int) -> list[_Place]:
    """The levels of dlib's pyramid of a picture, and where dlib lays them in its one large picture.

    The first column goes down until the next level would fit beside the last one and half of the height is
    used; the rest goes up again along the right edge.

    Args:
        height: Of the picture.
        width: Of the picture.
    """
    sizes = [(height, width)]
    while True:
        rows, columns = (side * 5 // 6 for side in sizes[-1])
        if rows < _MIN_ROWS or columns < 1:
            break
        sizes.append((rows, columns))
    below = sum(rows + _PADDING_PX for rows, _ in sizes) - 2 * _PADDING_PX - height
    column_height, width_before = 0, 0
    for rows, columns in sizes:
        fits_beside = columns <= width - width_before - _PADDING_PX
        if fits_beside and 2 * (column_height - height) >= below:
            break
        column_height += rows + _PADDING_PX
        width_before = columns
    column_height -= _PADDING_PX
    places: list[_Place] = []
    edge = DLIB_MARGIN_PX
    right = DLIB_MARGIN_PX + width
    for rows, columns in sizes:
        if edge >= column_height + DLIB_MARGIN_PX:
            break
        places.append(_Place(rows, columns, edge, DLIB_MARGIN_PX))
        edge += rows + _PADDING_PX
    edge -= _PADDING_PX
    for rows, columns in sizes[len(places) :]:
        if edge - rows < DLIB_MARGIN_PX + height:
            break  # dlib ends where a level would lie on the photo itself
        places.append(_Place(rows, columns, edge - rows, right - columns))
        edge -= rows + _PADDING_PX
    return places


class _Window(NamedTuple):
    """Answers that lie together, and the part of a level on which they depend."""

    rows: slice
    columns: slice
    seen_rows: slice
    """In pixels, as `seen_columns`."""
    seen_columns: slice
    inner: tuple[slice, slice]
    """Where the answers lie among those of that part."""

    @property
    def seen_px(self) -> int:
        return int((self.seen_rows.stop - self.seen_rows.start) * (self.seen_columns.stop - self.seen_columns.start))


def _windows(hints: NDArray[np.bool_]) -> list[_Window]:
    """Where the exact scores are wanted: around (h, w) hints, those together that are near each other."""
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
    """Of answers along one side: with their neighbours, the pixels they depend on, and their place among these."""
    first, last = max(0, int(places.min()) - 1), min(length - 1, int(places.max()) + 1)
    seen_first, seen_last = max(0, first - _CONTEXT), min(length - 1, last + _CONTEXT)
    return (
        slice(first, last + 1),
        slice(seen_first * _GRID_PX, seen_last * _GRID_PX + _MIN_SIDE_PX),
        slice(first - seen_first, last + 1 - seen_first),
    )


def _levels(picture: _Picture, places: Sequence[_Place]) -> list[_Picture]:
    """Each made from the one before; the corners stay where they are, as in dlib."""
    levels = [np.ascontiguousarray(picture)]
    for place in places[1:]:
        height, width = levels[-1].shape[:2]
        matrix = np.array(
            [[(width - 1) / max(place.width - 1, 1), 0, 0], [0, (height - 1) / max(place.height - 1, 1), 0]]
        )
        level = cv2.warpAffine(
            levels[-1],
            matrix,
            (place.width, place.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        levels.append(np.asarray(level, dtype=np.uint8))
    return levels


def _looks(places: Sequence[_Place]) -> list[int]:
    """The first levels of the looks at a picture, from the coarse ones, of at most half its size, to all."""
    limit = _COARSE_SHARE * max(places[0].height, places[0].width)
    coarse = next((index for index, place in enumerate(places) if max(place.height, place.width) <= limit), 0)
    return [*range(coarse, 0, -_FINER_LEVELS), 0]


def _session(model: WeightsFile, input_name: str, providers: Sequence[str]) -> Any:
    session = onnx_session(model, providers)
    if [given.name for given in session.get_inputs()] != [input_name] or len(session.get_outputs()) != 1:
        raise WeightsBrokenError(f"{model.path} is not what Curation made of {model.name}; delete it and run again")
    return session


def _run(session: Any, name: str, values: NDArray[Any]) -> NDArray[np.float32]:
    try:
        (answer,) = session.run(None, {name: values})
    except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
        raise FaceAnalysisError(f"a network of dlib failed: {error}") from error
    result: NDArray[np.float32] = answer
    return result
