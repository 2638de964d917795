from __future__ import annotations

from datetime import datetime
from importlib import metadata
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from curation.errors import PhotosMissingError, StorageError
from curation.photos import sample_event as module
from curation.photos.files.decoding import open_photo
from curation.photos.files.listing import list_photos
from curation.photos.sample_event import build_sample_event


def test_every_photo_can_be_listed_and_opened_upright(sample_event: Path) -> None:
    listing = list_photos(sample_event, exclude=(), skip_raw_with_jpeg=True)

    assert len(listing.photos) == 15
    assert not listing.ignored and not listing.failed
    for photo in listing.photos:
        opened = open_photo(photo.path, max_megapixels=120)
        height, width = opened.full().array.shape[:2]
        # The pictures were made wider than high exactly where people stand side by side, or for a landscape.
        wide = photo.image_path in {f"IMG_{n:04}.jpg" for n in (4, 5)} | {"IMG_0010.heic"}
        wide |= photo.image_path in {f"evening/IMG_{n:04}.jpg" for n in (13, 14, 15)}
        assert (width > height) == wide


def test_it_has_formats_orientations_and_capture_times_of_a_real_event(sample_event: Path) -> None:
    suffixes = {path.suffix for path in sample_event.rglob("*.*")}
    assert suffixes == {".jpg", ".png", ".webp", ".heic"}

    orientations = set()
    for path in sample_event.rglob("*.jpg"):
        with Image.open(path) as picture:
            orientations.add(picture.getexif()[0x0112])
    assert orientations == {1, 2, 3, 5, 6, 8}

    times = [open_photo(path, max_megapixels=120).capture_time for path in sorted(sample_event.glob("*.*"))]
    assert times[0] == datetime(2024, 6, 15, 14, 0, 0)
    assert times == sorted(time for time in times if time is not None)


def test_orientation_tags_give_the_picture_that_was_made(sample_event: Path) -> None:
    with Image.open(str(metadata.distribution("scikit-image").locate_file("skimage/data/coffee.png"))) as picture:
        coffee = picture.convert("RGB").resize((60, 40))
    with Image.open(sample_event / "evening" / "IMG_0014.jpg") as stored:
        upright = ImageOps.exif_transpose(stored).resize((60, 40))
        mirrored = stored.resize((60, 40))

    assert _difference(upright, coffee) < 4
    assert _difference(mirrored, coffee) > 20


def test_it_is_made_once_and_is_the_same_every_time(sample_event: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sample" / "photos"

    assert build_sample_event(folder) == 15
    assert build_sample_event(folder) == 0

    files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
    assert files == {path.relative_to(sample_event): path.read_bytes() for path in sample_event.rglob("*.*")}
    assert [path.name for path in folder.parent.iterdir()] == ["photos"]


def test_a_photo_that_a_user_removed_stays_away(sample_event: Path, tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes((sample_event / "IMG_0001.jpg").read_bytes())

    assert build_sample_event(tmp_path) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["one.jpg"]


def test_a_package_without_its_picture_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SOURCES", {"collins": ("scikit-image", "skimage/data/gone.png")})

    with pytest.raises(PhotosMissingError, match=r"gone\.png.*scikit-image"):
        build_sample_event(tmp_path / "photos")
    assert not (tmp_path / "photos").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match="file"):
        build_sample_event(tmp_path / "file" / "photos")


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of two RGB pictures of one size, 0 to 255."""
    pairs = zip(one.tobytes(), other.tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height * 3)
