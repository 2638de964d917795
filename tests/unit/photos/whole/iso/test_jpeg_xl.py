"""JPEG XL files: boxes lie in the file, and the code has no long runs of zeros."""

from __future__ import annotations

from curation.domain.files.health import FaultKind
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.iso.jpeg_xl import jpeg_xl_faults
from tests.whole_files import box

_CODE = b"\xff\x0a" + bytes(1 + n % 255 for n in range(900))
_BOXED = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl " + bytes(4) + b"jxl ") + box(b"jxlc", _CODE)


def test_whole_files() -> None:
    assert jpeg_xl_faults(PhotoFile(None, _BOXED)) == ()
    assert jpeg_xl_faults(PhotoFile(None, _CODE)) == ()


def test_a_cut_code_is_refused() -> None:
    (fault,) = jpeg_xl_faults(PhotoFile(None, _BOXED[:-300]))
    assert (fault.kind, fault.is_seen) == (FaultKind.CUT, True)


def test_zeros_in_the_code_are_told() -> None:
    for whole in (_BOXED, _CODE):
        (fault,) = jpeg_xl_faults(PhotoFile(None, whole[:-500] + bytes(200) + whole[-300:]))
        assert (fault.kind, fault.is_seen) == (FaultKind.ZEROED, False)
