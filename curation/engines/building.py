"""Building a chosen engine; called in workers, so it imports one engine's libraries and nothing of the weights."""

from __future__ import annotations

from curation.engines.base import DLIB, RETINAFACE_ARCFACE, EngineSpec, FaceEngine
from curation.errors import SettingsError

__all__ = ["ENGINE_NAMES", "build_engine"]

ENGINE_NAMES = (RETINAFACE_ARCFACE, DLIB)
"""The engines that can be asked for by name."""


def build_engine(spec: EngineSpec) -> FaceEngine:
    """Load an engine's models; called once in each worker.

    Raises:
        WeightsMissingError: If a file is missing.
        WeightsBrokenError: If a file is not what it should be.
        SettingsError: If there is no such engine.
    """
    if spec.name == RETINAFACE_ARCFACE:
        from curation.engines.retinaface.engine import RetinaFaceArcFaceEngine

        return RetinaFaceArcFaceEngine(spec)
    if spec.name == DLIB:
        from curation.engines.dlib.engine import DlibEngine

        return DlibEngine(spec)
    raise SettingsError(f"there is no engine {spec.name!r}; known: {', '.join(ENGINE_NAMES)}")
