"""Assets that a worker of another machine takes apart, over a real Redis: the same bytes as here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.domain.assets.states import AssetState
from curation.errors import WeightsMissingError
from curation.jobs.assets.asset_jobs import AssetJobs
from curation.jobs.assets.building import build_asset_jobs
from curation.settings import load_settings
from tests.conftest import PROJECT_ROOT
from tests.redis_server import RedisProcess, redis_process

__all__ = ["redis_process"]

_PHOTOS = 2


def _jobs(folder: Path, models: Path, more: str = "") -> AssetJobs:
    folder.mkdir()
    (folder / "config.yaml").write_text(
        f"io: {{models_dir: '{models}', state_dir: '{folder / 'state'}', input_dir: '{folder / 'no photos'}'}}\n"
        "engine: {name: retinaface-arcface, download: false}\n"
        f"assets: {{dir: '{folder / 'assets'}', sweep_s: 1, photo_timeout_s: 100}}\n{more}",
        encoding="utf-8",
    )
    return build_asset_jobs(load_settings(folder / "config.yaml", default_root=folder))


@pytest.fixture
def models(test_data: Path, tmp_path: Path) -> Path:
    models = tmp_path / "models"
    models.mkdir()
    for folder in ("onnx", "deepface_home/.deepface/weights"):
        for path in (test_data / "weights" / folder).glob("*.onnx"):
            (models / path.name).symlink_to(path.resolve())
    return models


@pytest.fixture
def photos(test_data: Path) -> list[Path]:
    """The smallest photos of whole people."""
    everything = (test_data / "photos" / "clothes").rglob("*.jpg")
    found = sorted(everything, key=lambda path: (path.stat().st_size, path))
    if len(found) < _PHOTOS:
        pytest.skip("no photos of whole people")
    return found[:_PHOTOS]


@pytest.fixture
def redis_url(redis_process: RedisProcess) -> str:
    return f"redis://127.0.0.1:{redis_process.address.port}/0"


@pytest.fixture
def worker(tmp_path: Path, models: Path, redis_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with folders of its own, which sees no photos and no folder of assets."""
    own = tmp_path / "worker"
    own.mkdir()
    (own / "config.yaml").write_text(
        f"io: {{models_dir: '{models}', state_dir: '{own / 'state'}', input_dir: '{own / 'none'}'}}\n"
        f"engine: {{download: false}}\nworkers: {{broker_url: '{redis_url}', concurrency: 1}}\n"
    )
    with (own / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "curation", "--config", str(own / "config.yaml"), "worker"],
            cwd=PROJECT_ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _not_here(task: object) -> Any:
    raise AssertionError("it is worked on here")


def _files(jobs: AssetJobs, ids: list[str]) -> dict[tuple[str, str], bytes]:
    out = {}
    for asset_id in ids:
        found = jobs.get(asset_id)
        assert (found.state, found.message, found.attempts) == (AssetState.COMPLETED, "", 1)
        assert found.document is not None and found.document["files"]
        for name in found.document["files"]:
            out[asset_id, name] = jobs.file(asset_id, name).read_bytes()
    return out


def test_a_worker_elsewhere_gives_the_same_bytes(
    tmp_path: Path,
    models: Path,
    photos: list[Path],
    redis_url: str,
    worker: subprocess.Popen[bytes],
) -> None:
    here = _jobs(tmp_path / "here", models)
    there = _jobs(
        tmp_path / "there", models, f"performance: {{pool: celery}}\nworkers: {{broker_url: '{redis_url}'}}\n"
    )
    try:
        try:
            ids = [here.submit(path, path.name).id for path in photos]
        except WeightsMissingError as error:
            pytest.skip(f"no weights: {error}")
        here.start()  # both at once
        # Settings and weights are the same, so are the ids.
        assert [there.submit(path, path.name).id for path in photos] == ids
        cut_off = there.submit(photos[0].read_bytes()[:2000], "cut off.jpg")
        there._made = replace(there.work, process=_not_here)
        there.run_until_done()
        here.run_until_done()
        expected = _files(here, ids)
        log = (tmp_path / "worker" / "log").read_text(errors="replace")
        assert _files(there, ids) == expected, log
        assert [there.get(each).document for each in ids] == [here.get(each).document for each in ids]
        assert there.get(cut_off.id).state is AssetState.REJECTED
        assert worker.poll() is None
    finally:
        here.close()
        there.close()
