"""Packets embedded in JPEG files: the picture and everything else stay, byte by byte."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from curation.domain.choosing.export import PhotoDescription
from curation.domain.faces.regions import Area, FaceRegion, StoredPicture
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import edited
from curation.photos.embedding.jpeg import described_jpeg
from curation.photos.xmp.jpeg_segments import MAX_XMP_BYTES, read_segments
from curation.photos.xmp.packet import XmpPacket
from tests.photo_files import exif_block, four_corners
from tests.xmp_files import LIGHTROOM, exiftool, read_back

XMP = b"http://ns.adobe.com/xap/1.0/\0"
KNOWN = PhotoDescription(4, "Green", ("Zoë",), StoredPicture(96, 64), (FaceRegion("Zoë", Area(0.5, 0.5, 0.2, 0.2)),))


def segment(code: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(body) + 2) + body


def plain_jpeg(**options: object) -> bytes:
    out = BytesIO()
    Image.fromarray(four_corners()).save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """The JPEG with segments behind its JFIF segment."""
    end = 4 + struct.unpack(">H", jpeg[4:6])[0]
    return jpeg[:end] + b"".join(segments) + jpeg[end:]


def embedded(jpeg: bytes, description: PhotoDescription = KNOWN) -> bytes:
    copy = described_jpeg(BytesIO(jpeg), description)
    return jpeg if copy is None else edited(jpeg, copy.edits)


def others(jpeg: bytes) -> list[bytes]:
    """The segments without XMP, then the picture data."""
    found = read_segments(BytesIO(jpeg), lambda content: None)
    kept = [each.raw for each in found.segments if b"ns.adobe.com" not in each.body[:40]]
    return [*kept, jpeg[found.data_offset :]]


def packet_of(jpeg: bytes) -> XmpPacket:
    found = read_segments(BytesIO(jpeg), lambda content: XmpPacket.parse(content).rest_name)
    (packet,) = found.packets
    return XmpPacket.parse(packet.content, packet.rest)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_photo_without_a_packet_gets_one_behind_its_exif(tmp_path: Path, progressive: bool) -> None:
    jpeg = plain_jpeg(exif=b"Exif\0\0" + exif_block(6, "2026:06:20 21:14:03"), progressive=progressive)
    out = embedded(jpeg + b"what some cameras add behind the end")
    assert others(out) == others(jpeg + b"what some cameras add behind the end")
    codes = [each.code for each in read_segments(BytesIO(out), lambda content: None).segments]
    assert codes[:3] == [0xE0, 0xE1, 0xE1]
    path = tmp_path / "a.jpg"
    path.write_bytes(out)
    found = read_back(path)
    assert found["XMP-xmp:Rating"] == 4 and found["XMP-dc:Subject"] == ["Zoë"]
    assert "2026:06:20 21:14:03" in exiftool("-DateTimeOriginal", path)


def test_a_packet_that_is_there_is_merged_in_its_place(tmp_path: Path) -> None:
    comment = segment(0xFE, b"a comment before it")
    jpeg = with_segments(plain_jpeg(), comment, segment(0xE1, XMP + LIGHTROOM.encode() + b"\n" * 2000))
    out = embedded(jpeg)
    assert others(out) == others(jpeg)
    path = tmp_path / "a.jpg"
    path.write_bytes(out)
    found = read_back(path)
    assert found["XMP-xmp:Rating"] == 4 and found["XMP-xmp:Label"] == "Red"
    assert found["XMP-dc:Subject"] == ["Garden", "Anna", "Zoë"]
    assert out.count(XMP) == 1


def test_a_photo_that_says_it_all_is_not_changed() -> None:
    once = embedded(plain_jpeg())
    assert described_jpeg(BytesIO(once), KNOWN) is None
    assert described_jpeg(BytesIO(plain_jpeg()), PhotoDescription()) is None


def crowd(count: int) -> PhotoDescription:
    regions = tuple(FaceRegion(f"Guest {n:04d}", Area(n / count, 0.5, 1 / count, 0.2)) for n in range(count))
    return PhotoDescription(5, None, tuple(each.name for each in regions), StoredPicture(96, 64), regions)


@pytest.mark.parametrize("guests", [100, 400])
def test_a_packet_too_long_for_a_segment_is_split(tmp_path: Path, guests: int) -> None:
    # Others' things go into the second part first; only where that is not enough, ours do.
    long = LIGHTROOM.replace("</xmpMM:History>", f"</xmpMM:History><crs:Mask>{'m' * 150_000}</crs:Mask>")
    packet, rest = XmpPacket.parse(long.encode()).split(MAX_XMP_BYTES, lambda content: "A" * 32)
    assert len(packet) <= MAX_XMP_BYTES and rest is not None and b"mmm" in rest and b"Regions" not in rest
    jpeg = plain_jpeg()
    first = embedded(with_segments(jpeg, segment(0xE1, XMP + LIGHTROOM.encode())), crowd(guests))
    path = tmp_path / "a.jpg"
    path.write_bytes(first)
    found = read_back(path)
    assert len(found["XMP-mwg-rs:RegionInfo"]["RegionList"]) == 2  # these of Lightroom belong to a larger picture
    assert len(found["XMP-dc:Subject"]) == guests + 2
    assert found["XMP-crs:Exposure2012"] == "+0.35"
    assert Image.open(BytesIO(first)).size == (96, 64)


def test_extended_packets_are_read_merged_and_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(embedded(plain_jpeg(), crowd(600)))
    assert path.read_bytes().count(b"http://ns.adobe.com/xmp/extension/\0") >= 2
    found = read_back(path)
    assert len(found["XMP-mwg-rs:RegionInfo"]["RegionList"]) == 600 and found["XMP-xmp:Rating"] == 5

    again = embedded(path.read_bytes(), PhotoDescription(2, None, ("Zoë",)))
    path.write_bytes(again)
    found = read_back(path)
    assert len(found["XMP-mwg-rs:RegionInfo"]["RegionList"]) == 600
    assert found["XMP-xmp:Rating"] == 2
    assert len(found["XMP-dc:Subject"]) == 601 and found["XMP-dc:Subject"][-1] == "Zoë"
    assert others(again) == others(plain_jpeg())


def test_exiftools_own_extended_packets_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(plain_jpeg())
    text = tmp_path / "long.txt"
    text.write_text("many words " * 12_000, encoding="ascii")
    exiftool("-q", "-overwrite_original", f"-XMP-dc:Description<={text}", "-XMP-dc:Title=Fest", path)
    assert b"http://ns.adobe.com/xmp/extension/\0" in path.read_bytes()
    path.write_bytes(embedded(path.read_bytes()))
    found = read_back(path)
    assert found["XMP-dc:Title"] == "Fest" and found["XMP-dc:Subject"] == ["Zoë"]
    assert found["XMP-dc:Description"].split() == text.read_text(encoding="ascii").split()


def test_a_rest_with_a_hole_is_refused() -> None:
    jpeg = embedded(plain_jpeg(), crowd(600))
    start = jpeg.index(b"http://ns.adobe.com/xmp/extension/\0") - 4
    length = struct.unpack(">H", jpeg[start + 2 : start + 4])[0]
    with pytest.raises(PhotoUnreadableError, match="a part of its XMP packet is missing"):
        embedded(jpeg[:start] + jpeg[start + 2 + length :])


def test_rests_of_other_packets_stay() -> None:
    foreign = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"F" * 32 + struct.pack(">II", 4, 0) + b"<x/>")
    assert foreign in embedded(with_segments(plain_jpeg(), foreign))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("old_packet_behind", [False, True])
def test_the_second_picture_of_a_file_is_still_found(order: str, old_packet_behind: bool) -> None:
    second = plain_jpeg()
    old = segment(0xE1, XMP + LIGHTROOM.encode())

    def index(size: int, offset: int) -> bytes:
        entries = struct.pack(order + "IIIHHIIIHH", 0x030000, size, 0, 0, 0, 0, len(second), offset, 0, 0)
        head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
        tag = struct.pack(order + "HHHII", 1, 0xB002, 7, len(entries), 26) + struct.pack(order + "I", 0)
        return segment(0xE2, b"MPF\0" + head + tag + entries)

    def build(size: int, offset: int) -> bytes:
        parts = [index(size, offset), old] if old_packet_behind else [old, index(size, offset)]
        return with_segments(plain_jpeg(), *parts)

    size = len(build(0, 0))
    base = build(0, 0).index(b"MPF\0") + 4
    jpeg = build(size, size - base) + second
    out = embedded(jpeg)
    base = out.index(b"MPF\0") + 4
    new_size, zero, _, _, _, _, offset, _, _ = struct.unpack_from(order + "IIHHIIIHH", out, base + 26 + 4)
    assert out[base + offset :] == second
    assert (new_size, zero) == (len(out) - len(second), 0)


@pytest.mark.parametrize(
    ("jpeg", "words"),
    [
        (b"", "not a JPEG"),
        (plain_jpeg()[:100], "cut off"),
        (with_segments(plain_jpeg(), b"stray"), "outside of segments"),
        (with_segments(plain_jpeg(), segment(0xE1, XMP + b"<x:broken")), "damaged"),
        (b"\xff\xd8\xff\xd9", "damaged"),
    ],
    ids=["empty", "cut off", "stray bytes", "damaged packet", "no picture"],
)
def test_what_cannot_be_read_without_loss_is_refused(jpeg: bytes, words: str) -> None:
    with pytest.raises(PhotoUnreadableError, match=words):
        embedded(jpeg)


def test_fill_bytes_before_a_segment_are_kept() -> None:
    jpeg = with_segments(plain_jpeg(), b"\xff\xff" + segment(0xFE, b"comment"))
    out = embedded(jpeg)
    assert others(out) == others(jpeg) and b"\xff\xff\xff\xfe" in out
