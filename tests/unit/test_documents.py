"""The documents that lead through the code are true: what they name is there, and rooms are small enough to know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT_ROOT

_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|toml|yaml|md|txt|csv)))`")
_SMALL_ROOM = 16  # 15 modules and __init__.py
_LARGER_ROOMS = {"storage": 21, "api/routes": 22}
"""One file for each kind of stored file, and one for each subject of the API."""


def named_files(document: str) -> set[str]:
    """The files of the program's own tree that a document names."""
    text = (PROJECT_ROOT / "docs" / document).read_text(encoding="utf-8")
    return {name for name in _PATH.findall(text) if name.endswith((".py", "/"))}


def found(name: str) -> bool:
    """Whether a file or folder is there, named from the project's root or from the package."""
    return any((root / name).exists() for root in (PROJECT_ROOT, PROJECT_ROOT / "curation"))


def test_the_tour_names_files_from_the_root() -> None:
    named = named_files("tour.md")
    assert len(named) > 40
    assert not sorted(name for name in named if not (PROJECT_ROOT / name).exists() and name != "output_clusters/")


@pytest.mark.parametrize("document", ["architecture.md", "clustering.md", "engines.md", "export.md", "scoring.md"])
def test_files_that_documents_name_are_there(document: str) -> None:
    beside = {path.name for room in ("curation", "tools") for path in (PROJECT_ROOT / room).rglob("*.py")}
    files = {name for name in named_files(document) if name.endswith(".py")}
    assert not {name for name in files if not found(name) and name not in beside}


def rooms() -> list[Path]:
    """All folders of the package that hold modules."""
    return sorted({path.parent for path in (PROJECT_ROOT / "curation").rglob("*.py")})


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.relative_to(PROJECT_ROOT).as_posix())
def test_a_room_says_what_it_is_for_and_is_small_enough_to_know(room: Path) -> None:
    text = (room / "__init__.py").read_text(encoding="utf-8")
    assert text.startswith('"""'), "a room's first line says what belongs there"
    name = room.relative_to(PROJECT_ROOT / "curation").as_posix()
    assert len(list(room.glob("*.py"))) <= _LARGER_ROOMS.get(name, _SMALL_ROOM)


def test_every_room_stands_in_the_architecture() -> None:
    text = (PROJECT_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    missing = []
    for room in rooms():
        name = room.relative_to(PROJECT_ROOT / "curation").as_posix()
        if name != "." and f"`curation/{name}/`" not in text and f"`{room.name}/`" not in text:
            missing.append(name)
    assert not missing
