from __future__ import annotations

import hashlib
import re

import pytest

from curation.domain.faces.ids import FACE_ID_PATTERN, PHOTO_ID_PATTERN, face_id, parse_face_id, photo_id


@pytest.mark.parametrize("path", ["a.jpg", "day 2/Größe.jpg", "bad\\udcff.jpg", "\udcff"])
def test_a_photo_is_known_by_its_path(path: str) -> None:
    name = photo_id(path)
    assert name == hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    assert re.fullmatch(PHOTO_ID_PATTERN, name)
    assert photo_id(path + "x") != name


def test_a_face_is_found_again() -> None:
    name = face_id(photo_id("a.jpg"), 12)
    assert re.fullmatch(FACE_ID_PATTERN, name)
    assert parse_face_id(name) == (photo_id("a.jpg"), 12)


@pytest.mark.parametrize("text", ["", "a.jpg", "0" * 16, "0" * 16 + "-01", "0" * 16 + "--1", "0" * 15 + "g-0"])
def test_no_face_id(text: str) -> None:
    assert parse_face_id(text) is None
    assert not re.fullmatch(FACE_ID_PATTERN, text)
