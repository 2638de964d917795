"""The places in files where the time of capture stands, in the order in which they are believed."""

from __future__ import annotations

import struct
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from curation.photos.decoding import open_photo
from curation.photos.taken.camera_facts import read_camera_facts, read_clock
from curation.photos.taken.times import read_taken

TEN = datetime(2024, 6, 15, 10)
TEXT = "2024:06:15 10:00:00"
LATER = "2025:01:02 03:04:05"
XMP_NAMES = {
    "exif:DateTimeOriginal": "http://ns.adobe.com/exif/1.0/",
    "photoshop:DateCreated": "http://ns.adobe.com/photoshop/1.0/",
    "xmp:CreateDate": "http://ns.adobe.com/xap/1.0/",
    "tiff:DateTime": "http://ns.adobe.com/tiff/1.0/",
}


def exif(*, gps: tuple[str, tuple[float, ...]] | None = None, **times: str) -> Image.Exif:
    made = Image.Exif()
    ifd = made.get_ifd(0x8769)
    tags = {"original": 0x9003, "digitized": 0x9004, "fraction": 0x9292, "offset": 0x9011, "serial": 0xA431}
    for name, text in times.items():
        if name in tags:
            ifd[tags[name]] = text
        else:
            made[{"changed": 0x0132, "make": 0x010F, "model": 0x0110}[name]] = text
    if gps is not None:
        made.get_ifd(0x8825)[0x1D] = gps[0]
        made.get_ifd(0x8825)[0x07] = tuple(IFDRational(round(number * 100), 100) for number in gps[1])
    return made


def xmp(**properties: str) -> bytes:
    names = {name.replace(":", "_"): name for name in XMP_NAMES}
    spaces = " ".join(f'xmlns:{name.partition(":")[0]}="{space}"' for name, space in XMP_NAMES.items())
    said = " ".join(f'{names[key]}="{text}"' for key, text in properties.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces} {said}/></rdf:RDF></x:xmpmeta>'
    ).encode()


def iptc(day: str, clock: str) -> bytes:
    sets = b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text.encode() for number, text in ((55, day), (60, clock))
    )
    return b"8BIM\x04\x04\0\0" + struct.pack(">I", len(sets)) + sets + b"\0" * (len(sets) % 2)


def jpeg(block: Image.Exif | None = None, *segments: tuple[int, bytes]) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (64, 48), "grey").save(buffer, "JPEG", **({} if block is None else {"exif": block}))
    content = buffer.getvalue()
    added = b"".join(struct.pack(">BBH", 0xFF, code, len(body) + 2) + body for code, body in segments)
    return content[:2] + added + content[2:]


def with_xmp(block: Image.Exif | None = None, **properties: str) -> bytes:
    return jpeg(block, (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(**properties)))


def png(**texts: str) -> bytes:
    buffer, info = BytesIO(), PngInfo()
    for name, text in texts.items():
        info.add_text(name.replace("_", " "), text)
    Image.new("RGB", (64, 48), "grey").save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def with_chunk(content: bytes, name: bytes, body: bytes) -> bytes:
    return content[:33] + struct.pack(">I", len(body)) + name + body + bytes(4) + content[33:]


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (jpeg(exif(original=TEXT, offset="+02:00")), "EXIF DateTimeOriginal (UTC+02:00)"),
        (jpeg(exif(digitized=TEXT, changed=LATER)), "EXIF CreateDate"),
        (with_xmp(exif(changed=LATER), exif_DateTimeOriginal="2024-06-15T10:00:00"), "XMP exif:DateTimeOriginal"),
        (with_xmp(photoshop_DateCreated="2024-06-15T10:00:00+02:00"), "XMP photoshop:DateCreated (UTC+02:00)"),
        (with_xmp(photoshop_DateCreated="2024-06-15", xmp_CreateDate="2024-06-15T10:00"), "XMP xmp:CreateDate"),
        (with_xmp(tiff_DateTime="2024-06-15T10:00:00"), "XMP tiff:DateTime"),
        (jpeg(None, (0xED, b"Photoshop 3.0\0" + iptc("20240615", "100000+0200"))), "IPTC DateCreated (UTC+02:00)"),
        (jpeg(None, (0xED, b"Photoshop 3.0\0" + iptc("2024:06:15", "10:00:00"))), "IPTC DateCreated"),
        (jpeg(exif(gps=("2024:06:15", (10, 0, 0)), changed=LATER)), "GPS (UTC)"),
        (jpeg(exif(gps=("2024:06:15", (7, 59, 58.5)), changed=TEXT)), "EXIF ModifyDate and GPS (UTC+02:00)"),
        (jpeg(exif(changed=TEXT)), "EXIF ModifyDate"),
        (jpeg(exif(original="    :  :     :  :  ", digitized=TEXT)), "EXIF CreateDate"),
        (jpeg(exif(original="2000:01:01 00:03:20", digitized=TEXT)), "EXIF CreateDate"),
        (png(Creation_Time="Sat, 15 Jun 2024 10:00:00"), "PNG Creation Time"),
        (png(**{"XML:com.adobe.xmp": xmp(xmp_CreateDate="2024-06-15T10:00:00").decode()}), "XMP xmp:CreateDate"),
        (with_chunk(png(), b"tIME", struct.pack(">HBBBBB", 2024, 6, 15, 10, 0, 0)), "PNG tIME (UTC)"),
        (
            b"RIFF\0\0\0\0WEBP" + b"XMP " + struct.pack("<I", len(p := xmp(xmp_CreateDate=TEXT))) + p,
            "XMP xmp:CreateDate",
        ),
    ],
)
def test_each_place_is_read_and_named(content: bytes, source: str) -> None:
    taken = read_taken(BytesIO(content))
    assert taken is not None and (taken.source, taken.time) == (source, TEN)


