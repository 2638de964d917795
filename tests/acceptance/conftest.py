"""What the acceptance tests of the scripts share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.scripts import Place


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory, sample_event: Path) -> Place:
    """Three photos, clustered and scored; for reading and copying only."""
    place = Place(tmp_path_factory.mktemp("ready"))
    place.photos.mkdir()
    for name in ("IMG_0001.jpg", "IMG_0008.png", "IMG_0009.webp"):
        shutil.copy(sample_event / name, place.photos)
    for stage in ("clustering", "scoring"):
        done = place.run(stage)
        assert done.code == 0, done.stderr
    return place
