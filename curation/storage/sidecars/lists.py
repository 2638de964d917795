"""The list of what a run did to each sidecar, or would do: one line of JSON for each, read in pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from curation.domain.choosing.sidecars import SidecarAction, SidecarEntry
from curation.errors import StorageError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.parsing.plain_files import open_plain
from curation.storage.atomic import explained, open_atomic

__all__ = ["LISTS_DIR", "read_list", "write_list"]

LISTS_DIR = "sidecar_lists"
"""The folder of the lists, in `io.state_dir`."""
_KEPT = 30  # older lists are removed


def write_list(state_dir: Path, name: str, entries: Iterable[SidecarEntry]) -> None:
    """Write the list of a run, and remove old ones.

    Raises:
        StorageError: If it cannot be written.
    """
    folder = state_dir / LISTS_DIR
    with open_atomic(folder / f"{name}.jsonl", durable=False) as file:
        for entry in entries:
            file.write(json.dumps(asdict(entry), ensure_ascii=True).encode("ascii") + b"\n")
    for path in sorted(folder.glob("*.jsonl"), key=lambda found: found.name, reverse=True)[_KEPT:]:
        with suppress(OSError):  # one that stays does no harm
            path.unlink()


def read_list(
    state_dir: Path, name: str, *, offset: int, limit: int, action: SidecarAction | None = None
) -> tuple[int, list[SidecarEntry]] | None:
    """A page of a list.

    Args:
        state_dir: The folder of state.
        name: Of the run.
        offset: How many entries come before.
        limit: How many entries at most.
        action: Only these entries; None for all.

    Returns:
        How many there are, and those of the page; None if the list is gone.

    Raises:
        StorageError: If it cannot be read.
    """
    path = state_dir / LISTS_DIR / f"{name}.jsonl"
    try:
        with open_plain(path) as file:
            wanted = [entry for entry in _entries(file) if action is None or entry.action is action]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        raise StorageError(f"{path} is damaged ({error}): remove it, and look at the sidecars again") from error
    return len(wanted), wanted[offset : offset + limit]


def _entries(lines: Iterable[bytes]) -> Iterator[SidecarEntry]:
    for line in lines:
        data = parse_json(line)
        yield SidecarEntry(
            data["file"], data["image_path"], SidecarAction(data["action"]), data["reason"], tuple(data["notes"])
        )
