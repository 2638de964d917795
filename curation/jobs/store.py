"""The table of jobs in a small SQLite database, which outlives the service.

An index of the database ensures that a stage has at most one active job. Each service process is an owner and holds an
operating-system lock while it runs, so that the jobs of a process that died can be recognised.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from curation.domain.report import Failure, Progress
from curation.errors import StorageError
from curation.jobs.job import Job, JobError, JobState, Stage, utc_now
from curation.jobs.owners import Owner, is_alive
from curation.jobs.schema import upgrade
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained
from curation.storage.databases.damage import SQLITE_ERRORS, is_damage, move_aside
from curation.storage.locks import hold_file_lock

__all__ = ["MAX_STORED_JOBS", "ActiveJobError", "JobStore"]

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 5_000
"""How long a writer waits for another writer; each write takes milliseconds."""

MAX_STORED_JOBS = 500
"""Maximum number of jobs; beyond it the oldest jobs that have ended are deleted."""

_SAVED = (
    "stage, state, created_at, started_at, finished_at, progress, counts, failures, warnings, error, owner, "
    "request, result"
)
_COLUMNS = f"id, {_SAVED}, cancel_requested_at"


class ActiveJobError(Exception):
    """The stage already has an active job. Handled within the service; see `JobStore.create`."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"{job.stage} already runs as job {job.id}")
        self.job = job


