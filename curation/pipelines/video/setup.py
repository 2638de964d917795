"""What the workers and the parent need to know to look at films."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec, WeightsFile
from curation.pipelines.per_photo import WorkerParts
from curation.pipelines.stage import content_key
from curation.pipelines.video.options import LookOptions, PeopleOptions, PosterOptions

__all__ = ["VideoSetup", "reader_key"]

_READING_VERSION = 1
"""Raise it when something other than a reader's weights changes what is read of the faces of films."""


def reader_key(reader: ReaderSpec, predictor: WeightsFile | None) -> str:
    """A key for everything that an attribute depends on, apart from the face.

    Args:
        reader: Asked for this attribute alone.
        predictor: Of the 68 landmarks, if the reader needs them.
    """
    weights = sorted((weights.name, weights.sha256) for weights in reader.weights)
    points = predictor.sha256 if predictor is not None and reader.needs_points68 else None
    asked = [str(name) for name in reader.attributes]
    return content_key([_READING_VERSION, reader.name, asked, weights, points, list(reader.providers)])


@dataclass(frozen=True, slots=True)
class VideoSetup:
    """Everything about looking at films that settings decide.

    Attributes:
        engine: For the pictures of films: its options hold the working size of films.
        poster_engine: The engine as photos get it, for posters.
        looks: How films are looked at.
        people: How tracks become characters.
        posters: How faces of posters are matched.
        readers: One for each attribute that is asked for.
        predictor: The landmark model, if a reader needs it.
        state_dir: Folder of what is kept of films that were looked at.
        max_minutes: Longer films are refused.
        max_mb: Larger files are refused.
        build: Prepares the engine, the predictor and the readers in a worker; injected, as pipelines know no engine.
    """

    engine: EngineSpec
    poster_engine: EngineSpec
    looks: LookOptions
    people: PeopleOptions
    posters: PosterOptions
    readers: tuple[ReaderSpec, ...]
    predictor: WeightsFile | None
    state_dir: Path
    max_minutes: float
    max_mb: float
    build: Callable[[VideoSetup], WorkerParts]
