"""Loading and running the converted networks of dlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.engines.onnx_sessions import onnx_session
from curation.errors import FaceAnalysisError, WeightsBrokenError

__all__ = ["ConvertedNetwork"]


class ConvertedNetwork:
    """A converted network with one input and one output."""

    def __init__(self, model: WeightsFile, input_name: str, providers: Sequence[str]) -> None:
        """Load the model.

        Args:
            model: From `curation.engines.dlib.converter.conversion`.
            input_name: Name of its input.
            providers: ONNX Runtime's execution providers in order of preference.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a model.
        """
        session = onnx_session(model, providers)
        if [given.name for given in session.get_inputs()] != [input_name] or len(session.get_outputs()) != 1:
            raise WeightsBrokenError(f"{model.path} is not a converted {model.name}; delete it and run again")
        self._session = session
        self._input_name = input_name

    def metadata(self) -> dict[str, str]:
        """The model's custom metadata."""
        metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return metadata

    def run(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Compute the output.

        Raises:
            FaceAnalysisError: If ONNX Runtime fails.
        """
        try:
            (output,) = self._session.run(None, {self._input_name: values})
        except Exception as error:  # ONNX Runtime's exceptions have no common base class
            raise FaceAnalysisError(f"a network of dlib failed: {error}") from error
        result: NDArray[np.float32] = output
        return result
