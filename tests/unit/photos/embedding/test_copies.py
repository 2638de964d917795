"""Descriptions inside every format: other programs read them, and the picture and all else stay as they were."""

from __future__ import annotations

import random
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import rawpy
from PIL import Image

from curation.domain.choosing.export import PhotoDescription
from curation.domain.choosing.programs import Program
from curation.domain.judging.picks import Pick
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.copies import can_hold_description, described_copy, told_inside
from curation.photos.embedding.edits import edited
from curation.photos.files.decoding import open_photo
from curation.photos.files.formats import PhotoFormat
from curation.photos.files.stored_picture import format_of
from tests.unit.photos.embedding.made_files import MADE, copy_of, make
from tests.xmp_files import exiftool, read_back

KNOWN = PhotoDescription(4, "Green", ("Anna", "Zoë"), pick=Pick.PICKED)


def pixels(path: Path) -> bytes:
    if path.suffix in (".heic", ".avif"):
        return open_photo(path, max_megapixels=1).full().array.tobytes()
    if path.suffix == ".dng":
        with rawpy.imread(str(path)) as raw:
            return raw.raw_image.tobytes()
    with Image.open(path) as image:
        return b"".join(np.asarray(frame).tobytes() for frame in _frames(image))


def _frames(image: Image.Image) -> list[Image.Image]:
    frames = []
    for number in range(getattr(image, "n_frames", 1)):
        if number:
            image.seek(number)
        frames.append(image.convert("RGB"))
    return frames


def other_tags(path: Path) -> list[str]:
    """What exiftool says of everything but XMP, without places in the file."""
    moving = (
        "MediaDataSize",
        "MediaDataOffset",
        "FileSize",
        "FileModifyDate",
        "FileAccessDate",
        "FileInodeChangeDate",
        "Directory",
        "FileName",
        "ThumbnailOffset",
    )
    lines = exiftool("-s", "-a", "-G1", "--XMP:all", "--ExifTool:all", path).splitlines()
    return [line for line in lines if line.split()[1] not in moving and "WebP_Flags" not in line]


@pytest.mark.parametrize("name", MADE)
def test_others_read_it_and_the_picture_stays(name: str, tmp_path: Path) -> None:
    path = make(tmp_path, name)
    made = copy_of(path, KNOWN)
    assert made is not None and made[1] == ()
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / name
    out.write_bytes(made[0])
    found = read_back(out)
    assert found["XMP-xmp:Rating"] == 4 and found["XMP-xmp:Label"] == "Green"
    assert found["XMP-dc:Subject"] == ["Anna", "Zoë"] == found["XMP-iptcExt:PersonInImage"]
    assert pixels(out) == pixels(path)
    before = [line for line in other_tags(path) if "WEBP" not in line]  # it is an extended one now
    assert set(before) <= set(other_tags(out))
    if path.suffix not in (".dng", ".psd", ".heic"):
        with Image.open(path) as original, Image.open(out) as copied:
            assert copied.info.get("icc_profile") == original.info.get("icc_profile")
            assert copied.getexif().get(0x0132) == original.getexif().get(0x0132)
    assert copy_of(out, KNOWN) is None
    with out.open("rb") as file:
        told = told_inside(file, format_of(path))
    assert told is not None and told.packet.values("{http://purl.org/dc/elements/1.1/}subject") == ("Anna", "Zoë")


@pytest.mark.parametrize("name", ["a.jpg", "a.tif", "a.png", "a.webp", "a.psd", "a.dng", "a.heic"])
def test_a_packet_that_is_there_is_merged(name: str, tmp_path: Path) -> None:
    path = make(tmp_path, name)
    exiftool("-q", "-overwrite_original", "-XMP-dc:Title=keep", "-XMP-xmp:Rating=-1", "-XMP-dc:Subject=Garden", path)
    made = copy_of(path, PhotoDescription(None, "Green", ("Anna",), pick=Pick.PICKED))
    assert made is not None
    out = tmp_path / f"out-{name}"
    out.write_bytes(made[0])
    found = read_back(out)
    assert found["XMP-dc:Title"] == "keep" and found["XMP-dc:Subject"] == ["Garden", "Anna"]
    assert found["XMP-xmp:Rating"] == 0  # picked, and thus not rejected any more
    assert pixels(out) == pixels(path)


@pytest.mark.parametrize("name", MADE)
def test_nothing_to_say_changes_nothing(name: str, tmp_path: Path) -> None:
    assert copy_of(make(tmp_path, name), PhotoDescription()) is None


