from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.domain.faces.face import Box
from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.looks.pictures import LONG_SIDE_PX, PictureSize, face_picture, photo_picture

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 200, 30), (30, 30, 220), (120, 120, 120)


def quarters(width: int, height: int) -> Image.Image:
    """Red, green, blue and grey from the upper left to the lower right."""
    array = np.zeros((height, width, 3), dtype=np.uint8)
    middle_y, middle_x = height // 2, width // 2
    array[:middle_y, :middle_x], array[:middle_y, middle_x:] = RED, GREEN
    array[middle_y:, :middle_x], array[middle_y:, middle_x:] = BLUE, GREY
    return Image.fromarray(array)


def opened(jpeg: bytes) -> Image.Image:
    picture = Image.open(BytesIO(jpeg))
    assert picture.format == "JPEG"
    assert not picture.getexif()
    return picture.convert("RGB")


def is_near(pixel: object, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.asarray(pixel, dtype=int) - np.asarray(colour)).max() < 25)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(PictureSize.THUMBNAIL, (320, 240)), (PictureSize.SCREEN, (2048, 1536)), (PictureSize.FULL, (2400, 1800))],
)
def test_sizes(tmp_path: Path, size: PictureSize, expected: tuple[int, int]) -> None:
    quarters(2400, 1800).save(tmp_path / "a.jpg", quality=95)
    picture = opened(photo_picture(tmp_path / "a.jpg", size, max_megapixels=100))
    # A picture that is nearly as large as wanted is taken as it is, see `curation.photos.files.decoding`.
    assert 0.88 * expected[0] <= picture.width <= expected[0]
    assert picture.width * expected[1] == pytest.approx(picture.height * expected[0], rel=0.01)
    assert is_near(picture.getpixel((5, 5)), RED)


@pytest.mark.parametrize("size", list(PictureSize))
def test_small_photos_are_not_enlarged(tmp_path: Path, size: PictureSize) -> None:
    quarters(64, 40).save(tmp_path / "a.png")
    assert opened(photo_picture(tmp_path / "a.png", size, max_megapixels=100)).size == (64, 40)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", list(PictureSize))
def test_upright(tmp_path: Path, orientation: int, size: PictureSize) -> None:
    # How a camera stores a picture of which the upright form is red, green over blue, grey.
    back = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    upright = quarters(400, 300)
    stored = upright if back is None else upright.transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95)
    picture = opened(photo_picture(tmp_path / "a.jpg", size, max_megapixels=100))
    width, height = picture.size
    assert width > height
    for place, colour in (((5, 5), RED), ((width - 5, 5), GREEN), ((5, height - 5), BLUE)):
        assert is_near(picture.getpixel(place), colour)


def test_heic(tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.from_pillow(quarters(400, 300)).save(tmp_path / "a.heic")
    picture = opened(photo_picture(tmp_path / "a.heic", PictureSize.THUMBNAIL, max_megapixels=100))
    assert picture.size == (320, 240)
    assert is_near(picture.getpixel((310, 10)), GREEN)


def test_a_face(tmp_path: Path) -> None:
    photo = Image.new("RGB", (1000, 800), GREY)
    photo.paste(RED, (600, 200, 700, 300))
    photo.save(tmp_path / "a.jpg", quality=95)
    picture = opened(face_picture(tmp_path / "a.jpg", Box(600, 200, 100, 100), long_side_px=256, max_megapixels=100))
    assert picture.size == (170, 170)
    assert is_near(picture.getpixel((85, 85)), RED)
    assert is_near(picture.getpixel((5, 5)), GREY)


def test_a_damaged_photo(tmp_path: Path) -> None:
    quarters(400, 300).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(PhotoUnreadableError):
        photo_picture(tmp_path / "a.jpg", PictureSize.FULL, max_megapixels=100)


def test_a_photo_above_the_limit(tmp_path: Path) -> None:
    quarters(1200, 1000).save(tmp_path / "a.png")
    with pytest.raises(PhotoTooLargeError):
        photo_picture(tmp_path / "a.png", PictureSize.THUMBNAIL, max_megapixels=1)


def test_the_longest_photo_that_a_jpeg_can_hold(tmp_path: Path) -> None:
    Image.new("RGB", (66_000, 20), RED).save(tmp_path / "a.png")
    width = opened(photo_picture(tmp_path / "a.png", PictureSize.FULL, max_megapixels=100)).width
    assert width == LONG_SIDE_PX[PictureSize.FULL]
