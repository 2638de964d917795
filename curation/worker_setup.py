"""Preparing a worker process: the pool's initializer and its arguments.

A separate module that does not import settings, workflow or tables: each worker imports it at its start, and the first
photo waits for that.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from curation.engines.base import EngineSpec, FaceEngine, WeightsFile
from curation.photos.originals import LocalOriginals, Originals

if TYPE_CHECKING:
    from curation.domain.attributes.values import Attribute
    from curation.engines.attributes.reader import AttributeReader, ReaderSpec
    from curation.engines.bodies.base import Segmenter
    from curation.engines.landmarks import LandmarkPredictor
    from curation.pipelines.assets.setup import AssetNetworks, AssetSetup
    from curation.pipelines.known_photos import KnownPhotos
    from curation.pipelines.per_photo import WorkerParts
    from curation.pipelines.video.setup import VideoSetup

__all__ = ["WorkerSetup", "build_asset_networks", "build_picture_worker", "build_video_parts", "build_worker"]

_FILM_CHIP_PX = 256  # longer side of the faces of films that a person sees


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker needs to know about a run.

    Attributes:
        spec: The engine, if the stage needs one.
        predictor: The landmark model, if the stage needs one.
        state_dir: Folder of the analysis store.
        max_megapixels: Larger photos fail.
        chip_px: Longer side of the chips, in pixels.
        log_level: Level of the root logger in the parent.
        readers: One for each attribute of faces that is asked for; most runs ask for none.
        originals: Gets photos and clips to hand before they are opened; picklable.
        make_known: Opens what is known of earlier runs, given `state_dir`; None opens the analysis store there.
    """

    spec: EngineSpec | None
    predictor: WeightsFile | None
    state_dir: Path
    max_megapixels: float
    chip_px: int
    log_level: int
    readers: tuple[ReaderSpec, ...] = ()
    originals: Originals = field(default_factory=LocalOriginals)
    make_known: Callable[[Path], KnownPhotos] | None = None


def build_worker(setup: WorkerSetup) -> None:
    """Prepare this process as a worker; models are loaded at the first photo that needs them."""
    import cv2

    from curation.pipelines.known_photos import StoredPhotos
    from curation.pipelines.per_photo import WorkerParts, prepare_worker

    logging.basicConfig(level=max(setup.log_level, logging.WARNING), format="%(levelname)s %(message)s")
    # One photo per core is faster than one photo on all cores.
    cv2.setNumThreads(1)
    prepare_worker(
        WorkerParts(
            make_engine=partial(_make_engine, setup.spec),
            make_predictor=partial(_make_predictor, setup.predictor),
            state_dir=setup.state_dir,
            max_megapixels=setup.max_megapixels,
            chip_px=setup.chip_px,
            make_readers=partial(_make_readers, setup.readers),
            originals=setup.originals,
            make_known=setup.make_known or StoredPhotos,
            make_doubting=partial(_make_doubting, setup.spec),
        )
    )


def build_picture_worker(setup: WorkerSetup, memory_mb: int) -> None:
    """Prepare this process as a worker for single pictures of anybody, with a limit of its memory.

    Args:
        setup: What it needs to know.
        memory_mb: The most memory that it may ask for beyond files; no limit on systems that know none.
    """
    try:
        import resource
    except ImportError:  # Windows
        pass
    else:
        limit = memory_mb * 2**20
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard == resource.RLIM_INFINITY or hard > limit:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    build_worker(setup)


def build_asset_networks(setup: AssetSetup) -> AssetNetworks:
    """Load the networks of a worker for assets, each file once.

    Raises:
        WeightsError: If a file is missing or broken.
    """
    import cv2

    from curation.engines.attributes.building import build_reader
    from curation.engines.bodies.clothes.building import build_clothes_segmenter
    from curation.engines.bodies.people import build_people_finder
    from curation.engines.bodies.segmenters.building import build_segmenter
    from curation.engines.building import build_engine
    from curation.pipelines.assets.setup import AssetNetworks

    # One picture per core is faster than one picture on all cores.
    cv2.setNumThreads(1)
    masks = build_segmenter(setup.mask)
    cutouts: Segmenter | None = masks
    if setup.cutout != setup.mask:
        cutouts = None if setup.cutout is None else build_segmenter(setup.cutout)
    return AssetNetworks(
        faces=build_engine(setup.engine),
        people=build_people_finder(setup.people),
        masks=masks,
        cutouts=cutouts,
        clothes=build_clothes_segmenter(setup.clothes),
        readers=[build_reader(spec) for spec in setup.readers],
        predictor=lru_cache(maxsize=1)(partial(_make_predictor, setup.predictor)),
    )


def build_video_parts(setup: VideoSetup) -> WorkerParts:
    """The parts of a worker for films; models are loaded when the first segment needs them."""
    import cv2

    from curation.pipelines.per_photo import WorkerParts

    # One segment per core is faster than one segment on all cores.
    cv2.setNumThreads(1)
    return WorkerParts(
        make_engine=partial(_make_engine, setup.engine),
        make_predictor=partial(_make_predictor, setup.predictor),
        state_dir=setup.state_dir,
        max_megapixels=math.inf,
        chip_px=_FILM_CHIP_PX,
        make_readers=partial(_make_readers, setup.readers),
        originals=setup.originals,
    )


def _make_engine(spec: EngineSpec | None) -> FaceEngine:
    from curation.engines.building import build_engine

    if spec is None:
        raise ValueError("this pool was made for a stage without an engine")
    return build_engine(spec)


def _make_doubting(spec: EngineSpec | None) -> FaceEngine:
    from curation.engines.building import doubting_spec

    return _make_engine(None if spec is None else doubting_spec(spec))


def _make_readers(specs: Sequence[ReaderSpec], asked: Collection[Attribute]) -> Sequence[AttributeReader]:
    from curation.engines.attributes.building import build_reader
    from curation.engines.attributes.combining import combined_specs

    return [build_reader(spec) for spec in combined_specs(specs, asked)]


def _make_predictor(weights: WeightsFile | None) -> LandmarkPredictor:
    from curation.engines.landmarks import LandmarkPredictor

    if weights is None:
        raise ValueError("this pool was made for a stage without landmarks")
    return LandmarkPredictor(weights.path)
