"""The small JSON memories: a changed byte is noticed, and files of earlier versions are read."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from curation.domain.measuring.camera import CameraFacts
from curation.domain.told.file_told import FileTold
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.memory_files import memory_content, read_memory
from curation.storage.taken.camera_file import KnownCamera, read_cameras, write_cameras
from curation.storage.told.told_file import KnownTold, read_told, write_told

DATA = {"version": 1, "place": "ö\udc80", "facts": {"a": [1, 2.5e-7, None, "x"], "b": [True, 10**20]}}


def test_what_was_written_is_read_and_no_changed_byte_is_another_fact(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    content = memory_content(DATA)
    path.write_bytes(content)
    assert read_memory(path, DATA) == DATA
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        try:
            found = read_memory(path, DATA)
        except PARSER_ERRORS:
            continue
        assert found == DATA, at


def test_a_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(DATA))
    assert read_memory(path, DATA) == DATA


def test_memories_that_were_changed_are_forgotten(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    facts = CameraFacts("NIKON D750", "50 mm", 50.0, 75, 1.8, 0.01, 100, datetime(2026, 5, 16, 14, 3))
    write_cameras(tmp_path, tmp_path, {"a.jpg": KnownCamera(1, 2, facts)})
    write_told(tmp_path, tmp_path, {"a.jpg": KnownTold(1, 2, (), FileTold(3, None, "", (), (), (), ()))})
    assert read_cameras(tmp_path, tmp_path)["a.jpg"].facts == facts
    assert (read_told(tmp_path, tmp_path) or {})["a.jpg"].told.rating == 3
    for name, old, new in (("cameras.json", b"D750", b"D850"), ("told.json", b"[3,", b"[4,")):
        content = (tmp_path / name).read_bytes()
        assert content.count(old) == 1
        (tmp_path / name).write_bytes(content.replace(old, new))
    assert read_cameras(tmp_path, tmp_path) == {}
    assert read_told(tmp_path, tmp_path) is None
    assert caplog.text.count("is damaged") == 2
