"""Real photos with the real networks through the whole way: handed in, a worker killed on the way, found again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from curation.domain.assets.asset import AssetQuery
from curation.domain.assets.document import record_of_document
from curation.domain.assets.states import AssetState
from curation.errors import AssetNotFoundError, WeightsMissingError
from curation.jobs.assets.asset_jobs import AssetJobs
from curation.jobs.assets.building import build_asset_jobs
from curation.settings import load_settings
from tests.processes import wait_until


@pytest.fixture
def jobs(test_data: Path, tmp_path: Path) -> Iterator[AssetJobs]:
    models = tmp_path / "models"
    models.mkdir()
    for folder in ("onnx", "deepface_home/.deepface/weights"):
        for path in (test_data / "weights" / folder).glob("*.onnx"):
            (models / path.name).symlink_to(path.resolve())
    (tmp_path / "config.yaml").write_text(
        f"io: {{models_dir: '{models}', state_dir: '{tmp_path / 'state'}'}}\n"
        f"engine: {{name: retinaface-arcface, download: false}}\n"
        f"assets: {{dir: '{tmp_path / 'assets'}', sweep_s: 1}}\n",
        encoding="utf-8",
    )
    jobs = build_asset_jobs(load_settings(tmp_path / "config.yaml", default_root=tmp_path))
    try:
        _ = jobs.work
    except WeightsMissingError as error:
        jobs.close()
        pytest.skip(f"no weights: {error}")
    yield jobs
    jobs.close()


@pytest.fixture
def photos(test_data: Path) -> list[Path]:
    """A small photo of whole people."""
    everything = (test_data / "photos" / "clothes").rglob("*.jpg")
    found = sorted(path for path in everything if path.stat().st_size < 400_000)[:1]
    if not found:
        pytest.skip("no photos of whole people")
    return found


def test_real_photos_are_taken_apart_although_a_worker_is_killed(
    jobs: AssetJobs, photos: list[Path], tmp_path: Path
) -> None:
    assets = [jobs.submit(path, path.name) for path in photos]
    cut_off = jobs.submit(photos[0].read_bytes()[:2000], "cut off.jpg")
    jobs.start()
    wait_until(lambda: any(hand._process and hand._process.pid for hand in jobs._hands), "a worker", patience_s=120)
    pid = next(hand._process.pid for hand in jobs._hands if hand._process is not None)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    jobs.run_until_done()
    jobs.start()
    for asset in assets:
        found = jobs.get(asset.id)
        assert (found.state, found.message) == (AssetState.COMPLETED, "")
        assert found.attempts <= 2 and found.document is not None
        record = record_of_document(found.document)
        assert record.sha256 == asset.sha256 and record.people
        for name in record.files:
            assert jobs.file(asset.id, name).stat().st_size > 0
        with Image.open(jobs.file(asset.id, "cutout.png")) as cutout:
            assert cutout.size == (record.width, record.height) and cutout.mode == "RGBA"
        # What is found by a search is what the record says.
        person = record.people[0]
        count, rows = jobs.find(AssetQuery(cut_at=person.composition.cut_at), limit=10)
        assert count and asset.id in {row.id for row in rows}
    assert jobs.get(cut_off.id).state is AssetState.REJECTED
    for asset in (*assets, cut_off):
        jobs.delete(asset.id)
        with pytest.raises(AssetNotFoundError):
            jobs.get(asset.id)
    assert [path for path in (tmp_path / "assets").rglob("*") if path.is_file()] == []
