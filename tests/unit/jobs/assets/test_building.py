"""What the settings ask for, without networks."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.domain.assets.asset import AssetQuery
from curation.errors import WeightsError
from curation.jobs.assets.building import build_asset_jobs
from curation.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "config.yaml").write_text(
        f"io: {{models_dir: '{tmp_path / 'models'}', state_dir: '{tmp_path / 'state'}'}}\n"
        "engine: {name: retinaface-arcface, download: false}\n"
        f"assets: {{dir: '{tmp_path / 'assets'}', workers: 3, lease_s: 7}}\n",
        encoding="utf-8",
    )
    return load_settings(tmp_path / "config.yaml", default_root=tmp_path)


def test_records_can_be_read_without_any_weights(settings: Settings, tmp_path: Path) -> None:
    jobs = build_asset_jobs(settings)
    assert jobs.find(AssetQuery(), limit=10) == (0, [])
    with pytest.raises(WeightsError):
        jobs.submit(b"photo", "a.jpg")
    assert not (tmp_path / "assets").exists()
    jobs.close()


def test_each_database_has_a_folder_of_its_own(settings: Settings, tmp_path: Path) -> None:
    first = build_asset_jobs(settings)
    again = build_asset_jobs(settings)
    io = settings.io.model_copy(update={"state_dir": tmp_path / "other"})
    other = build_asset_jobs(settings.model_copy(update={"io": io}))
    assert first._files.folder == again._files.folder != other._files.folder
    assert first._files.folder.parent == tmp_path / "assets"
    assert (first._limits.workers, first._limits.lease_s) == (3, 7)
    for jobs in (first, again, other):
        jobs.close()
