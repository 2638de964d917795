"""The classes whose values parent and workers tell each other; nothing else is ever made of what arrives."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

__all__ = ["CLASSES", "class_named", "name_of"]

_ROOMS = {
    "curation.domain.assets.states": ("FailCode", "RejectCode"),
    "curation.domain.attributes.values": (
        "AgeEstimate",
        "Attribute",
        "ClassEstimate",
        "DensePoint",
        "FaceAttributes",
    ),
    "curation.domain.bodies.person": ("FaceOfBody",),
    "curation.domain.faces.face": (
        "AnalysedFace",
        "Box",
        "DetectedFace",
        "FaceQuality",
        "FiveLandmarks",
        "PhotoAnalysis",
        "Point",
    ),
    "curation.domain.files.health": ("FaultKind", "FileFault"),
    "curation.domain.film.clip": ("Shot",),
    "curation.domain.film.times": ("Interval",),
    "curation.domain.film.track": ("Sighting", "Track", "TrackFace"),
    "curation.domain.film.tracking.segments": ("AnalysedSegment",),
    "curation.domain.grouping.grouping_rule": ("GroupingRule",),
    "curation.domain.grouping.unreadable_faces": ("UnreadableRule",),
    "curation.domain.measuring.measures": ("Artefacts", "FaceMeasures", "Measure", "PhotoMeasures", "Reason"),
    "curation.engines.attributes.reader": ("ReaderSpec",),
    "curation.engines.base": ("EngineSpec",),
    "curation.engines.bodies.base": ("BodySpec",),
    "curation.event.film.moment_task": ("MomentTask",),
    "curation.pipelines.assets.limits": ("GateLimits",),
    "curation.pipelines.assets.sent_task": ("PictureDone", "PictureTask"),
    "curation.pipelines.per_photo": (
        "AnalyseBatch",
        "AnalyseTask",
        "AnalysedPhoto",
        "MeasureTask",
        "MeasuredPhoto",
        "SpoilTask",
    ),
    "curation.pipelines.video.options": ("LookOptions",),
    "curation.pipelines.video.segment_task": ("SegmentTask",),
    "curation.remote.known_contents": ("KnownContent",),
    "curation.remote.setups": ("Converted", "FilmWork", "PhotoWork", "PictureWork"),
    "curation.storage.file_stamps": ("FileStamp",),
}

CLASSES: Mapping[str, str] = MappingProxyType({name: module for module, names in _ROOMS.items() for name in names})
"""The module of each class, by its name: frozen dataclasses, named tuples and enumerations."""


@cache
def class_named(name: str) -> type[Any]:
    """The class of a name.

    Raises:
        ValueError: If the table has no such class.
    """
    module = CLASSES.get(name)
    if module is None:
        raise ValueError(f"there is no class {name[:80]!r} that may be told")
    # Imported when it is needed: who checks a setup loads no networks' libraries.
    found: type[Any] = getattr(importlib.import_module(module), name)
    return found


def name_of(kind: type[Any]) -> str | None:
    """The name of a class; None if the table does not have it."""
    name = kind.__name__
    return name if CLASSES.get(name) == kind.__module__ else None
