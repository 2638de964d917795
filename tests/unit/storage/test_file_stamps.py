from __future__ import annotations

import os
from pathlib import Path

from curation.storage.file_stamps import FileStamp, stamp_of


def test_the_stamp_is_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"12345")
    os.utime(path, ns=(7, 9_000_000_001))
    assert stamp_of(path) == FileStamp(path, 5, 9_000_000_001)


def test_a_missing_file_has_no_stamp(tmp_path: Path) -> None:
    assert stamp_of(tmp_path / "a.jpg") is None
