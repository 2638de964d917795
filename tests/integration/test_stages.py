"""Both stages with real worker processes, the dlib engine and the sample event."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from curation.bootstrap import build
from curation.domain.report import ClusteringReport, ScoringReport
from curation.settings import load_settings
from curation.storage.run_records import CLUSTERING_RUN, SCORING_RUN

NOT_COMPARED = (CLUSTERING_RUN, SCORING_RUN, ".curation.lock")
PHOTOS = 5


def run(photos: Path, folder: Path, workers: int) -> tuple[ClusteringReport, ScoringReport]:
    overrides: dict[str, dict[str, Any]] = {
        "io": {"input_dir": photos, "output_dir": folder / "out", "state_dir": folder / "state"},
        "engine": {"name": "dlib", "dlib": {"working_size_px": 400}},
        "performance": {"workers": workers},
    }
    workflow = build(load_settings(None, default_root=folder, overrides=overrides), allow_download=False)
    return workflow.run_clustering(), workflow.run_scoring()


def outputs(folder: Path) -> dict[str, bytes]:
    out = folder / "out"
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in NOT_COMPARED
    }


@pytest.fixture(scope="module")
def photos(sample_event: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part of the sample event, and a photo that cannot be read."""
    folder = tmp_path_factory.mktemp("stages") / "photos"
    folder.mkdir()
    for path in sorted(sample_event.iterdir())[:PHOTOS]:
        shutil.copy2(path, folder)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    return folder


@pytest.fixture(scope="module")
def serial(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ClusteringReport, ScoringReport]:
    folder = tmp_path_factory.mktemp("one_worker")
    return folder, *run(photos, folder, 1)


def test_every_photo_is_ranked_or_in_the_report(
    photos: Path, serial: tuple[Path, ClusteringReport, ScoringReport]
) -> None:
    folder, clustering, scoring = serial
    count = sum(path.is_file() for path in photos.rglob("*"))
    assert clustering.analysed + clustering.failed == clustering.total == count
    assert scoring.scored + scoring.failed == scoring.total == count
    assert [failure.image_path for failure in clustering.failures] == ["broken.jpg"]
    assert clustering.clusters >= 2
    assert clustering.engine == "dlib"
    for name in (CLUSTERING_RUN, SCORING_RUN):
        record = json.loads((folder / "out" / name).read_text(encoding="utf-8"))
        assert all(len(sha256) == 64 for sha256 in record["weights"].values())
        assert record["weights"]


def test_the_number_of_workers_changes_no_byte(
    photos: Path, serial: tuple[Path, ClusteringReport, ScoringReport], tmp_path: Path
) -> None:
    run(photos, tmp_path, 3)
    assert outputs(tmp_path) == outputs(serial[0])


def test_a_second_run_does_only_what_is_new(
    photos: Path, serial: tuple[Path, ClusteringReport, ScoringReport], tmp_path: Path
) -> None:
    shutil.copytree(serial[0], tmp_path, dirs_exist_ok=True)
    clustering, scoring = run(photos, tmp_path, 2)
    assert clustering.reused == clustering.analysed
    assert scoring.reused == scoring.scored
    assert outputs(tmp_path) == outputs(serial[0])
