"""A damaged name of a table, of which SQLite says something that is no text: damage like any other."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.errors import CurationError
from curation.gallery.sqlite_store import GALLERY_FILE, SqliteGallery
from curation.jobs.store import JobStore
from curation.storage.analysis_database import AnalysisDatabase
from curation.storage.assets.sqlite_database import AssetDatabase
from curation.storage.video.segment_store import STORE_NAME, SegmentStore

STORES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "analyses": ("analyses.sqlite", AnalysisDatabase),
    "jobs": ("jobs.sqlite", JobStore),
    "assets": ("assets.sqlite", AssetDatabase),
    "films": (STORE_NAME, lambda path: SegmentStore(path.parent)),
    "gallery": (GALLERY_FILE, lambda path: SqliteGallery(path.parent)),
}


def opened_and_closed(opens: Callable[[Path], Any], path: Path) -> None:
    store = opens(path)
    getattr(store, "close", lambda: None)()


@pytest.mark.parametrize("kind", STORES)
def test_a_damaged_name_of_a_table_is_mended_or_told(kind: str, tmp_path: Path) -> None:
    file, opens = STORES[kind]
    path = tmp_path / file
    opened_and_closed(opens, path)
    content = path.read_bytes()
    # The name, the table and the statement of a table stand behind one another in the schema.
    changed = re.sub(rb"table(\w)(\w+)(?=\1\2)", lambda found: b"table\xe8" + found[2], content)
    changed = changed.replace(b"CREATE TABLE", b"CREATE T\xe8BLE")
    assert changed != content
    path.write_bytes(changed)
    try:
        opened_and_closed(opens, path)
    except CurationError as error:
        assert "damaged" in str(error)
    else:
        assert path.with_name(f"{file}.damaged").exists()
        opened_and_closed(opens, path)
