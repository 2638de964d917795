"""ONNX models that were made from others and are kept: each in a file with its own SHA-256 in another one beside it.

A damaged model, or one that was not written to its end, is noticed by that and made again. Processes that make a
model at the same time write the same bytes.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

from curation.engines.base import WeightsFile
from curation.engines.weights.download import write_atomically
from curation.errors import StorageError

__all__ = ["MADE_DIR", "SHOWN_HASH_CHARACTERS", "find_made", "keep_made", "places_of"]

logger = logging.getLogger(__name__)

MADE_DIR = "converted"
"""Folder of the models, in the models folder or the state folder."""

SHOWN_HASH_CHARACTERS = 12
"""Of the SHA-256 of the source: so many stand in a model's name."""


def places_of(name: str, folders: Sequence[Path]) -> tuple[Path, ...]:
    """Where a model of this name may lie, in the order of preference of the folders."""
    return tuple(folder / MADE_DIR / name for folder in folders)


def find_made(source_name: str, places: Sequence[Path]) -> WeightsFile | None:
    """The first of the places that holds what was written there, with its hash; None if none does.

    Args:
        source_name: Of the file that it was made of; the model goes by it.
        places: From `places_of`.
    """
    for path in places:
        try:
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            written = _hash_file(path).read_text(encoding="ascii")
        except (OSError, ValueError):
            continue
        if sha256 == written:
            return WeightsFile(source_name, path, sha256)
        logger.warning("%s is damaged and is made again", path)
    return None


def keep_made(source_name: str, model: bytes, places: Sequence[Path]) -> WeightsFile:
    """Write a model to the first of the places that can be written.

    Raises:
        StorageError: If none can be; the message is about the first one.
    """
    problem: StorageError | None = None
    for path in places:
        try:
            return _kept(source_name, path, model)
        except StorageError as error:
            logger.debug("%s is not kept there: %s", path, error)
            problem = problem or error
    assert problem is not None, "there is at least one place"
    raise problem


def _kept(source_name: str, path: Path, model: bytes) -> WeightsFile:
    sha256 = hashlib.sha256(model).hexdigest()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path.parent} cannot be made: {error.strerror or error}") from error
    # The hash last: without it the model counts as damaged.
    write_atomically(path, model)
    write_atomically(_hash_file(path), sha256.encode("ascii"))
    return WeightsFile(source_name, path, sha256)


def _hash_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
