"""Where things are in the folder of test data (CURATION_TEST_DATA), which has photos/ and weights/."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SMALL_WEIGHTS"]

SMALL_WEIGHTS = Path("weights/deepface_home/.deepface/weights")
"""The small ONNX weights, retinaface.onnx and arcface_weights.onnx."""
