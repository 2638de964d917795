"""Films: their index is there, and every sample lies in the file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from curation.domain.files.health import FaultKind
from curation.photos.whole.iso.films import faults_of_film
from tests.whole_files import box, full_box

_CHUNKS, _SAMPLES, _SAMPLE_BYTES = 8, 3, 700


def _film(*, index_first: bool = False, wide: bool = False, same_sizes: bool = False) -> bytes:
    media = bytes(1 + n % 255 for n in range(_CHUNKS * _SAMPLES * _SAMPLE_BYTES))
    head = box(b"ftyp", b"isom" + bytes(4))

    def index(start: int) -> bytes:
        places = [start + k * _SAMPLES * _SAMPLE_BYTES for k in range(_CHUNKS)]
        count = _CHUNKS * _SAMPLES
        sizes = struct.pack(">II", _SAMPLE_BYTES if same_sizes else 0, count)
        sizes += b"" if same_sizes else struct.pack(f">{count}I", *[_SAMPLE_BYTES] * count)
        kind, letter = (b"co64", "Q") if wide else (b"stco", "I")
        tables = full_box(b"stsz", sizes) + full_box(b"stsc", struct.pack(">IIII", 1, 1, _SAMPLES, 1))
        tables += full_box(kind, struct.pack(f">I{_CHUNKS}{letter}", _CHUNKS, *places))
        media_box = full_box(b"hdlr", bytes(4) + b"vide" + bytes(13)) + box(b"minf", box(b"stbl", tables))
        return box(b"moov", full_box(b"mvhd", bytes(96)) + box(b"trak", box(b"mdia", media_box)))

    if index_first:
        return head + index(len(head) + len(index(0)) + 8) + box(b"mdat", media)
    return head + box(b"mdat", media) + index(len(head) + 8)


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "clip.mov"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("index_first", [True, False])
@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("same_sizes", [True, False])
def test_a_whole_film(tmp_path: Path, *, index_first: bool, wide: bool, same_sizes: bool) -> None:
    assert faults_of_film(_written(tmp_path, _film(index_first=index_first, wide=wide, same_sizes=same_sizes))) == ()


def test_samples_behind_the_end(tmp_path: Path) -> None:
    whole = _film(index_first=True)
    (fault,) = faults_of_film(_written(tmp_path, whole[: -_CHUNKS * _SAMPLES * _SAMPLE_BYTES // 4]))
    assert (fault.kind, fault.is_seen, fault.good) == (FaultKind.CUT, True, "about the first 75 % of the film")


def test_a_film_without_its_index(tmp_path: Path) -> None:
    whole = _film()
    (cut,) = faults_of_film(_written(tmp_path, whole[: len(whole) // 2]))
    assert cut.kind is FaultKind.CUT
    (unfinished,) = faults_of_film(_written(tmp_path, whole[: whole.index(b"moov") - 4]))
    assert unfinished.kind is FaultKind.DAMAGED


def test_a_tail_of_zeros(tmp_path: Path) -> None:
    whole = _film(index_first=True)
    (fault,) = faults_of_film(_written(tmp_path, whole[:-6000] + bytes(6000)))
    assert (fault.kind, fault.good) == (FaultKind.ZEROED, "about the first 62 % of the film")


def test_an_index_of_zeros(tmp_path: Path) -> None:
    whole = _film()
    at = whole.index(b"stsz")
    assert faults_of_film(_written(tmp_path, whole[:at] + bytes(len(whole) - at))) != ()


@pytest.mark.parametrize("content", [b"", b"RIFF....AVI LIST", b"\x1aE\xdf\xa3" + bytes(90), bytes(4000)])
def test_other_files_are_left_alone(tmp_path: Path, content: bytes) -> None:
    assert faults_of_film(_written(tmp_path, content)) == ()
