"""Networks of attribute readers, run by ONNX Runtime after a check that they are what their reader takes them for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.engines.onnx_sessions import CPU_PROVIDER, onnx_session, remedy
from curation.errors import FaceAnalysisError, WeightsBrokenError

__all__ = ["AttributeNetwork", "loaded_network"]

# On the CPU, faces are run one after the other: a batch takes as long (measured with batches of 2 to 16), and so a
# face's numbers depend on nothing but the face. Elsewhere a batch is worth its while.
_FACES_PER_RUN = 32


class AttributeNetwork:
    """A network that gives one or several vectors for each face; safe to use from several threads."""

    def __init__(
        self,
        weights: WeightsFile,
        providers: Sequence[str],
        *,
        shape: tuple[int, ...],
        sizes: tuple[int, ...],
        other_shapes: Sequence[tuple[int, ...]] = (),
    ) -> None:
        """Load a network and try it on an empty picture.

        Args:
            weights: The model file.
            providers: ONNX Runtime's execution providers, in order of preference.
            shape: Of the input for one face, without the batch's dimension.
            other_shapes: Likewise, of other forms of the network that are also accepted.
            sizes: Lengths of the wanted outputs, all different: an output is recognised by its length.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a network.
        """
        self._weights = weights
        self._sizes = sizes
        self._session = onnx_session(weights, providers)
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise self._wrong(f"it has {len(inputs)} inputs instead of 1")
        self._input = inputs[0].name
        declared = inputs[0].shape
        fitting = [each for each in (shape, *other_shapes) if _fits(each, declared[1:])]
        if not fitting:
            raise self._wrong(f"its input is {declared}, but must be {['n', *shape]}")
        self._shape = fitting[0]
        single = isinstance(declared[0], int) or self._session.get_providers()[0] == CPU_PROVIDER
        self._faces_per_run = 1 if single else _FACES_PER_RUN
        try:
            outputs = self._session.run(None, {self._input: np.zeros((1, *self._shape), dtype=np.float32)})
        except Exception as error:  # ONNX Runtime's exceptions have no common base class
            raise self._wrong(f"it cannot be run: {error}") from error
        found = [int(np.asarray(output).size) for output in outputs]
        missing = [size for size in sizes if found.count(size) != 1]
        if missing:
            raise self._wrong(f"its outputs have {_listed(found)} numbers, but must have {_listed(sizes)}")
        self._order = [found.index(size) for size in sizes]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the input for one face."""
        return self._shape

    def run(self, faces: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Run all faces.

        Args:
            faces: The input of each, of the shape that was declared.

        Returns:
            One array for each wanted output, (N, size) float32.

        Raises:
            FaceAnalysisError: If ONNX Runtime fails.
        """
        parts: list[list[NDArray[np.float32]]] = [[] for _ in self._sizes]
        for start in range(0, len(faces), self._faces_per_run):
            batch = np.ascontiguousarray(np.stack(faces[start : start + self._faces_per_run]), dtype=np.float32)
            try:
                outputs = self._session.run(None, {self._input: batch})
            except Exception as error:
                raise FaceAnalysisError(f"the network {self._weights.name} failed: {error}") from error
            for part, place, size in zip(parts, self._order, self._sizes, strict=True):
                part.append(np.asarray(outputs[place], dtype=np.float32).reshape(len(batch), size))
        return [
            np.concatenate(part) if part else np.zeros((0, size), dtype=np.float32)
            for part, size in zip(parts, self._sizes, strict=True)
        ]

    def _wrong(self, why: str) -> WeightsBrokenError:
        return WeightsBrokenError(
            f"{self._weights.path} is not the network that was expected: {why}; {remedy(self._weights)}"
        )


def _listed(sizes: Sequence[int]) -> str:
    return " and ".join(str(size) for size in sizes)


_loaded: WeakValueDictionary[tuple[object, ...], AttributeNetwork] = WeakValueDictionary()
_loading = threading.Lock()


def loaded_network(
    weights: WeightsFile,
    providers: Sequence[str],
    *,
    shape: tuple[int, ...],
    sizes: tuple[int, ...],
    other_shapes: Sequence[tuple[int, ...]] = (),
) -> AttributeNetwork:
    """A network, loaded once for all readers of a process that use it, as long as one of them is there.

    Readers of different attributes often share a file, and some files need half a gigabyte of memory.

    Args:
        weights: The model file.
        providers: ONNX Runtime's execution providers, in order of preference.
        shape: See `AttributeNetwork`.
        sizes: Likewise.
        other_shapes: Likewise.

    Raises:
        WeightsMissingError: If the file is missing.
        WeightsBrokenError: If it is not such a network.
    """
    try:
        stamp = weights.path.stat().st_mtime_ns
    except OSError:
        stamp = 0
    key = (weights, stamp, tuple(providers), shape, sizes)
    with _loading:
        network = _loaded.get(key)
        if network is None:
            network = AttributeNetwork(weights, providers, shape=shape, sizes=sizes, other_shapes=other_shapes)
            _loaded[key] = network
        return network


def _fits(shape: Sequence[int], declared: Sequence[object]) -> bool:
    """Whether a declared shape, whose sizes may be names, is a certain one."""
    return len(shape) == len(declared) and all(
        not isinstance(there, int) or there == wanted for wanted, there in zip(shape, declared, strict=True)
    )
