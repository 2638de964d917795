from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from curation.domain.files.pairing import NO_SHOT, ShotFacts
from curation.domain.files.shot_memory import MovieFacts, ShotMemory, Stamp
from curation.storage.taken.shots_file import read_lost, read_shots, write_lost, write_shots

MEMORY = ShotMemory(
    {
        "a.jpg": (Stamp(5, 7), ShotFacts(datetime(2024, 6, 15, 10, 0, 0, 250_000), "Camera A1", "123")),
        "caf\\udce9.dng": (Stamp(6, 8), NO_SHOT),
    },
    {"a.mov": (Stamp(1, 2), MovieFacts(2.5, 1_718_445_600, "ID")), "b.mov": (Stamp(1, 2), MovieFacts())},
    {("a.dng", "a.jpg"): (Stamp(1, 1), Stamp(2, 2), 0.97), ("b.dng", "b.jpg"): (Stamp(1, 1), Stamp(2, 2), None)},
)


def test_what_is_known_is_read_back(tmp_path: Path) -> None:
    write_shots(tmp_path / "state", "photos", MEMORY)
    assert read_shots(tmp_path / "state", "photos") == MEMORY
    assert read_shots(tmp_path / "state", "other photos") == ShotMemory()
    assert read_shots(tmp_path, "photos") == ShotMemory()


def test_lost_photos_are_kept_apart(tmp_path: Path) -> None:
    write_lost(tmp_path, "photos", {"a.jpg": Stamp(3, 4)})
    write_shots(tmp_path, "photos", MEMORY)
    assert read_lost(tmp_path, "photos") == {"a.jpg": Stamp(3, 4)} == read_shots(tmp_path, "photos").lost
    write_lost(tmp_path, "photos", {})
    assert read_lost(tmp_path, "photos") == {}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"version": 1, "place": "photos", "facts": {"a": [1]}}'])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "shots.json").write_bytes(content)
    (tmp_path / "lost_photos.json").write_bytes(content)
    assert read_shots(tmp_path, "photos") == ShotMemory()
