"""A network for person masks, run by ONNX Runtime after a check that it is what its name says."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.engines.bodies.base import BodySpec
from curation.engines.bodies.segmenters.forms import NetworkForm, network_input
from curation.engines.onnx_sessions import CPU_PROVIDER, import_onnxruntime, onnx_session, remedy
from curation.errors import FaceAnalysisError, WeightsBrokenError

__all__ = ["ForegroundNetwork"]


class ForegroundNetwork:
    """Tells for each pixel of a picture how likely it belongs to the foreground."""

    def __init__(self, spec: BodySpec, form: NetworkForm) -> None:
        """Load the network.

        Args:
            spec: With exactly one model file.
            form: What the network expects and answers.

        Raises:
            WeightsMissingError: If the file is missing.
            WeightsBrokenError: If it is not such a network.
        """
        self._weights = (spec.converted or spec.weights)[0]
        self._form = form
        self._session = onnx_session(self._weights, spec.providers)
        self._input = self._checked_input()
        self._output = self._checked_output()
        self._releasing = None
        if self._session.get_providers()[0] == CPU_PROVIDER:
            self._releasing = import_onnxruntime().RunOptions()
            self._releasing.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    @property
    def side_px(self) -> int:
        """Width and height of the picture that the network looks at."""
        return self._form.side_px

    def foreground(self, picture: NDArray[np.uint8], *, release: bool = False) -> NDArray[np.float32]:
        """The foreground of a picture.

        Args:
            picture: (H, W, 3) uint8 RGB of any size; it is stretched to the network's square.
            release: Give the memory of the run back afterwards, of which a U-2-Net takes 250 MB. Getting it again costs
                the next run a tenth of its time.

        Returns:
            (side, side) float32 in [0, 1], absolute: all zeros if the network sees nothing.

        Raises:
            FaceAnalysisError: If ONNX Runtime fails.
        """
        side = self._form.side_px
        shrinks = picture.shape[0] >= side and picture.shape[1] >= side
        resized = cv2.resize(
            np.ascontiguousarray(picture), (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        values = network_input(np.asarray(resized, dtype=np.uint8), self._form)
        try:
            (answer,) = self._session.run([self._output], {self._input: values}, self._releasing if release else None)
        except Exception as error:  # ONNX Runtime's exceptions have no common base class
            raise FaceAnalysisError(f"the network {self._weights.name} failed: {error}") from error
        found = np.asarray(answer, dtype=np.float32).reshape(side, side)
        if self._form.has_logits:
            found = np.reciprocal(1 + np.exp(-np.clip(found, -60, 60)), dtype=np.float32)
        return np.clip(np.nan_to_num(found, nan=0.0), 0, 1).astype(np.float32, copy=False)

    def _checked_input(self) -> str:
        inputs = self._session.get_inputs()
        side = self._form.side_px
        wanted = (1, side, side, 3) if self._form.channels_last else (1, 3, side, side)
        if len(inputs) != 1:
            raise self._wrong(f"it has {len(inputs)} inputs instead of 1")
        if not _fits(wanted, inputs[0].shape):
            raise self._wrong(f"its input is {inputs[0].shape}, but must be {list(wanted)}")
        return str(inputs[0].name)

    def _checked_output(self) -> str:
        outputs = self._session.get_outputs()
        by_name = [each for each in outputs if each.name in self._form.outputs]
        chosen = (by_name or outputs)[0]
        sizes = [size for size in chosen.shape if isinstance(size, int)]
        side = self._form.side_px
        if any(size not in (1, side) for size in sizes):
            raise self._wrong(f"its output is {chosen.shape}, but must be a map of {side} x {side}")
        return str(chosen.name)

    def _wrong(self, why: str) -> WeightsBrokenError:
        return WeightsBrokenError(
            f"{self._weights.path} is not the network that was expected: {why}; {remedy(self._weights)}"
        )


def _fits(wanted: tuple[int, ...], declared: list[int | str | None]) -> bool:
    """Whether a declared shape, whose sizes may be names, is a certain one."""
    return len(wanted) == len(declared) and all(
        not isinstance(there, int) or there == size for size, there in zip(wanted, declared, strict=True)
    )
