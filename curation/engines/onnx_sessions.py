"""Loading networks with ONNX Runtime: one thread, modest memory, and nothing sent anywhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from curation.engines.base import WeightsFile
from curation.errors import WeightsBrokenError, WeightsMissingError

__all__ = ["import_onnxruntime", "onnx_session", "remedy"]

# onnxruntime's ORT_LOGGING_LEVEL_ERROR: its warnings about graphs are of no use to a user.
_ERRORS_ONLY = 3


def import_onnxruntime() -> Any:
    """Import the package with its telemetry switched off.

    Its official builds otherwise report to their maker, and leave an identifier and a data base in the
    user's home, from the import on. The environment has the last word.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def onnx_session(weights: WeightsFile, providers: Sequence[str]) -> Any:
    """Build an `onnxruntime.InferenceSession` that uses one thread and modest memory.

    Args:
        weights: The model file.
        providers: Execution providers in order of preference.

    Raises:
        WeightsMissingError: If there is no such file.
        WeightsBrokenError: If ONNX Runtime cannot load it.
    """
    onnxruntime = import_onnxruntime()
    if not weights.path.is_file():
        raise WeightsMissingError(
            f"the weights file {weights.path} is gone; run `python -m curation weights fetch {weights.name}`"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # Photos differ in size, and planned memory would be kept for each shape. The arena stays: without it peaks
    # are twice as high (every activation is its own allocation) and runs take a tenth longer.
    options.enable_mem_pattern = False
    try:
        return onnxruntime.InferenceSession(str(weights.path), sess_options=options, providers=list(providers))
    except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
        raise WeightsBrokenError(f"{weights.path} cannot be loaded ({error}); {remedy(weights)}") from error


def remedy(weights: WeightsFile) -> str:
    """What a user does about a broken file."""
    return f"delete it and run `python -m curation weights fetch {weights.name}`"
