"""Loading networks with ONNX Runtime: one thread, little memory, and no telemetry."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

from curation.engines.base import WeightsFile
from curation.errors import SettingsError, WeightsBrokenError, WeightsMissingError

__all__ = ["CPU_PROVIDER", "import_onnxruntime", "onnx_session", "remedy", "usable_providers"]

logger = logging.getLogger(__name__)

CPU_PROVIDER = "CPUExecutionProvider"
_CUDA_PROVIDER = "CUDAExecutionProvider"
# The packages that contain a provider, for messages; only one of them can be installed as onnxruntime.
_PACKAGES = {
    _CUDA_PROVIDER: "onnxruntime-gpu",
    "TensorrtExecutionProvider": "onnxruntime-gpu",
    "DmlExecutionProvider": "onnxruntime-directml",
    "OpenVINOExecutionProvider": "onnxruntime-openvino",
}
# Photos differ in size. By default, an exhaustive search for the fastest algorithm would be made for each size, and
# an arena that doubles would soon take a card's whole memory, which the workers share.
_OPTIONS: dict[str, dict[str, str]] = {
    _CUDA_PROVIDER: {"cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested"}
}

# onnxruntime's ORT_LOGGING_LEVEL_ERROR: its warnings about graphs are of no use to a user.
_ERRORS_ONLY = 3


def import_onnxruntime() -> Any:
    """Import the package with its telemetry switched off.

    Otherwise its official builds send reports to their publisher from the import on, and store an identifier and a
    database in the user's home. A value of ORT_DISABLE_TELEMETRY in the environment takes precedence.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def usable_providers(wanted: Sequence[str]) -> tuple[str, ...]:
    """The execution providers of a list that ONNX Runtime has on this machine, in the same order.

    Others are skipped with a warning if at least one remains.

    Args:
        wanted: `engine.providers`, in order of preference.

    Raises:
        SettingsError: If none is available; the message names the package to install.
    """
    available = import_onnxruntime().get_available_providers()
    usable = tuple(name for name in wanted if name in available)
    missing = [name for name in wanted if name not in available]
    if not missing:
        return usable
    packages = sorted({_PACKAGES[name] for name in missing if name in _PACKAGES})
    advice = f"; install {' or '.join(packages)} in place of onnxruntime, see docs/performance.md" if packages else ""
    problem = f"engine.providers: ONNX Runtime does not offer {', '.join(missing)} here{advice}"
    if not usable:
        raise SettingsError(f"{problem}; it offers {', '.join(available)}")
    logger.warning("%s; continuing with %s", problem, ", ".join(usable))
    return usable


def onnx_session(weights: WeightsFile, providers: Sequence[str]) -> Any:
    """Build an `onnxruntime.InferenceSession` that uses one thread and little memory.

    Args:
        weights: The model file.
        providers: Execution providers in order of preference.

    Raises:
        WeightsMissingError: If there is no such file.
        WeightsBrokenError: If ONNX Runtime cannot load it.
    """
    onnxruntime = import_onnxruntime()
    if not weights.path.is_file():
        raise WeightsMissingError(f"the weights file {weights.path} is missing; {_how_to_restore(weights)}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # Photos differ in size, and memory plans would be stored for each shape. The arena is used: without it, peaks
    # are twice as high (every activation is its own allocation) and runs take a tenth longer.
    options.enable_mem_pattern = False
    try:
        session = onnxruntime.InferenceSession(
            str(weights.path), sess_options=options, providers=[(name, _OPTIONS.get(name, {})) for name in providers]
        )
    except Exception as error:  # ONNX Runtime's exceptions have no common base class
        raise WeightsBrokenError(f"{weights.path} cannot be loaded ({error}); {remedy(weights)}") from error
    if providers and providers[0] not in session.get_providers():
        # ONNX Runtime falls back silently if a provider's own libraries are missing.
        logger.warning(
            "%s could not be started for %s, which runs on %s; are its libraries (CUDA, cuDNN) installed?",
            providers[0],
            weights.name,
            ", ".join(session.get_providers()),
        )
    return session


def remedy(weights: WeightsFile) -> str:
    """What the user can do about a broken file, as a part of a sentence."""
    return f"delete it and {_how_to_restore(weights)}"


def _how_to_restore(weights: WeightsFile) -> str:
    if weights.path.name != weights.name:  # a converted model
        return "run again, which makes it again"
    return f"run `python -m curation weights fetch {weights.name}`"
