"""Whether a JPEG agrees with the thumbnail in its EXIF.

Another file's data, or a block that was lost, can decode to as many blocks as there should be. From there to its end
the picture then differs from its thumbnail, and it is torn: in one row of blocks from some column on, in the next one
up to that column. An edited photo with an old thumbnail differs elsewhere, or is not torn like that.
"""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from curation.domain.files.health import FaultKind
from curation.errors import PhotoDamagedError
from curation.photos.whole.jpeg.damage import upper_part
from curation.photos.whole.tiff.structure import read_directories

__all__ = ["exif_thumbnail", "require_agreement"]

_EXIF_PREFIX_BYTES = 6
_JPEG_START = b"\xff\xd8\xff"
_MIN_SIDE, _MAX_SIDE = 64, 640
_SAMPLED_SIDE = 640
_SAME_ASPECT = 0.02
# In levels of 255, mean over a row of the thumbnail and three channels.
_AGREES, _DIFFERS = 12.0, 14.0
_TIMES_MORE = 2.0
_MIN_UPPER_SHARE, _MIN_LOWER_SHARE = 0.08, 0.04
# A tear is sought in squares as high as a row of MCUs.
_TEAR_LEVELS = 8.0
_TORN, _CALM = 0.8, 0.85
_STEP_TIMES = 1.3
_MIN_COLUMNS, _MIN_EDGE_SHARE = 4, 0.06
_NEAR_ROWS, _NEAR_THUMBNAIL_ROWS, _CALM_ROWS = 3, 3, 8


def exif_thumbnail(block: bytes) -> bytes | None:
    """The JPEG of an EXIF block's second directory.

    Args:
        block: The EXIF block with its prefix of six bytes.
    """
    structure = block[_EXIF_PREFIX_BYTES:]
    for directory in read_directories(BytesIO(structure)):
        if directory.jpeg is not None:
            found = structure[directory.jpeg.offset : directory.jpeg.offset + directory.jpeg.size]
            return found if found.startswith(_JPEG_START) else None
    return None


def require_agreement(array: NDArray[np.uint8], thumbnail: bytes, mcu_rows: float) -> None:
    """Refuse a picture that from some block on is not what its thumbnail shows.

    Args:
        array: (H, W, 3) uint8 RGB, the decoded picture, at any size.
        thumbnail: A JPEG of it.
        mcu_rows: Rows of `array` that one row of MCUs takes.

    Raises:
        PhotoDamagedError: If its upper part agrees, its lower part does not, and it is torn between them.
    """
    small = _decoded(thumbnail)
    if small is None or min(array.shape[:2]) < 2 * _MIN_SIDE:
        return
    for shown in _contents(small, array.shape[1] / array.shape[0]):
        row = _first_row_that_differs(array, shown)
        if row is None:
            continue
        tear = _torn_at(array, shown, row / len(shown), mcu_rows)
        if tear is not None:
            raise PhotoDamagedError(
                "the file is damaged: from some place on it shows something else than its own thumbnail",
                kind=FaultKind.SPLICED.value,
                good=upper_part(tear / array.shape[0]),
            )


def _decoded(thumbnail: bytes) -> NDArray[np.uint8] | None:
    try:
        small: NDArray[np.uint8] = simplejpeg.decode_jpeg(thumbnail, colorspace="RGB", strict=True)
    except ValueError:
        return None
    return small if min(small.shape[:2]) >= _MIN_SIDE and max(small.shape[:2]) <= _MAX_SIDE else None


def _contents(small: NDArray[np.uint8], aspect: float) -> list[NDArray[np.uint8]]:
    """What of a thumbnail may be the picture: all of it, or without the bars that cameras write around it."""
    height, width = small.shape[:2]
    if abs(width / height / aspect - 1) <= _SAME_ASPECT:
        return [small]
    if width / height < aspect:
        bar = round((height - width / aspect) / 2)
        return [small[bar : height - bar], small] if bar < height // 3 else []
    bar = round((width - height * aspect) / 2)
    return [small[:, bar : width - bar], small] if bar < width // 3 else []


