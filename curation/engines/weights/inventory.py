"""The model files on this machine: finding one, and the state of all known ones. Nothing is downloaded here."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from curation.engines.base import WeightsFile
from curation.engines.weights.record import WeightsRecord
from curation.engines.weights.registry import KnownWeights, all_known_weights, known_names, known_weights
from curation.errors import WeightsBrokenError, WeightsMissingError

__all__ = ["WeightsState", "WeightsStatus", "find_by_sha256", "locate", "status", "verify"]

logger = logging.getLogger(__name__)

_MODEL_SUFFIXES = frozenset({".bin", ".caffemodel", ".dat", ".h5", ".onnx", ".pb", ".pt", ".tflite"})
_CONVERTED = "converted"
"""Folder of the models folder with networks that were made from others."""


class WeightsState(StrEnum):
    """Whether a model file can be used."""

    PRESENT = "present"
    MISSING = "missing"
    BROKEN = "broken"
    CHANGED = "changed"
    """Not the file that was downloaded: somebody replaced it."""


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """A known file and what is at its place.

    Attributes:
        known: The entry of the registry.
        path: Where it is or belongs; None if its package is not installed.
        state: Whether it can be used.
        size_bytes: Of the file there.
        sha256: Of the file there, in hex.
        remark: A sentence for the user if the state is not `present`.
        compared_with: What its hash was compared with, in words; empty if it is not there.
    """

    known: KnownWeights
    path: Path | None
    state: WeightsState
    size_bytes: int | None
    sha256: str | None
    remark: str = ""
    compared_with: str = ""


def status(models_dir: Path) -> list[WeightsStatus]:
    """The state of every known file; those whose size or time changed since the last call are read.

    Raises:
        StorageError: If an existing file cannot be read.
    """
    record = WeightsRecord(models_dir)
    found = [_status_of(known, models_dir, record.sha256_of, record) for known in all_known_weights()]
    record.save()
    return found


def verify(models_dir: Path) -> list[WeightsStatus]:
    """Like `status`, but read every file to its end.

    Raises:
        StorageError: If an existing file cannot be read.
    """
    record = WeightsRecord(models_dir)
    found = [_status_of(known, models_dir, record.fresh_sha256_of, record) for known in all_known_weights()]
    record.save()
    return found


def locate(name: str, models_dir: Path, *, check: Callable[[WeightsFile], None] | None = None) -> WeightsFile:
    """Find a model file and verify its content; never downloads.

    Args:
        name: Of a known file, or of another one that the user put into the models folder.
        models_dir: The models folder.
        check: Loads the file and raises `WeightsBrokenError` if it cannot; called once for each new
            content.

    Raises:
        WeightsMissingError: If it is not there; the message names the file, the path and the addresses.
        WeightsBrokenError: If its content is not the known one, or `check` rejects it.
        StorageError: If it cannot be read.
    """
    known = known_weights(name)
    path = _place(known, models_dir) if known else models_dir / name
    if path is None or not path.is_file():
        raise WeightsMissingError(_missing_message(name, models_dir))
    record = WeightsRecord(models_dir)
    sha256 = record.sha256_of(path)
    if known and known.sha256 not in (None, sha256):
        raise WeightsBrokenError(_wrong_hash(known, path, sha256))
    downloaded = record.downloaded_sha256(name)
    if downloaded not in (None, sha256):
        logger.warning("%s is not the file that was downloaded (SHA-256 %s, was %s)", path, sha256, downloaded)
    weights = WeightsFile(name, path, sha256)
    if check is not None and not record.is_checked(path):
        check(weights)
        record.set_checked(path)
    record.save()
    return weights


def find_by_sha256(sha256: str, models_dir: Path) -> WeightsFile | None:
    """Find a model file by its content: a known one, or another one in the models folder.

    Args:
        sha256: Of the content, in hex.
        models_dir: The models folder.

    Returns:
        The file; None if no model file here has this content. A file that changed since its hash was recorded is read.

    Raises:
        StorageError: If a file cannot be read.
    """
    places = {known.name: path for known in all_known_weights() if (path := _place(known, models_dir)) is not None}
    for folder in (models_dir, models_dir / _CONVERTED):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix.lower() in _MODEL_SUFFIXES and not path.name.startswith("."):
                places.setdefault(path.name, path)
    record = WeightsRecord(models_dir)
    found = None
    for name, path in places.items():
        if path.is_file() and record.sha256_of(path) == sha256:
            found = WeightsFile(name, path, sha256)
            break
    record.save()
    return found


def _status_of(
    known: KnownWeights, models_dir: Path, hash_of: Callable[[Path], str], record: WeightsRecord
) -> WeightsStatus:
    path = _place(known, models_dir)
    if path is None or not path.is_file():
        return WeightsStatus(known, path, WeightsState.MISSING, None, None, _how_to_get(known))
    sha256, size = hash_of(path), path.stat().st_size
    if known.sha256 not in (None, sha256):
        return WeightsStatus(known, path, WeightsState.BROKEN, size, sha256, _wrong_hash(known, path, sha256))
    downloaded = record.downloaded_sha256(known.name)
    if downloaded not in (None, sha256):
        remark = f"the downloaded file had the SHA-256 {downloaded}; download it again unless you replaced it yourself"
        return WeightsStatus(known, path, WeightsState.CHANGED, size, sha256, remark)
    return WeightsStatus(known, path, WeightsState.PRESENT, size, sha256, compared_with=_compared_with(known, record))


def _compared_with(known: KnownWeights, record: WeightsRecord) -> str:
    if known.sha256 is not None:
        return "the known hash"
    if record.downloaded_sha256(known.name) is None:
        return "nothing: no hash of it is known, and it was not downloaded by this program"
    hosts = record.agreed_hosts(known.name)
    return f"its first download, as published by {', '.join(hosts)} too" if hosts else "its first download only"


def _place(known: KnownWeights, models_dir: Path) -> Path | None:
    if known.package is None:
        return models_dir / known.name
    # Located, not imported: importing the package fails with newer setuptools.
    spec = importlib.util.find_spec(known.package)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        return Path(folder) / "models" / known.name
    return None


def _how_to_get(known: KnownWeights) -> str:
    if known.addresses:
        return f"`python -m curation weights fetch {known.name}` downloads it"
    return f"install the Python package {known.package}" if known.package else known.advice


def _missing_message(name: str, models_dir: Path) -> str:
    known = known_weights(name)
    if known is not None and known.package is not None:
        return f"{name} is missing: install the Python package {known.package} again"
    lines = [f"{name} is missing: it belongs at {models_dir / name}."]
    if known is None:
        lines.append(f"Put it there, or name another file in config.yaml; known: {known_names()}.")
    elif not known.addresses:
        lines.append(f"To get it, {known.advice}.")
    else:
        lines.append(f"`python -m curation weights fetch {name}` downloads it, or put it there yourself from one of")
        lines.extend(f"  {address}" for address in known.addresses)
    return "\n".join(lines)


def _wrong_hash(known: KnownWeights, path: Path, sha256: str) -> str:
    remedy = f"install the package {known.package} again" if known.package else "delete it and download it again"
    return f"{path} is not the right file: its SHA-256 is {sha256}, but must be {known.sha256}; {remedy}"
