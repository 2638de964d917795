"""Camera, lens and exposure from the metadata of files in all formats that have them."""

from __future__ import annotations

import struct
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from curation.domain.measuring.camera import NO_CAMERA, CameraFacts
from curation.photos.taken.camera_facts import camera_of_exif, read_camera_facts

FACTS = CameraFacts(
    camera="NIKON D750",
    lens="AF-S 85mm f/1.8",
    focal_length_mm=85.0,
    focal_length_35mm=127,
    aperture=1.8,
    exposure_s=0.004,
    iso=400,
    capture_time=datetime(2024, 6, 15, 10, 0, 2, 250_000),
)


def exif(**changes: object) -> Image.Exif:
    values: dict[str, object] = {
        "make": "NIKON CORPORATION",
        "model": "NIKON D750",
        "lens": "AF-S 85mm f/1.8",
        "focal": IFDRational(85, 1),
        "film": 127,
        "aperture": IFDRational(18, 10),
        "exposure": IFDRational(1, 250),
        "iso": 400,
        "taken": "2024:06:15 10:00:02",
        "fraction": "25",
    } | changes
    made = Image.Exif()
    ifd = made.get_ifd(0x8769)
    for name, tag in (("make", 0x010F), ("model", 0x0110)):
        if values[name] is not None:
            made[tag] = values[name]
    tags = {
        "exposure": 0x829A,
        "aperture": 0x829D,
        "iso": 0x8827,
        "taken": 0x9003,
        "fraction": 0x9291,
        "focal": 0x920A,
        "film": 0xA405,
        "lens": 0xA434,
    }
    for name, tag in tags.items():
        if values[name] is not None:
            ifd[tag] = values[name]
    return made


def block(**changes: object) -> bytes:
    return exif(**changes).tobytes()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.heic", "a.avif"])
def test_files_of_all_formats_say_how_they_were_taken(tmp_path: Path, name: str) -> None:
    image = Image.new("RGB", (64, 48), "grey")
    if name == "a.tif":
        (tmp_path / name).write_bytes(block().removeprefix(b"Exif\0\0"))  # EXIF is a TIFF without a picture
    elif name == "a.heic":
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.from_pillow(image).save(tmp_path / name, exif=block())
    else:
        image.save(tmp_path / name, exif=exif())
    assert read_camera_facts(tmp_path / name) == FACTS


def test_segments_before_the_exif_of_a_jpeg_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=exif())
    content = path.read_bytes()
    extra = b"\xff\xed" + struct.pack(">H", 5002) + bytes(5000)
    path.write_bytes(content[:2] + extra + content[2:])
    assert read_camera_facts(path) == FACTS


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("SONY", "ILCE-7M4", "SONY ILCE-7M4"),
        ("Apple", "iPhone 13", "Apple iPhone 13"),
        ("Canon", "Canon EOS R6", "Canon EOS R6"),
        (None, "X100V", "X100V"),
        ("FUJIFILM", None, "FUJIFILM"),
        (None, None, ""),
        ("a\nb", "  c   d ", "a b c d"),
    ],
)
def test_maker_and_model_are_one_name(make: str | None, model: str | None, camera: str) -> None:
    assert camera_of_exif(block(make=make, model=model)).camera == camera


def test_what_is_senseless_is_unknown() -> None:
    facts = camera_of_exif(
        block(lens="----", aperture=IFDRational(0, 1), exposure=IFDRational(1, 0), iso=0, taken="0000:00:00 00:00:00")
    )
    assert (facts.lens, facts.aperture, facts.exposure_s, facts.iso, facts.capture_time) == ("", None, None, None, None)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8\xff", b"no photo", b"\x89PNG\r\n\x1a\n\0\0", b"II*\0\xff\xff\xff\x7f"]
)
def test_a_file_that_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    assert read_camera_facts(tmp_path / "a.jpg") == NO_CAMERA
    assert read_camera_facts(tmp_path / "missing.jpg") == NO_CAMERA


@given(st.data())
def test_a_damaged_block_never_raises(data: st.DataObject) -> None:
    whole = block()
    cut = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 6))):
        if cut:
            cut[data.draw(st.integers(0, len(cut) - 1))] = data.draw(st.integers(0, 255))
    # What `read_camera_facts` takes for nothing.
    with suppress(OSError, struct.error, ValueError, OverflowError):
        camera_of_exif(bytes(cut))


def test_as_photographers_write_it() -> None:
    assert (FACTS.shutter_text, FACTS.aperture_text, FACTS.focal_length_text) == (
        "1/250 s",
        "f/1.8",
        "85 mm (127 mm on 35 mm film)",
    )
    assert CameraFacts(exposure_s=0.5).shutter_text == "0.5 s"
    assert CameraFacts(exposure_s=4.0).shutter_text == "4 s"
    assert NO_CAMERA.shutter_text == NO_CAMERA.aperture_text == NO_CAMERA.focal_length_text == ""
