"""Networks of the engine retinaface-arcface, optimised once so that each worker loads and runs them faster.

Two things are done to a network, and neither changes a number of its results:

- The RetinaFace network may begin by subtracting the mean colour from the pixels and transposing them to planes, which
  takes a fifth of its time. That part is removed: the caller passes planes from which the mean was already subtracted,
  and the mean is stored in the model's metadata.
- ONNX Runtime's graph optimisations that do not depend on the machine are applied once.

The results are cached in `converted/` in the models folder, or in the state folder where the models folder cannot be
written, see `curation.engines.weights.model_cache`. The name contains the hash of the network and the versions of ONNX
Runtime and of this module. The package onnx is imported only when a network is prepared.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.engines.onnx_sessions import CPU_PROVIDER, import_onnxruntime
from curation.engines.weights.model_cache import SHOWN_HASH_CHARACTERS, cache_paths, find_cached, write_cached

__all__ = ["PLANES_INPUT", "prepared_networks", "subtracted_mean", "with_planes"]

logger = logging.getLogger(__name__)

PLANES_INPUT = "planes"
"""Name of the detector's input after `with_planes`."""

_VERSION = 1  # raise it when the prepared networks change
_MEAN_KEY = "curation_mean"  # of the model's metadata: the mean colour, as JSON
# A larger network computes for seconds, so this would save little and store it on the disk twice.
_MAX_BYTES = 32 * 2**20
_CHANNELS_FIRST = [0, 3, 1, 2]


def prepared_networks(
    sources: Sequence[WeightsFile], providers: Sequence[str], models_dir: Path, state_dir: Path
) -> tuple[WeightsFile, ...]:
    """Find the prepared networks in the cache, or prepare them.

    Args:
        sources: The detector and the embedder, from `curation.engines.weights.inventory.locate`.
        providers: ONNX Runtime's execution providers; networks are prepared for the CPU only, since other providers
            optimise graphs in their own ways.
        models_dir: The models folder, the preferred place of the cache.
        state_dir: The place of the cache if the models folder cannot be written.

    Returns:
        One for each source, with the source's name and its own path and SHA-256. Empty if they cannot be prepared:
        then the sources are used, which takes longer and gives the same results.
    """
    if tuple(providers) != (CPU_PROVIDER,):
        return ()
    found = []
    for source in sources:
        try:
            prepared = _prepared(source, (models_dir, state_dir))
        # onnx and ONNX Runtime do not document their exceptions, and prepared networks are optional.
        except Exception as error:
            logger.debug("%s cannot be prepared: %s", source.path, error)
            return ()
        if prepared is None:
            return ()
        found.append(prepared)
    return tuple(found)


def _prepared(source: WeightsFile, folders: Sequence[Path]) -> WeightsFile | None:
    onnxruntime = import_onnxruntime()
    if source.path.stat().st_size > _MAX_BYTES:
        return None
    version = f"v{_VERSION}-ort{onnxruntime.__version__}"
    name = f"{Path(source.name).stem}-{source.sha256[:SHOWN_HASH_CHARACTERS]}-{version}.onnx"
    paths = cache_paths(name, folders)
    found = find_cached(source.name, paths)
    if found is None:
        found = write_cached(source.name, _optimised(with_planes(source.path.read_bytes()), onnxruntime), paths)
        logger.info("prepared %s: %s", source.name, found.path)
    return found


def with_planes(network: bytes) -> bytes:
    """Remove the beginning of a network that subtracts a mean colour and transposes pixels to planes.

    Args:
        network: An ONNX model.

    Returns:
        If its only input, (N, H, W, 3), is used by such a beginning only: a model with the input `PLANES_INPUT`,
        (N, 3, H, W) float32, from which the mean was already subtracted, and with the mean as metadata for
        `subtracted_mean`. Otherwise the same bytes.
    """
    import onnx

    model = onnx.load_from_string(network)
    graph = model.graph
    if len(graph.input) != 1:
        return network
    subtraction = _only_use(graph, graph.input[0].name)
    if subtraction is None or subtraction.op_type != "Sub" or subtraction.input[0] != graph.input[0].name:
        return network
    mean = _constant(graph, subtraction.input[1])
    transposition = _only_use(graph, subtraction.output[0])
    if (
        mean is None
        or mean.dtype != np.float32
        or mean.size != 3
        or mean.shape[-1:] != (3,)
        or transposition is None
        or transposition.op_type != "Transpose"
        or list(transposition.attribute[0].ints if transposition.attribute else ()) != _CHANNELS_FIRST
    ):
        return network
    pixels = transposition.output[0]
    graph.node.remove(subtraction)
    graph.node.remove(transposition)
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == pixels:
                node.input[place] = PLANES_INPUT
    graph.input[0].CopyFrom(
        onnx.helper.make_tensor_value_info(PLANES_INPUT, onnx.TensorProto.FLOAT, ["N", 3, "H", "W"])
    )
    model.metadata_props.add(key=_MEAN_KEY, value=json.dumps([float(value) for value in mean.ravel()]))
    return bytes(model.SerializeToString())


def subtracted_mean(session: Any) -> NDArray[np.float32] | None:
    """The mean colour that has to be subtracted from a network's planes, (3,) in the order of its channels.

    Args:
        session: An `onnxruntime.InferenceSession`.

    Returns:
        The mean; None if the network takes unchanged pixels.
    """
    inputs = session.get_inputs()
    if inputs[0].name != PLANES_INPUT:
        return None
    metadata = session.get_modelmeta().custom_metadata_map
    return np.array(json.loads(metadata[_MEAN_KEY]), dtype=np.float32) if _MEAN_KEY in metadata else None


def _only_use(graph: Any, name: str) -> Any:
    """The only node that uses a value; None if there are others, or the value is an output of the graph."""
    uses = [node for node in graph.node if name in node.input]
    return uses[0] if len(uses) == 1 and all(output.name != name for output in graph.output) else None


def _constant(graph: Any, name: str) -> NDArray[Any] | None:
    from onnx import numpy_helper

    for tensor in graph.initializer:
        if tensor.name == name:
            return np.asarray(numpy_helper.to_array(tensor))
    for node in graph.node:
        if node.op_type == "Constant" and node.output[0] == name and node.attribute[0].name == "value":
            return np.asarray(numpy_helper.to_array(node.attribute[0].t))
    return None


def _optimised(network: bytes, onnxruntime: Any) -> bytes:
    """The network after those of ONNX Runtime's optimisations that do not depend on the machine."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # its warnings about graphs are of no use to a user
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(network, sess_options=options, providers=[CPU_PROVIDER])
        return path.read_bytes()
