from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from io import BytesIO

import pytest

from curation.errors import CurationError, PhotoTooLargeError
from curation.photos.bounds.headers import require_bounded_lists
from curation.photos.decoding import open_photo_bytes
from curation.photos.files.formats import SNIFF_BYTES, sniff
from curation.photos.files.photo_file import PhotoFile
from curation.photos.taken.times import read_taken
from tests.photo_bombs import containers, others, pngs, tiffs
from tests.whole_files import MAKERS, made


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: b"P6\n#" + b"c" * 70_000 + b"\n64 48\n255\n", "first 64 KB"),
        (lambda: b"P6\n" + b"#c\n" * 30_000 + b"64 48\n255\n", "first 64 KB"),
        (lambda: b"P6\n" + b" " * 70_000 + b"64 48\n255\n", "first 64 KB"),
        (lambda: b"P2 64 48 255\n#" + b"c" * 200_000 + b"\n" + b"7 " * 3072, "bytes for 3,072 numbers"),
        (lambda: b"P3 9000 9000 255\n", "text of 243,000,000 numbers"),
        (lambda: pngs.png(pngs.png_chunk(b"prVt", b"") * 260_000), "more than 250,000 chunks"),
        (lambda: others.psd(64, 48, resources=21_000), "more than 20,000 resources"),
        (lambda: containers.jpeg2000(6_900, 6_900, 60), "tiles with so many layers"),
    ],
)
def test_lists_that_are_far_too_long_are_refused_before_they_are_read(make: Callable[[], bytes], said: str) -> None:
    with pytest.raises(PhotoTooLargeError, match=said):
        open_photo_bytes(make(), max_megapixels=120)


@pytest.mark.parametrize("name", MAKERS)
def test_whole_pictures_pass(name: str) -> None:
    content = made(name)
    kind = sniff(content[:SNIFF_BYTES], "")
    assert kind is not None
    require_bounded_lists(PhotoFile(None, content), kind)


def test_notes_of_an_ordinary_length_pass() -> None:
    pixels = bytes(range(1, 97)) * 96
    content = b"P6\n# " + b"a note of a program " * 1000 + b"\n64 48\n# another\n255\n" + pixels
    assert open_photo_bytes(content, max_megapixels=1).full().array.shape == (48, 64, 3)


def test_strips_that_lie_over_one_another_are_refused() -> None:
    with pytest.raises(CurationError, match="lie over one another"):
        open_photo_bytes(tiffs.tiff_strips(2000, overlapping=True, unpacked=2**22), max_megapixels=120).full()


def test_an_item_of_very_many_parts_that_are_the_same_bytes_takes_no_memory() -> None:
    content = containers.iloc_extents(2000)
    tracemalloc.start()
    try:
        assert read_taken(BytesIO(content)) is None
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100e6, "its parts together say that they are 2 GB"


def test_items_whose_parts_have_no_width_are_counted() -> None:
    with pytest.raises(CurationError):
        open_photo_bytes(containers.iloc_without_widths(20_000), max_megapixels=120).full()
    assert read_taken(BytesIO(containers.iloc_without_widths(20_000))) is None
