from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curation.errors import PhotoDamagedError
from curation.photos.whole.jpeg.blocks import zero_run
from curation.photos.whole.jpeg.structure import read_structure
from tests.unit.photos.whole.jpeg.made_jpegs import decoded, encoded, padded, scene, with_scan

RANDOM = random.Random(5)
PADDING: dict[str, Callable[[], bytes]] = {
    "a zero": lambda: b"\0",
    "zeros": lambda: bytes(12),
    "many zeros": lambda: bytes(200),
    "fill bytes": lambda: b"\xff" * 5,
    "another byte": lambda: b"\x55" * 16,
    "zeros up to a border": lambda: bytes(RANDOM.randrange(100)),
    "rubbish": lambda: bytes(RANDOM.randrange(1, 255) for _ in range(12)),
    "a little rubbish": lambda: bytes(RANDOM.randrange(1, 255) for _ in range(3)),
    "escaped rubbish": lambda: b"\x31\xff\x00\x42" * 3,
    "a marker that means nothing": lambda: b"\x01\xff\x02\x33",
}
KINDS: dict[str, dict[str, Any]] = {
    "rows": {"restart_marker_rows": 1},
    "blocks": {"restart_marker_blocks": 7, "subsampling": 0},
    "own tables": {"restart_marker_rows": 2, "optimize": True},
    "progressive": {"restart_marker_rows": 1, "progressive": True},
}


def assert_same(odd: bytes, plain: bytes) -> None:
    for got, wanted in zip(decoded(odd), decoded(plain), strict=True):
        assert np.array_equal(got, wanted)


@pytest.mark.parametrize("padding", PADDING)
@pytest.mark.parametrize("kind", KINDS)
def test_padding_before_restart_markers_is_no_damage(kind: str, padding: str) -> None:
    plain = encoded(scene(), **KINDS[kind])
    assert_same(padded(plain, PADDING[padding]), plain)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_padding_in_pictures_of_other_components(mode: str) -> None:
    plain = encoded(scene().convert(mode), restart_marker_blocks=5)
    assert_same(padded(plain, PADDING["rubbish"]), plain)


@pytest.mark.parametrize(
    "change",
    [
        lambda scan: re.sub(rb"\xff[\xd0-\xd7]", b"\xff\xd0", scan),
        lambda scan: re.sub(
            rb"\xff([\xd0-\xd7])", lambda found: bytes([255, 0xD0 + (found[1][0] - 0xD0 + 3) % 8]), scan
        ),
        lambda scan: scan[:-2],
        lambda scan: scan[:-2] + bytes(100) + scan[-2:],
        lambda scan: scan[:-2] + b"\xff\xd0" + scan[-2:],
        lambda scan: scan + b"data of the phone" * 50,
        lambda scan: scan + encoded(scene(seed=3)),
    ],
    ids=[
        "one number",
        "other numbers",
        "no end",
        "padding at the end",
        "a marker too many",
        "data after",
        "a frame after",
    ],
)
@pytest.mark.parametrize("padding", [b"", bytes(12)])
def test_numbers_and_ends_that_are_odd(change: Callable[[bytes], bytes], padding: bytes) -> None:
    plain = encoded(scene(), restart_marker_rows=1)
    assert_same(with_scan(padded(plain, lambda: padding), change), plain)


def test_restart_intervals_that_are_only_announced() -> None:
    plain = encoded(scene())
    assert_same(with_scan(plain, lambda scan: b"\xff\xdd\0\4\0\5" + scan), plain)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_interval_is_damage(kind: str) -> None:
    data = padded(encoded(scene(), **KINDS[kind]), PADDING["zeros"])
    with pytest.raises(PhotoDamagedError):
        decoded(with_scan(data, lambda scan: re.sub(rb"\xff\xd2[^\xff]+", b"", scan, count=1)))


@pytest.mark.parametrize("kind", KINDS)
def test_going_on_with_another_files_data_is_damage(kind: str) -> None:
    data, other = (padded(encoded(scene(noise=noise), **KINDS[kind]), PADDING["zeros"]) for noise in (8, 25))
    middle = (data.index(b"\xff\xda") + len(data)) // 2
    with pytest.raises(PhotoDamagedError):
        decoded(data[:middle] + other[middle:])


@pytest.mark.parametrize(
    ("first", "bits", "is_told"),
    [(0, 0x10, False), (1, 0x10, False), (1, 0x00, True)],
    ids=["refining the brightness", "refining details", "details"],
)
def test_zeros_in_arithmetic_coding(first: int, bits: int, is_told: bool) -> None:
    """Where it refines, a flat picture is all zeros, in arithmetic coding as in any other."""
    plain = encoded(scene(), progressive=True)
    structure = read_structure(plain)
    assert structure is not None
    frame = replace(structure.frame, marker=0xCA)
    zeros = bytes(85)
    data = bytes(range(1, 200)) + zeros + bytes(range(1, 200))
    scan = structure.scans[0]
    header = scan.header[:-3] + bytes([first, 63 if first else 0, bits])
    odd = replace(structure, frame=frame, scans=(replace(scan, header=header, start=0, pieces=(data,)),))
    assert (zero_run(data, odd) is not None) == is_told
