from __future__ import annotations

import io
import os
import struct
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from curation.domain.files.shot_memory import ShotMemory
from curation.photos.files.listing import Listing, list_photos
from curation.photos.finding.likeness import grey_picture, likeness
from curation.photos.finding.raw_pairs import raw_files_of
from curation.photos.finding.twins import FolderFiles, StampedFile, TwinFinder
from tests.photo_files import four_corners, write_dng

TEN, LATER = "2024:06:15 10:00:00", "2024:06:15 15:00:00"


def raw_header(path: Path, when: str = "", model: str = "Camera A1") -> Path:
    """A RAW file of which only the header can be read."""
    texts = [(0x0110, model)] + ([(0x9003, when)] if when else [])
    start = 8 + 2 + 12 * len(texts) + 4
    entries, data = b"", b""
    for tag, text in texts:
        value = text.encode() + b"\0"
        entries += struct.pack("<HHII", tag, 2, len(value), start + len(data))
        data += value
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(texts)) + entries + b"\0\0\0\0" + data)
    return path


def jpeg(path: Path, when: str = "", model: str = "", picture: np.ndarray | None = None) -> Path:
    exif = Image.Exif()
    if model:
        exif[0x0110] = model
    if when:
        exif.get_ifd(0x8769)[0x9003] = when
    image = Image.fromarray(four_corners(96, 64) if picture is None else picture)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, "JPEG", quality=90, exif=exif)
    return path


def noise() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (64, 96, 3), dtype=np.uint8)


def listed(folder: Path, finder: TwinFinder | None = None) -> Listing:
    return list_photos(folder, exclude=(), skip_raw_with_jpeg=True, finder=finder)


def paths(listing: Listing) -> list[str]:
    return [photo.image_path for photo in listing.photos]


class Counting(FolderFiles):
    """Counts what is read."""

    def __init__(self) -> None:
        self.headers: list[str] = []
        self.looked: list[str] = []

    def opened(self, file: StampedFile) -> AbstractContextManager[BinaryIO]:
        self.headers.append(file.image_path)
        return super().opened(file)

    def grey(self, file: StampedFile) -> NDArray[np.uint8] | None:
        self.looked.append(file.image_path)
        return super().grey(file)


def test_a_pair_is_one_photo_and_two_cameras_are_two(tmp_path: Path) -> None:
    raw_header(tmp_path / "IMG_1.DNG", TEN)
    jpeg(tmp_path / "IMG_1.JPG", TEN, "Camera A1")
    raw_header(tmp_path / "IMG_2.DNG", TEN)
    jpeg(tmp_path / "IMG_2.JPG", LATER, "Phone X")
    raw_header(tmp_path / "raw" / "IMG_3.NEF", LATER)
    jpeg(tmp_path / "jpg" / "IMG_3.JPG", LATER, "Camera A1")
    listing = listed(tmp_path)
    assert paths(listing) == ["IMG_1.JPG", "IMG_2.DNG", "IMG_2.JPG", "jpg/IMG_3.JPG"]
    assert listing.ignored == (
        ("IMG_1.DNG", "the RAW file of IMG_1.JPG (io.skip_raw_with_jpeg)"),
        ("raw/IMG_3.NEF", "the RAW file of jpg/IMG_3.JPG (io.skip_raw_with_jpeg)"),
    )
    assert raw_files_of(listing.pairs) == {"IMG_1.JPG": ("IMG_1.DNG",), "jpg/IMG_3.JPG": ("raw/IMG_3.NEF",)}
    # All are photos if the user wants it, and the pairs are known all the same.
    both = list_photos(tmp_path, exclude=(), skip_raw_with_jpeg=False, finder=TwinFinder())
    assert len(both.photos) == 6 and both.pairs == listing.pairs and not both.ignored


def test_where_the_headers_say_nothing_the_pictures_do(tmp_path: Path) -> None:
    for name, picture in (("A", None), ("B", noise())):
        write_dng(tmp_path / f"{name}.DNG", size=(96, 64), preview=(96, 64))
        jpeg(tmp_path / f"{name}.JPG", picture=picture)
    assert paths(listed(tmp_path)) == ["A.JPG", "B.DNG", "B.JPG"]


