"""Pictures from being handed in to their end, with workers that need no networks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.domain.assets.asset import Asset
from curation.domain.assets.states import AssetState
from curation.errors import AssetNotFoundError
from curation.jobs.assets.asset_jobs import AssetJobs
from tests.fake_assets import document, fake_jobs, picture


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[AssetJobs]:
    jobs = fake_jobs(tmp_path)
    yield jobs
    jobs.close()


def files_of(folder: Path, asset: Asset) -> list[str]:
    """All files of a picture, wherever they are."""
    return [str(path) for path in folder.rglob("*") if asset.id in str(path) and path.is_file()]


def ended(jobs: AssetJobs, kind: str) -> Asset:
    asset = jobs.submit(picture(kind), f"{kind}.jpg")
    jobs.run_until_done()
    return jobs.get(asset.id)


def test_a_picture_is_completed_with_its_files(jobs: AssetJobs) -> None:
    asset = ended(jobs, "ok")
    assert (asset.state, asset.code, asset.attempts, asset.document) == (AssetState.COMPLETED, None, 1, document())
    assert jobs.file(asset.id, "cutout.png").read_bytes() == b"cut out of 0"
    assert jobs.file(asset.id, "original").read_bytes() == picture("ok")


def test_a_picture_that_the_gate_refuses_comes_back_at_once_and_is_not_kept(jobs: AssetJobs, tmp_path: Path) -> None:
    asset = jobs.submit(picture("broken"), "a.jpg")
    assert (asset.state, asset.code, asset.message) == (AssetState.REJECTED, "unreadable", "a.jpg is broken")
    assert files_of(tmp_path, asset) == []
    assert jobs.submit(picture("broken"), "b.jpg") == asset


@pytest.mark.parametrize(
    ("kind", "state", "code", "attempts"),
    [
        ("nobody", AssetState.REJECTED, "no_person", 1),
        ("model", AssetState.FAILED, "model", 1),
        ("bug", AssetState.FAILED, "bug", 1),
    ],
)
def test_faults_of_the_picture_end_at_the_first_try(
    jobs: AssetJobs, kind: str, state: AssetState, code: str, attempts: int
) -> None:
    asset = ended(jobs, kind)
    assert (asset.state, asset.code, asset.attempts) == (state, code, attempts)
    assert asset.document is None
    assert asset.message
    with pytest.raises(AssetNotFoundError):
        jobs.file(asset.id, "cutout.png")
