"""Real photos and networks over real Redis: a worker with nothing of its own but the photos gives the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from curation.bootstrap import build
from curation.settings import Settings, load_settings
from tests.processes import wait_until
from tests.redis_server import started

_PHOTOS = 4
_ROOT = Path(__file__).parents[2]


def _settings(folder: Path, photos: Path, weights: Path, pool: str, workers: dict[str, object]) -> Settings:
    sections: dict[str, dict[str, object]] = {
        "io": {
            "input_dir": str(photos),
            "output_dir": str(folder / "out"),
            "state_dir": str(folder / "state"),
            "models_dir": str(weights),
        },
        "engine": {"name": "retinaface-arcface", "download": False},
        "performance": {"pool": pool, "workers": 1},
        "workers": workers,
        "video": {"event_clips": "off"},
    }
    return load_settings(None, default_root=folder, overrides=sections)


def _outputs(settings: Settings) -> dict[str, bytes]:
    folder = settings.io.output_dir
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("_run.json") and not path.name.startswith(".")
    }


def _run(settings: Settings) -> dict[str, bytes]:
    flow = build(settings, allow_download=False)
    assert flow.run_clustering().failed == 0
    assert flow.run_scoring().failed == 0
    return _outputs(settings)


def test_a_worker_that_fetches_its_weights_gives_the_same_bytes(test_data: Path, tmp_path: Path) -> None:
    given = test_data / "weights/deepface_home/.deepface/weights"
    pictures = sorted((test_data / "photos/five_celebs").rglob("*.jp*g"))[:: 94 // _PHOTOS][:_PHOTOS]
    if not (given / "retinaface.onnx").is_file() or not pictures:
        pytest.skip(f"no weights or photos of five_celebs in {test_data}")
    redis = started(tmp_path)
    weights, photos, worker = tmp_path / "weights", tmp_path / "event", tmp_path / "worker"
    for folder in (weights, photos, worker / "pictures", tmp_path / "bucket"):
        folder.mkdir(parents=True)
    for name in ("retinaface.onnx", "arcface_weights.onnx"):
        shutil.copy(given / name, weights / name)
    for path in pictures:
        shutil.copy(path, photos / path.name)
        shutil.copy(path, worker / "pictures" / path.name)
    options: dict[str, object] = {
        "broker_url": f"redis://127.0.0.1:{redis.address.port}/0",
        "weights_url": (tmp_path / "bucket").as_uri(),
        "patience_s": 60,
    }
    (worker / "config.yaml").write_text(
        "io: {input_dir: pictures, state_dir: state, models_dir: nets}\n"
        f"workers: {{broker_url: '{options['broker_url']}', weights_url: '{options['weights_url']}'}}\n"
    )
    command = [sys.executable, "-m", "curation", "--config", str(worker / "config.yaml"), "worker", "--concurrency=1"]
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=os.environ | {"PYTHONPATH": str(_ROOT)}, cwd=worker
        )
    try:
        expected = _run(_settings(tmp_path / "here", photos, weights, "local", options))
        wait_until(lambda: "works with" in log.read_text(), "a worker")
        assert _run(_settings(tmp_path / "there", photos, weights, "celery", options)) == expected, log.read_text()
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        redis.stop()
    assert len(expected) >= 4
    assert len(list((worker / "nets" / "by_sha256").rglob("*.onnx"))) == 2
    assert not list(worker.rglob("*.sqlite*")), "a worker needs no store"