def test_a_picture_that_is_lost_leaves_its_raw_file(tmp_path: Path) -> None:
    for name in ("A", "B"):
        raw_header(tmp_path / f"{name}.DNG", TEN)
        jpeg(tmp_path / f"{name}.JPG", TEN, "Camera A1")
    (tmp_path / "A.JPG").write_bytes(b"")
    listing = listed(tmp_path)
    assert paths(listing) == ["A.DNG", "A.JPG", "B.JPG"]
    assert [(pair.raw, pair.photo, pair.is_sure) for pair in listing.pairs if not pair.is_sure] == [
        ("A.DNG", "A.JPG", False)
    ]
    # Known after it was opened only.
    after = listing.with_twins_of({"B.JPG"})
    assert paths(after) == ["A.DNG", "A.JPG", "B.DNG", "B.JPG"]
    assert not after.ignored and not after.twins
    assert listing.with_twins_of({"A.JPG"}) == listing
    (photo,) = (photo for photo in listing.photos if photo.image_path == "B.JPG")
    finder = TwinFinder(ShotMemory(lost={"B.JPG": (photo.size_bytes, photo.mtime_ns)}))  # type: ignore[dict-item]
    assert paths(listed(tmp_path, finder)) == ["A.DNG", "A.JPG", "B.DNG", "B.JPG"]
    # As soon as the file is another one, it is tried again.
    os.utime(tmp_path / "B.JPG", ns=(1, 1))
    assert "B.DNG" not in paths(listed(tmp_path, finder))


def test_files_are_read_once(tmp_path: Path) -> None:
    raw_header(tmp_path / "A.DNG", TEN)
    jpeg(tmp_path / "A.JPG", TEN, "Camera A1")
    write_dng(tmp_path / "B.DNG", size=(96, 64), preview=(96, 64))
    jpeg(tmp_path / "B.JPG")
    jpeg(tmp_path / "alone.JPG")
    files = Counting()
    first = TwinFinder(files=files)
    listing = listed(tmp_path, first)
    assert sorted(files.headers) == ["A.DNG", "A.JPG", "B.DNG", "B.JPG"]
    assert sorted(files.looked) == ["B.DNG", "B.JPG"]
    again = Counting()
    second = TwinFinder(first.memory, again)
    assert listed(tmp_path, second) == listing
    assert not again.headers and not again.looked
    assert second.memory == first.memory
    jpeg(tmp_path / "B.JPG", picture=noise())
    os.utime(tmp_path / "B.JPG", ns=(5, 5))
    third = TwinFinder(first.memory, again)
    assert "B.DNG" in paths(listed(tmp_path, third))
    assert (again.headers, sorted(again.looked)) == (["B.JPG"], ["B.DNG", "B.JPG"])
    (tmp_path / "A.JPG").unlink()
    assert "A.DNG" not in TwinFinder(third.memory).memory.facts


def scene() -> np.ndarray:
    """Some blobs of light, as a photo of people in front of something."""
    rows, columns = np.mgrid[0:120, 0:180]
    out = np.full((120, 180), 60.0)
    for y, x, size, light in ((40, 50, 18, 150), (60, 120, 25, -50), (90, 30, 12, 90), (20, 150, 14, 110)):
        out += light * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * size**2))
    return np.repeat(out.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("kind", ["same", "dark", "gamma", "cropped", "turned"])
def test_developments_look_like_their_raw_file(kind: str) -> None:
    whole = scene()
    made = {
        "same": whole,
        "dark": whole // 2,
        "gamma": (255 * (whole / 255) ** 0.5).astype(np.uint8),
        "cropped": whole[10:110, 20:170],
        "turned": np.rot90(whole),
    }[kind]
    seen = likeness(grey_picture(whole), grey_picture(np.ascontiguousarray(made)))
    assert seen is not None and seen > 0.9


def test_other_pictures_do_not_and_black_ones_say_nothing() -> None:
    seen = likeness(grey_picture(scene()), grey_picture(np.ascontiguousarray(scene()[:, ::-1])))
    assert seen is not None and seen < 0.9
    assert likeness(grey_picture(scene()), grey_picture(np.zeros((64, 96, 3), dtype=np.uint8))) is None


def test_a_broken_preview_cannot_be_seen(tmp_path: Path) -> None:
    raw_header(tmp_path / "A.DNG")
    content = io.BytesIO()
    Image.fromarray(four_corners(96, 64)).save(content, "JPEG")
    (tmp_path / "A.JPG").write_bytes(content.getvalue())
    listing = listed(tmp_path)
    assert paths(listing) == ["A.DNG", "A.JPG"]
    assert [pair.is_sure for pair in listing.pairs] == [False]
