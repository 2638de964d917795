"""Files are read once, and again when they or the files beside them change."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from curation.domain.judging.picks import Pick
from curation.photos.told import reading
from curation.photos.told.blocks import FileBlocks, read_blocks
from curation.pipelines.told.event_told import kept_told, read_event_told
from curation.storage.told.told_file import TOLD
from tests.service import make_settings
from tests.unit.photos.told.making import mwg, packet, picture


def test_only_what_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_settings(tmp_path)
    folder = settings.io.input_dir / "day 1"
    folder.mkdir(parents=True)
    for name in ("a.jpg", "b.jpg"):
        picture(folder / name, packet(mwg(("Anna", 0.5, 0.5, 0.2, 0.2)), 'xmp:Rating="-1" xmp:Label="Red"'))
    paths = ["day 1/a.jpg", "day 1/b.jpg", "day 1/gone.jpg", "../outside.jpg"]
    read: list[str] = []

    def reading_blocks(path: Path) -> FileBlocks:
        read.append(path.name)
        return read_blocks(path)

    monkeypatch.setattr(reading, "read_blocks", reading_blocks)
    first = read_event_told(settings, paths)
    assert first is not None
    assert sorted(first) == paths[:2]
    assert first["day 1/a.jpg"].pick is Pick.REJECTED
    assert read == ["a.jpg", "b.jpg"]
    assert read_event_told(settings, paths) == first == kept_told(settings)
    assert read == ["a.jpg", "b.jpg"]
    (folder / "b.xmp").write_bytes(packet(attributes='xmp:Rating="5"'))
    again = read_event_told(settings, paths)
    assert again is not None
    assert (again["day 1/b.jpg"].rating, again["day 1/b.jpg"].people) == (5, ("Anna",))
    os.utime(folder / "a.jpg", ns=(1, 1))
    (folder / ".picasa.ini").write_text("[b.jpg]\nstar=yes\n")
    read_event_told(settings, paths)
    assert read == ["a.jpg", "b.jpg", "b.jpg", "a.jpg", "b.jpg"]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"version": 1}', b"[1, 2]"])
def test_a_damaged_memory_is_read_anew(tmp_path: Path, damage: bytes) -> None:
    settings = make_settings(tmp_path)
    settings.io.input_dir.mkdir(parents=True)
    picture(settings.io.input_dir / "a.jpg", packet(attributes='xmp:Rating="3"'))
    settings.event_dir.mkdir(parents=True)
    (settings.event_dir / TOLD).write_bytes(damage)
    assert kept_told(settings) is None
    told = read_event_told(settings, ["a.jpg"])
    assert told is not None
    assert told["a.jpg"].rating == 3
    assert kept_told(settings) == told


def test_a_reading_that_is_stopped_keeps_what_was_known(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    settings.io.input_dir.mkdir(parents=True)
    for name in ("a.jpg", "b.jpg"):
        picture(settings.io.input_dir / name, packet(attributes='xmp:Rating="3"'))
    read_event_told(settings, ["a.jpg"])
    stopped = threading.Event()
    stopped.set()
    told = read_event_told(settings, ["a.jpg", "b.jpg"], cancel=stopped)
    assert told is not None
    assert list(told) == ["a.jpg"]
