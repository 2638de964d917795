"""The learned join: boosted trees that tell clothes from all that is known of a cell."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.engines.bodies.clothes.evidence import FEATURES
from curation.engines.onnx_sessions import CPU_PROVIDER, onnx_session
from curation.errors import FaceAnalysisError, WeightsBrokenError, WeightsMissingError

__all__ = ["JOIN_FILE", "ClothesJoin", "packaged_join"]

JOIN_FILE = Path(__file__).parent / "data" / "join.onnx"
"""The trees in the package; `training/clothes.py` makes them."""

_ADVICE = "it is part of the program: install the program again"


class ClothesJoin:
    """Tells how likely cells are clothes; safe to use from several threads."""

    def __init__(self, path: Path = JOIN_FILE) -> None:
        """Load the trees.

        Args:
            path: Of the file.

        Raises:
            WeightsMissingError: If it is missing.
            WeightsBrokenError: If it is not made for these numbers.
        """
        if not path.is_file():
            raise WeightsMissingError(f"{path} is missing; {_ADVICE}")
        try:
            self._session = onnx_session(_weights(path), (CPU_PROVIDER,))
        except WeightsBrokenError as error:
            raise WeightsBrokenError(f"{path} cannot be loaded; {_ADVICE}") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].shape[1:] != [len(FEATURES)]:
            raise WeightsBrokenError(f"{path} is not made for {len(FEATURES)} numbers of a cell; {_ADVICE}")
        self._input = inputs[0].name

    def clothes(self, evidence: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probability that cells are clothes.

        Args:
            evidence: (N, len(FEATURES)), NaN where something is not known.

        Returns:
            (N,) float32 in [0, 1].

        Raises:
            FaceAnalysisError: If ONNX Runtime fails.
        """
        if not len(evidence):
            return np.zeros(0, dtype=np.float32)
        try:
            (answer,) = self._session.run(None, {self._input: np.ascontiguousarray(evidence, dtype=np.float32)})
        except Exception as error:  # ONNX Runtime's exceptions have no common base class
            raise FaceAnalysisError(f"the join of what is known of clothes failed: {error}") from error
        return np.asarray(answer, dtype=np.float32).reshape(-1)


def packaged_join() -> WeightsFile:
    """The file in the package with its SHA-256, for the record of what results depend on.

    Raises:
        WeightsMissingError: If it is missing.
    """
    if not JOIN_FILE.is_file():
        raise WeightsMissingError(f"{JOIN_FILE} is missing; {_ADVICE}")
    return _weights(JOIN_FILE)


def _weights(path: Path) -> WeightsFile:
    return WeightsFile(path.name, path, hashlib.sha256(path.read_bytes()).hexdigest())
