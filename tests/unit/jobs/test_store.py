"""The jobs database: what it stores and refuses, and how jobs of a dead service end."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from curation.domain.report import Failure, Progress
from curation.errors import StorageError
from curation.jobs import schema as jobs_schema
from curation.jobs import store as jobs
from curation.jobs.job import Job, JobError, JobState, Stage, utc_now
from curation.jobs.owners import Owner, is_alive
from curation.jobs.schema import SCHEMA_VERSION
from curation.jobs.store import ActiveJobError, JobStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    store = JobStore(tmp_path / "state" / "jobs.sqlite3")
    yield store
    store.close()


def ended(job: Job, state: JobState = JobState.SUCCEEDED) -> Job:
    return replace(job, state=state, finished_at=utc_now())


def test_new_job_is_queued_and_found(store: JobStore) -> None:
    job = store.create(Stage.CLUSTERING)
    assert job.state is JobState.QUEUED
    assert job.state.is_active
    assert job.created_at.endswith("+00:00")
    assert store.get(job.id) == job
    assert store.get("no such id") is None


def test_all_fields_of_a_job_are_stored(store: JobStore) -> None:
    job = replace(
        store.create(Stage.EXPORT, {"mode": "zip", "top": 5}),
        state=JobState.FAILED,
        started_at=utc_now(),
        finished_at=utc_now(),
        progress=Progress("photos", 3, 7, 1),
        counts={"total": 7, "seconds": 1.5},
        failures=(Failure("day 2/\udce9t\u00e9.jpg", "cut off"),),
        warnings=("nobody is labelled",),
        error=JobError("storage", "the disk is full: free some space"),
        result={"folder": "export/1", "files": ["caf\u00e9.jpg"]},
    )
    store.save(job)
    assert store.get(job.id) == job


def test_jobs_outlive_the_store(tmp_path: Path) -> None:
    first = JobStore(tmp_path / "jobs.sqlite3")
    job = ended(first.create(Stage.CLUSTERING))
    first.save(job)
    first.close()
    second = JobStore(tmp_path / "jobs.sqlite3")
    assert second.list() == (job,)
    second.close()


def test_one_active_job_per_stage(store: JobStore) -> None:
    running = store.create(Stage.CLUSTERING)
    with pytest.raises(ActiveJobError) as refused:
        store.create(Stage.CLUSTERING)
    assert refused.value.job == running
    store.create(Stage.SCORING)
    store.save(ended(running))
    store.create(Stage.CLUSTERING)


def test_the_database_itself_allows_one_active_job_per_stage(store: JobStore, tmp_path: Path) -> None:
    store.create(Stage.CLUSTERING)
    with (
        closing(sqlite3.connect(tmp_path / "state" / "jobs.sqlite3")) as connection,
        pytest.raises(sqlite3.IntegrityError),
    ):
        connection.execute(
            "INSERT INTO jobs (id, stage, state, created_at, owner) VALUES ('x', 'clustering', 'running', '', '')"
        )


def test_of_many_threads_one_gets_the_job(store: JobStore) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        try:
            store.create(Stage.SCORING)
        except ActiveJobError:
            outcomes.append("refused")
        else:
            outcomes.append("created")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["created"] + ["refused"] * 7


def test_list_is_newest_first_and_paged(store: JobStore) -> None:
    made = []
    for stage in (Stage.CLUSTERING, Stage.SCORING, Stage.CLUSTERING):
        job = store.create(stage)
        store.save(ended(job))
        made.append(job.id)
    assert [job.id for job in store.list()] == made[::-1]
    assert [job.id for job in store.list(limit=1, offset=1)] == [made[1]]
    assert [job.id for job in store.list(stage=Stage.CLUSTERING)] == [made[2], made[0]]
    assert (store.count(), store.count(stage=Stage.SCORING), store.count(active=True)) == (3, 1, 0)
    assert store.count(active=False) == 3


def test_a_dead_services_job_is_interrupted(tmp_path: Path) -> None:
    dead = JobStore(tmp_path / "jobs.sqlite3")
    job = replace(dead.create(Stage.CLUSTERING), state=JobState.RUNNING, progress=Progress("photos", 5, 9))
    dead.save(job)
    dead.close()
    after = JobStore(tmp_path / "jobs.sqlite3")
    found = after.get(job.id)
    assert found is not None
    assert found.state is JobState.INTERRUPTED
    assert found.finished_at is not None
    assert found.error is not None
    assert found.error.code == "interrupted"
    assert "start the clustering stage again" in found.error.message
    assert found.progress == job.progress
    after.create(Stage.CLUSTERING)
    after.close()


def test_a_living_services_job_is_left_alone(store: JobStore, tmp_path: Path) -> None:
    job = store.create(Stage.CLUSTERING)
    other = JobStore(tmp_path / "state" / "jobs.sqlite3")
    assert other.get(job.id) == job
    with pytest.raises(ActiveJobError):
        other.create(Stage.CLUSTERING)
    other.close()


def test_a_killed_process_is_not_alive(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from curation.jobs.owners import Owner\n"
        "owner = Owner(Path(sys.argv[1])); print(owner.name, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        alive_before = is_alive(tmp_path, name)
        process.kill()
        process.wait()
    assert alive_before
    assert not is_alive(tmp_path, name)
    assert list((tmp_path / "owners").iterdir()) == []


def test_release_from_another_thread_counts(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    assert is_alive(tmp_path, owner.name)
    thread = threading.Thread(target=owner.release)
    thread.start()
    thread.join()
    assert not is_alive(tmp_path, owner.name)


@pytest.mark.parametrize("damage", ["no database", "a page", "a row"])
def test_a_damaged_database_is_set_aside_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    path = tmp_path / "jobs.sqlite3"
    with closing(JobStore(path)) as store:
        store.create(Stage.CLUSTERING)
    content = path.read_bytes()
    if damage == "a row":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE jobs SET counts = '{'")
            connection.commit()
    else:
        path.write_bytes(b"this is no database" * 100 if damage == "no database" else content[:4096] + b"\xff" * 4096)
    broken = path.read_bytes()
    with closing(JobStore(path)) as store:
        assert store.list() == ()
        store.create(Stage.CLUSTERING)
    assert (tmp_path / "jobs.sqlite3.damaged").read_bytes() == broken
    assert caplog.text.count("only the history of jobs is lost") == 1


VERSION_1 = """
CREATE TABLE jobs (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    stage       TEXT NOT NULL CHECK (stage IN ('clustering', 'scoring')),
    state       TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'interrupted')),
    created_at  TEXT NOT NULL,
    started_at  TEXT,
    finished_at TEXT,
    progress    TEXT,
    counts      TEXT NOT NULL DEFAULT '{}',
    failures    TEXT NOT NULL DEFAULT '[]',
    warnings    TEXT NOT NULL DEFAULT '[]',
    error       TEXT,
    owner       TEXT NOT NULL
);
CREATE UNIQUE INDEX one_active_job_per_stage ON jobs (stage) WHERE state IN ('queued', 'running');
INSERT INTO jobs VALUES (7, 'seven', 'clustering', 'succeeded', 'a', 'b', 'c',
    '{"phase": "photos", "done": 3, "total": 3, "failed": 1}', '{"total": 3}',
    '[{"image_path": "x.jpg", "reason": "cut off"}]', '["look"]', NULL, 'someone');
