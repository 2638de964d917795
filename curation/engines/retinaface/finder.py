"""Finding the faces of a photo in as few looks as it needs: large and small ones, cut off or turned.

Most photos are looked at once, at the working size. Small faces call for a finer look (`curation.engines.tiling`),
large ones for a smaller one (`curation.engines.close_ups`), and doubtful ones for a look at their surroundings from
other sides; if one of these shows a face upright, the whole photo is looked at from that side, too
(`curation.engines.turns`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.engines.areas import overlap
from curation.engines.base import PhotoPixels
from curation.engines.close_ups import CloseUps, shows_close_up, small_picture, with_close_ups
from curation.engines.face_form import is_trusted
from curation.engines.tiling import Detections, Tiling, detect_in_two_looks
from curation.engines.turns import TURNS, TurnedPhoto, best_of_views, turned_back

__all__ = ["FaceFinder"]

# retina-face resizes pictures that do not fit into 1024 x 1980; a photo within these limits is passed to the
# network unchanged.
_MAX_SHORT_SIDE_PX = 1024
_MAX_LONG_SIDE_PX = 1952
# The small look. The network's largest anchors have 512 px; it sees every face of 16 to 370 px well.
_SMALL_LOOK_PX = 352
_BORDER_PX = 32
_LARGE_FACE_PX = 240.0
_LARGEST_FACE_PX = 400.0
_VISIBLE_FACE_PX = 40.0
# A photo in which faces are suspected but not found is looked at from the other sides as small as this; a tiny one,
# in which the detector hardly suspects lying faces, always.
_SIDEWAYS_LOOK_PX = 256
_TINY_PHOTO_PX = 320
# The surroundings of a doubtful face, in lengths of its longer side, and the size of their picture.
_SURROUNDINGS = 2.0
_SURROUNDINGS_PX = 128
_MAX_DOUBTFUL = 3
_MIN_DOUBTFUL_CONFIDENCE = 0.3
_BEYOND_DOUBT = 0.997
_MIN_DOUBTFUL_PX = 24.0
_SAME_IOU = 0.3


class _View(NamedTuple):
    """What was seen in a photo from one side.

    Attributes:
        found: Faces, in pixels of the full-size photo.
        seen: Faces and suspected faces, in pixels of `array`.
        array: The photo at its working size, (H, W, 3) uint8.
    """

    found: Detections
    seen: Detections
    array: NDArray[np.uint8]


class FaceFinder:
    """Finds the faces of photos with a detector that sees a picture of at most 1952 x 1024 pixels."""

    def __init__(
        self,
        look: Callable[[NDArray[np.uint8]], Detections],
        working_size_px: int,
        tiling: Tiling,
        *,
        sure_from: float = math.inf,
    ) -> None:
        """Set the detector.

        Args:
            look: Finds faces in an (H, W, 3) uint8 RGB picture, in its pixels, including those that it only suspects.
            working_size_px: The longer side of the photo in the first look.
            tiling: Parameters of the finer look, and the minimum confidence of a face.
            sure_from: Faces of this confidence are not looked at from other sides, whatever their form; beside one that
                has the form of an upright face, nor are others: the picture stands upright. For films, in which a
                doubtful face is a profile far more often than a head upside down, and is seen again soon.
        """
        self._sure_from = sure_from
        self._look = look
        self._working_size_px = working_size_px
        self._tiling = tiling
        self._close_ups = CloseUps(
            small_size_px=_SMALL_LOOK_PX,
            border_px=_BORDER_PX,
            large_face_px=_LARGE_FACE_PX,
            largest_face_px=_LARGEST_FACE_PX,
            visible_face_px=_VISIBLE_FACE_PX,
            min_confidence=tiling.min_confidence,
        )

    def find(self, photo: PhotoPixels) -> Detections:
        """The faces of a photo, in pixels of the upright full-size photo, not clipped.

        Raises:
            PhotoUnreadableError: If the photo cannot be decoded.
            FaceAnalysisError: If the detector fails.
        """
        view = self._view(photo)
        turns = set(self._turns_of_doubtful(view))
        suspicious = len(view.seen.areas) > 0 or max(view.array.shape[:2]) <= _TINY_PHOTO_PX
        if not turns and not len(view.found.areas) and suspicious:
            turns.update(self._turns_of_photo(view.array))
        views = [(view.found, view.found)]
        for turn in sorted(turns):
            own = self._view(TurnedPhoto(photo, turn)).found
            views.append((turned_back(own, turn, photo.width, photo.height), own))
        return best_of_views(views) if turns else view.found

    def _view(self, photo: PhotoPixels) -> _View:
        """The faces that stand more or less upright in a photo, at all sizes."""
        long_side, short_side = max(photo.width, photo.height), min(photo.width, photo.height)
        limit = min(self._working_size_px, _MAX_LONG_SIDE_PX, _MAX_SHORT_SIDE_PX * long_side // short_side)
        first = photo.reduced(limit, averaged=False)
        seen = self._look(first.array)
        sure = seen.confidences >= self._tiling.min_confidence
        close_up = shows_close_up(seen, self._close_ups) or (not sure.any() and len(seen.areas) > 0)
        if close_up:
            small = small_picture(first.array, _SMALL_LOOK_PX, _BORDER_PX)
            corrected = small.in_picture(self._look(small.array))
            seen = with_close_ups(seen, corrected, small.scale, self._close_ups)
        found = detect_in_two_looks(self._look, photo, first, self._tiling, seen=seen)
        return _View(found, seen, first.array)

    def _turns_of_doubtful(self, view: _View) -> Iterator[int]:
        """The turns at which one of the doubtful faces is seen upright."""
        areas, confidences, points = view.seen
        sides = (areas[:, 2:] - areas[:, :2]).max(axis=1, initial=0)
        trusted = np.array([is_trusted(*one) for one in zip(points, confidences, strict=True)], dtype=bool)
        if (trusted & (confidences >= self._sure_from)).any():
            return
        doubtful = ~trusted & (confidences >= _MIN_DOUBTFUL_CONFIDENCE) | trusted & (confidences < _BEYOND_DOUBT)
        eligible = np.flatnonzero(doubtful & (sides >= _MIN_DOUBTFUL_PX) & (confidences < self._sure_from))
        ranked = eligible[np.lexsort((-confidences[eligible], trusted[eligible]))]
        for index in ranked[:_MAX_DOUBTFUL]:
            # Landmarks of the right form in the wrong places are found on heads that are upside down.
            turns, doubt = ((2,), (1 - confidences[index]) / 2) if trusted[index] else (TURNS, 1 - confidences[index])
            yield from self._turns_of_face(view.array, areas[index], turns, float(doubt))

    def _turns_of_face(
        self, array: NDArray[np.uint8], area: NDArray[np.float64], turns: Sequence[int], max_doubt: float
    ) -> Iterator[int]:
        """Those of the turns at which a face is seen upright with less doubt than this."""
        half = _SURROUNDINGS / 2 * float((area[2:] - area[:2]).max())
        x, y = (area[:2] + area[2:]) / 2
        left, top = max(0, int(x - half)), max(0, int(y - half))
        part = array[top : int(y + half) + 1, left : int(x + half) + 1]
        if not part.size:
            return
        small = small_picture(part, _SURROUNDINGS_PX, 0)
        height, width = small.array.shape[:2]
        for turn in turns:
            own = self._look(np.ascontiguousarray(np.rot90(small.array, turn)))
            trusted = [is_trusted(*one) for one in zip(own.points, own.confidences, strict=True)]
            own = own.subset(np.array(trusted, dtype=bool) & (1 - own.confidences < max_doubt))
            seen = turned_back(own, turn, width, height).moved(small.scale, left, top)
            if (overlap(seen.areas, area[None]) >= _SAME_IOU).any():
                yield turn

    def _turns_of_photo(self, array: NDArray[np.uint8]) -> Iterator[int]:
        """The turns at which a photo that has no face upright shows one."""
        small = small_picture(array, _SIDEWAYS_LOOK_PX, 0)
        for turn in TURNS:
            own = self._look(np.ascontiguousarray(np.rot90(small.array, turn)))
            if any(is_trusted(*one) for one in zip(own.points, own.confidences, strict=True)):
                yield turn