@pytest.mark.parametrize(
    "content",
    [
        jpeg(),
        jpeg(exif(original="2000:01:01 00:00:00")),
        jpeg(exif(original="0000:00:00 00:00:00", changed="1980:01:01 00:00:00")),
        jpeg(exif(gps=("1980:01:06", (0, 0, 0)))),
        jpeg(exif(gps=("2024:06:15", (31, 0, 0)))),
        jpeg(None, (0xED, b"Photoshop 3.0\0" + iptc("20240615", ""))),
        with_xmp(photoshop_DateCreated="2024-06-15"),
        png(Comment="2024-06-15T10:00:00"),
    ],
)
def test_days_zeros_and_clocks_that_were_never_set_are_no_time(content: bytes) -> None:
    assert read_taken(BytesIO(content)) is None


def test_a_clock_that_runs_from_its_default_is_a_time_if_there_is_no_other() -> None:
    taken = read_taken(BytesIO(jpeg(exif(original="2000:01:01 00:03:20"))))
    assert taken is not None and taken.time == datetime(2000, 1, 1, 0, 3, 20)


@pytest.mark.parametrize("name", ["a.heic", "a.avif", "a.webp", "a.tif", "a.png", "a.jpg"])
def test_all_formats_that_carry_xmp(tmp_path: Path, name: str) -> None:
    image, packet = Image.new("RGB", (64, 48), "grey"), xmp(photoshop_DateCreated="2024-06-15T10:00:00")
    if name == "a.heic":
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.from_pillow(image).save(tmp_path / name, xmp=packet)
    elif name == "a.tif":
        image.save(tmp_path / name, tiffinfo={700: packet})
    elif name == "a.png":
        (tmp_path / name).write_bytes(png(**{"XML:com.adobe.xmp": packet.decode()}))
    else:
        image.save(tmp_path / name, xmp=packet)
    photo = open_photo(tmp_path / name, max_megapixels=1)
    assert (photo.capture_time, photo.time_source) == (TEN, "XMP photoshop:DateCreated")
    assert read_camera_facts(tmp_path / name).capture_time == TEN  # one reader


def test_a_time_in_the_name_is_not_one_of_the_content(tmp_path: Path) -> None:
    named, other = tmp_path / "IMG_20240615_100000.jpg", tmp_path / "b.jpg"
    for path in (named, other):
        path.write_bytes(jpeg())
    photo = open_photo(named, max_megapixels=1)
    assert (photo.capture_time, photo.time_source, photo.told) == (TEN, "file name", None)
    assert open_photo(other, max_megapixels=1).capture_time is None


def test_a_clock_is_known_by_camera_and_serial_number() -> None:
    one = exif(make="NIKON CORPORATION", model="NIKON D750", serial="6012345")
    assert read_clock(BytesIO(jpeg(one))) == "NIKON D750 #6012345"
    assert read_clock(BytesIO(jpeg(exif(make="Apple", model="iPhone 15", serial="0000")))) == "Apple iPhone 15"
    assert read_clock(BytesIO(jpeg(exif(serial="6012345")))) == ""


@given(st.data())
@settings(max_examples=40)
def test_a_damaged_header_never_raises(data: st.DataObject) -> None:
    content = bytearray(
        data.draw(
            st.sampled_from(
                [
                    with_xmp(exif(changed=TEXT, gps=("2024:06:15", (8, 0, 0))), xmp_CreateDate=TEXT),
                    png(Creation_Time=TEXT),
                    jpeg(None, (0xED, b"Photoshop 3.0\0" + iptc("20240615", "100000"))),
                ]
            )
        )[: data.draw(st.integers(12, 900))]
    )
    for place in data.draw(st.lists(st.integers(4, len(content) - 1), max_size=4)):
        content[place] ^= data.draw(st.integers(1, 255))
    read_taken(BytesIO(bytes(content)))
    read_clock(BytesIO(bytes(content)))
