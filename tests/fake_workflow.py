"""Both stages on painted photos: the real orchestrator and pipelines, with a fake engine and a serial pool."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.domain.attributes.values import Attribute
from curation.domain.faces.face import Box, DetectedFace, FaceRow, FiveLandmarks
from curation.domain.report import ClusteringReport, ScoringReport
from curation.engines.attributes.combining import combined_specs
from curation.engines.attributes.reader import AttributeReader, ReaderSpec
from curation.engines.base import EngineSpec, FaceEngine, PhotoPixels, Pixels, WeightsFile
from curation.engines.landmarks import LandmarkPredictor, Landmarks68
from curation.errors import FaceAnalysisError
from curation.pipelines import per_photo
from curation.pipelines.originals import originals_of
from curation.pipelines.per_photo import WorkerParts, prepare_worker
from curation.pipelines.stage import ProgressListener
from curation.settings import Settings, load_settings
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_embeddings, read_face_data
from curation.storage.run_records import CLUSTERING_RUN, SCORING_RUN
from curation.workers.pool import TaskPool
from curation.workers.serial import SerialPool
from curation.workflow import WorkflowOrchestrator, WorkflowParts
from tests.fake_readers import FakeReader, fake_readers
from tests.fakes import FakeEngine, fake_spec, painted_photo

__all__ = ["FACE_PX", "CountingEngine", "FakeEvent", "fake_event", "textured_photo"]

FACE_PX = 60
TURNED_PERSON = 11
"""The fake engine sees this person's landmarks from the side."""


