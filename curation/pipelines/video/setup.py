"""What the workers and the parent need to know to look at films."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec, WeightsFile
from curation.pipelines.per_photo import WorkerParts
from curation.pipelines.video.options import LookOptions, PeopleOptions, PosterOptions

__all__ = ["VideoSetup"]


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
