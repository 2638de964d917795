"""The functions that workers of other machines run, by name, and what each of them returns."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from curation.errors import PhotoError
from curation.remote.classes import class_named

__all__ = ["FILMS", "FUNCTIONS", "PHOTOS", "PICTURES", "RemoteFunction", "function_named"]

PHOTOS, FILMS, PICTURES = "photos", "films", "pictures"


@dataclass(frozen=True, slots=True)
class RemoteFunction:
    """A function of a module.

    Attributes:
        kind: Of the setup that it needs, `PHOTOS`, `FILMS` or `PICTURES`.
        module: Where it is.
        name: Its name there.
        result: Class of its result; `array` for an array of float32, `photos` for one result or error for each photo
            of a batch.
    """

    kind: str
    module: str
    name: str
    result: str

    def is_result(self, value: Any) -> bool:
        """Whether a value can be what the function returned."""
        if self.result == "array":
            return isinstance(value, np.ndarray) and value.dtype == np.float32
        if self.result == "photos":
            kinds = (class_named("AnalysedPhoto"), PhotoError)
            return type(value) is tuple and all(isinstance(one, kinds) for one in value)
        return type(value) is class_named(self.result)


_PER_PHOTO = "curation.pipelines.per_photo"

FUNCTIONS: Mapping[str, RemoteFunction] = MappingProxyType(
    {
        "analyse_photo": RemoteFunction(PHOTOS, _PER_PHOTO, "analyse_photo_worker", "AnalysedPhoto"),
        "analyse_photos": RemoteFunction(PHOTOS, _PER_PHOTO, "analyse_photos_worker", "photos"),
        "spoil_face": RemoteFunction(PHOTOS, _PER_PHOTO, "spoilt_face_worker", "array"),
        "measure_photo": RemoteFunction(PHOTOS, _PER_PHOTO, "score_photo_worker", "MeasuredPhoto"),
        "measure_moment": RemoteFunction(
            PHOTOS, "curation.event.film.moment_task", "measure_moment_worker", "PhotoMeasures"
        ),
        "analyse_segment": RemoteFunction(
            FILMS, "curation.pipelines.video.segment_task", "analyse_segment_worker", "AnalysedSegment"
        ),
        "process_picture": RemoteFunction(
            PICTURES, "curation.pipelines.assets.sent_task", "process_picture_worker", "PictureDone"
        ),
    }
)


def function_named(name: str) -> Callable[[Any], Any]:
    """The function of a name.

    Raises:
        ValueError: If there is none.
    """
    known = FUNCTIONS.get(name)
    if known is None:
        raise ValueError(f"there is no function {name[:80]!r} for workers")
    found: Callable[[Any], Any] = getattr(importlib.import_module(known.module), known.name)
    return found
