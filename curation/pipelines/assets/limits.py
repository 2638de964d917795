"""Which pictures are taken as assets; a module that loads no library."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GateLimits"]


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Which pictures are taken.

    Attributes:
        min_side_px: Of the shorter side.
        max_megapixels: Of the picture, as its header says; JPEGs too, though they could be decoded at a smaller size:
            a cut-out has the size of its picture.
        max_bytes: Of the file.
    """

    min_side_px: int
    max_megapixels: float
    max_bytes: int
