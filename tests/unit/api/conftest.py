"""Applications in each state that the routes distinguish."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import FACES, PHOTOS, ServiceClient, make_settings, service, write_face_data, write_photo_scores


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[ServiceClient]:
    """Nothing is clustered yet."""
    with service(make_settings(tmp_path)) as client:
        yield client


@pytest.fixture
def clustered(empty: ServiceClient) -> ServiceClient:
    """Clustered, but not scored."""
    write_face_data(empty.settings.io.output_dir, FACES)
    return empty


@pytest.fixture
def scored(clustered: ServiceClient) -> ServiceClient:
    """Clustered and scored."""
    write_photo_scores(clustered.settings.io.output_dir, PHOTOS)
    return clustered
