from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from curation.storage.analysis_store import AnalysisStore
from curation.storage.face_data_file import FACE_DATA
from tests.unit.storage.face_tables import row, vectors, write


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A table of four faces on the lines 2 to 5."""
    rows = [row("a.jpg", 0, 0), row("a.jpg", 1, 1), row("b.jpg", 0, 2), row("c.jpg", 0, 3)]
    write(tmp_path, rows, vectors(4))
    return tmp_path / FACE_DATA


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AnalysisStore]:
    with closing(AnalysisStore(tmp_path)) as opened:
        yield opened
