"""cameras.json: what is known of how photos were taken."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from curation.domain.measuring.camera import NO_CAMERA, CameraFacts
from curation.storage.taken.camera_file import KnownCamera, read_cameras, write_cameras

KNOWN = {
    "a/ü\udc80.jpg": KnownCamera(12, 34, CameraFacts("X", "Y", 85.0, 127, 1.8, 0.004, 400, datetime(2024, 6, 15, 10))),
    "b.jpg": KnownCamera(5, 6, NO_CAMERA),
}


def test_round_trip(tmp_path: Path) -> None:
    assert read_cameras(tmp_path, tmp_path / "out") == {}
    write_cameras(tmp_path / "state", tmp_path / "out", KNOWN)
    assert read_cameras(tmp_path / "state", tmp_path / "out") == KNOWN
    assert read_cameras(tmp_path / "state", tmp_path / "other") == {}


@pytest.mark.parametrize(
    "content", ["", "[]", '{"version": 1}', '{"version": 1, "output_dir": "OUT", "names": [], "photos": {"a": [1, 2]}}']
)
def test_a_damaged_file_is_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "cameras.json").write_text(content.replace("OUT", str(tmp_path)), encoding="utf-8")
    assert read_cameras(tmp_path, tmp_path) == {}
