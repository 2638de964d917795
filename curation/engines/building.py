"""Building a chosen engine; called in workers, so it imports one engine's libraries and nothing of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from curation.engines.base import DLIB, RETINAFACE_ARCFACE, EngineSpec, FaceEngine
from curation.errors import SettingsError

__all__ = ["ENGINE_NAMES", "build_engine", "doubting_spec"]

ENGINE_NAMES = (RETINAFACE_ARCFACE, DLIB)
"""The engines that can be asked for by name."""


_OPTION = "min_confidence"
# What the detectors still tell of anything; below it they see faces in foliage.
_LEAST_CONFIDENCE: Mapping[str, float] = MappingProxyType({RETINAFACE_ARCFACE: 0.15, DLIB: 0.25})


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


def doubting_spec(spec: EngineSpec) -> EngineSpec:
    """The same engine with the lowest confidence that means anything; embeddings stay the same.

    Args:
        spec: A chosen engine.
    """
    least = _LEAST_CONFIDENCE.get(spec.name)
    options = dict(spec.options)
    if least is None or float(options.get(_OPTION, 0.0)) <= least:
        return spec
    return replace(spec, options=tuple(sorted({**options, _OPTION: least}.items())))
