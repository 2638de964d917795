"""A small event for trying the program, made of photographs that are part of installed packages.

The people are Eileen Collins (NASA's portrait, public domain, in scikit-image) and Grace Hopper (the
US Navy's portrait, public domain, in matplotlib); the third person, seen from the side, and the scenes
are scikit-image's pictures that their photographers released without conditions (CC0 or public domain).
The packages are not imported: their picture files are located and read.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from curation.errors import PhotosMissingError, StorageError

__all__ = ["build_sample_event"]

_SOURCES: Mapping[str, tuple[str, str]] = {
    "collins": ("scikit-image", "skimage/data/astronaut.png"),
    "hopper": ("matplotlib", "matplotlib/mpl-data/sample_data/grace_hopper.jpg"),
    "cameraman": ("scikit-image", "skimage/data/camera.png"),
    "coffee": ("scikit-image", "skimage/data/coffee.png"),
    "rocket": ("scikit-image", "skimage/data/rocket.jpg"),
}
_CREDIT = "NASA; US Navy; SpaceX; L. Varshney; R. Michetti: public domain or CC0"

_ORIENTATION_TAG = 0x0112
_DESCRIPTION_TAG = 0x010E
_COPYRIGHT_TAG = 0x8298
_EXIF_IFD = 0x8769
_CAPTURE_TIME_TAG = 0x9003
_FIRST_CAPTURE = datetime(2024, 6, 15, 14, 0, 0)

# How an upright picture is turned before it is stored with an EXIF orientation: the inverse of what a reader does.
_STORED_AS: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}

_Pictures = Mapping[str, Image.Image]


@dataclass(frozen=True, slots=True)
class _Shot:
    """One photo of the event: where it is stored, how it is made, when it was taken."""

    image_path: str
    make: Callable[[_Pictures], Image.Image]
    minutes: float
    orientation: int = 1


def build_sample_event(folder: Path) -> int:
    """Fill `folder` with the sample event, unless it already contains files.

    The event appears as a whole or not at all: the photos are made beside the folder and moved in one step.

    Args:
        folder: Where the photos go; it is created with its parents.

    Returns:
        The number of photos made; 0 if the folder already contained files.

    Raises:
        PhotosMissingError: If a package does not contain its photograph any more.
        StorageError: If the folder cannot be written.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            return 0
        making = folder.with_name(folder.name + ".curation-tmp")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
    except OSError as error:
        raise StorageError(f"the sample event cannot be created in {folder}: {error}") from error
    pictures = {name: _source(*place) for name, place in _SOURCES.items()}
    try:
        for shot in _SHOTS:
            _store(shot, pictures, making / shot.image_path)
        making.replace(folder)
    except OSError as error:
        raise StorageError(f"the sample event cannot be created in {folder}: {error}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return len(_SHOTS)


def _source(distribution: str, file: str) -> Image.Image:
    try:
        with Image.open(str(metadata.distribution(distribution).locate_file(file))) as picture:
            return picture.convert("RGB")
    except (metadata.PackageNotFoundError, OSError) as error:
        raise PhotosMissingError(
            f"the sample event needs {file} of the package {distribution}, which cannot be read ({error}); "
            "put your own photos into event_images/ instead"
        ) from error


def _store(shot: _Shot, pictures: _Pictures, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    upright = shot.make(pictures)
    turn = _STORED_AS.get(shot.orientation)
    stored = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = shot.orientation
    exif[_DESCRIPTION_TAG] = "Curation's sample event"
    exif[_COPYRIGHT_TAG] = _CREDIT
    taken = _FIRST_CAPTURE + timedelta(minutes=shot.minutes)
    exif.get_ifd(_EXIF_IFD)[_CAPTURE_TIME_TAG] = taken.strftime("%Y:%m:%d %H:%M:%S")
    if path.suffix == ".heic":
        import pillow_heif  # loads libheif, which only this photo needs

        pillow_heif.from_pillow(stored).save(path, quality=90, exif=exif.tobytes())
    elif path.suffix == ".jpg":
        stored.save(path, quality=93, subsampling=0, exif=exif)
    elif path.suffix == ".webp":
        stored.save(path, quality=92, exif=exif)
    else:
        stored.save(path, exif=exif)


def _scaled(picture: Image.Image, height: int) -> Image.Image:
    """Resize to a height in pixels, keeping the aspect ratio."""
    width = round(picture.width * height / picture.height)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _cropped(picture: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Crop to fractions of the width and the height."""
    w, h = picture.size
    return picture.crop((round(left * w), round(top * h), round(right * w), round(bottom * h)))


def _side_by_side(*people: Image.Image, height: int, gap: int) -> Image.Image:
    """Put pictures of people onto one canvas, at the same height, on a grey background."""
    scaled = [_scaled(person, height) for person in people]
    width = sum(person.width for person in scaled) + gap * (len(scaled) + 1)
    canvas = Image.new("RGB", (width, height + 2 * gap), (118, 112, 104))
    left = gap
    for person in scaled:
        canvas.paste(person, (left, gap))
        left += person.width + gap
    return canvas


def _small_in_a_landscape(pictures: _Pictures) -> Image.Image:
    canvas = _scaled(pictures["rocket"], 1400)
    canvas.paste(_scaled(pictures["collins"], 520), (180, 760))
    canvas.paste(_scaled(pictures["hopper"], 560), (1300, 720))
    return canvas


def _warm(picture: Image.Image) -> Image.Image:
    red, green, blue = picture.split()
    return Image.merge("RGB", (red.point(lambda v: min(255, round(v * 1.12))), green, blue.point(lambda v: v * 0.82)))


_SHOTS: tuple[_Shot, ...] = (
    _Shot("IMG_0001.jpg", lambda p: _scaled(p["collins"], 1024), 0),
    # The same moment a second later: a near-duplicate, a little brighter and a little closer.
    _Shot(
        "IMG_0002.jpg",
        lambda p: ImageEnhance.Brightness(_scaled(_cropped(p["collins"], 0.02, 0.01, 1, 0.99), 1004)).enhance(1.04),
        1 / 60,
    ),
    _Shot("IMG_0003.jpg", lambda p: _scaled(p["hopper"], 1200), 4, orientation=6),
    _Shot("IMG_0004.jpg", lambda p: _side_by_side(p["collins"], p["hopper"], height=900, gap=40), 9, orientation=3),
    _Shot(
        "IMG_0005.jpg",
        lambda p: _side_by_side(p["hopper"], p["cameraman"], p["collins"], height=720, gap=24),
        11,
        orientation=8,
    ),
    _Shot("IMG_0006.jpg", lambda p: _scaled(p["collins"], 900).filter(ImageFilter.GaussianBlur(4)), 12),
    _Shot("IMG_0007.jpg", lambda p: ImageEnhance.Brightness(_scaled(p["hopper"], 1000)).enhance(0.22), 15),
    _Shot("IMG_0008.png", lambda p: _scaled(_cropped(p["collins"], 0.15, 0, 0.75, 0.6), 640), 21),
    _Shot("IMG_0009.webp", lambda p: _scaled(_cropped(p["hopper"], 0.1, 0, 0.9, 0.75), 800), 23),
    _Shot(
        "IMG_0010.heic",
        lambda p: _side_by_side(p["hopper"], ImageOps.mirror(p["collins"]), height=800, gap=30),
        26,
    ),
    _Shot("evening/IMG_0011.jpg", lambda p: _warm(_scaled(p["collins"], 1100)), 240, orientation=5),
    _Shot("evening/IMG_0012.jpg", lambda p: _scaled(p["hopper"], 700).convert("L"), 244),
    _Shot("evening/IMG_0013.jpg", lambda p: _scaled(p["rocket"], 854), 251),
    _Shot("evening/IMG_0014.jpg", lambda p: _scaled(p["coffee"], 800), 255, orientation=2),
    _Shot("evening/IMG_0015.jpg", _small_in_a_landscape, 262),
)
