"""Made photos, and opening them, for the tests of this folder."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.photos.files.decoding import open_photo
from curation.photos.files.lazy_photo import OpenPhoto

__all__ = ["UPRIGHT", "jpeg_bytes", "noise", "opened"]

UPRIGHT = ["r", "g", "b", "y"]
"""The corner colours of `tests.photo_files.four_corners`, upright."""


def opened(path: Path, max_megapixels: float = 120) -> OpenPhoto:
    return open_photo(path, max_megapixels=max_megapixels)


def noise(width: int, height: int, channels: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (height, width, channels), dtype=np.uint8)


def jpeg_bytes(array: NDArray[np.uint8], **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", **options)
    return buffer.getvalue()
