from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from curation.errors import PhotoUnreadableError
from curation.photos.files.content import content_sha256, read_content
from curation.photos.files.decoding import open_photo
from tests.photo_files import corner_colours, four_corners, save
from tests.unit.photos.files.opened_photos import UPRIGHT


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
