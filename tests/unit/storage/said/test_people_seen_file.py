"""people_seen.json on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.domain.faces.face import Box
from curation.domain.labelling.people_seen import PersonSeen, SeenAnswer
from curation.errors import PeopleSeenError
from curation.storage.said.people_seen_file import read_people_seen, write_people_seen

SEEN = PersonSeen("a1", "", "ü.jpg", Box(1, 2, 3, 4), (50, 60), "Zoë", SeenAnswer.REFUSED)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "people_seen.json"
    assert read_people_seen(path) == {}
    write_people_seen(path, {"a1": SEEN})
    assert read_people_seen(path) == {"a1": SEEN}
    write_people_seen(path, {})
    assert read_people_seen(path) == {}


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"version": 1, "people": 5}', b""])
def test_a_broken_file_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people_seen.json"
    path.write_bytes(content)
    with pytest.raises(PeopleSeenError, match=r"people_seen\.json"):
        read_people_seen(path)
    assert path.read_bytes() == content
