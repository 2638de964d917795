"""A cache of ONNX models that were made from other models; beside each file, another one holds its SHA-256.

A damaged or incompletely written model is detected by its hash and made again. Processes that make the same
model at the same time write the same bytes.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

from curation.engines.base import WeightsFile
from curation.engines.weights.files import write_atomically
from curation.errors import StorageError

__all__ = ["CACHE_DIR", "SHOWN_HASH_CHARACTERS", "cache_paths", "find_cached", "write_cached"]

logger = logging.getLogger(__name__)

CACHE_DIR = "converted"
"""Folder of the cached models, in the models folder or the state folder."""

SHOWN_HASH_CHARACTERS = 12
"""How many characters of the source's SHA-256 are part of a cached model's name."""


def cache_paths(name: str, folders: Sequence[Path]) -> tuple[Path, ...]:
    """The possible paths of a cached model, in the order of the folders."""
    return tuple(folder / CACHE_DIR / name for folder in folders)


def find_cached(source_name: str, paths: Sequence[Path]) -> WeightsFile | None:
    """Find an intact cached model.

    Args:
        source_name: Of the file that it was made from; becomes the model's name.
        paths: From `cache_paths`.

    Returns:
        The first model whose content matches its hash; None if there is none.
    """
    for path in paths:
        try:
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            written = _hash_file(path).read_text(encoding="ascii")
        except (OSError, ValueError):
            continue
        if sha256 == written:
            return WeightsFile(source_name, path, sha256)
        logger.warning("%s is damaged and will be made again", path)
    return None


def write_cached(source_name: str, model: bytes, paths: Sequence[Path]) -> WeightsFile:
    """Write a model to the first path that can be written.

    Raises:
        StorageError: If none can be written; the message is about the first one.
    """
    problem: StorageError | None = None
    for path in paths:
        try:
            return _written(source_name, path, model)
        except StorageError as error:
            logger.debug("%s cannot be cached: %s", path, error)
            problem = problem or error
    assert problem is not None, "there is at least one path"
    raise problem


def _written(source_name: str, path: Path, model: bytes) -> WeightsFile:
    sha256 = hashlib.sha256(model).hexdigest()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path.parent} cannot be created: {error.strerror or error}") from error
    # The hash last, since a model without it counts as damaged.
    write_atomically(path, model)
    write_atomically(_hash_file(path), sha256.encode("ascii"))
    return WeightsFile(source_name, path, sha256)


def _hash_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