class JobStore:
    """The table of jobs. Thread-safe: every method opens its own connection."""

    def __init__(self, path: Path) -> None:
        """Open or create the database, and end the jobs of service processes that died.

        Args:
            path: The database; its folder is created if needed. It should be on a local disk.

        Raises:
            StorageError: If it cannot be created or read, or was made by a newer version.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explained(error, path.parent, "created") from error
        try:
            self._migrate()
            self.list(limit=MAX_STORED_JOBS * 2)  # a damaged page is noticed now, and not when somebody looks
        except StorageError as error:
            cause = error.__cause__
            # A row that cannot be read, or damage that SQLite finds; a database of a newer version has no cause.
            if not isinstance(cause, PARSER_ERRORS) and (cause is None or not is_damage(cause, of_schema=False)):
                raise
            self._begin_anew(error)
        self._owner = Owner(path.parent)
        self.interrupt_orphans()

    def close(self) -> None:
        """Stop being an owner; jobs of this process that are still active then count as interrupted."""
        self._owner.release()

    def create(self, stage: Stage, request: Mapping[str, Any] | None = None) -> Job:
        """Add a queued job.

        Args:
            stage: The stage that it will run.
            request: The options of the run; plain JSON values.

        Raises:
            ActiveJobError: If the stage already has an active job.
            StorageError: If the database cannot be written.
        """
        self.interrupt_orphans()
        job = Job(uuid.uuid4().hex, stage, JobState.QUEUED, utc_now(), self._owner.name, request=dict(request or {}))
        row_of_job = (job.id, *_to_row(job))
        with self._transaction() as connection:
            try:
                connection.execute(
                    f"INSERT INTO jobs (id, {_SAVED}) VALUES ({','.join('?' * len(row_of_job))})", row_of_job
                )
                _delete_oldest(connection)
                return job
            except sqlite3.IntegrityError:
                # The index allows only one active job, and that job cannot end within this transaction.
                row = connection.execute(
                    f"SELECT {_COLUMNS} FROM jobs WHERE stage = ? AND state IN ('queued', 'running')", (stage.value,)
                ).fetchone()
                if row is None:
                    raise
        raise ActiveJobError(self._from_row(row))

    def save(self, job: Job) -> None:
        """Update the stored job, except for `cancel_requested_at`.

        Raises:
            StorageError: If the database cannot be written.
        """
        names = _SAVED.split(", ")
        with self._transaction() as connection:
            connection.execute(
                f"UPDATE jobs SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?", (*_to_row(job), job.id)
            )

    def request_cancel(self, job_id: str) -> Job | None:
        """Store a request to cancel a job, for the service process that runs it.

        Returns:
            The current job; None if there is no job with this id. A job that has ended is not changed.

        Raises:
            StorageError: If the database cannot be written.
        """
        with self._transaction() as connection:
            connection.execute(
                "UPDATE jobs SET cancel_requested_at = ? "
                "WHERE id = ? AND state IN ('queued', 'running') AND cancel_requested_at IS NULL",
                (utc_now(), job_id),
            )
        return self.get(job_id)

    def get(self, job_id: str) -> Job | None:
        """The job with this id, or None.

        Raises:
            StorageError: If the database cannot be read.
        """
        with self._transaction(write=False) as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return None if row is None else self._from_row(row)

    def list(
        self, *, stage: Stage | None = None, active: bool | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[Job, ...]:
        """Jobs, newest first.

        Args:
            stage: Only those of this stage.
            active: Only queued and running jobs (True), or only jobs that have ended (False).
            limit: Maximum number of jobs.
            offset: Number of jobs to skip, from the newest.

        Raises:
            StorageError: If the database cannot be read.
        """
        where, values = _conditions(stage, active)
        with self._transaction(write=False) as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM jobs {where} ORDER BY sequence DESC LIMIT ? OFFSET ?", (*values, limit, offset)
            ).fetchall()
        return tuple(self._from_row(row) for row in rows)

    def count(self, *, stage: Stage | None = None, active: bool | None = None) -> int:
        """The number of jobs that `list` would return without a limit.

        Raises:
            StorageError: If the database cannot be read.
        """
        where, values = _conditions(stage, active)
        with self._transaction(write=False) as connection:
            number: int = connection.execute(f"SELECT count(*) FROM jobs {where}", values).fetchone()[0]
        return number

    def counts(self) -> Mapping[tuple[Stage, JobState], int]:
        """The number of jobs by stage and state; pairs without a job are missing.

        Raises:
            StorageError: If the database cannot be read.
        """
        with self._transaction(write=False) as connection:
            rows = connection.execute("SELECT stage, state, count(*) FROM jobs GROUP BY stage, state").fetchall()
        return {(Stage(stage), JobState(state)): count for stage, state, count in rows}

    def interrupt_orphans(self) -> tuple[Job, ...]:
        """Mark active jobs whose service process died as interrupted.

        Returns:
            The jobs that were ended.

        Raises:
            StorageError: If the database cannot be read or written.
        """
        ended = []
        for job in self.list(active=True, limit=1000):
            if job.owner == self._owner.name or is_alive(self._path.parent, job.owner):
                continue
            ended.append(
                replace(
                    job,
                    state=JobState.INTERRUPTED,
                    finished_at=utc_now(),
                    error=JobError(
                        "interrupted",
                        f"the service stopped while this job was {job.state}; what was done so far is kept: "
                        + (
                            "the service goes on with it by itself"
                            if job.goes_on
                            else "fetch the files again to continue"
                            if job.stage is Stage.WEIGHTS
                            else f"start the {job.stage} stage again to continue"
                        ),
                    ),
                )
            )
            self.save(ended[-1])
            logger.warning("job %s (%s) was interrupted: its service process has ended", job.id, job.stage)
        return tuple(ended)

    def _migrate(self) -> None:
        with self._transaction() as connection:
            upgrade(connection, self._path)
        with self._connection() as connection:
            # With it readers never wait for the writer. Some file systems do not support it; everything works without.
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            logger.info("%s has no write-ahead log (journal mode %s)", self._path, mode)

    def _begin_anew(self, error: Exception) -> None:
        """Set a damaged database aside: only the history of jobs is lost with it."""
        with hold_file_lock(self._path.with_name(f".{self._path.name}.mending")):
            try:
                self.list(limit=MAX_STORED_JOBS * 2)  # another process may have done it
            except StorageError:
                aside = move_aside(self._path, str(error.__cause__ or error))
                self._migrate()
                logger.warning(
                    "%s is damaged and was renamed to %s; only the history of jobs is lost", self._path, aside.name
                )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
            try:
                yield connection
            finally:
                connection.close()
        except SQLITE_ERRORS as error:
            raise StorageError(
                f"the jobs database {self._path} cannot be used ({error}); check the disk and its permissions, "
                "or move the file away: only the history of jobs is lost"
            ) from error

    @contextmanager
    def _transaction(self, *, write: bool = True) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _from_row(self, row: Sequence[Any]) -> Job:
        job_id, stage, state, created, started, finished, progress, counts, failures, warnings, error, owner = row[:12]
        request, result, cancel_requested = row[12:]
        try:
            return Job(
                id=job_id,
                stage=Stage(stage),
                state=JobState(state),
                created_at=created,
                owner=owner,
                started_at=started,
                finished_at=finished,
                progress=None if progress is None else Progress(**json.loads(progress)),
                counts=json.loads(counts),
                failures=tuple(Failure(**failure) for failure in json.loads(failures)),
                warnings=tuple(json.loads(warnings)),
                error=None if error is None else JobError(**json.loads(error)),
                request=json.loads(request),
                result=json.loads(result),
                cancel_requested_at=cancel_requested,
            )
        except PARSER_ERRORS as broken:
            raise StorageError(
                f"the jobs database {self._path} holds a job that cannot be read ({broken}); "
                "move the file away: only the history of jobs is lost"
            ) from broken


def _conditions(stage: Stage | None, active: bool | None) -> tuple[str, tuple[str, ...]]:
    parts, values = [], []
    if stage is not None:
        parts.append("stage = ?")
        values.append(stage.value)
    if active is not None:
        parts.append(f"state {'IN' if active else 'NOT IN'} ('queued', 'running')")
    return ("WHERE " + " AND ".join(parts) if parts else ""), tuple(values)


def _to_row(job: Job) -> tuple[str | None, ...]:
    return (
        job.stage.value,
        job.state.value,
        job.created_at,
        job.started_at,
        job.finished_at,
        None if job.progress is None else _json(asdict(job.progress)),
        _json(dict(job.counts)),
        _json([asdict(failure) for failure in job.failures]),
        _json(job.warnings),
        None if job.error is None else _json(asdict(job.error)),
        job.owner,
        _json(dict(job.request)),
        _json(dict(job.result)),
    )


def _delete_oldest(connection: sqlite3.Connection) -> None:
    connection.execute(
        "DELETE FROM jobs WHERE state NOT IN ('queued', 'running') AND sequence <= "
        "(SELECT sequence FROM jobs ORDER BY sequence DESC LIMIT 1 OFFSET ?)",
        (MAX_STORED_JOBS,),
    )


def _json(value: object) -> str:
    # ASCII escapes preserve file names with lone surrogates, which cannot be encoded in UTF-8.
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
