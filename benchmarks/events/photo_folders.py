"""Folders of real photos: re-encoded copies of labelled sets, in which no two files are equal, and huge photos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps

from ground_truth.errors import Unavailable

__all__ = ["reencoded", "upscaled"]

_FIRST_QUALITY = 92
_HUGE_QUALITY = 90
_HUGE_LONG_SIDE_PX = 6000
_HUGE_SHORT_SIDE_PX = 4000


def _photos(source: Path) -> list[Path]:
    photos = sorted(path for path in source.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not photos:
        raise Unavailable(f"there are no photos in {source}")
    return photos


def reencoded(source: Path, target: Path, *, copies: int, limit: int | None = None) -> int:
    """Write each photo of `source` several times, with another JPEG quality each time, upright and without metadata.

    Args:
        source: Folder of JPEG files.
        target: Folder to write into.
        copies: How often each photo is written.
        limit: Number of photos, spread evenly over the set; None takes all.

    Returns:
        Number of files written.

    Raises:
        Unavailable: If there are no photos.
    """
    photos = _photos(source)
    if limit is not None and limit < len(photos):
        photos = [photos[place * len(photos) // limit] for place in range(limit)]
    for name, picture in _upright(photos, source):
        for copy in range(copies):
            path = target / f"copy{copy}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path, format="JPEG", quality=_FIRST_QUALITY - copy)
    return copies * len(photos)


def upscaled(source: Path, target: Path, *, count: int) -> int:
    """Write photos of 24 megapixels (6000 × 4000 or 4000 × 6000 pixels), enlarged from those of `source` and cropped.

    Returns:
        Number of files written: `count`, or fewer if there are fewer photos.

    Raises:
        Unavailable: If there are no photos.
    """
    photos = _photos(source)
    chosen = [photos[place * len(photos) // count] for place in range(min(count, len(photos)))]
    target.mkdir(parents=True, exist_ok=True)
    for number, (_, picture) in enumerate(_upright(chosen, source)):
        size = (_HUGE_LONG_SIDE_PX, _HUGE_SHORT_SIDE_PX)
        if picture.height > picture.width:
            size = size[::-1]
        huge = ImageOps.fit(picture, size, method=Image.Resampling.BICUBIC)
        huge.save(target / f"huge_{number:04d}.jpg", format="JPEG", quality=_HUGE_QUALITY)
    return len(chosen)


def _upright(photos: list[Path], source: Path) -> Iterator[tuple[str, Image.Image]]:
    for path in photos:
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
        yield f"{path.relative_to(source).with_suffix('').as_posix().replace('/', '_')}.jpg", picture
