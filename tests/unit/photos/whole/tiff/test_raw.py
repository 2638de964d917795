from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.domain.files.health import FaultKind
from curation.errors import PhotoUnreadableError
from curation.photos.files.decoding import open_photo
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.tiff.raw import raw_faults
from tests.photo_files import corner_colours, four_corners, write_dng

SIZE, PREVIEW = (320, 240), (320, 240)


def whole_dng(folder: Path, *, with_preview: bool = True) -> tuple[bytes, int, int]:
    """A DNG whose sensor's data come last, and where they begin and end."""
    path = write_dng(folder / "whole.dng", size=SIZE, preview=PREVIEW if with_preview else None)
    data = path.read_bytes()
    size = SIZE[0] * SIZE[1] * 2
    jpeg = data.find(b"\xff\xd8\xff")
    end = jpeg if jpeg >= 0 else len(data)
    return data, end - size, end


def jpeg_bytes(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(four_corners(width, height)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def test_a_whole_raw_has_no_fault(tmp_path: Path) -> None:
    for with_preview in (True, False):
        data, _, _ = whole_dng(tmp_path, with_preview=with_preview)
        assert raw_faults(PhotoFile(None, data)) == ()


def dng_with_sensor_last(folder: Path) -> bytes:
    """The whole DNG with its sensor's data moved behind the preview."""
    data, start, end = whole_dng(folder)
    entry = data.index(struct.pack("<HHI", 273, 4, 1))
    moved = bytearray(data + data[start:end])
    struct.pack_into("<I", moved, entry + 8, len(data))
    return bytes(moved)


@pytest.mark.parametrize("share", [0.1, 0.6, 0.99])
def test_a_raw_without_all_of_its_sensor_data_is_shown_and_told(tmp_path: Path, share: float) -> None:
    data = dng_with_sensor_last(tmp_path)
    (tmp_path / "cut.dng").write_bytes(data[: len(data) - int(SIZE[0] * SIZE[1] * 2 * share)])
    photo = open_photo(tmp_path / "cut.dng", max_megapixels=50)
    assert corner_colours(photo.full().array) == ["r", "g", "b", "y"]
    (fault,) = photo.faults
    assert fault.kind is FaultKind.CUT and not fault.is_seen
    assert f"{share:.0%}".replace("%", " %") in fault.reason
    assert fault.good == "the preview of 320 x 240 pixels"


def test_a_raw_that_is_only_its_sensors_data_is_refused_when_it_is_cut(tmp_path: Path) -> None:
    data, _, _ = whole_dng(tmp_path, with_preview=False)
    (tmp_path / "cut.dng").write_bytes(data[: len(data) // 2])
    with pytest.raises(PhotoUnreadableError, match="RAW file is cut off"):
        open_photo(tmp_path / "cut.dng", max_megapixels=50).full()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_broken_preview_is_replaced_by_the_sensors_data(tmp_path: Path, orientation: int) -> None:
    path = write_dng(tmp_path / "a.dng", size=SIZE, preview=PREVIEW, orientation=orientation)
    wanted = corner_colours(open_photo(path, max_megapixels=50).full().array)
    data = bytearray(path.read_bytes())
    scan = data.index(b"\xff\xda", data.index(b"\xff\xd8\xff"))
    data[scan + 40 : scan + 400] = bytes(360)
    path.write_bytes(bytes(data))
    photo = open_photo(path, max_megapixels=50)
    assert corner_colours(photo.full().array) == corner_colours(photo.reduced(100).array) == wanted
    (fault,) = photo.faults
    assert fault.kind is FaultKind.DAMAGED and not fault.is_seen and "preview" in fault.reason


def test_a_raw_whose_preview_and_sensor_data_are_broken_is_refused(tmp_path: Path) -> None:
    data = bytearray(dng_with_sensor_last(tmp_path))
    scan = data.index(b"\xff\xda", data.index(b"\xff\xd8\xff"))
    data[scan + 40 : scan + 400] = bytes(360)
    (tmp_path / "a.dng").write_bytes(bytes(data[:-1000]))
    with pytest.raises(PhotoUnreadableError, match="cut off or damaged"):
        open_photo(tmp_path / "a.dng", max_megapixels=50).full()


def compressed(data: bytes, start: int, compression: int = 34713) -> bytes:
    """The file with sensor data that say they are compressed, and look so."""
    changed = bytearray(data)
    at = changed.index(struct.pack("<HHI", 259, 3, 1))
    struct.pack_into("<H", changed, at + 8, compression)
    rng = np.random.default_rng(1)
    changed[start:] = rng.integers(1, 256, len(data) - start, dtype=np.uint8).tobytes()
    return bytes(changed)


@pytest.mark.parametrize("hole", [(4096 * 50, 4096 * 54), (512 * 450, 512 * 451), (-9000, None)])
def test_zeros_in_compressed_sensor_data_are_told(tmp_path: Path, hole: tuple[int, int | None]) -> None:
    data = dng_with_sensor_last(tmp_path)
    data = compressed(data, len(data) - SIZE[0] * SIZE[1] * 2)
    assert raw_faults(PhotoFile(None, data)) == ()
    begin, stop = hole[0] % len(data), hole[1] or len(data)
    (fault,) = raw_faults(PhotoFile(None, data[:begin] + bytes(stop - begin) + data[stop:]))
    assert fault.kind is FaultKind.ZEROED and not fault.is_seen and "zeros" in fault.reason


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_zeros_in_plain_sensor_data_are_told(tmp_path: Path, share: float) -> None:
    data = dng_with_sensor_last(tmp_path)
    stop = int(SIZE[0] * SIZE[1] * 2 * share) - 101
    (fault,) = raw_faults(PhotoFile(None, data[:-stop] + bytes(stop)))
    assert fault.kind is FaultKind.ZEROED and not fault.is_seen
    assert f"{share:.0%}".replace("%", " %") in fault.reason


def test_a_white_sky_in_compressed_sensor_data_is_no_fault(tmp_path: Path) -> None:
    data = dng_with_sensor_last(tmp_path)
    data = compressed(data, len(data) - SIZE[0] * SIZE[1] * 2)
    begin = len(data) - 50_001
    assert raw_faults(PhotoFile(None, data[:begin] + bytes(9_000) + data[begin + 9_000 :])) == ()


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def canon_film(cut: int) -> bytes:
    jpeg = jpeg_bytes(1620, 1080)
    preview = box(b"uuid", bytes(24) + struct.pack(">I", len(jpeg) + 30) + b"PRVW" + bytes(16) + jpeg)
    data = box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", bytes(100)) + preview + box(b"mdat", b"\x5a" * 4000)
    return data[: len(data) - cut]


def fuji(cut: int) -> bytes:
    jpeg = jpeg_bytes(1620, 1080)
    head = b"FUJIFILMCCD-RAW ".ljust(84, b"0")
    at = 160
    places = struct.pack(">6I", at, len(jpeg), at + len(jpeg), 100, at + len(jpeg) + 100, 4000)
    data = (head + places).ljust(at, b"\0") + jpeg + b"\x5a" * 4100
    return data[: len(data) - cut]


@pytest.mark.parametrize("make", [canon_film, fuji])
def test_other_containers_of_sensor_data(make: type[bytes]) -> None:
    assert raw_faults(PhotoFile(None, make(0))) == ()
    (fault,) = raw_faults(PhotoFile(None, make(1000)))
    assert fault.kind is FaultKind.CUT and "25 %" in fault.reason
    assert fault.good == "the preview of 1620 x 1080 pixels" and not fault.is_seen


def test_a_sigma_file_without_its_directory_is_cut() -> None:
    directory = b"SECd" + struct.pack("<III", 0x20000, 1, 16) + struct.pack("<I", 200) + b"IMA2"
    data = b"FOVb".ljust(216, b"\x11")
    data += directory + struct.pack("<I", len(data))
    assert raw_faults(PhotoFile(None, data)) == ()
    (fault,) = raw_faults(PhotoFile(None, data[:-30]))
    assert fault.kind is FaultKind.CUT and fault.is_seen
