"""Where photos and films are worked on: on this machine, or by workers of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from curation import bootstrap
from curation.engines.base import WeightsFile
from curation.pipelines.grouping_task import cluster_faces_worker
from curation.pipelines.per_photo import analyse_photo_worker, score_photo_worker
from curation.settings import Settings, load_settings
from curation.workers.distributed.pool import CeleryPool
from curation.workers.pool import TaskPool
from curation.workers.processes import ProcessPool
from tests.fake_film_engine import fake_video_setup
from tests.fakes import fake_spec


def _settings(folder: Path, pool: str, photos: str = "photos") -> Settings:
    sections = {"performance": {"pool": pool}, "io": {"input_dir": photos, "state_dir": str(folder / "state")}}
    return load_settings(None, default_root=folder, overrides=sections)


@contextmanager
def _pool(settings: Settings) -> Iterator[TaskPool]:
    weights = WeightsFile("landmarks.dat", Path("landmarks.dat"), "b" * 64)
    pool = bootstrap.build(settings)._parts.make_pool(fake_spec(), weights, ())
    yield pool
    pool.close()


def test_photos_are_worked_on_here_unless_they_are_shared_out(tmp_path: Path) -> None:
    with _pool(_settings(tmp_path, "local")) as pool:
        assert isinstance(pool, ProcessPool)
    with _pool(_settings(tmp_path, "celery")) as pool:
        assert isinstance(pool, CeleryPool)
        assert pool._work.name_of(analyse_photo_worker) == "analyse_photo"
        assert pool._work.name_of(score_photo_worker) == "measure_photo"
        assert pool._work.name_of(cluster_faces_worker) is None, "grouping runs where the memory is"
        assert isinstance(pool._here(), ProcessPool)


def test_no_process_starts_early_for_photos_that_are_shared_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    monkeypatch.setattr(bootstrap, "WorkerProcess", None)
    settings = load_settings(
        None, default_root=tmp_path, overrides={"performance": {"pool": "celery"}, "io": {"output_dir": str(tmp_path)}}
    )
    bootstrap.build(settings, eager_without="face_data.csv")


@pytest.mark.parametrize(
    ("pool", "photos", "of_event", "is_shared_out"),
    [
        ("local", "photos", True, False),
        ("celery", "photos", True, True),
        ("celery", "photos", False, True),
        ("celery", "s3://bucket/event", True, True),
        ("celery", "s3://bucket/event", False, False),
    ],
)
def test_films_are_shared_out_where_other_machines_see_them(
    tmp_path: Path, pool: str, photos: str, of_event: bool, is_shared_out: bool
) -> None:
    settings = _settings(tmp_path, pool, photos)
    analyser = bootstrap.video_analyser(settings, fake_video_setup(tmp_path / "state"), of_event=of_event)
    made = analyser._make_pool()
    assert isinstance(made, CeleryPool) is is_shared_out
    made.close()
