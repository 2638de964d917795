"""HEIF and AVIF files: every item lies in the file, and coded pictures look like such."""

from __future__ import annotations

from io import BytesIO

import pillow_heif
import pytest

from curation.domain.files.health import FaultKind, FileFault
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.iso.coded import broken_av1, broken_hevc
from curation.photos.whole.iso.heif import heif_faults
from tests.whole_files import made, pictured


def _faults(content: bytes) -> tuple[FileFault, ...]:
    return heif_faults(PhotoFile(None, content))


def _with_exif() -> bytes:
    buffer = BytesIO()
    pillow_heif.from_pillow(pictured("photo")).save(buffer, quality=80, exif=b"Exif\0\0II*\0" + b"\x07" * 400)
    return buffer.getvalue()


def test_a_hole_in_one_tile_leaves_the_others() -> None:
    whole = made("heic of tiles")
    start = whole.index(b"mdat") + 4
    at = start + (len(whole) - start) * 3 // 8
    (fault,) = _faults(whole[:at] + bytes(100) + whole[at + 100 :])
    assert (fault.kind, fault.is_seen, fault.good) == (FaultKind.ZEROED, True, "3 of the 4 tiles of the picture")


def test_a_hole_in_the_list_of_parts_is_named() -> None:
    whole = made("heic of tiles")
    at = whole.index(b"iinf") + 20
    (fault,) = _faults(whole[:at] + bytes(80) + whole[at + 80 :])
    assert (fault.kind, fault.is_seen, fault.good) == (FaultKind.ZEROED, True, "nothing")


def test_broken_exif_is_told_and_the_picture_shown() -> None:
    whole = _with_exif()
    at = whole.index(b"\x07" * 300)
    assert _faults(whole) == ()
    if at > whole.index(b"mdat"):
        (fault,) = _faults(
            whole[: at + 350] if at + 500 > len(whole) else whole[: at - 12] + bytes(412) + whole[at + 400 :]
        )
        assert not fault.is_seen


def test_a_tile_that_the_file_does_not_list_is_damage() -> None:
    whole = made("heic of tiles")
    at = whole.index(b"dimg") + 4 + 4
    (fault,) = _faults(whole[:at] + b"\0\x63" + whole[at + 2 :])
    assert (fault.kind, fault.is_seen) == (FaultKind.DAMAGED, True)


def test_a_cut_before_the_list_of_parts() -> None:
    (fault,) = _faults(made("heic")[:60])
    assert (fault.kind, fault.good) == (FaultKind.CUT, "nothing")


@pytest.mark.parametrize(("zeros", "is_broken"), [(2, False), (7, False), (8, True), (90, True)])
def test_zeros_within_a_slice(zeros: int, is_broken: bool) -> None:
    body = b"\x28\x01" + b"\xaf" * 30 + bytes(zeros) + b"\xaf" * 30
    assert (broken_hevc(len(body).to_bytes(4, "big") + body, 4) is not None) == is_broken


def test_zeros_at_the_end_of_a_slice_may_be_left_by_the_encoder() -> None:
    body = b"\x28\x01" + b"\xaf" * 30 + bytes(10)
    assert broken_hevc(len(body).to_bytes(2, "big") + body, 2) is None


def test_a_unit_that_is_longer_than_its_picture_is_broken() -> None:
    assert broken_hevc(b"\0\0\0\x09\x28\x01\xaf", 4) is not None
    assert broken_av1(b"\x32\x7f\x11\x11") is not None


def test_one_av1_unit_after_the_other() -> None:
    frame = b"\x32\xc0\x02" + b"\x9c" * 320
    assert broken_av1(b"\x12\x00" + frame) is None
    assert broken_av1(b"\x12\x00" + frame[:20] + bytes(130) + frame[150:]) is not None
    # Large areas of one colour may be coded as zeros.
    assert broken_av1(b"\x12\x00" + frame[:20] + bytes(80) + frame[100:]) is None
    assert broken_av1(frame + bytes(20)) is not None
