"""Made JPEGs with restart intervals, and what damages them, for the tests of this folder."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.photos.files.jpeg import JPEG_DIVISORS, decode_jpeg, read_jpeg_header

__all__ = ["decoded", "encoded", "padded", "scene", "with_scan"]


def scene(width: int = 160, height: int = 120, *, seed: int = 0, noise: float = 8) -> Image.Image:
    """A picture with soft shapes and some noise, as photos have them."""
    rng = np.random.default_rng(seed)
    soft = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    array = np.asarray(soft).astype(float) + rng.normal(0, noise, (height, width, 3))
    return Image.fromarray(np.clip(array, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **{"quality": 88, **options})
    return buffer.getvalue()


def decoded(data: bytes) -> list[NDArray[np.uint8]]:
    """The picture at every size at which it can be decoded."""
    header = read_jpeg_header(io.BytesIO(data))
    return [decode_jpeg(data, header, divisor) for divisor in JPEG_DIVISORS]


def with_scan(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The file with everything from its first scan on changed."""
    start = data.index(b"\xff\xda")
    return data[:start] + change(data[start:])


def padded(data: bytes, make: Callable[[], bytes]) -> bytes:
    """The file with padding before each restart marker."""
    return with_scan(data, lambda scan: re.sub(rb"\xff[\xd0-\xd7]", lambda found: make() + found[0], scan))
