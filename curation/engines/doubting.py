"""An engine that also tells faces it is hardly sure of, for places where a person says that there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from curation.engines.base import DLIB, RETINAFACE_ARCFACE, EngineSpec

__all__ = ["doubting_spec"]

_OPTION = "min_confidence"
# What the detectors still tell of anything; below it they see faces in foliage.
_LEAST_CONFIDENCE: Mapping[str, float] = MappingProxyType({RETINAFACE_ARCFACE: 0.15, DLIB: 0.25})


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
