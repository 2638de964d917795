from __future__ import annotations

import pytest

from curation.photos.whole.tiff.structure import Directory

_JPEG_TABLES = 347


@pytest.mark.parametrize(
    ("numbers", "tables"), [((255, 216), b"\xff\xd8"), ((), b""), ((255, 256), b""), ((2**32 - 1,), b"")]
)
def test_tables_that_are_no_bytes_are_none(numbers: tuple[int, ...], tables: bytes) -> None:
    assert Directory({_JPEG_TABLES: numbers}, is_main=True).jpeg_tables == tables