def _first_row_that_differs(array: NDArray[np.uint8], shown: NDArray[np.uint8]) -> int | None:
    """The row of the thumbnail from which on nothing agrees, if everything above does; else None."""
    height, width = shown.shape[:2]
    step = max(1, max(array.shape[:2]) // _SAMPLED_SIDE)
    sampled = array[step // 2 :: step, step // 2 :: step]
    reduced = cv2.resize(np.ascontiguousarray(sampled), (width, height), interpolation=cv2.INTER_AREA)
    apart = np.abs(reduced.astype(np.int16) - shown).mean(axis=(1, 2))
    upper, lower = int(height * _MIN_UPPER_SHARE), height - int(height * _MIN_LOWER_SHARE)
    best: int | None = None
    gain = 0.0
    total = np.concatenate(([0.0], np.cumsum(apart)))
    for row in range(upper, lower):
        above, below = total[row] / row, (total[height] - total[row]) / (height - row)
        if below - above > gain:
            best, gain = row, below - above
    if best is None:
        return None
    above, below = apart[: best - 1], apart[best + 1 :]
    if not len(above) or not len(below):
        return None
    agrees = np.percentile(above, 95)
    differs = np.percentile(below, 10)
    is_torn = np.median(above) < _AGREES and agrees < 1.5 * _AGREES and np.median(below) > _DIFFERS
    return best if is_torn and differs > max(agrees, _TIMES_MORE * np.median(above)) else None


def _torn_at(array: NDArray[np.uint8], shown: NDArray[np.uint8], around: float, mcu_rows: float) -> float | None:
    """The row of the picture from which on it differs, if a row of MCUs there differs from some column on only.

    Args:
        array: The picture.
        shown: What of the thumbnail is the picture.
        around: Where it is about, as a share of its height.
        mcu_rows: Rows of the picture that one row of MCUs takes.
    """
    apart = _apart(array, shown, mcu_rows)
    if apart is None:
        return None
    rows = len(apart)
    reach = max(_NEAR_ROWS, round(_NEAR_THUMBNAIL_ROWS * rows / len(shown)))
    middle = round(around * array.shape[0] / mcu_rows)
    for row in range(max(1, middle - reach), min(rows - 1, middle + reach + 1)):
        above, below = apart[max(0, row - _CALM_ROWS) : row], apart[row + 1 : row + 1 + _CALM_ROWS]
        calm, torn = float(np.median(above)), float(np.median(below))
        if torn < _TIMES_MORE * calm + _TEAR_LEVELS:
            continue
        differs = apart[row - 1 : row + 2] > (calm + torn) / 2
        column = _split_of(differs[1])
        if column is None or differs[0].mean() > 1 - _CALM or differs[2].mean() < _TORN:
            continue
        if differs[2][:column].mean() >= _TORN and _is_stepped(array, row, column, mcu_rows):
            return row * mcu_rows
    return None


def _apart(array: NDArray[np.uint8], shown: NDArray[np.uint8], mcu_rows: float) -> NDArray[np.float64] | None:
    """(rows of MCUs, columns) how much squares as high as an MCU differ from the thumbnail; None if there are few."""
    rows, columns = (int(side / mcu_rows) for side in array.shape[:2])
    if rows < 2 * _NEAR_ROWS or columns < 2 * _MIN_COLUMNS:
        return None
    inside = array[: int(rows * mcu_rows), : int(columns * mcu_rows)]
    squares = cv2.resize(inside, (columns, rows), interpolation=cv2.INTER_AREA)
    shares = (columns * mcu_rows / array.shape[1], rows * mcu_rows / array.shape[0])
    width, height = (max(1, round(side * share)) for side, share in zip(shown.shape[1::-1], shares, strict=True))
    wanted = cv2.resize(shown[:height, :width], (columns, rows), interpolation=cv2.INTER_LINEAR)
    apart = np.abs(squares.astype(np.int16) - wanted).mean(axis=2)
    return np.asarray(cv2.blur(apart, (3, 1)))


def _split_of(differs: NDArray[np.bool_]) -> int | None:
    """The column from which on a row differs, and before which it does not."""
    count = len(differs)
    edge = max(_MIN_COLUMNS, int(_MIN_EDGE_SHARE * count))
    places = np.arange(1, count)
    before = np.cumsum(differs)[:-1]
    left, right = before / places, (differs.sum() - before) / (count - places)
    inner = (places >= edge) & (places <= count - edge)
    fits = inner & (left <= 1 - _CALM) & (right >= _TORN)
    return int(places[np.argmax(np.where(fits, right - left, -1.0))]) if fits.any() else None


def _is_stepped(array: NDArray[np.uint8], row: int, column: int, mcu_rows: float) -> bool:
    """Whether the picture has an edge above a row of MCUs from a column on, and below the row up to it."""
    here, after = (_step(array, round(number * mcu_rows)) for number in (row, row + 1))
    at = round(column * mcu_rows)
    return here[at:].mean() > _STEP_TIMES * after[at:].mean() and after[:at].mean() > _STEP_TIMES * here[:at].mean()


def _step(array: NDArray[np.uint8], row: int) -> NDArray[np.float64]:
    """How much each pixel of a row differs from the one above; zeros outside the picture."""
    if not 1 <= row < array.shape[0]:
        return np.zeros(array.shape[1])
    rows = array[row - 1 : row + 1].astype(np.int16)
    return np.asarray(np.abs(rows[1] - rows[0]).mean(axis=1))
