"""Networks of TensorFlow Lite as ONNX models, converted once and cached.

The cache is `converted/` in the models folder, or in the state folder where the models folder cannot be written, see
`curation.engines.weights.model_cache`. A model's name contains the hash of its source and the converter's version.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from curation.engines.base import WeightsFile
from curation.engines.bodies.tflite.operators import onnx_model
from curation.engines.weights.model_cache import SHOWN_HASH_CHARACTERS, cache_paths, find_cached, write_cached
from curation.errors import WeightsMissingError

__all__ = ["CONVERTER_VERSION", "converted_network", "temporarily_converted"]

logger = logging.getLogger(__name__)

CONVERTER_VERSION = 1
"""Raise it when the converted models change; cached models of other versions are ignored."""


def converted_network(source: WeightsFile, cache_dirs: Sequence[Path]) -> WeightsFile:
    """Find the ONNX model of a network of TensorFlow Lite in the cache, or convert the file.

    Args:
        source: The file, from `curation.engines.weights.inventory.locate`.
        cache_dirs: The models folder, and those that are taken if it cannot be written.

    Returns:
        The model, with the name of the source, its own path and its own SHA-256.

    Raises:
        WeightsMissingError: If the source cannot be read.
        WeightsBrokenError: If it is not a network that can be converted.
        StorageError: If the model can be written to none of the folders.
    """
    stem = Path(source.name).stem
    paths = cache_paths(f"{stem}-{source.sha256[:SHOWN_HASH_CHARACTERS]}-v{CONVERTER_VERSION}.onnx", cache_dirs)
    found = find_cached(source.name, paths)
    if found is not None:
        return found
    written = write_cached(source.name, _converted(source), paths)
    logger.info("converted %s to %s", source.name, written.path)
    return written


@contextmanager
def temporarily_converted(source: WeightsFile) -> Iterator[WeightsFile]:
    """The ONNX model of a network of TensorFlow Lite that is yet to be checked, as a file that is deleted afterwards.

    Raises:
        WeightsMissingError: If the source cannot be read.
        WeightsBrokenError: If it is not a network that can be converted.
    """
    model = _converted(source)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{Path(source.name).stem}.onnx"
        path.write_bytes(model)
        yield WeightsFile(source.name, path, "")


def _converted(source: WeightsFile) -> bytes:
    try:
        data = source.path.read_bytes()
    except OSError as error:
        raise WeightsMissingError(f"{source.path} cannot be read: {error}") from error
    return onnx_model(data, str(source.path))