def textured_photo(width: int, height: int, faces: Sequence[tuple[Box, int]] = ()) -> NDArray[np.uint8]:
    """Painted faces under dark patches of all sizes, so that they are sharp enough to be identified."""
    array = painted_photo(width, height, faces)
    random = np.random.default_rng(0)
    dark = np.zeros((height, width, 1), dtype=bool)
    for _ in range(width * height // 400):
        x, y, w, h = (int(value) for value in random.integers((0, 0, 3, 3), (width, height, 16, 16)))
        dark[y : y + h, x : x + w] ^= True
    return np.where(dark, (array * 0.4).astype(np.uint8), array)


class CountingEngine(FakeEngine):
    """Counts the photos that it was asked for; fails on photos that are 13 pixels wide."""

    def __init__(self, spec: EngineSpec) -> None:
        super().__init__(spec)
        self.analysed = 0

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        self.analysed += 1
        if photo.width == 13:
            raise FaceAnalysisError("the engine does not like this photo")
        return [self._turned(face) for face in super().analyse(photo)]

    def _turned(self, face: DetectedFace) -> DetectedFace:
        if int(face.embedding.argmax()) != TURNED_PERSON:
            return face
        points = face.landmarks.as_array()
        points[:, 0] = face.box.x + 0.45 * face.box.w + np.array([0.0, 0.02, 0.4, 0.05, 0.06]) * face.box.w
        return DetectedFace(face.box, FiveLandmarks.from_array(points), face.confidence, face.embedding)


class CountingPredictor:
    """Counts the faces that it was asked for, and finds no landmarks."""

    def __init__(self) -> None:
        self.asked = 0

    def predict(self, pixels: Pixels, landmarks: FiveLandmarks) -> Landmarks68 | None:
        self.asked += 1
        return None


class FakeEvent:
    """A folder of painted photos, an output folder, and both stages over them.

    Attributes:
        photos: The input folder.
        output: The output folder.
        engine: What analyses the photos of all runs.
        predictor: What is asked for landmarks.
        pinned: The engine that the last clustering run was held to.
        readers: All readers of attributes that were built.
        broken_people: The readers fail on photos of these people.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.photos = folder / "photos"
        self.output = folder / "out"
        self.photos.mkdir(parents=True, exist_ok=True)
        self.spec = replace(fake_spec(), weights=(WeightsFile("fake.onnx", folder / "fake.onnx", "a" * 64),))
        self.engine = CountingEngine(self.spec)
        self.predictor = CountingPredictor()
        self.pinned: str | None = None
        self.readers: list[FakeReader] = []
        self.broken_people: tuple[int, ...] = ()

    def add(self, name: str, *people: int, face_px: int = FACE_PX, seed: int = 0) -> Path:
        """Write a photo with the faces of these people from left to right; `seed` changes the content only."""
        width = 40 + len(people) * (face_px + 40)
        boxes = [
            (Box(40 + place * (face_px + 40), 30, face_px, face_px), person) for place, person in enumerate(people)
        ]
        array = textured_photo(width, face_px + 60, boxes)
        array[0, 0] = seed
        return self.write(name, array)

    def write(self, name: str, array: NDArray[np.uint8]) -> Path:
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(path, format="PNG", compress_level=1)
        return path

    def settings(self, sections: Mapping[str, Mapping[str, Any]] | None = None) -> Settings:
        io = {
            "input_dir": self.photos,
            "output_dir": self.output,
            "state_dir": self.folder / "state",
            "models_dir": self.folder / "models",
        }
        merged = {key: dict(value) for key, value in (sections or {}).items()}
        merged["io"] = io | merged.get("io", {})
        return load_settings(None, default_root=self.folder, overrides=merged)

    def workflow(self, sections: Mapping[str, Mapping[str, Any]] | None = None) -> WorkflowOrchestrator:
        settings = self.settings(sections)

        def select(pinned: str | None, progress: ProgressListener) -> EngineSpec:
            self.pinned = pinned
            return self.spec

        def make_pool(
            spec: EngineSpec | None, predictor: WeightsFile | None, readers: Sequence[ReaderSpec]
        ) -> TaskPool:
            parts = WorkerParts(
                make_engine=self._make_engine,
                make_predictor=lambda: cast(LandmarkPredictor, self.predictor),
                state_dir=settings.io.state_dir,
                max_megapixels=settings.io.max_photo_megapixels,
                chip_px=settings.clustering.thumbnail_px,
                make_readers=lambda asked: self._make_readers(readers, asked),
                originals=originals_of(settings),
            )
            return SerialPool(prepare_worker, (parts,))

        weights = WeightsFile("landmarks.dat", self.folder / "landmarks.dat", "b" * 64)
        readers = fake_readers(settings.attributes.readers, self.folder)
        parts = WorkflowParts(select, lambda: weights, make_pool, select_readers=lambda progress: readers)
        return WorkflowOrchestrator(settings, parts)

    def _make_readers(self, specs: Sequence[ReaderSpec], asked: Collection[Attribute]) -> list[AttributeReader]:
        made = [FakeReader(spec, self.broken_people) for spec in combined_specs(specs, asked)]
        self.readers += made
        return list(made)

    def photos_read(self) -> int:
        """How often any reader was asked for a photo."""
        return sum(reader.asked for reader in self.readers)

    def _make_engine(self) -> FaceEngine:
        return self.engine

    def cluster(self, **sections: Mapping[str, Any]) -> ClusteringReport:
        """Run the first stage with the defaults and these settings."""
        return self.workflow(sections).run_clustering()

    def score(self, **sections: Mapping[str, Any]) -> ScoringReport:
        """Run the second stage with the defaults and these settings."""
        return self.workflow(sections).run_scoring()

    def label(self, labels: object) -> None:
        # As editors save: a page that asks meanwhile sees the old labels or the new ones.
        written = self.output / "cluster_labels.json.saving"
        written.write_text(json.dumps(labels), encoding="utf-8")
        written.replace(self.output / "cluster_labels.json")

    def rows(self) -> list[FaceRow]:
        return read_face_data(self.output / FACE_DATA)

    def ids(self) -> dict[int, set[int]]:
        """The cluster ids of each person."""
        rows = self.rows()
        vectors = read_embeddings(self.output / EMBEDDINGS, rows)
        out: dict[int, set[int]] = {}
        for row in rows:
            out.setdefault(int(vectors[row.embedding_row].argmax()), set()).add(row.cluster_id)
        return out

    def record(self, name: str = CLUSTERING_RUN) -> dict[str, Any]:
        return cast(dict[str, Any], json.loads((self.output / name).read_text(encoding="utf-8")))

    def scoring_record(self) -> dict[str, Any]:
        return self.record(SCORING_RUN)

    def snapshot(self) -> dict[str, bytes]:
        """Every file of the output folder but the run records and the locks."""
        return {
            path.relative_to(self.output).as_posix(): path.read_bytes()
            for path in sorted(self.output.rglob("*"))
            if path.is_file() and path.name not in (CLUSTERING_RUN, SCORING_RUN, ".curation.lock", ".curation-new.lock")
        }


def touch_later(path: Path) -> None:
    """Give a file another time, as a file that was written again has."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


@contextmanager
def fake_event(folder: Path) -> Iterator[FakeEvent]:
    """An empty event in `folder`; what the stages left open in this process is closed at the end."""
    try:
        yield FakeEvent(folder)
    finally:
        while per_photo._current:
            per_photo._current.pop().close()
