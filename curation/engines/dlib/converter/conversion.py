"""dlib's networks as ONNX models, converted once from dlib's own files and cached.

The cache is `converted/` in the models folder, or in the state folder where the models folder cannot be written, see
`curation.engines.weights.model_cache`. A model's name contains the hash of dlib's file and the converter's version.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from curation.engines.base import WeightsFile
from curation.engines.dlib.converter.format import read_network
from curation.engines.dlib.converter.layers import DlibNetwork
from curation.engines.dlib.converter.models import descriptor_model, detector_model
from curation.engines.dlib.converter.screening import screening_model
from curation.engines.weights.model_cache import SHOWN_HASH_CHARACTERS, cache_paths, find_cached, write_cached
from curation.engines.weights.registry import DLIB_DESCRIPTOR_FILE, DLIB_DETECTOR_FILE
from curation.errors import WeightsMissingError

__all__ = ["CONVERTER_VERSION", "converted_network"]

logger = logging.getLogger(__name__)

CONVERTER_VERSION = 2
"""Raise it when the converted models change; cached models of other versions are ignored."""

_SCREENING = "-screening"  # in the name of a model
_BUILDERS: Mapping[str, Callable[[DlibNetwork, str], bytes]] = MappingProxyType(
    {
        DLIB_DESCRIPTOR_FILE: descriptor_model,
        DLIB_DETECTOR_FILE: detector_model,
        DLIB_DETECTOR_FILE + _SCREENING: screening_model,
    }
)


def converted_network(
    source: WeightsFile, models_dir: Path, state_dir: Path, *, screening: bool = False
) -> WeightsFile:
    """Find the ONNX model of one of dlib's files in the cache, or convert the file.

    Args:
        source: dlib's descriptor or detector, from `curation.engines.weights.inventory.locate`.
        models_dir: The models folder, the preferred place of the cache.
        state_dir: The place of the cache if the models folder cannot be written.
        screening: The quantised detector, see `screening_model`, instead of the exact one.

    Returns:
        The model, with the name of dlib's file, its own path and its own SHA-256.

    Raises:
        WeightsMissingError: If dlib's file is missing.
        WeightsBrokenError: If dlib's file does not contain such a network.
        StorageError: If the model can be written to neither folder.
    """
    stem = Path(source.name).stem
    kind = _SCREENING if screening else ""
    name = f"{stem}{kind}-{source.sha256[:SHOWN_HASH_CHARACTERS]}-v{CONVERTER_VERSION}.onnx"
    paths = cache_paths(name, (models_dir, state_dir))
    found = find_cached(source.name, paths)
    if found is not None:
        return found
    try:
        data = source.path.read_bytes()
    except OSError as error:
        raise WeightsMissingError(f"{source.path} cannot be read ({error}); install the requirements again") from error
    model = _BUILDERS[source.name + kind](read_network(data, str(source.path)), str(source.path))
    written = write_cached(source.name, model, paths)
    logger.info("converted %s to %s", source.name, written.path)
    return written
