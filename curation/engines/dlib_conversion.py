"""dlib's networks as ONNX models in a file, made once from dlib's own files and kept.

A model lies in `converted/` of the models folder, or of the state folder where the models folder cannot be written. Its
name has the hash of dlib's file and the converter's version; its own hash lies beside it, so that a damaged
model is noticed and made again. Processes that convert at the same time write the same bytes.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from curation.engines.base import WeightsFile
from curation.engines.dlib_format import DlibNetwork, read_network
from curation.engines.dlib_graphs import CONVERTER_VERSION, descriptor_model, detector_model
from curation.engines.dlib_screening import screening_model
from curation.engines.download import write_atomically
from curation.engines.weights import DLIB_DESCRIPTOR_FILE, DLIB_DETECTOR_FILE
from curation.errors import StorageError, WeightsMissingError

__all__ = ["CONVERTED_DIR", "converted"]

logger = logging.getLogger(__name__)

CONVERTED_DIR = "converted"
"""Folder of the models, in the models folder or the state folder."""

_HASH_CHARACTERS = 12

_SCREENING = "-screening"  # in the name of a model
_BUILDERS: Mapping[str, Callable[[DlibNetwork, str], bytes]] = MappingProxyType(
    {
        DLIB_DESCRIPTOR_FILE: descriptor_model,
        DLIB_DETECTOR_FILE: detector_model,
        DLIB_DETECTOR_FILE + _SCREENING: screening_model,
    }
)


def converted(source: WeightsFile, models_dir: Path, state_dir: Path, *, screening: bool = False) -> WeightsFile:
    """Find the ONNX model of a file of dlib, or make it.

    Args:
        source: dlib's descriptor or detector, checked by `weights.locate`.
        models_dir: The models folder, where it is looked for and kept.
        state_dir: Where it is looked for and kept if the models folder cannot be written.
        screening: The detector in small integers, see `dlib_screening`, in place of the exact one.

    Returns:
        The model with dlib's name for it, its place and its own SHA-256.

    Raises:
        WeightsMissingError: If dlib's file is gone.
        WeightsBrokenError: If dlib's file cannot be read as such a network.
        StorageError: If the model can be kept in neither folder.
    """
    stem = Path(source.name).stem
    kind = _SCREENING if screening else ""
    name = f"{stem}{kind}-{source.sha256[:_HASH_CHARACTERS]}-v{CONVERTER_VERSION}.onnx"
    places = [folder / CONVERTED_DIR / name for folder in (models_dir, state_dir)]
    for path in places:
        sha256 = _intact(path)
        if sha256 is not None:
            return WeightsFile(source.name, path, sha256)
    try:
        data = source.path.read_bytes()
    except OSError as error:
        raise WeightsMissingError(f"{source.path} cannot be read ({error}); install the requirements again") from error
    model = _BUILDERS[source.name + kind](read_network(data, str(source.path)), str(source.path))
    sha256 = hashlib.sha256(model).hexdigest()
    problem: StorageError | None = None
    for path in places:
        try:
            _keep(path, model, sha256)
        except StorageError as error:
            logger.debug("%s is not kept there: %s", name, error)
            problem = problem or error
            continue
        logger.info("converted %s to %s", source.name, path)
        return WeightsFile(source.name, path, sha256)
    assert problem is not None
    raise problem


def _intact(path: Path) -> str | None:
    """The hash of a kept model; None if it is not there, or not what was written."""
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        written = _hash_file(path).read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    if sha256 != written:
        logger.warning("%s is damaged and is made again", path)
        return None
    return sha256


def _keep(path: Path, model: bytes, sha256: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path.parent} cannot be made: {error.strerror or error}") from error
    # The hash last: without it the model counts as damaged.
    write_atomically(path, model)
    write_atomically(_hash_file(path), sha256.encode("ascii"))


def _hash_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
