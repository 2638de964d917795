"""Where the results of clips are kept: a folder for each clip of each event in `io.state_dir`.

A result names people of its event, so that two events with the same clip have a folder each.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from curation.settings import Settings, place_key
from curation.storage.atomic import explained

__all__ = ["found_result", "result_folder", "sweep_results"]

_DIR = "event_clips"
_NAME_CHARS = 32


def result_folder(settings: Settings, content: str) -> Path:
    """The folder into which the result of the clip with this content is written; it need not exist."""
    return settings.io.state_dir / _DIR / f"{content[:_NAME_CHARS]}-{place_key(settings.output_place())}"


def found_result(settings: Settings, content: str) -> Path:
    """The folder from which it is read: until the next run over the clips that of an older version of this program."""
    folder = result_folder(settings, content)
    older = folder.with_name(content[:_NAME_CHARS])
    return older if older.is_dir() and not folder.is_dir() else folder


def sweep_results(settings: Settings, contents: Collection[str]) -> None:
    """Remove the event's results of all other clips: what was looked at is kept elsewhere, so they come back quickly.

    Raises:
        StorageError: If the folder cannot be read.
    """
    keep = {result_folder(settings, content).name for content in contents}
    written_anew = {content[:_NAME_CHARS] for content in contents}
    own = f"-{place_key(settings.output_place())}"
    folders = settings.io.state_dir / _DIR
    try:
        for folder in folders.iterdir():
            is_left = folder.name.endswith(own) and folder.name not in keep
            if folder.is_dir() and (is_left or folder.name in written_anew):
                shutil.rmtree(folder, ignore_errors=True)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise explained(error, folders, "read") from error
