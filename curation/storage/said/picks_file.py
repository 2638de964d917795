"""picks.json on disk, and the locks under which it and photo_scores.csv, which depends on it, are changed.

Its content is checked by `curation.domain.judging.picks`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.domain.judging.picks import NO_PICKS, PICKS_VERSION, Picks, parse_picks
from curation.errors import PicksError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.locks import hold_file_lock
from curation.storage.said.last_good import way_back

__all__ = ["PICKS", "hold_picks", "hold_scores", "read_picks", "write_picks"]

PICKS = "picks.json"


@contextmanager
def hold_picks(state_dir: Path) -> Iterator[None]:
    """Wait for the lock under which picks.json is read, changed and written.

    Raises:
        BusyError: If another process holds it for half a minute.
        StorageError: If the folder cannot be created or written into.
    """
    with hold_file_lock(state_dir / "picks.lock"):
        yield


@contextmanager
def hold_scores(state_dir: Path) -> Iterator[None]:
    """Wait for the lock under which photo_scores.csv is sorted by score and picks, and written.

    The service writes changed picks into the table. It must not overwrite the table of a scoring run with rows that it
    read before that run.

    Raises:
        BusyError: If another process holds it for half a minute.
        StorageError: If the folder cannot be created or written into.
    """
    with hold_file_lock(state_dir / "photo_scores.lock"):
        yield


def read_picks(path: Path) -> Picks:
    """The picks in the file; none if there is no file.

    Raises:
        PicksError: If it is not valid.
        StorageError: If it cannot be read.
    """
    try:
        return parse_picks(read_json(path, unique=True))
    except FileNotFoundError:
        return NO_PICKS
    except OSError as error:
        raise explained(error, path, "read") from error
    except PicksError as error:
        raise PicksError(f"{path}: {error}{way_back(path)}") from error
    except PARSER_ERRORS as error:
        raise PicksError(
            f"{path} is not valid JSON: {error}; correct it, or delete it and pick again{way_back(path)}"
        ) from error


def write_picks(path: Path, picks: Picks) -> None:
    """Write picks, which the caller has validated, one photo per line.

    Raises:
        StorageError: If the file cannot be written; the old one is then unchanged.
    """
    lines = [
        f"    {json.dumps(image_path, ensure_ascii=False)}: {json.dumps(said)}"
        for image_path, said in picks.to_json().items()
    ]
    photos = "{\n" + ",\n".join(lines) + "\n  }" if lines else "{}"
    text = f'{{\n  "version": {PICKS_VERSION},\n  "photos": {photos}\n}}\n'
    write_bytes(path, text.encode("utf-8", "backslashreplace"))
