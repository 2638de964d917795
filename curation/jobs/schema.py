"""The schema of the jobs database, and its migrations.

Each version is a step in `UPGRADES`. Steps are only ever appended; a database runs through all steps that are newer
than its version.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from curation.errors import StorageError

__all__ = ["SCHEMA_VERSION", "upgrade"]

_FIRST = (
    """
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
    )
    """,
    "CREATE UNIQUE INDEX one_active_job_per_stage ON jobs (stage) WHERE state IN ('queued', 'running')",
)
# SQLite cannot change a CHECK constraint: the rows are copied to a new table, with their sequence numbers.
_EXPORTS_AND_CANCELLING = (
    "DROP INDEX one_active_job_per_stage",
    "ALTER TABLE jobs RENAME TO jobs_of_version_1",
    """
    CREATE TABLE jobs (
        sequence            INTEGER PRIMARY KEY AUTOINCREMENT,
        id                  TEXT NOT NULL UNIQUE,
        stage               TEXT NOT NULL CHECK (stage IN ('clustering', 'scoring', 'export')),
        state               TEXT NOT NULL CHECK (
            state IN ('queued', 'running', 'succeeded', 'failed', 'interrupted', 'cancelled')
        ),
        created_at          TEXT NOT NULL,
        started_at          TEXT,
        finished_at         TEXT,
        progress            TEXT,
        counts              TEXT NOT NULL DEFAULT '{}',
        failures            TEXT NOT NULL DEFAULT '[]',
        warnings            TEXT NOT NULL DEFAULT '[]',
        error               TEXT,
        owner               TEXT NOT NULL,
        request             TEXT NOT NULL DEFAULT '{}',
        result              TEXT NOT NULL DEFAULT '{}',
        cancel_requested_at TEXT
    )
    """,
    """
    INSERT INTO jobs (sequence, id, stage, state, created_at, started_at, finished_at, progress, counts, failures,
                      warnings, error, owner)
    SELECT sequence, id, stage, state, created_at, started_at, finished_at, progress, counts, failures,
           warnings, error, owner
    FROM jobs_of_version_1
    """,
    "DROP TABLE jobs_of_version_1",
    "CREATE UNIQUE INDEX one_active_job_per_stage ON jobs (stage) WHERE state IN ('queued', 'running')",
)
_COLUMNS = (
    "sequence, id, stage, state, created_at, started_at, finished_at, progress, counts, failures, warnings, error, "
    "owner, request, result, cancel_requested_at"
)
_FILMS = (
    "DROP INDEX one_active_job_per_stage",
    "ALTER TABLE jobs RENAME TO jobs_of_version_2",
    """
    CREATE TABLE jobs (
        sequence            INTEGER PRIMARY KEY AUTOINCREMENT,
        id                  TEXT NOT NULL UNIQUE,
        stage               TEXT NOT NULL CHECK (stage IN ('clustering', 'scoring', 'export', 'video')),
        state               TEXT NOT NULL CHECK (
            state IN ('queued', 'running', 'succeeded', 'failed', 'interrupted', 'cancelled')
        ),
        created_at          TEXT NOT NULL,
        started_at          TEXT,
        finished_at         TEXT,
        progress            TEXT,
        counts              TEXT NOT NULL DEFAULT '{}',
        failures            TEXT NOT NULL DEFAULT '[]',
        warnings            TEXT NOT NULL DEFAULT '[]',
        error               TEXT,
        owner               TEXT NOT NULL,
        request             TEXT NOT NULL DEFAULT '{}',
        result              TEXT NOT NULL DEFAULT '{}',
        cancel_requested_at TEXT
    )
    """,
    f"INSERT INTO jobs ({_COLUMNS}) SELECT {_COLUMNS} FROM jobs_of_version_2",
    "DROP TABLE jobs_of_version_2",
    "CREATE UNIQUE INDEX one_active_job_per_stage ON jobs (stage) WHERE state IN ('queued', 'running')",
)
_WEIGHTS = (
    "DROP INDEX one_active_job_per_stage",
    "ALTER TABLE jobs RENAME TO jobs_of_version_3",
    """
    CREATE TABLE jobs (
        sequence            INTEGER PRIMARY KEY AUTOINCREMENT,
        id                  TEXT NOT NULL UNIQUE,
        stage               TEXT NOT NULL CHECK (
            stage IN ('clustering', 'scoring', 'export', 'video', 'sidecars', 'weights')
        ),
        state               TEXT NOT NULL CHECK (
            state IN ('queued', 'running', 'succeeded', 'failed', 'interrupted', 'cancelled')
        ),
        created_at          TEXT NOT NULL,
        started_at          TEXT,
        finished_at         TEXT,
        progress            TEXT,
        counts              TEXT NOT NULL DEFAULT '{}',
        failures            TEXT NOT NULL DEFAULT '[]',
        warnings            TEXT NOT NULL DEFAULT '[]',
        error               TEXT,
        owner               TEXT NOT NULL,
        request             TEXT NOT NULL DEFAULT '{}',
        result              TEXT NOT NULL DEFAULT '{}',
        cancel_requested_at TEXT
    )
    """,
    f"INSERT INTO jobs ({_COLUMNS}) SELECT {_COLUMNS} FROM jobs_of_version_3",
    "DROP TABLE jobs_of_version_3",
    "CREATE UNIQUE INDEX one_active_job_per_stage ON jobs (stage) WHERE state IN ('queued', 'running')",
)
UPGRADES = (_FIRST, _EXPORTS_AND_CANCELLING, _FILMS, _WEIGHTS)

SCHEMA_VERSION = len(UPGRADES)


def upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Migrate the database to the current version.

    Args:
        connection: In a write transaction; the caller rolls it back if a step fails.
        path: Path of the database, for the message.

    Raises:
        StorageError: If a newer program wrote it.
        sqlite3.Error: If it cannot be written.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StorageError(
            f"{path} was written by a newer version of Curation (schema {version}, this one knows "
            f"{SCHEMA_VERSION}); update Curation, or set io.state_dir to another folder"
        )
    for steps in UPGRADES[version:]:
        for statement in steps:
            connection.execute(statement)
    if version < SCHEMA_VERSION:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
