"""dlib's networks as ONNX models in a file, made once from dlib's own files and kept.

A model lies in `converted/` of the models folder, or of the state folder where the models folder cannot be written
(`made_models`). Its name has the hash of dlib's file and the converter's version.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from curation.engines.base import WeightsFile
from curation.engines.dlib.format import DlibNetwork, read_network
from curation.engines.dlib.graphs import CONVERTER_VERSION, descriptor_model, detector_model
from curation.engines.dlib.screening import screening_model
from curation.engines.weights.made_models import SHOWN_HASH_CHARACTERS, find_made, keep_made, places_of
from curation.engines.weights.registry import DLIB_DESCRIPTOR_FILE, DLIB_DETECTOR_FILE
from curation.errors import WeightsMissingError

__all__ = ["converted"]

logger = logging.getLogger(__name__)

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
    name = f"{stem}{kind}-{source.sha256[:SHOWN_HASH_CHARACTERS]}-v{CONVERTER_VERSION}.onnx"
    places = places_of(name, (models_dir, state_dir))
    found = find_made(source.name, places)
    if found is not None:
        return found
    try:
        data = source.path.read_bytes()
    except OSError as error:
        raise WeightsMissingError(f"{source.path} cannot be read ({error}); install the requirements again") from error
    model = _BUILDERS[source.name + kind](read_network(data, str(source.path)), str(source.path))
    made = keep_made(source.name, model, places)
    logger.info("converted %s to %s", source.name, made.path)
    return made
