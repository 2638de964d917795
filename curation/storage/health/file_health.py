"""file_health.csv: which files should be copied again, and which photos are not on this disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curation.domain.files.broken import BROKEN_COLUMNS, BrokenFile
from curation.storage.atomic import write_bytes
from curation.storage.csv_tables import csv_bytes

__all__ = ["FILE_HEALTH", "write_file_health"]

FILE_HEALTH = "file_health.csv"


def write_file_health(output_dir: Path, files: Sequence[BrokenFile]) -> None:
    """Write file_health.csv; if all files are whole, it has only its header.

    Raises:
        StorageError: If it cannot be written.
    """
    cells = (
        (
            file.image_path,
            file.fault.value,
            file.reason,
            file.still_good,
            "" if file.size_bytes is None else file.size_bytes,
            file.capture_time,
            file.twin,
        )
        for file in files
    )
    write_bytes(output_dir / FILE_HEALTH, csv_bytes(BROKEN_COLUMNS, cells))
