"""An event with four groups of faces, two of which are one person, made of portraits that packages carry."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

from tests.acceptance.test_service import source_photo

__all__ = ["COLLINS", "HOPPER", "HOPPER_WIDE", "PHOTOS", "THIRD", "write_event"]

PHOTOS = 11
COLLINS, HOPPER, THIRD, HOPPER_WIDE = 0, 1, 2, 3
"""Clusters, the person in most photos first: 5, 4, 3 and 2 photos."""

_HEIGHT_PX = 512
_CAPTURE_TIME_TAG, _EXIF_IFD = 0x9003, 0x8769
_FIRST_CAPTURE = datetime(2024, 6, 15, 14, 0, 0)
# Faces of a group are up to 0.012 apart, the two groups of one person 0.05, and different people 0.1 or more.
_CONFIG = """\
# My event, and why it is set up like this.
io:
  input_dir: photos
  output_dir: out
  state_dir: state
  models_dir: models
engine:
  name: dlib  # needs no download
  dlib:
    working_size_px: 1024
clustering:
  distance_threshold: 0.025  # so strict that one person comes as two groups
  min_cluster_photos: 1
scoring:
  weights:
    smile: 2.0  # smiles are nice
performance:
  workers: 2
"""


def write_event(folder: Path) -> Path:
    """Photos and a config.yaml in `folder`; gives the latter's path."""
    photos = folder / "photos"
    photos.mkdir(parents=True)
    collins = source_photo("skimage", "data", "astronaut.png")
    hopper = source_photo("matplotlib", "mpl-data", "sample_data", "grace_hopper.jpg")
    hopper.thumbnail((_HEIGHT_PX, _HEIGHT_PX))
    third = _between(collins, hopper)
    wide = hopper.resize((round(1.5 * hopper.width), hopper.height))
    shots: list[tuple[Image.Image, float]] = [
        (collins, 0),
        (ImageEnhance.Brightness(collins).enhance(1.05), 1),  # a second later: a burst
        (ImageOps.mirror(collins), 600),
        (_beside(collins, hopper), 1200),
        (_beside(hopper, third), 1800),
        (hopper, 2400),
        (ImageEnhance.Brightness(hopper).enhance(0.9), 3000),
        (third, 3600),
        (wide, 4200),
        (_with_another_corner(wide), 4800),
        (_beside(third, ImageOps.mirror(collins)), 5400),
    ]
    assert len(shots) == PHOTOS
    for number, (picture, seconds) in enumerate(shots, start=1):
        exif = Image.Exif()
        taken = _FIRST_CAPTURE + timedelta(seconds=seconds)
        exif.get_ifd(_EXIF_IFD)[_CAPTURE_TIME_TAG] = taken.strftime("%Y:%m:%d %H:%M:%S")
        picture.save(photos / f"IMG_{number:04d}.jpg", quality=92, exif=exif)
    config = folder / "config.yaml"
    config.write_text(_CONFIG, encoding="utf-8")
    return config


def _between(first: Image.Image, second: Image.Image) -> Image.Image:
    """A third face: both laid over each other, with the second's face where the first's is."""
    scaled = second.resize((round(second.width * 0.581), round(second.height * 0.581)))
    canvas = Image.new("RGB", first.size, "grey")
    canvas.paste(scaled, (87, -4))
    return Image.blend(first, canvas, 0.35)


def _beside(left: Image.Image, right: Image.Image) -> Image.Image:
    both = Image.new("RGB", (left.width + right.width, _HEIGHT_PX), "grey")
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    return both


def _with_another_corner(picture: Image.Image) -> Image.Image:
    """Another photo for whoever compares bytes, with the very same face."""
    other = picture.copy()
    other.paste("grey", (0, 0, 8, 8))
    return other
