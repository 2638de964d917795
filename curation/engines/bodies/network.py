"""Networks for whole people, run by ONNX Runtime after a check that they are what they are taken for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.engines.bodies.base import BodySpec
from curation.engines.bodies.catalogue import BODY_NETWORKS, BodyNetwork, loaded_file
from curation.engines.onnx_sessions import onnx_session, remedy
from curation.errors import FaceAnalysisError, SettingsError, WeightsBrokenError

__all__ = ["LoadedNetwork", "check_file", "load_network"]


class LoadedNetwork:
    """A network that gives the outputs of its entry in the catalogue; safe to use from several threads."""

    def __init__(self, network: BodyNetwork, weights: WeightsFile, providers: Sequence[str]) -> None:
        """Load a network and compare its form with the catalogue's.

        Args:
            network: What it has to be.
            weights: An ONNX file.
            providers: ONNX Runtime's execution providers, in order of preference.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a network.
        """
        self._weights = weights
        self._outputs = network.outputs
        self._session = onnx_session(weights, providers)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or not _fits(network.shape, inputs[0].shape) or inputs[0].type != "tensor(float)":
            found = " and ".join(f"{given.shape} {given.type}" for given in inputs)
            raise self._wrong(f"its input is {found}, but must be {list(network.shape)} tensor(float)")
        self._input = inputs[0].name
        self._names = [self._output(count) for count in network.outputs]

    def run(self, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run one picture, or several if the network's input has room for them.

        Args:
            batch: The input, of the shape in the catalogue.

        Returns:
            One array for each output of the catalogue, in its order: (N, count) float32.

        Raises:
            FaceAnalysisError: If ONNX Runtime fails, or gives numbers that are not finite.
        """
        try:
            outputs = self._session.run(self._names, {self._input: np.ascontiguousarray(batch, dtype=np.float32)})
        except Exception as error:  # ONNX Runtime's exceptions have no common base class
            raise FaceAnalysisError(f"the network {self._weights.name} failed: {error}") from error
        found = []
        for output, count in zip(outputs, self._outputs, strict=True):
            values = np.asarray(output, dtype=np.float32)
            if values.size != len(batch) * count or not np.isfinite(values).all():
                raise FaceAnalysisError(f"the network {self._weights.name} gave numbers that cannot be used")
            found.append(values.reshape(len(batch), count))
        return found

    def _output(self, count: int) -> str:
        """The name of the first output with so many numbers."""
        for output in self._session.get_outputs():
            if _count(output.shape) in (count, None):
                return str(output.name)
        shapes = ", ".join(str(output.shape) for output in self._session.get_outputs())
        raise self._wrong(f"no output has {count} numbers; it has {shapes}")

    def _wrong(self, why: str) -> WeightsBrokenError:
        return WeightsBrokenError(
            f"{self._weights.path} is not the network that was expected: {why}; {remedy(self._weights)}"
        )


def load_network(spec: BodySpec) -> LoadedNetwork:
    """Load a chosen network.

    Raises:
        SettingsError: If the catalogue has no such network.
        WeightsMissingError: If its file is missing.
        WeightsBrokenError: If its file is not such a network.
    """
    network = BODY_NETWORKS.get(spec.name)
    if network is None:
        raise SettingsError(f"there is no network {spec.name!r} for bodies; known: {', '.join(BODY_NETWORKS)}")
    return LoadedNetwork(network, loaded_file(spec), spec.providers)


def check_file(network: BodyNetwork, weights: WeightsFile, providers: Sequence[str]) -> None:
    """Load an ONNX file as a network of the catalogue.

    Raises:
        WeightsBrokenError: If it is not such a network.
    """
    LoadedNetwork(network, weights, providers)


def _fits(shape: Sequence[int], declared: Sequence[Any]) -> bool:
    """Whether a declared shape, whose sizes may be names, is a wanted one, in which 0 stands for any size."""
    return len(shape) == len(declared) and all(
        not isinstance(there, int) or wanted in (there, 0) for wanted, there in zip(shape, declared, strict=True)
    )


def _count(declared: Sequence[Any]) -> int | None:
    """The count of numbers of an output for one picture; None if it is not declared.

    The first size is that of the batch, whatever its name.
    """
    sizes = list(declared[1:])
    if not declared or not all(isinstance(size, int) for size in sizes):
        return None
    return int(math.prod(sizes))
