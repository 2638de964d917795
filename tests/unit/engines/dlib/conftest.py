from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the converted models."""
    return tmp_path_factory.mktemp("models")
