from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageCms

from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.files import decoding
from curation.photos.files.decoding import content_sha256, open_photo, read_content
from curation.photos.files.jpeg import decode_jpeg
from tests.photo_files import corner_colours, exif_block, four_corners, save

UPRIGHT = ["r", "g", "b", "y"]


def opened(path: Path, max_megapixels: float = 120) -> decoding.OpenPhoto:
    return open_photo(path, max_megapixels=max_megapixels)


def noise(width: int, height: int, channels: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (height, width, channels), dtype=np.uint8)


def jpeg_bytes(array: NDArray[np.uint8], **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", **options)
    return buffer.getvalue()


FORMATS = [
    ("JPEG", "jpg", {"quality": 95}),
    ("PNG", "png", {}),
    ("WEBP", "webp", {"quality": 95}),
    ("TIFF", "tif", {"compression": "tiff_lzw"}),
    ("AVIF", "avif", {"quality": 95}),
]


@pytest.mark.parametrize(("format_name", "extension", "options"), FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_every_format_is_applied_once(
    tmp_path: Path, format_name: str, extension: str, options: dict[str, object], orientation: int
) -> None:
    path = save(tmp_path / f"a.{extension}", four_corners(), format_name, orientation=orientation, **options)
    photo = opened(path)
    assert (photo.width, photo.height) == (96, 64)
    full, reduced = photo.full(), photo.reduced(48)
    assert full.array.shape == (64, 96, 3) and full.array.dtype == np.uint8 and full.scale == 1
    assert reduced.array.shape == (32, 48, 3) and reduced.scale == 0.5
    assert corner_colours(full.array) == corner_colours(reduced.array) == UPRIGHT


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_turned_by_its_decoder_only(tmp_path: Path, orientation: int) -> None:
    import pillow_heif

    with Image.open(save(tmp_path / "a.png", four_corners(), "PNG", orientation=orientation)) as turned:
        image = Image.fromarray(np.asarray(turned))  # without its EXIF, which the encoder would obey as well
    exif = b"Exif\0\0" + exif_block(orientation, "2023:01:02 03:04:05")
    pillow_heif.from_pillow(image).save(tmp_path / "a.heic", quality=95, exif=exif)
    photo = opened(tmp_path / "a.heic")
    assert (photo.width, photo.height) == (96, 64)
    assert corner_colours(photo.full().array) == UPRIGHT
    assert photo.capture_time == datetime(2023, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("format_name", "extension"),
    [("BMP", "bmp"), ("GIF", "gif"), ("JPEG2000", "jp2"), ("PPM", "ppm"), ("JPEG", "mpo")],
)
def test_formats_without_exif(tmp_path: Path, format_name: str, extension: str) -> None:
    photo = opened(save(tmp_path / f"a.{extension}", four_corners(), format_name))
    assert corner_colours(photo.full().array) == UPRIGHT
    assert photo.capture_time is None


def test_a_png_may_carry_its_exif_after_the_pixels(tmp_path: Path) -> None:
    data = save(tmp_path / "a.png", four_corners(), "PNG", orientation=6).read_bytes()
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    moved = data[:start] + data[end:-12] + data[start:end] + data[-12:]
    (tmp_path / "b.png").write_bytes(moved)
    photo = opened(tmp_path / "b.png")
    assert (photo.width, photo.height) == (96, 64)
    assert corner_colours(photo.full().array) == UPRIGHT


def test_the_name_may_lie_about_the_format(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", four_corners(), "PNG")
    assert corner_colours(opened(path).full().array) == UPRIGHT
    path = save(tmp_path / "b.nef", four_corners(), "JPEG")
    assert corner_colours(opened(path).full().array) == UPRIGHT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello world, this is text", "not a picture"),
        (bytes(1000), "nothing but zeros"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "a video"),
        (b"\0\0\1\0\1\0", "an icon"),
        (b"<?xml version='1.0'?><svg xmlns='x'></svg>", "a drawing"),
        (b"\xff\xd8\xff\xe0", "cut off"),
        (b"\x89PNG\r\n\x1a\n\0\0", "damaged"),
        (b"BM\0\0", "damaged"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "damaged"),
        (b"II*\0\x08\0\0\0", "damaged"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "damaged"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "damaged"),
        (b"8BPS\0\1", "damaged"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(PhotoUnreadableError, match=reason) as caught:
        opened(path).full()
    assert str(tmp_path) not in str(caught.value)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(PhotoUnreadableError, match="No such file"):
        opened(tmp_path / "gone.jpg")
    with pytest.raises(PhotoUnreadableError, match="not a file"):
        opened(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoUnreadableError, match="not a file"):
        opened(tmp_path / "pipe.jpg")


def test_a_file_that_vanishes_after_opening(tmp_path: Path) -> None:
    for name, format_name in (("a.jpg", "JPEG"), ("a.png", "PNG")):
        photo = opened(save(tmp_path / name, four_corners(), format_name))
        (tmp_path / name).unlink()
        with pytest.raises(PhotoUnreadableError):
            photo.full()


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("ending", [b"", b"\xff\xd9", bytes(500)])
def test_a_cut_jpeg_is_never_half_grey(tmp_path: Path, progressive: bool, kept: float, ending: bytes) -> None:
    data = jpeg_bytes(noise(320, 240), progressive=progressive)
    path = tmp_path / "a.jpg"
    path.write_bytes(data[: int(len(data) * kept)] + ending)
    with pytest.raises(PhotoUnreadableError, match="cut off or damaged"):
        opened(path).full()
    with pytest.raises(PhotoUnreadableError, match="cut off or damaged"):
        opened(path).reduced(100)


@pytest.mark.parametrize("format_name", ["PNG", "WEBP", "TIFF", "AVIF", "BMP", "GIF", "PPM"])
def test_other_cut_files_are_refused(tmp_path: Path, format_name: str) -> None:
    data = save(tmp_path / "whole", noise(160, 120), format_name).read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(PhotoUnreadableError):
        opened(tmp_path / "cut.png").full()


@pytest.mark.parametrize(
    "oddity",
    [
        lambda data: data[:-2],
        lambda data: data[:-2] + b"stray bytes\xff\xd9",
        lambda data: data + b"appended by a phone" * 100,
        lambda data: data[:20] + bytes(30) + data[20:],
    ],
    ids=["no end marker", "stray bytes before the end", "data after the end", "stray bytes between segments"],
)
def test_complete_jpegs_with_oddities_are_read(tmp_path: Path, oddity: Any) -> None:
    data = jpeg_bytes(four_corners(), quality=95)
    path = tmp_path / "a.jpg"
    path.write_bytes(oddity(data))
    assert corner_colours(opened(path).full().array) == UPRIGHT
    assert corner_colours(opened(path).reduced(40).array) == UPRIGHT


def test_an_oddity_does_not_hide_missing_data(tmp_path: Path) -> None:
    data = jpeg_bytes(noise(320, 240))
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:20] + bytes(30) + data[20 : len(data) // 2] + b"\xff\xd9")
    with pytest.raises(PhotoUnreadableError, match="cut off or damaged"):
        opened(path).full()


def test_grey_and_cmyk_jpegs(tmp_path: Path) -> None:
    image = Image.fromarray(four_corners())
    image.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    image.convert("L").save(tmp_path / "grey.jpg", quality=95)
    assert corner_colours(opened(tmp_path / "cmyk.jpg").full().array) == UPRIGHT
    grey = opened(tmp_path / "grey.jpg").full().array
    assert grey.shape == (64, 96, 3) and np.array_equal(grey[..., 0], grey[..., 2])
    assert abs(int(grey[8, 8, 0]) - int(np.asarray(image.convert("L"))[8, 8])) <= 2


def test_each_size_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.jpg", noise(1600, 1200), "JPEG", orientation=6)
    divisors: list[int] = []

    def counted(data: bytes, header: Any, divisor: int) -> NDArray[np.uint8]:
        divisors.append(divisor)
        return decode_jpeg(data, header, divisor)

    monkeypatch.setattr(decoding, "decode_jpeg", counted)

    photo = opened(path)
    assert divisors == []
    first = photo.reduced(400)
    assert divisors == [4]
    assert photo.reduced(400).array.base is first.array.base
    assert photo.reduced(200).array.shape == (150, 200, 3)
    assert divisors == [4]
    photo.full()
    photo.full()
    photo.reduced(500)
    assert divisors == [4, 1]

    divisors.clear()
    photo = opened(path)
    photo.full()
    photo.reduced(400)
    assert divisors == [1]

    divisors.clear()
    photo = opened(path)
    assert photo.reduced(1500).array.shape == (1125, 1500, 3)  # needs the full size, which is kept
    photo.full()
    assert divisors == [1]


def test_details_are_decoded_once_at_the_smallest_size_that_shows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "a.jpg", noise(1600, 1200), "JPEG", orientation=8)
    divisors: list[int] = []

    def counted(data: bytes, header: Any, divisor: int) -> NDArray[np.uint8]:
        divisors.append(divisor)
        return decode_jpeg(data, header, divisor)

    monkeypatch.setattr(decoding, "decode_jpeg", counted)
    photo = opened(path)
    assert photo.reduced(300).scale == 0.1875
    assert photo.detailed(0.2).scale == 0.25  # what the reduced picture was made from
    assert photo.detailed(0.3).scale == 0.5
    assert photo.detailed(0.5).array.base is photo.detailed(0.4).array.base
    assert divisors == [4, 2]
    assert photo.detailed(0.6).scale == photo.full().scale == photo.detailed(1).scale == 1
    assert photo.detailed(0.1).scale == 0.25
    assert divisors == [4, 2, 1]
    divisors.clear()
    photo = opened(path)
    assert photo.at_hand(0.3).scale == 0.5 and photo.at_hand(1).scale == 0.5 and divisors == [2]
    capped = opened(path, 0.5)
    assert capped.detailed(1).scale == capped.detailed(0.6).scale == 0.5


def test_nothing_is_resized_for_little(tmp_path: Path) -> None:
    photo = opened(save(tmp_path / "a.jpg", noise(1600, 1200), "JPEG"))
    assert photo.reduced(450).scale == 0.25
    assert photo.reduced(460).scale == 0.2875


@pytest.mark.parametrize("size", [(1600, 1201), (1601, 1200), (1599, 1199)])
def test_halving_keeps_every_point_in_its_place(tmp_path: Path, size: tuple[int, int]) -> None:
    ramp = np.tile(np.linspace(0, 255, size[0]).astype(np.uint8)[np.newaxis, :, np.newaxis], (size[1], 1, 3))
    photo = opened(save(tmp_path / "a.png", ramp, "PNG"))
    photo.full()
    for long_side_px in (820, 800, 500, 400, 130):
        pixels = photo.reduced(long_side_px)
        assert 0.88 * long_side_px <= pixels.array.shape[1] <= long_side_px
        columns = np.arange(pixels.array.shape[1])
        expected = ((columns + 0.5) / pixels.scale - 0.5) * 255 / (size[0] - 1)
        assert np.abs(pixels.array[0, :, 0] - expected).max() < 2.5


def test_reduced_is_the_same_picture_whatever_the_order(tmp_path: Path) -> None:
    smooth = np.asarray(Image.fromarray(noise(20, 15)).resize((1600, 1200), Image.Resampling.BICUBIC))
    path = save(tmp_path / "a.jpg", smooth, "JPEG", quality=95)
    scaled = opened(path).reduced(300)
    photo = opened(path)
    photo.full()
    averaged = photo.reduced(300)
    assert scaled.array.shape == averaged.array.shape == (225, 300, 3)
    assert scaled.scale == averaged.scale
    assert np.abs(scaled.array.astype(int) - averaged.array).mean() < 2


def test_a_small_photo_is_never_enlarged(tmp_path: Path) -> None:
    photo = opened(save(tmp_path / "a.png", four_corners(), "PNG"))
    pixels = photo.reduced(1600)
    assert pixels.array.shape == (64, 96, 3) and pixels.scale == 1
    with pytest.raises(ValueError, match="reduced to 0"):
        photo.reduced(0)


def test_extreme_shapes(tmp_path: Path) -> None:
    photo = opened(save(tmp_path / "a.png", noise(5000, 1), "PNG"))
    assert photo.reduced(100).array.shape == (1, 100, 3)
    photo = opened(save(tmp_path / "b.jpg", noise(1, 1), "JPEG"))
    assert photo.full().array.shape == (1, 1, 3)
    assert photo.reduced(100).scale == 1


def test_large_photos_are_refused_but_jpegs_decoded_smaller(tmp_path: Path) -> None:
    array = np.asarray(Image.fromarray(four_corners()).resize((1503, 1001)))
    with pytest.raises(PhotoTooLargeError, match=r"1\.505 megapixels are more than io\.max_photo_megapixels = 1:"):
        opened(save(tmp_path / "a.png", array, "PNG"), 1)
    photo = opened(save(tmp_path / "a.jpg", array, "JPEG", orientation=8), 1)
    assert (photo.width, photo.height) == (1503, 1001)
    full = photo.full()
    assert full.array.shape == (501, 752, 3) and full.scale == 0.5
    assert corner_colours(full.array) == UPRIGHT
    assert photo.reduced(300).array.shape == (200, 300, 3)
    assert photo.reduced(1000).scale == 0.5
    assert opened(save(tmp_path / "b.jpg", array, "JPEG"), 0.03).full().scale == 0.125
    with pytest.raises(PhotoTooLargeError):
        opened(tmp_path / "b.jpg", 0.02)


def test_tiny_files_that_announce_giants_are_refused_from_their_headers(tmp_path: Path) -> None:
    side = (60000).to_bytes(2, "little")
    gif = b"GIF89a" + side + side + b"\0\0\0!\xf9\x04\x08\0\0\0\0,\0\0\0\0" + side + side + b"\0\x02\x02D\x01\0;"
    bmp = b"BM" + struct.pack("<IIIIiiHHIIIIII", 58, 0, 54, 40, 3_000_000, 48, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(4)
    png = bytearray(save(tmp_path / "small.png", four_corners(), "PNG").read_bytes())
    png[16:24] = struct.pack(">II", 100_000, 100_000)
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    for number, content in enumerate((gif, bmp, bytes(png))):
        (tmp_path / f"{number}").write_bytes(content)
        with pytest.raises(PhotoTooLargeError, match=r"megapixels are more than io\.max_photo_megapixels = 120"):
            opened(tmp_path / f"{number}")


def test_an_odd_jpeg_with_a_profile_is_converted_too(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"s\0R\0G\0B", b"o\0t\0h\0e")
    data = jpeg_bytes(four_corners(), quality=95, icc_profile=profile)
    (tmp_path / "a.jpg").write_bytes(data[:20] + bytes(30) + data[20:])
    assert corner_colours(opened(tmp_path / "a.jpg").full().array) == UPRIGHT


def test_formats_that_take_much_memory_have_a_smaller_limit(tmp_path: Path) -> None:
    path = save(tmp_path / "a.webp", noise(1000, 800), "WEBP")
    with pytest.raises(PhotoTooLargeError, match=r"of which 0\.5 hold for this format"):
        opened(path, 1)
    opened(path, 2)


def test_a_progressive_giant_is_refused_from_its_header(tmp_path: Path) -> None:
    data = bytearray(jpeg_bytes(four_corners(), progressive=True))
    frame = data.index(b"\xff\xc2")
    data[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    (tmp_path / "a.jpg").write_bytes(bytes(data))
    with pytest.raises(PhotoTooLargeError, match="progressive"):
        opened(tmp_path / "a.jpg")


def test_a_giant_header_without_data_fails_quickly(tmp_path: Path) -> None:
    data = bytearray(jpeg_bytes(four_corners()))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\x20\x00\x20\x00"
    (tmp_path / "a.jpg").write_bytes(bytes(data))
    with pytest.raises(PhotoUnreadableError, match="cut off or damaged"):
        opened(tmp_path / "a.jpg").full()


def test_capture_time_needs_no_decoding(tmp_path: Path) -> None:
    exif = b"Exif\0\0" + exif_block(1, "2024:05:17 18:30:05", "5")
    for format_name in ("JPEG", "PNG", "WEBP", "AVIF"):
        path = tmp_path / f"a.{format_name.lower()}"
        Image.fromarray(four_corners()).save(path, format_name, exif=exif)
        assert opened(path).capture_time == datetime(2024, 5, 17, 18, 30, 5, 500_000)


MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_tiff_becomes_rgb(tmp_path: Path, mode: str) -> None:
    ramp = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (16, 1))
    if mode in ("I;16", "I"):
        image = Image.fromarray(ramp.astype(np.uint16 if mode == "I;16" else np.int32) * 257)
    elif mode == "F":
        image = Image.fromarray(ramp.astype(np.float32) / 255)
    elif mode in ("P", "PA"):
        image = Image.fromarray(ramp).convert("RGB").quantize(64).convert(mode)
    else:
        image = Image.fromarray(ramp).convert("RGB").convert(mode)
    image.save(tmp_path / "a.tif")
    array = opened(tmp_path / "a.tif").full().array
    assert array.shape == (16, 64, 3) and array.dtype == np.uint8
    if mode != "1":
        assert np.abs(array.astype(int) - ramp[..., np.newaxis]).max() <= 3


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    values = np.array([[0, 300, 32768, 65535]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert opened(tmp_path / "a.png").full().array[0, :, 0].tolist() == [0, 1, 128, 255]


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    array = np.zeros((2, 3, 4), dtype=np.uint8)
    array[:, 1, 3], array[:, 2, 3] = 128, 255
    Image.fromarray(array).save(tmp_path / "a.png")
    assert opened(tmp_path / "a.png").full().array[0, :, 1].tolist() == [255, 127, 0]
    palette = Image.fromarray(four_corners()).quantize(4)
    palette.save(tmp_path / "p.png", transparency=palette.getpixel((1, 1)))
    array = opened(tmp_path / "p.png").full().array
    assert array[1, 1].tolist() == [255, 255, 255] and array[-2, 1, 2] > 200


def test_a_wide_gamut_profile_is_converted_and_a_broken_one_ignored(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The same profile with its red and green colorants exchanged: a strange but valid RGB space.
    start, end = srgb.index(b"rXYZ"), srgb.index(b"gXYZ")
    swapped = bytearray(srgb.replace(b"s\0R\0G\0B", b"o\0t\0h\0e"))
    swapped[start : start + 4], swapped[end : end + 4] = b"gXYZ", b"rXYZ"
    image = Image.fromarray(four_corners())
    for name, profile, expected in (
        ("same", srgb, UPRIGHT),
        ("broken", srgb[:200], UPRIGHT),
        ("rubbish", b"rubbish", UPRIGHT),
        ("other", bytes(swapped), ["g", "r", "b", "y"]),
    ):
        image.save(tmp_path / f"{name}.jpg", quality=95, icc_profile=profile)
        image.save(tmp_path / f"{name}.png", icc_profile=profile)
        assert corner_colours(opened(tmp_path / f"{name}.jpg").full().array) == expected
        assert corner_colours(opened(tmp_path / f"{name}.png").full().array) == expected


def test_the_first_frame_of_an_animation_counts(tmp_path: Path) -> None:
    first, second = Image.fromarray(four_corners()), Image.new("RGB", (96, 64), "white")
    for extension in ("gif", "webp", "png", "tif"):
        first.save(tmp_path / f"a.{extension}", save_all=True, append_images=[second])
        assert corner_colours(opened(tmp_path / f"a.{extension}").full().array) == UPRIGHT


def test_full_of_a_turned_photo_is_a_view(tmp_path: Path) -> None:
    photo = opened(save(tmp_path / "a.jpg", four_corners(), "JPEG", orientation=6))
    assert np.shares_memory(photo.full().array, photo.full().array)
    assert not photo.full().array.flags.c_contiguous


def test_content_sha256(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(content)
    assert content_sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()
    with pytest.raises(PhotoUnreadableError, match="No such file"):
        content_sha256(tmp_path / "b")


def test_a_file_is_read_once_for_hash_and_pixels(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", four_corners(), "JPEG", orientation=3)
    sha256, content = read_content(path)
    assert content == path.read_bytes() and sha256 == content_sha256(path)
    size = path.stat().st_size
    assert read_content(path, keep_bytes=size) == (sha256, content)
    assert read_content(path, keep_bytes=size - 1) == (sha256, None)
    photo = open_photo(path, max_megapixels=120, content=content)
    path.unlink()
    assert corner_colours(photo.full().array) == UPRIGHT
    save(tmp_path / "b.png", four_corners(), "PNG")
    photo = open_photo(tmp_path / "b.png", max_megapixels=120, content=read_content(tmp_path / "b.png")[1])
    assert corner_colours(photo.full().array) == UPRIGHT


def test_jpegs_of_simplejpeg_round_trip(tmp_path: Path) -> None:
    data = simplejpeg.encode_jpeg(four_corners(), quality=95)
    (tmp_path / "a.JPG").write_bytes(data)
    assert np.array_equal(opened(tmp_path / "a.JPG").full().array, simplejpeg.decode_jpeg(data))
