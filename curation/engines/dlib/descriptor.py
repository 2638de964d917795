"""dlib's face descriptor (ResNet), computed by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.engines.dlib.model_contract import CHIP_INPUT, DESCRIPTOR_SIZE
from curation.engines.dlib.networks import ConvertedNetwork

__all__ = ["FaceDescriptor"]

# The memory for the network's activations grows with the batch; more faces are described in several batches.
_MAX_BATCH = 32


class FaceDescriptor:
    """dlib's `face_recognition_model_v1`: the same descriptors, many times faster."""

    def __init__(self, model: WeightsFile, providers: Sequence[str]) -> None:
        """Load the model.

        Args:
            model: Converted from dlib_face_recognition_resnet_model_v1.dat.
            providers: ONNX Runtime's execution providers in order of preference.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a model.
        """
        self._network = ConvertedNetwork(model, CHIP_INPUT, providers)

    def describe(self, chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Describe faces, in batches.

        Args:
            chips: From dlib's `get_face_chip`, each (150, 150, 3) uint8 RGB.

        Returns:
            (N, 128) float32, not of unit length.

        Raises:
            FaceAnalysisError: If ONNX Runtime fails.
        """
        parts = [
            self._network.run(np.stack(chips[start : start + _MAX_BATCH])) for start in range(0, len(chips), _MAX_BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, DESCRIPTOR_SIZE), dtype=np.float32)
