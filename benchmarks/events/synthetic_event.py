"""Synthetic events of any size: tiny photos, and an engine that invents faces without running networks.

    python -m benchmarks.events.synthetic_event FOLDER --photos 20000 [--workers 2] [--measured]

Writes FOLDER/photos if it is missing, clusters them into FOLDER/out with the real orchestrator, pipelines, store and
process pool, and prints one JSON object: counts and seconds. With `--measured` it also stores synthetic measures of
every photo, so that the scoring stage only has to compute the scores.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from benchmarks.events.synthetic_measures import MEASURES_PER_FACE, MEASURES_PER_PHOTO, synthetic_measures
from curation.domain.faces.face import Box, DetectedFace, FaceRow, FiveLandmarks
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec, FaceEngine, FoundFace, PhotoPixels, WeightsFile
from curation.engines.landmarks import LandmarkPredictor
from curation.engines.weights.inventory import locate
from curation.engines.weights.registry import DLIB_PREDICTOR_FILE
from curation.errors import PhotoError
from curation.photos.files.content import content_sha256
from curation.photos.files.listing import photo_path
from curation.pipelines.per_photo import WorkerParts, prepare_worker
from curation.pipelines.scoring.event import measures_key
from curation.pipelines.stage import ProgressListener
from curation.settings import Settings, load_settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.face_data_file import FACE_DATA, read_face_data
from curation.storage.file_stamps import stamp_of
from curation.storage.run_records import CLUSTERING_RUN, read_run_record
from curation.workers.pool import TaskPool
from curation.workers.processes import ProcessPool
from curation.workflow import WorkflowOrchestrator, WorkflowParts

__all__ = ["event_settings", "orchestrator", "store_measures", "write_photos"]

_WIDTH_PX, _HEIGHT_PX = 640, 160
_FACE_PX = 100
_MOST_FACES = 4  # as many as fit into a photo
_DIMENSIONS = 512
_PEOPLE = 200
_NOISE = 0.6  # of a face around its person, relative to the length of the person's vector


def write_photos(folder: Path, count: int) -> None:
    """Write JPEG files that differ in their content; existing ones are not changed."""
    folder.mkdir(parents=True, exist_ok=True)
    jpeg: bytes = simplejpeg.encode_jpeg(_sharp_picture(), quality=80, colorspace="RGB")
    for number in range(count):
        path = folder / f"photo_{number:06d}.jpg"
        if not path.exists():
            comment = f"photo {number}".encode()
            segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
            path.write_bytes(jpeg[:2] + segment + jpeg[2:])


def _sharp_picture() -> NDArray[np.uint8]:
    """A picture with edges of all sizes, so that the faces in it are sharp enough to be identified."""
    random = np.random.default_rng(0)
    picture = np.full((_HEIGHT_PX, _WIDTH_PX, 3), 128, dtype=np.uint8)
    for _ in range(250):
        x, y = int(random.integers(_WIDTH_PX)), int(random.integers(_HEIGHT_PX))
        w, h = random.integers(3, 30, size=2).tolist()
        picture[y : y + h, x : x + w] = random.integers(40, 220)
    return picture


class _Engine:
    """Invents faces with embeddings of 512 dimensions, different ones at each call: `faces` per photo on average."""

    def __init__(self, spec: EngineSpec, seed: int, faces: float) -> None:
        self._spec = spec
        lowest = round(2 * faces) - _MOST_FACES
        self._counts = range(lowest, _MOST_FACES + 1)
        self._random = np.random.default_rng(seed)
        people = np.random.default_rng(0).standard_normal((_PEOPLE, _DIMENSIONS))
        self._people = people / np.linalg.norm(people, axis=1, keepdims=True)

    @property
    def spec(self) -> EngineSpec:
        return self._spec

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        return [self._face(place) for place in range(int(self._random.choice(self._counts)))]

    def find(self, photo: PhotoPixels) -> Sequence[FoundFace]:
        return [FoundFace(face.box, face.landmarks, face.confidence) for face in self.analyse(photo)]

    def analyse_many(self, photos: Sequence[PhotoPixels]) -> list[Sequence[DetectedFace] | PhotoError]:
        return [self.analyse(photo) for photo in photos]

    def embed_changed(
        self,
        photo: PhotoPixels,
        landmarks: FiveLandmarks,
        change: Callable[[NDArray[np.uint8]], Sequence[NDArray[np.uint8]]],
    ) -> NDArray[np.float32]:
        chips = change(np.zeros((_FACE_PX, _FACE_PX, 3), dtype=np.uint8))
        vectors = self._random.standard_normal((len(chips), _DIMENSIONS))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    def _face(self, place: int) -> DetectedFace:
        left = 20 + place * (_FACE_PX + 50)
        points = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]) * _FACE_PX
        return DetectedFace(
            Box(left, 30, _FACE_PX, _FACE_PX),
            FiveLandmarks.from_array(points + np.array([left, 30])),
            0.99,
            self._embedding(),
        )

    def _embedding(self) -> NDArray[np.float32]:
        # A few people are in most photos, many people in a few.
        person = self._people[int(_PEOPLE * self._random.random() ** 3)]
        vector = person + _NOISE * self._random.standard_normal(_DIMENSIONS) / np.sqrt(_DIMENSIONS)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def _spec() -> EngineSpec:
    return EngineSpec("synthetic", (), (), 0.5, "synthetic, for a benchmark", (), "chosen by a benchmark")


def _prepare(settings: Settings, faces: float) -> None:
    prepare_worker(
        WorkerParts(
            make_engine=partial(_make_engine, faces),
            make_predictor=_make_predictor,
            state_dir=settings.io.state_dir,
            max_megapixels=settings.io.max_photo_megapixels,
            chip_px=settings.clustering.thumbnail_px,
        )
    )


def _make_engine(faces: float) -> FaceEngine:
    return _Engine(_spec(), time.time_ns(), faces)


def _make_predictor() -> LandmarkPredictor:
    raise ValueError("all measures of a synthetic event are stored beforehand")


def event_settings(folder: Path, workers: int = 2) -> Settings:
    """Settings of the event in `folder`."""
    places = {"input_dir": "photos", "output_dir": "out", "state_dir": "state", "models_dir": "models"}
    io = {key: folder / name for key, name in places.items()}
    overrides: dict[str, dict[str, Any]] = {"io": io, "performance": {"workers": workers}}
    return load_settings(None, default_root=folder, overrides=overrides)


def orchestrator(settings: Settings, faces: float = 2.5) -> WorkflowOrchestrator:
    """The real orchestrator with the synthetic engine, which finds `faces` per photo on average (2.5 to 4)."""

    def select(pinned: str | None, progress: ProgressListener) -> EngineSpec:
        return _spec()

    def make_pool(spec: EngineSpec | None, predictor: WeightsFile | None, readers: Sequence[ReaderSpec]) -> TaskPool:
        return ProcessPool(settings.performance.workers, initializer=_prepare, initargs=(settings, faces))

    return WorkflowOrchestrator(settings, WorkflowParts(select, partial(_predictor, settings), make_pool))


def _predictor(settings: Settings) -> WeightsFile:
    # The real one, so that run_scoring.py finds the stored measures.
    return locate(DLIB_PREDICTOR_FILE, settings.io.models_dir)


def store_measures(settings: Settings) -> None:
    """Store synthetic measures of all photos of the event, as the scoring stage does after it has measured them."""
    random = np.random.default_rng(1)
    faces: dict[str, list[FaceRow]] = defaultdict(list)
    for row in read_face_data(settings.io.output_dir / FACE_DATA):
        faces[row.image_path].append(row)
    record = read_run_record(settings.io.output_dir / CLUSTERING_RUN) or {}
    for path in record.get("photos_without_faces", ()):
        faces[path] = []
    predictor = _predictor(settings)
    with closing(AnalysisStore(settings.io.state_dir)) as store:
        for path, rows in faces.items():
            file = photo_path(settings.io.input_dir, path)
            stamp = stamp_of(file)
            if stamp is not None:
                key = measures_key(predictor.sha256, rows)
                values = random.random(MEASURES_PER_FACE * len(rows) + MEASURES_PER_PHOTO).tolist()
                measures = synthetic_measures(values, size_px=(_WIDTH_PX, _HEIGHT_PX), face_px=_FACE_PX)
                store.save_measures(stamp, content_sha256(file), key, measures)


def main() -> None:
    """Cluster a synthetic event."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--faces", type=float, default=2.5, help="faces per photo on average, 2.5 to 4 (default: 2.5)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--measured", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    write_photos(options.folder / "photos", options.photos)
    settings = event_settings(options.folder, options.workers)
    phases: dict[str, float] = {}
    began = time.perf_counter()
    report = orchestrator(settings, options.faces).run_clustering(
        progress=lambda progress: phases.__setitem__(progress.phase, round(time.perf_counter() - began, 2))
    )
    if options.measured:
        store_measures(settings)
    counts = {"photos": report.total, "faces": report.faces, "clusters": report.clusters, "reused": report.reused}
    print(json.dumps(counts | {"seconds": round(report.seconds, 2), "ends_of_phases": phases}))


if __name__ == "__main__":
    main()
