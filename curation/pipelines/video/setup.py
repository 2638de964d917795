"""What the workers and the parent need to know to look at films."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import RETINAFACE_ARCFACE, EngineSpec, WeightsFile
from curation.photos.originals import LocalOriginals, Originals
from curation.pipelines.per_photo import WorkerParts
from curation.pipelines.video.options import LookOptions, PeopleOptions, PosterOptions

if TYPE_CHECKING:
    from curation.settings import Settings
    from curation.settings.video import VideoSettings

__all__ = [
    "VideoSetup",
    "film_engine",
    "for_films",
    "look_options",
    "on_video_device",
    "people_options",
    "poster_options",
    "reader_key",
]

DOUBTFUL_PART = 0.3
_LEAST_CONFIDENCE = 0.1  # of the settings of the engine
_SURE_FROM = 0.9
"""Confidence from which a face of a film is upright; profiles of photos are looked at from all sides even above it."""
_GPU_BATCH = 8  # pictures of films; on the CPU one at a time is faster
_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"

_READING_VERSION = 1
"""Raise it when something other than a reader's weights changes what is read of the faces of films."""


def reader_key(reader: ReaderSpec, predictor: WeightsFile | None) -> str:
    """A key for everything that an attribute depends on, apart from the face.

    Args:
        reader: Asked for this attribute alone.
        predictor: Of the 68 landmarks, if the reader needs them.
    """
    from curation.pipelines.stage import content_key  # workers need no settings, which it imports

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
        originals: Gets films to hand before a worker opens them; picklable.
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
    originals: Originals = field(default_factory=LocalOriginals)


def on_video_device(settings: Settings) -> Settings:
    """The settings with the execution providers that `video.device` asks for."""
    wanted = {"cpu": (_CPU,), "cuda": (_CUDA,)}.get(settings.video.device)
    if wanted is None:
        return settings
    return settings.model_copy(update={"engine": settings.engine.model_copy(update={"providers": wanted})})


def for_films(settings: Settings) -> Settings:
    """The settings of the engine for pictures of films: one look at the working size of films.

    `video.min_conf` decides which faces count, so the engine has to find them. dlib sees no face below 80 pixels in a
    picture of this size, so it gets twice as much.
    """
    size_px = settings.video.working_size_px
    engine = settings.engine
    least = min(
        engine.retinaface_arcface.min_confidence, max(settings.video.min_conf - DOUBTFUL_PART, _LEAST_CONFIDENCE)
    )
    films = engine.model_copy(
        update={
            "retinaface_arcface": engine.retinaface_arcface.model_copy(
                update={"working_size_px": size_px, "tiling": "off", "min_confidence": least}
            ),
            "dlib": engine.dlib.model_copy(update={"working_size_px": min(2 * size_px, 4096), "tiling": "off"}),
        }
    )
    return settings.model_copy(update={"engine": films})


def film_engine(spec: EngineSpec) -> EngineSpec:
    """The engine for pictures of films: whether a profile stands on its head is not asked in each of them."""
    if spec.name != RETINAFACE_ARCFACE:
        return spec
    return replace(spec, options=tuple(sorted({**dict(spec.options), "sure_from": _SURE_FROM}.items())))


def look_options(
    video: VideoSettings, readers: Sequence[ReaderSpec], predictor: WeightsFile | None, providers: Sequence[str]
) -> LookOptions:
    """How films are looked at.

    Args:
        video: The settings.
        readers: One for each attribute that is asked for.
        predictor: Of the 68 landmarks, if a reader needs them.
        providers: That the engine runs on.
    """
    named = {name: getattr(video, name) for name in LookOptions.__dataclass_fields__ if hasattr(video, name)}
    return replace(
        LookOptions(**named),
        uses_effective_area=video.effective_area == "auto",
        attributes=tuple((reader.attributes[0], reader_key(reader, predictor)) for reader in readers),
        batch_size=video.batch_size or (_GPU_BATCH if providers[0] == _CUDA else 1),
    )


def people_options(video: VideoSettings) -> PeopleOptions:
    """How tracks become characters."""
    return PeopleOptions(**{name: getattr(video, name) for name in PeopleOptions.__dataclass_fields__})


def poster_options(video: VideoSettings) -> PosterOptions:
    """How faces of posters are matched."""
    return PosterOptions(
        match=video.poster_match,
        distance=video.poster_distance,
        min_area=video.min_area,
        max_area=video.max_area,
        min_conf=video.min_conf,
    )
