"""The network that tells skin, clothes and hair (a pyramid attention network on MobileNetV3), run by ONNX Runtime."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.bodies.base import BodySpec
from curation.engines.onnx_sessions import onnx_session, remedy
from curation.errors import FaceAnalysisError, WeightsBrokenError

__all__ = ["SIDE_PX", "ParsedPicture", "ParsingNetwork"]

SIDE_PX = 512
"""Width and height of the picture that the network looks at."""

_CLASSES = 3
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)


class ParsedPicture(NamedTuple):
    """What the network says of each pixel of a picture; (SIDE_PX, SIDE_PX) float32 in [0, 1] each."""

    skin: NDArray[np.float32]
    clothes: NDArray[np.float32]
    hair: NDArray[np.float32]


class ParsingNetwork:
    """Tells how likely pixels are skin, clothes or hair, of anybody; safe to use from several threads."""

    def __init__(self, spec: BodySpec) -> None:
        """Load the network.

        Args:
            spec: With one model file.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a network.
        """
        self._weights = (spec.converted or spec.weights)[0]
        self._session = onnx_session(self._weights, spec.providers)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or not _fits((1, 3, SIDE_PX, SIDE_PX), inputs[0].shape):
            raise self._wrong(f"its input is {[each.shape for each in inputs]}")
        if len(outputs) != 1 or not _fits((1, _CLASSES, SIDE_PX, SIDE_PX), outputs[0].shape):
            raise self._wrong(f"its output is {[each.shape for each in outputs]}")
        self._input = inputs[0].name

    def parse(self, picture: NDArray[np.uint8]) -> ParsedPicture:
        """Look at a picture.

        Args:
            picture: (H, W, 3) uint8 RGB of any size; it is stretched to the network's square.

        Raises:
            FaceAnalysisError: If ONNX Runtime fails, or the network gives no numbers.
        """
        shrinks = picture.shape[0] > SIDE_PX or picture.shape[1] > SIDE_PX
        square = cv2.resize(
            np.ascontiguousarray(picture),
            (SIDE_PX, SIDE_PX),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
        )
        values = (np.asarray(square, dtype=np.float32) / 255 - _MEAN) / _STD
        try:
            (answer,) = self._session.run(None, {self._input: values.transpose(2, 0, 1)[None]})
        except Exception as error:  # ONNX Runtime's exceptions have no common base class
            raise FaceAnalysisError(f"the network {self._weights.name} failed: {error}") from error
        maps = np.asarray(answer, dtype=np.float32)
        if maps.shape != (1, _CLASSES, SIDE_PX, SIDE_PX) or not np.isfinite(maps).all():
            raise FaceAnalysisError(f"the network {self._weights.name} gave no map of skin, clothes and hair")
        return ParsedPicture(*np.clip(maps[0], 0, 1))

    def _wrong(self, why: str) -> WeightsBrokenError:
        return WeightsBrokenError(
            f"{self._weights.path} is not the network for skin, clothes and hair: {why}; {remedy(self._weights)}"
        )


def _fits(wanted: tuple[int, ...], declared: list[int | str | None]) -> bool:
    """Whether a declared shape, whose sizes may be names, is a certain one."""
    return len(wanted) == len(declared) and all(
        not isinstance(there, int) or there == size for size, there in zip(wanted, declared, strict=True)
    )
