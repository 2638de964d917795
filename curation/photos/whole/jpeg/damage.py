"""What is wrong with a JPEG that was refused, and how much of it is still good."""

from __future__ import annotations

import re

import numpy as np
import simplejpeg

from curation.domain.files.health import FaultKind
from curation.errors import PhotoDamagedError
from curation.photos.whole.jpeg.blocks import zero_run
from curation.photos.whole.jpeg.structure import JpegStructure

__all__ = ["damage", "upper_part"]

_FILL_GREY = 128  # the colour of missing data in libjpeg, whose coefficients are all zero
_SOI = b"\xff\xd8\xff"
_EOI = b"\xff\xd9"
_END_MISSING = re.compile("Premature end of JPEG file")
_MIN_TAIL_ZEROS = 16


def damage(data: bytes, structure: JpegStructure | None, warning: str) -> PhotoDamagedError:
    """The error for a JPEG that is not whole.

    Args:
        data: The whole file.
        structure: Of its picture; None if it cannot be taken apart.
        warning: The decoder's own words.
    """
    if structure is None:
        return PhotoDamagedError(f"the file is cut off or damaged ({warning})", kind=FaultKind.DAMAGED.value)
    start = structure.scans[0].start
    tail = structure.scans[-1].pieces[-1]
    zeros = zero_run(data, structure)
    if zeros is None and not structure.has_end and tail.endswith(bytes(_MIN_TAIL_ZEROS)):
        zeros = structure.end - (len(tail) - len(tail.rstrip(b"\0")))
    other = data.find(_SOI, start, structure.end)
    if zeros is not None:
        kind, at = FaultKind.ZEROED, zeros
        text = "the file is cut off or damaged: a part of its picture was never written and is zeros"
    elif other >= 0:
        kind, at = FaultKind.SPLICED, other
        text = "the file is cut off or damaged: it goes on with the data of another picture"
    elif not structure.has_end or _END_MISSING.search(warning):
        kind, at, text = FaultKind.CUT, len(data), f"the file is cut off or damaged ({warning})"
    else:
        return PhotoDamagedError(f"the file is cut off or damaged ({warning})", kind=FaultKind.DAMAGED.value)
    good = _good_until(data, structure, at)
    return PhotoDamagedError(text, kind=kind.value, good=good)


def _good_until(data: bytes, structure: JpegStructure, at: int) -> str:
    """How much of a picture that is coded row by row stands before a place of its file."""
    if len(structure.scans) > 1 or structure.frame.is_progressive or structure.frame.is_arithmetic:
        return ""
    try:
        small = simplejpeg.decode_jpeg(
            data[:at] + _EOI, colorspace="RGB", min_factor=8, min_width=1, min_height=1, strict=False
        )
    except ValueError:
        return ""
    is_missing = (np.abs(small.astype(np.int16) - _FILL_GREY) <= 1).all(axis=(1, 2))
    whole = len(is_missing) if not is_missing.any() else int(len(is_missing) - _tail(is_missing))
    # Of the row of blocks where the data ends, a part is missing.
    mcu_rows = max(component.v for component in structure.frame.components)
    return upper_part(max(0, whole - mcu_rows) / len(is_missing))


def _tail(is_missing: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    kept = np.flatnonzero(~is_missing)
    return len(is_missing) - (int(kept[-1]) + 1 if len(kept) else 0)


def upper_part(share: float) -> str:
    """In words, for `FileFault.good`; empty if it is hardly anything."""
    return f"the upper {int(share * 100)} % of the picture" if share >= 0.01 else ""
