from __future__ import annotations

from pathlib import Path

import pytest

from curation.api.starting_event import decoders_of
from curation.settings import load_settings


@pytest.mark.parametrize(("megapixels", "memory_mb"), [(120, 4096), (1000, 32_000)])
def test_decoders_have_memory_for_the_largest_photo_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, megapixels: int, memory_mb: int
) -> None:
    monkeypatch.setenv("CURATION_IO__MAX_PHOTO_MEGAPIXELS", str(megapixels))
    config = tmp_path / "config.yaml"
    config.write_text("{}", encoding="utf-8")
    with decoders_of(load_settings(config, default_root=tmp_path)) as decoders:
        assert decoders.limits.memory_mb == memory_mb