@pytest.mark.parametrize("name", MADE)
def test_cut_files_are_refused_or_written_whole(name: str, tmp_path: Path) -> None:
    path = make(tmp_path, name)
    content, kind = path.read_bytes(), format_of(path)
    assert kind is not None
    refused = 0
    for length in range(0, len(content), max(1, len(content) // 24)):
        try:
            described_copy(BytesIO(content[:length]), kind, KNOWN)
        except PhotoUnreadableError:
            refused += 1
    assert refused


@pytest.mark.parametrize("name", ["a.jpg", "a.tif", "a.png", "a.webp", "a.psd", "a.heic"])
def test_stars_in_exif_follow(name: str, tmp_path: Path) -> None:
    path = make(tmp_path, name)
    exiftool("-q", "-overwrite_original", "-IFD0:Rating=2", "-IFD0:RatingPercent=25", "-IFD0:XPKeywords=Garden", path)
    made = copy_of(path, PhotoDescription(5, names=("Zoë",)))
    assert made is not None
    out = tmp_path / f"out-{name}"
    out.write_bytes(made[0])
    found = read_back(out, groups="IFD0")
    assert found["IFD0:Rating"] == 5 and found["IFD0:RatingPercent"] == 99
    assert found["IFD0:XPKeywords"] == "Garden;Zoë"
    assert read_back(out)["XMP-xmp:Rating"] == 5
    assert pixels(out) == pixels(path)


@pytest.mark.parametrize("name", ["a.jpg", "a.tif", "a.dng"])
def test_windows_gets_stars_in_exif(name: str, tmp_path: Path) -> None:
    path = make(tmp_path, name)
    made = copy_of(path, PhotoDescription(3, program=Program.WINDOWS))
    assert made is not None
    out = tmp_path / f"out-{name}"
    out.write_bytes(made[0])
    found = read_back(out, groups="IFD0")
    assert found["IFD0:Rating"] == 3 and found["IFD0:RatingPercent"] == 50
    assert pixels(out) == pixels(path)


@pytest.mark.parametrize("name", MADE)
def test_damage_anywhere_is_refused_or_written_around(name: str, tmp_path: Path) -> None:
    """No other error than the one that copies the photo as it is, with a sidecar."""
    path = make(tmp_path, name)
    content, kind = path.read_bytes(), format_of(path)
    assert kind is not None
    chance = random.Random(name)
    written = 0
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[chance.randrange(4, min(len(content), 900))] = chance.choice((0, 1, 0x7F, 0xFF))
        with suppress(PhotoUnreadableError):
            copy = described_copy(BytesIO(bytes(damaged)), kind, KNOWN)
            written += copy is not None and len(edited(bytes(damaged), copy.edits)) > len(damaged) // 2
    assert written


@pytest.mark.parametrize(
    ("name", "kind", "can"),
    [
        ("a.nef", PhotoFormat.RAW, False),
        ("a.DNG", PhotoFormat.RAW, True),
        ("a.gif", PhotoFormat.GIF, False),
        ("a.png", PhotoFormat.PNG, True),
        ("a.txt", None, False),
    ],
)
def test_raw_files_of_cameras_are_never_changed(name: str, kind: PhotoFormat | None, can: bool) -> None:
    assert can_hold_description(name, kind) is can


def test_a_raw_file_that_is_called_a_dng(tmp_path: Path) -> None:
    path = make(tmp_path, "a.tif")
    with path.open("rb") as file, pytest.raises(PhotoUnreadableError, match="called a DNG"):
        described_copy(file, PhotoFormat.RAW, KNOWN)


def test_a_damaged_packet_is_not_replaced(tmp_path: Path) -> None:
    path = make(tmp_path, "a.png")
    exiftool("-q", "-overwrite_original", "-XMP-dc:Title=keep", path)
    content = path.read_bytes().replace(b"</rdf:RDF>", b"</rdf:RDX>")
    path.write_bytes(content)
    with pytest.raises(PhotoUnreadableError, match="damaged"):
        copy_of(path, KNOWN)


def test_a_picked_photo_without_a_label_is_not_rejected_either(tmp_path: Path) -> None:
    path = make(tmp_path, "a.png")
    exiftool("-q", "-overwrite_original", "-XMP-xmp:Rating=-1", path)
    made = copy_of(path, PhotoDescription(pick=Pick.PICKED))
    assert made is not None
    path.write_bytes(made[0])
    assert read_back(path)["XMP-xmp:Rating"] == 0
