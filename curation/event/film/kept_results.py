"""Where the results of an event's clips are kept: one folder a clip in `io.state_dir`, by the content of the clip."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from curation.storage.atomic import explained

__all__ = ["result_folder", "sweep_results"]

_DIR = "event_clips"
_NAME_CHARS = 32


def result_folder(state_dir: Path, content: str) -> Path:
    """The folder of the result of the clip with this content, which need not exist."""
    return state_dir / _DIR / content[:_NAME_CHARS]


def sweep_results(state_dir: Path, contents: Collection[str]) -> None:
    """Remove the results of all other clips: what was looked at is kept elsewhere, so they come back quickly.

    Raises:
        StorageError: If the folder cannot be read.
    """
    keep = {content[:_NAME_CHARS] for content in contents}
    try:
        for folder in (state_dir / _DIR).iterdir():
            if folder.is_dir() and folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise explained(error, state_dir / _DIR, "read") from error