INSERT INTO jobs VALUES (9, 'nine', 'scoring', 'running', 'd', 'e', NULL, NULL, '{}', '[]', '[]', NULL, 'nobody');
PRAGMA user_version = 1;
"""


def test_a_database_of_version_1_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1)
    store = JobStore(path)
    assert store.get("seven") == Job(
        "seven",
        Stage.CLUSTERING,
        JobState.SUCCEEDED,
        "a",
        "someone",
        started_at="b",
        finished_at="c",
        progress=Progress("photos", 3, 3, 1),
        counts={"total": 3},
        failures=(Failure("x.jpg", "cut off"),),
        warnings=("look",),
    )
    cut_off = store.get("nine")
    assert cut_off is not None
    assert cut_off.state is JobState.INTERRUPTED
    export = store.create(Stage.EXPORT)
    film = store.create(Stage.VIDEO)
    store.save(replace(ended(store.create(Stage.SCORING)), state=JobState.CANCELLED))
    assert [job.id for job in store.list()][1:] == [film.id, export.id, "nine", "seven"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        numbers = [row[0] for row in connection.execute("SELECT sequence FROM jobs ORDER BY sequence")]
        assert numbers == [7, 9, 10, 11, 12]
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(
                "INSERT INTO jobs (id, stage, state, created_at, owner) VALUES ('x', 'export', 'running', '', '')"
            )
    store.close()


def test_an_upgrade_that_fails_leaves_the_old_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "jobs.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1)
    first, second, *others = jobs_schema.UPGRADES
    monkeypatch.setattr(jobs_schema, "UPGRADES", (first, (*second, "SELECT * FROM no_such_table"), *others))
    with pytest.raises(StorageError, match="no_such_table"):
        JobStore(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (2,)


def test_a_request_to_cancel_survives_a_save(store: JobStore) -> None:
    job = store.create(Stage.CLUSTERING)
    asked = store.request_cancel(job.id)
    assert asked is not None
    assert asked.cancel_requested_at is not None
    store.save(replace(job, state=JobState.RUNNING))
    again = store.request_cancel(job.id)
    assert again is not None
    assert (again.state, again.cancel_requested_at) == (JobState.RUNNING, asked.cancel_requested_at)
    assert store.request_cancel("no such id") is None


def test_a_job_that_ended_is_not_asked_to_stop(store: JobStore) -> None:
    job = ended(store.create(Stage.CLUSTERING))
    store.save(job)
    assert store.request_cancel(job.id) == job


def test_the_oldest_jobs_are_deleted_but_no_active_one(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MAX_STORED_JOBS", 3)
    working = store.create(Stage.EXPORT)
    made = []
    for _ in range(5):
        job = store.create(Stage.SCORING)
        store.save(ended(job))
        made.append(job.id)
    assert [job.id for job in store.list()] == [*made[:1:-1], working.id]


def test_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StorageError, match="newer version"):
        JobStore(path)


def test_row_that_cannot_be_read(store: JobStore, tmp_path: Path) -> None:
    job = store.create(Stage.CLUSTERING)
    with closing(sqlite3.connect(tmp_path / "state" / "jobs.sqlite3")) as connection:
        connection.execute("UPDATE jobs SET counts = '{'")
        connection.commit()
    with pytest.raises(StorageError, match="cannot be read"):
        store.get(job.id)


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be created"):
        JobStore(tmp_path / "file" / "state" / "jobs.sqlite3")


def test_locked_database(store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BUSY_TIMEOUT_MS", 1)
    with closing(sqlite3.connect(tmp_path / "state" / "jobs.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert store.list() == ()  # readers do not wait for the writer
        with pytest.raises(StorageError, match="locked"):
            store.create(Stage.CLUSTERING)
        other.execute("ROLLBACK")
