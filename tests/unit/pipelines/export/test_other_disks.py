"""Exports to disks that do not take every name or size: what is refused is renamed and told, or a row of the report."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.domain.judging.picks import PhotoPick, Pick
from curation.errors import StorageError
from curation.pipelines.export.names import shortened
from tests.fake_workflow import FakeEvent
from tests.unit.pipelines.export.exports import ANNA, as_jpeg, files_of, pick, prepared, run

DEVICES = {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}


def fat_refuses(name: str) -> bool:
    """As the kernel's vfat with UTF-8 names does; trailing dots and spaces it takes away without a word."""
    return any(char in ':*?"<>|\\' or ord(char) < 32 or "\udc80" <= char <= "\udcff" for char in name)


@pytest.fixture
def like_fat(event: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> FakeEvent:
    """An event whose exports go to a disk like FAT."""
    root = str(event.output / "export")

    def wrapped(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Path, mode: Any = "r", *rest: Any, **more: Any) -> Any:
            creates = real.__name__ != "open" or mode == "xb"
            if creates and str(self).startswith(root):
                below = str(self)[len(root) :].strip("/").split("/")
                if any(fat_refuses(part) for part in below):
                    raise OSError(errno.EINVAL, "Invalid argument")
                stripped = Path(root, *(part.rstrip(". ") if not part.startswith(".") else part for part in below))
                return real(stripped, mode, *rest, **more) if real.__name__ != "touch" else real(stripped, **more)
            return real(self, mode, *rest, **more) if real.__name__ != "touch" else real(self, **more)

        return call

    monkeypatch.setattr(Path, "open", wrapped(Path.open))
    monkeypatch.setattr(Path, "touch", _touch(wrapped(Path.touch)))
    return event


def _touch(wrapped: Callable[..., Any]) -> Callable[..., Any]:
    def touch(self: Path, **more: Any) -> None:
        wrapped(self, "", **more)

    return touch


NAMES = [
    "a:b?.jpg", 'quo"te.jpg', "star*.jpg", "back\\\\slash.jpg", "tab\t.jpg", "pipe|<>.jpg", "byte\\udcff.jpg",
    "day 1: beach/x.jpg", "dots./y.jpg",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_that_the_disk_does_not_take_are_replaced_and_told(like_fat: FakeEvent, name: str) -> None:
    plain = as_jpeg(like_fat, "plain.jpg", ANNA)
    path = like_fat.photos / name.replace("\\\\", "\\").replace("\\udcff", "\udcff")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(plain.read_bytes() + b"\0")
    prepared(like_fat)
    report = run(like_fat, "plain.jpg", name, sidecars=True)
    assert (report.exported, report.failed) == (2, 0)
    files = files_of(report)
    assert not any(fat_refuses(part) or part.endswith((".", " ")) for file in files for part in file.split("/"))
    assert len(files) == 6
    (note,) = [warning for warning in report.warnings if "does not take" in warning]
    assert "_" in note and "is the name of" in note


def test_every_name_stays_as_it_is_where_the_disk_takes_it(event: FakeEvent) -> None:
    as_jpeg(event, "a:b?.jpg", ANNA)
    as_jpeg(event, "CON.jpg", ANNA)
    prepared(event)
    report = run(event, "a:b?.jpg", "CON.jpg", contact_sheet=False, csv=False)
    assert (files_of(report), report.warnings) == (["CON.jpg", "a:b?.jpg"], ())


def test_names_that_the_disk_takes_for_one_get_numbers(like_fat: FakeEvent) -> None:
    for name in ("a:b.jpg", "a?b.jpg", "A_B.jpg"):
        as_jpeg(like_fat, name, ANNA)
    prepared(like_fat)
    report = run(like_fat, "a:b.jpg", "a?b.jpg", "A_B.jpg", contact_sheet=False, csv=False)
    assert files_of(report) == ["A_B (3).jpg", "a_b (2).jpg", "a_b.jpg"]


def _failing(monkeypatch: pytest.MonkeyPatch, name: str, error: OSError) -> None:
    real = Path.open

    def open_(self: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if mode == "xb" and self.name == name:
            raise error
        return real(self, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", open_)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ, errno.EEXIST])
def test_a_name_that_is_refused_after_all_is_a_row_and_not_the_end(
    event: FakeEvent, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    as_jpeg(event, "a.jpg", ANNA)
    as_jpeg(event, "b.jpg", ANNA)
    prepared(event)
    _failing(monkeypatch, "a.jpg", OSError(number, "refused"))
    report = run(event, "a.jpg", "b.jpg", contact_sheet=False, csv=False)
    assert (report.exported, report.failed, files_of(report)) == (1, 1, ["b.jpg"])
    assert "does not take the name 'a.jpg'" in report.failures[0].reason


def test_a_sidecar_that_is_refused_is_a_note(event: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    as_jpeg(event, "a.jpg", ANNA)
    prepared(event)
    _failing(monkeypatch, "a.jpg.xmp", OSError(errno.EINVAL, "refused"))
    report = run(event, "a.jpg", sidecars=True, contact_sheet=False, csv=False)
    assert (report.exported, report.failed, files_of(report)) == (1, 0, ["a.jpg"])
    assert any("a.jpg.xmp: was not written" in warning for warning in report.warnings)


def test_a_full_disk_ends_the_export_and_leaves_nothing(event: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    as_jpeg(event, "a.jpg", ANNA)
    prepared(event)
    _failing(monkeypatch, "a.jpg", OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(StorageError, match="the disk is full"):
        run(event, "a.jpg")
    assert not list((event.output / "export").iterdir())


class _Small:
    """A file of a disk that takes no large files."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> _Small:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def fileno(self) -> int:
        return int(self._file.fileno())

    def write(self, part: bytes) -> int:
        self._file.write(part[:10])
        raise OSError(errno.EFBIG, "File too large")


def test_a_file_that_is_too_large_for_the_disk_is_a_row(event: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    as_jpeg(event, "film.jpg", ANNA)
    as_jpeg(event, "b.jpg", ANNA)
    prepared(event)
    real = Path.open

    def open_(self: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        file = real(self, mode, *rest, **more)
        return _Small(file) if mode == "xb" and self.name == "film.jpg" else file

    monkeypatch.setattr(Path, "open", open_)
    report = run(event, "film.jpg", "b.jpg", contact_sheet=False, csv=False)
    assert (report.exported, report.failed, files_of(report)) == (1, 1, ["b.jpg"])
    assert "FAT takes 4 GiB" in report.failures[0].reason


def test_times_that_the_disk_does_not_keep_are_no_fault(event: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    as_jpeg(event, "a.jpg", ANNA)
    prepared(event)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "utime", refuse)
    assert run(event, "a.jpg").exported == 1


def test_an_export_says_that_the_file_of_a_photo_is_broken(event: FakeEvent) -> None:
    as_jpeg(event, "a.jpg", ANNA)
    prepared(event)
    record = event.output / "clustering_run.json"
    row = '{"image_path": "a.jpg", "fault": "cut", "reason": "the sensor data are cut off", "is_analysed": true}'
    record.write_text(record.read_text().replace('"files": []', f'"files": [{row}]'))
    pick(event, a__jpg=PhotoPick(Pick.PICKED))
    (note,) = run(event, "a.jpg").warnings
    assert note == ("a.jpg: the file is broken: the sensor data are cut off: copy it again, and export it again")


@pytest.mark.parametrize(
    ("name", "longest", "short"),
    [
        ("a.jpg", 255, "a.jpg"),
        ("x" * 300 + ".jpg", 255, "x" * 239 + ".jpg"),
        ("ü" * 100 + ".jpg", 143, "ü" * 63 + ".jpg"),
        ("folder " * 30, 100, "folder " * 12 + "fold"),
    ],
)
def test_names_that_are_too_long_for_the_disk_keep_their_beginning(name: str, longest: int, short: str) -> None:
    assert shortened(name, longest) == short
    assert len(os.fsencode(short)) <= longest
